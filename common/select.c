#include "common/select.h"

#include "common/mem.h"
#include "common/select_parse.h"
#include "common/select_program.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Returns which character of |text| byte |offset| is in, from 1; bytes that go on a UTF-8 character do not count. */
static size_t column_of(const char *text, size_t offset)
{
    size_t column = 1;
    for (size_t i = 0; i < offset && text[i]; i++)
        column += ((unsigned char)text[i] & 0xc0) != 0x80;
    return column;
}

int select_compile(const char *text, struct select **ret_select, struct select_span *ret_span,
                   struct error *err)
{
    size_t size = strlen(text);
    *ret_span = (struct select_span){0};
    if (size > SELECT_TEXT_MAX) {
        *ret_span = (struct select_span){SELECT_TEXT_MAX, 1};
        return error_set(err, ERROR_USAGE, "the expression is longer than %d bytes", SELECT_TEXT_MAX);
    }
    struct select *select = xcalloc(1, sizeof *select);
    select->text = xstrdup(text);
    if (select_parse(select, size, ret_span, err) != 0) {
        select_free(select);
        return error_prefix(err, "column %zu", column_of(text, ret_span->start));
    }
    *ret_select = select;
    return 0;
}

static bool text_fits(struct select *select, const struct select_test *test, struct bytes text)
{
    for (unsigned i = 0; i < test->value_count; i++) {
        const struct select_value *value = &select->values[test->value + i];
        if (test->operator== SELECT_FINDS) {
            enum pattern_verdict verdict = pattern_find(value->pattern, text);
            select->gave_up += verdict == PATTERN_GAVE_UP;
            if (verdict == PATTERN_YES)
                return true;
        } else if (test->field == SELECT_FIELD_HOST ? bytes_equal_nocase(text, value->text)
                                                    : bytes_equal(text, value->text)) {
            return true;
        }
    }
    return false;
}

static bool judge_text(struct select *select, const struct select_test *test, const struct exchange *exchange)
{
    struct select_values values = {
        .exchange = exchange, .field = test->field, .name = test->name, .scratch = &select->scratch};
    struct bytes text;
    while (select_next_value(&values, &text))
        if (test->operator== SELECT_HAS || text_fits(select, test, text))
            return true;
    return false;
}

static bool figure_fits(const struct select_test *test, const struct select_value *value, uint64_t figure)
{
    enum select_kind kind = select_fields[test->field].kind;
    switch (test->operator) {
    case SELECT_HAS:
        return true;
    case SELECT_LESS:
        return figure < value->low;
    case SELECT_LESS_EQUAL:
        return figure <= value->low;
    case SELECT_GREATER:
        return figure > value->low;
    case SELECT_GREATER_EQUAL:
        return figure >= value->low;
    case SELECT_EQUAL:
    case SELECT_FINDS:
        break;
    }
    if (kind == SELECT_FLAG || kind == SELECT_DEFECT)
        return (figure & value->low) != 0;
    return figure >= value->low && figure <= value->high;
}

static bool judge_figure(const struct select *select, const struct select_test *test,
                         const struct exchange *exchange)
{
    uint64_t figure;
    if (!select_figure(exchange, test->field, &figure))
        return false;
    if (test->operator== SELECT_HAS)
        return true;
    for (unsigned i = 0; i < test->value_count; i++)
        if (figure_fits(test, &select->values[test->value + i], figure))
            return true;
    return false;
}

static bool judge_address(const struct select *select, const struct select_test *test,
                          const struct exchange *exchange)
{
    if (test->operator== SELECT_HAS)
        return exchange->server.family != 0;
    for (unsigned i = 0; i < test->value_count; i++)
        if (address_range_holds(&select->values[test->value + i].range, &exchange->server))
            return true;
    return false;
}

static enum select_verdict judge_test(struct select *select, const struct select_test *test,
                                      const struct exchange *exchange, enum select_known known)
{
    const struct select_field_info *info = &select_fields[test->field];
    if (known == SELECT_KNOWN_HEAD && !info->known_by_head)
        return SELECT_LATER;
    bool fits = info->kind == SELECT_TEXT      ? judge_text(select, test, exchange)
                : info->kind == SELECT_ADDRESS ? judge_address(select, test, exchange)
                                               : judge_figure(select, test, exchange);
    return fits ? SELECT_YES : SELECT_NO;
}

static enum select_verdict join(enum select_code code, enum select_verdict a, enum select_verdict b)
{
    enum select_verdict decides = code == SELECT_DO_AND ? SELECT_NO : SELECT_YES;
    if (a == decides || b == decides)
        return decides;
    return a == SELECT_LATER || b == SELECT_LATER ? SELECT_LATER : a;
}

enum select_verdict select_judge(struct select *select, const struct exchange *exchange,
                                 enum select_known known)
{
    enum select_verdict stack[SELECT_STACK];
    size_t top = 0;
    for (uint16_t at = 0; at < select->step_count; at++) {
        const struct select_step *step = &select->steps[at];
        switch (step->code) {
        case SELECT_DO_TEST:
            assert(top < SELECT_STACK);
            stack[top++] = judge_test(select, &select->tests[step->arg], exchange, known);
            break;
        case SELECT_DO_NOT:
            if (stack[top - 1] != SELECT_LATER)
                stack[top - 1] = stack[top - 1] == SELECT_NO ? SELECT_YES : SELECT_NO;
            break;
        case SELECT_DO_AND:
        case SELECT_DO_OR:
            assert(top >= 2);
            top--;
            stack[top - 1] = join(step->code, stack[top - 1], stack[top]);
            break;
        case SELECT_SKIP_NO:
        case SELECT_SKIP_YES:
            if (stack[top - 1] == (step->code == SELECT_SKIP_NO ? SELECT_NO : SELECT_YES))
                at = (uint16_t)(step->arg - 1);
            break;
        }
    }
    assert(top == 1);
    return stack[0];
}

bool select_by_head(const struct select *select)
{
    return select->by_head;
}

uint64_t select_gave_up(const struct select *select)
{
    return select->gave_up;
}

void select_free(struct select *select)
{
    if (!select)
        return;
    for (unsigned i = 0; i < select->value_count; i++)
        pattern_free(select->values[i].pattern);
    buffer_free(&select->scratch);
    free(select->text);
    free(select);
}
