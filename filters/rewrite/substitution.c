#include "filters/rewrite/substitution.h"

#include "common/mem.h"
#include "common/pattern.h"

#include <ctype.h>
#include <stdlib.h>

#define PARTS_MAX      64
#define GROUP_NAME_MAX 32 /* of a group, as PCRE2 has it */

/* A piece of the replacement. */
struct part {
    bool is_group;
    unsigned group;
    size_t at;          /* in the expression */
    size_t start, size; /* plain: in |plain| */
};

struct substitution {
    struct buffer text;
    struct buffer plain; /* of the replacement, escapes undone */
    struct pattern *pattern;
    struct part parts[PARTS_MAX];
    size_t part_count;
    bool all;
};

static int wrong(size_t at, struct error *err, const char *what)
{
    return error_set(err, ERROR_USAGE, "%s at character %zu of the expression", what, at + 1);
}

/* Returns where the section that begins at |at| ends: at the separator; text.size where there is none. */
static size_t section_end(struct bytes text, size_t at, uint8_t separator)
{
    while (at < text.size && text.data[at] != separator)
        at += text.data[at] == '\\' && at + 1 < text.size ? 2 : 1;
    return at < text.size ? at : text.size;
}

static int compile(struct substitution *made, size_t start, size_t end, bool any_case, struct error *err)
{
    size_t offset = 0;
    struct error cause = {0};
    /* An escaped separator stays so: '\' and punctuation is that punctuation to PCRE2, too. */
    struct bytes text = bytes_make(made->text.data + start, end - start);
    if (pattern_compile(text, any_case, &made->pattern, &offset, &cause) == 0)
        return 0;
    return wrong(start + offset, err, cause.text);
}

static void add_plain(struct substitution *made, size_t at, uint8_t byte)
{
    struct part *last = made->part_count ? &made->parts[made->part_count - 1] : NULL;
    if (!last || last->is_group) {
        last = &made->parts[made->part_count++];
        *last = (struct part){.at = at, .start = made->plain.size};
    }
    buffer_append_byte(&made->plain, byte);
    last->size++;
}

/* Reads what follows a '$' at |at|. Returns its last character's place, or |end| after an error. */
static size_t take_group(struct substitution *made, size_t at, size_t end, struct error *err)
{
    const uint8_t *text = made->text.data;
    size_t begin = at, from = at + 1;
    char name[GROUP_NAME_MAX + 1] = "";
    unsigned group = 0;
    bool braced = from < end && text[from] == '{', numbered;
    size_t to = from += braced;
    while (to < end && to - from < GROUP_NAME_MAX &&
           (braced ? isalnum(text[to]) || text[to] == '_' : isdigit(text[to]) && to == from))
        to++;
    if (to == from || (braced && (to == end || text[to] != '}'))) {
        wrong(begin, err, "wanted $1, ${12}, ${name} or $$");
        return end;
    }
    memcpy(name, text + from, to - from);
    numbered = strspn(name, "0123456789") == to - from;
    if (numbered)
        group = (unsigned)strtoul(name, NULL, 10);
    else
        group = pattern_group_named(made->pattern, name);
    if ((!numbered && group == 0) || group > pattern_group_count(made->pattern)) {
        wrong(begin, err, "the pattern has no such group,");
        return end;
    }
    made->parts[made->part_count++] = (struct part){.is_group = true, .group = group, .at = begin};
    return braced ? to : to - 1;
}

static int read_replacement(struct substitution *made, size_t start, size_t end, struct error *err)
{
    const uint8_t *text = made->text.data;
    for (size_t i = start; i < end; i++) {
        uint8_t next = i + 1 < end ? text[i + 1] : 0;
        if (made->part_count + 2 > PARTS_MAX)
            return wrong(i, err, "too many groups in the replacement");
        if (text[i] == '$' && next == '$') {
            add_plain(made, i++, '$');
        } else if (text[i] == '$' || (text[i] == '\\' && isdigit(next))) {
            i = take_group(made, i, end, err);
            if (i == end)
                return -1;
        } else if (text[i] == '\\') {
            if (!ispunct(next))
                return wrong(i, err, "'\\' before something that needs none");
            add_plain(made, i++, next);
        } else {
            add_plain(made, i, text[i]);
        }
    }
    return 0;
}

static int read_expression(struct substitution *made, struct error *err)
{
    struct bytes text = buffer_bytes(&made->text);
    bool any_case = false;
    if (text.size > SUBSTITUTION_TEXT_MAX)
        return error_set(err, ERROR_USAGE, "the expression is longer than %d bytes", SUBSTITUTION_TEXT_MAX);
    if (text.size < 2 || text.data[0] != 's' || text.data[1] >= 0x80 || !ispunct(text.data[1]) ||
        text.data[1] == '\\')
        return wrong(text.size > 1 && text.data[0] == 's', err,
                     "wanted s#PATTERN#REPLACEMENT#, with any punctuation as separator,");
    uint8_t separator = text.data[1];
    size_t pattern_end = section_end(text, 2, separator);
    size_t end = pattern_end < text.size ? section_end(text, pattern_end + 1, separator) : text.size;
    if (end == text.size)
        return wrong(text.size, err, "the separator is missing");
    if (pattern_end == 2)
        return wrong(2, err, "the pattern is empty");
    for (size_t i = end + 1; i < text.size; i++) {
        if (text.data[i] != 'g' && text.data[i] != 'i')
            return wrong(i, err, "unknown flag, there are g and i,");
        made->all = made->all || text.data[i] == 'g';
        any_case = any_case || text.data[i] == 'i';
    }
    if (compile(made, 2, pattern_end, any_case, err) != 0)
        return -1;
    return read_replacement(made, pattern_end + 1, end, err);
}

int substitution_parse(struct bytes text, struct substitution **ret_substitution, struct error *err)
{
    struct substitution *made = xcalloc(1, sizeof *made);
    buffer_append_bytes(&made->text, text);
    if (read_expression(made, err) != 0) {
        substitution_free(made);
        return -1;
    }
    *ret_substitution = made;
    return 0;
}

void substitution_free(struct substitution *substitution)
{
    if (!substitution)
        return;
    pattern_free(substitution->pattern);
    buffer_free(&substitution->text);
    buffer_free(&substitution->plain);
    free(substitution);
}

size_t substitution_holds(const struct substitution *substitution, const char *bytes)
{
    for (size_t i = 0; i < substitution->part_count; i++) {
        const struct part *part = &substitution->parts[i];
        for (size_t k = 0; !part->is_group && k < part->size; k++)
            if (strchr(bytes, substitution->plain.data[part->start + k]))
                return part->at + k + 1;
    }
    return 0;
}

static void put_replacement(const struct substitution *substitution, struct bytes subject, struct buffer *out)
{
    size_t start, end;
    for (size_t i = 0; i < substitution->part_count; i++) {
        const struct part *part = &substitution->parts[i];
        if (!part->is_group)
            buffer_append(out, substitution->plain.data + part->start, part->size);
        else if (pattern_group(substitution->pattern, part->group, &start, &end) && start < end)
            buffer_append(out, subject.data + start, end - start);
    }
}

enum substitution_verdict substitution_apply(struct substitution *substitution, struct bytes subject,
                                             struct buffer *out)
{
    size_t before = out->size, copied = 0, from = 0, start, end;
    enum pattern_verdict found = PATTERN_NO;
    unsigned times = 0;
    while (from <= subject.size) {
        found = pattern_find_from(substitution->pattern, subject, from);
        if (found != PATTERN_YES || !pattern_group(substitution->pattern, 0, &start, &end))
            break;
        if (start < copied || end < start) /* \K in a lookaround: no run that can be replaced */
            found = PATTERN_GAVE_UP;
        if (found == PATTERN_GAVE_UP || ++times > SUBSTITUTION_TIMES_MAX ||
            out->size - before > SUBSTITUTION_OUTPUT_MAX) {
            found = PATTERN_GAVE_UP;
            break;
        }
        buffer_append(out, subject.data + copied, start - copied);
        put_replacement(substitution, subject, out);
        copied = end;
        from = end > start ? end : end + 1; /* nothing matched: the next look is one further on */
        if (!substitution->all)
            break;
    }
    if (found == PATTERN_GAVE_UP || times == 0) {
        out->size = before;
        return found == PATTERN_GAVE_UP ? SUBSTITUTION_GAVE_UP : SUBSTITUTION_NONE;
    }
    buffer_append(out, subject.data + copied, subject.size - copied);
    if (out->size - before > SUBSTITUTION_OUTPUT_MAX) {
        out->size = before;
        return SUBSTITUTION_GAVE_UP;
    }
    return SUBSTITUTION_DONE;
}
