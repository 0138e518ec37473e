#include "common/select_parse.h"

#include "common/select_hint.h"
#include "common/select_token.h"
#include "common/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct parser {
    struct select *select;
    struct select_lexer lexer;
    unsigned depth;
    bool full; /* a step found no room */
    struct select_span *span;
    struct error *err;
};

/* Sets a usage error at |token|. Always returns -1. */
#define REFUSE(parser, token, ...)                                                                           \
    (*(parser)->span = (token)->span, error_set((parser)->err, ERROR_USAGE, __VA_ARGS__))

static int advance(struct parser *parser)
{
    return select_next_token(&parser->lexer, parser->span, parser->err);
}

static bool at(const struct parser *parser, const char *text)
{
    return select_token_is(&parser->lexer.token, text);
}

/* Adds a step and returns its number. */
static uint16_t emit(struct parser *parser, enum select_code code, uint16_t arg)
{
    struct select *select = parser->select;
    if (select->step_count == SELECT_STEPS_MAX) {
        parser->full = true;
        return 0;
    }
    select->steps[select->step_count] = (struct select_step){code, arg};
    return select->step_count++;
}

/* ---- values ---- */

static int parse_status(struct bytes text, struct select_value *value)
{
    if (text.size == 3 && text.data[0] >= '1' && text.data[0] <= '9' && (text.data[1] | 0x20) == 'x' &&
        (text.data[2] | 0x20) == 'x') {
        value->low = (uint64_t)(text.data[0] - '0') * 100;
        value->high = value->low + 99;
        return 0;
    }
    if (!bytes_to_u64(text, &value->low) || value->low > 999)
        return -1;
    value->high = value->low;
    return 0;
}

static int parse_id(struct bytes text, struct select_value *value)
{
    if (text.size == 0 || text.size > 16)
        return -1;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i], letter = byte | 0x20;
        bool digit = byte >= '0' && byte <= '9';
        if (!digit && (letter < 'a' || letter > 'f'))
            return -1;
        value->low = value->low << 4 | (uint64_t)(digit ? byte - '0' : letter - 'a' + 10);
    }
    value->high = value->low;
    return 0;
}

static int parse_name(struct bytes text, enum select_kind kind, struct select_value *value)
{
    unsigned count = kind == SELECT_FLAG ? (unsigned)EXCHANGE_FLAG_COUNT : (unsigned)MESSAGE_DEFECT_COUNT;
    for (unsigned i = 0; i < count; i++) {
        const char *name = kind == SELECT_FLAG ? exchange_flag_name(i) : message_defect_name(i);
        if (bytes_equal(text, bytes_of(name)))
            value->low = UINT64_C(1) << i;
    }
    return value->low ? 0 : -1;
}

static int parse_measure(struct bytes text, enum select_kind kind, struct select_value *value)
{
    char word[32];
    if (text.size == 0 || text.size >= sizeof word || memchr(text.data, '\0', text.size))
        return -1;
    memcpy(word, text.data, text.size);
    word[text.size] = '\0';
    bool unit = word[text.size - 1] < '0' || word[text.size - 1] > '9' || strcmp(word, "0") == 0;
    bool good = kind == SELECT_SIZE ? units_parse_size(word, &value->low)
                                    : unit && units_parse_duration(word, &value->low);
    value->high = value->low;
    return good ? 0 : -1;
}

/* Reads |token| as a value of a field of |kind|. Returns -1 with what is wanted in |ret_wanted|. */
static int parse_plain(const struct select_token *token, enum select_kind kind, struct select_value *value,
                       const char **ret_wanted)
{
    switch (kind) {
    case SELECT_TEXT:
        return 0;
    case SELECT_STATUS:
        *ret_wanted = "wanted a status as 404, or a class as 5xx";
        return parse_status(token->text, value);
    case SELECT_SIZE:
        *ret_wanted = "wanted a size as 512, 4K or 1M";
        return parse_measure(token->text, kind, value);
    case SELECT_DURATION:
        *ret_wanted = "wanted a time with its unit, as 250us, 100ms or 1.5s";
        return parse_measure(token->text, kind, value);
    case SELECT_ADDRESS:
        *ret_wanted = "wanted an address as 192.0.2.7, 192.0.2.7:80, 192.0.2.0/24 or [2001:db8::1]:80";
        return address_range_parse(token->text, &value->range) ? 0 : -1;
    case SELECT_ID:
        *ret_wanted = "wanted an id of up to 16 hexadecimal digits, as inspect shows it";
        return parse_id(token->text, value);
    case SELECT_FLAG:
        *ret_wanted = "no such flag";
        return parse_name(token->text, kind, value);
    case SELECT_DEFECT:
        *ret_wanted = "no such defect";
        return parse_name(token->text, kind, value);
    }
    return -1;
}

static int parse_pattern(struct parser *parser, const struct select_test *test,
                         const struct select_token *token, struct select_value *value)
{
    size_t offset;
    char reason[sizeof parser->err->text];
    if (pattern_compile(token->text, test->field == SELECT_FIELD_HOST, &value->pattern, &offset,
                        parser->err) == 0)
        return 0;
    snprintf(reason, sizeof reason, "%s", parser->err ? parser->err->text : "");
    size_t quote = token->kind == SELECT_TOKEN_STRING ? 1 : 0;
    *parser->span = (struct select_span){token->span.start + quote + offset, 1};
    return error_set(parser->err, ERROR_USAGE, "the regular expression: %s", reason);
}

/* Reads the current token as a value of |test|, the last test. */
static int parse_value(struct parser *parser, struct select_test *test)
{
    struct select *select = parser->select;
    const struct select_token *token = &parser->lexer.token;
    char shown[SELECT_SHOWN_SIZE], hint[SELECT_HINT_SIZE] = "";
    if (token->kind != SELECT_TOKEN_WORD && token->kind != SELECT_TOKEN_STRING)
        return REFUSE(parser, token, "a value is missing here; values with signs in them need quotes");
    if (select->value_count == sizeof select->values / sizeof select->values[0])
        return REFUSE(parser, token, "more than %d values", 2 * SELECT_TEST_MAX);
    struct select_value *value = &select->values[select->value_count];
    enum select_kind kind = select_fields[test->field].kind;
    *value = (struct select_value){.text = token->text};
    if (test->operator== SELECT_FINDS) {
        if (parse_pattern(parser, test, token, value) != 0)
            return -1;
    } else {
        const char *wanted = "";
        if (parse_plain(token, kind, value, &wanted) != 0) {
            if (kind == SELECT_FLAG || kind == SELECT_DEFECT)
                select_hint_name(token->text, kind, hint);
            return REFUSE(parser, token, "%s: %s%s", select_token_show(token, shown), wanted, hint);
        }
        if (test->operator!= SELECT_EQUAL && value->low != value->high)
            return REFUSE(parser, token, "a class of statuses goes with == != in; write %" PRIu64,
                          test->operator== SELECT_LESS || test->operator== SELECT_GREATER_EQUAL
                              ? value->low
                              : value->high);
    }
    select->value_count++;
    test->value_count++;
    return advance(parser);
}

static int parse_list(struct parser *parser, struct select_test *test)
{
    if (advance(parser) != 0)
        return -1;
    if (!at(parser, "("))
        return REFUSE(parser, &parser->lexer.token, "a list is missing here; write in (A, B)");
    do {
        if (advance(parser) != 0 || parse_value(parser, test) != 0)
            return -1;
    } while (at(parser, ","));
    if (!at(parser, ")"))
        return REFUSE(parser, &parser->lexer.token, "wanted , or ) in the list");
    return advance(parser);
}

/* ---- tests ---- */

static int parse_field(struct parser *parser, struct select_test *test)
{
    const struct select_token *token = &parser->lexer.token;
    char shown[SELECT_SHOWN_SIZE], hint[SELECT_HINT_SIZE];
    if (token->kind != SELECT_TOKEN_WORD)
        return REFUSE(parser, token, "a field is missing here, as method, path or status");
    for (unsigned i = 0; i < SELECT_FIELD_COUNT; i++) {
        struct bytes name = bytes_of(select_fields[i].name);
        bool named = name.data[name.size - 1] == '.';
        test->field = (enum select_field)i;
        if (!named && bytes_equal(token->text, name))
            return advance(parser);
        if (named && token->text.size > name.size && memcmp(token->text.data, name.data, name.size) == 0) {
            test->name = bytes_make(token->text.data + name.size, token->text.size - name.size);
            return advance(parser);
        }
    }
    return REFUSE(parser, token, "there is no field %s%s", select_token_show(token, shown),
                  select_hint_field(token->text, hint));
}

struct sign {
    const char *text;
    enum select_operator operator;
    bool negated;
};
static const struct sign signs[] = {
    {"==", SELECT_EQUAL, false},      {"!=", SELECT_EQUAL, true},   {"<", SELECT_LESS, false},
    {"<=", SELECT_LESS_EQUAL, false}, {">", SELECT_GREATER, false}, {">=", SELECT_GREATER_EQUAL, false},
    {"~", SELECT_FINDS, false},       {"!~", SELECT_FINDS, true},
};

static const struct sign *find_sign(const struct parser *parser)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (at(parser, signs[i].text))
            return &signs[i];
    return NULL;
}

static int check_operator(struct parser *parser, const struct select_test *test, const struct sign *sign)
{
    const struct select_token *token = &parser->lexer.token;
    const struct select_field_info *info = &select_fields[test->field];
    bool figure = info->kind == SELECT_STATUS || info->kind == SELECT_SIZE || info->kind == SELECT_DURATION;
    if (sign->operator== SELECT_FINDS && info->kind != SELECT_TEXT)
        return REFUSE(parser, token, "%s is no text; it goes with == != in%s", info->name,
                      figure ? " < <= > >=" : "");
    if (sign->operator!= SELECT_FINDS && sign->operator!= SELECT_EQUAL && !figure)
        return REFUSE(parser, token, "%s%s has no order; it goes with == != in%s", info->name,
                      test->name.size ? "NAME" : "", info->kind == SELECT_TEXT ? " ~ !~" : "");
    return 0;
}

/* Whether the test ends here: a field alone. */
static bool ends_test(const struct parser *parser)
{
    return parser->lexer.token.kind == SELECT_TOKEN_END || at(parser, "&&") || at(parser, "||") ||
           at(parser, "and") || at(parser, "or") || at(parser, ")");
}

static int parse_operator(struct parser *parser, struct select_test *test, bool *ret_negated)
{
    const struct select_token *token = &parser->lexer.token;
    const struct sign *sign = find_sign(parser);
    if (sign) {
        test->operator= sign->operator;
        *ret_negated = sign->negated;
        return check_operator(parser, test, sign) != 0 || advance(parser) != 0 ? -1
                                                                               : parse_value(parser, test);
    }
    if (at(parser, "not")) {
        *ret_negated = true;
        if (advance(parser) != 0)
            return -1;
    }
    if (at(parser, "in")) {
        test->operator= SELECT_EQUAL;
        return parse_list(parser, test);
    }
    char shown[SELECT_SHOWN_SIZE];
    const char *meant = token->kind == SELECT_TOKEN_WORD ? select_hint_operator(token->text) : NULL;
    if (meant)
        return REFUSE(parser, token, "there is no operator %s; write %s", select_token_show(token, shown),
                      meant);
    return REFUSE(parser, token, "wanted an operator (== != < <= > >= ~ !~ in) before %s",
                  select_token_show(token, shown));
}

static int parse_test(struct parser *parser)
{
    struct select *select = parser->select;
    if (select->test_count == SELECT_TEST_MAX)
        return REFUSE(parser, &parser->lexer.token, "more than %d tests", SELECT_TEST_MAX);
    struct select_test *test = &select->tests[select->test_count];
    *test = (struct select_test){.operator= SELECT_HAS, .value = select->value_count};
    bool negated = false;
    if (parse_field(parser, test) != 0)
        return -1;
    if (!ends_test(parser) && parse_operator(parser, test, &negated) != 0)
        return -1;
    select->by_head = select->by_head && select_fields[test->field].known_by_head;
    emit(parser, SELECT_DO_TEST, select->test_count++);
    if (negated)
        emit(parser, SELECT_DO_NOT, 0);
    return 0;
}

/* ---- joining them ---- */

static int parse_either(struct parser *parser);

static int parse_operand(struct parser *parser)
{
    bool negation = at(parser, "!") || at(parser, "not"), group = at(parser, "(");
    if (!negation && !group)
        return parse_test(parser);
    struct select_token opening = parser->lexer.token;
    if (parser->depth == SELECT_DEPTH)
        return REFUSE(parser, &opening, "more than %d parentheses or negations in each other", SELECT_DEPTH);
    parser->depth++;
    if (advance(parser) != 0 || (negation ? parse_operand(parser) : parse_either(parser)) != 0)
        return -1;
    parser->depth--;
    if (negation) {
        emit(parser, SELECT_DO_NOT, 0);
        return 0;
    }
    if (!at(parser, ")")) {
        char shown[SELECT_SHOWN_SIZE];
        if (parser->lexer.token.kind == SELECT_TOKEN_END)
            return REFUSE(parser, &opening, "this parenthesis is not closed");
        return REFUSE(parser, &parser->lexer.token, "wanted && or || or ) before %s",
                      select_token_show(&parser->lexer.token, shown));
    }
    return advance(parser);
}

/* Parses operands that |sign| (or |word|) joins. */
static int parse_joined(struct parser *parser, int (*operand)(struct parser *parser), const char *sign,
                        const char *word, enum select_code skip, enum select_code join)
{
    if (operand(parser) != 0)
        return -1;
    while (at(parser, sign) || at(parser, word)) {
        uint16_t skipping = emit(parser, skip, 0);
        if (advance(parser) != 0 || operand(parser) != 0)
            return -1;
        emit(parser, join, 0);
        parser->select->steps[skipping].arg = parser->select->step_count;
    }
    return 0;
}

static int parse_both(struct parser *parser)
{
    return parse_joined(parser, parse_operand, "&&", "and", SELECT_SKIP_NO, SELECT_DO_AND);
}

static int parse_either(struct parser *parser)
{
    return parse_joined(parser, parse_both, "||", "or", SELECT_SKIP_YES, SELECT_DO_OR);
}

int select_parse(struct select *select, size_t size, struct select_span *ret_span, struct error *err)
{
    struct parser parser = {
        .select = select, .lexer = {.text = select->text, .size = size}, .span = ret_span, .err = err};
    char shown[SELECT_SHOWN_SIZE];
    select->by_head = true;
    if (advance(&parser) != 0 || parse_either(&parser) != 0)
        return -1;
    if (parser.lexer.token.kind != SELECT_TOKEN_END)
        return REFUSE(&parser, &parser.lexer.token, "wanted && or || before %s",
                      select_token_show(&parser.lexer.token, shown));
    if (parser.full)
        return REFUSE(&parser, &parser.lexer.token, "too many negations and tests");
    return 0;
}
