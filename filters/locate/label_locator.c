#include "filters/locate/label_locator.h"

#include "filters/detect/detect_chars.h"

#include <string.h>

#define LABEL_MAX  64
#define BLANKS_MAX 8 /* between a label, its colon and its value */

/* A label with its value, as offsets in the text. */
struct label {
    size_t start, end;       /* of the name */
    size_t value, value_end; /* without quotes */
    size_t escapes;          /* backslashes before its quote */
    bool quoted, joined; /* joined: nothing stands between name, colon and value ("user:email" is a scope) */
};

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_quote(uint8_t byte)
{
    return byte == '"' || byte == '\'' || byte == '`';
}

static bool is_name(uint8_t byte)
{
    return char_is(byte, CHAR_TOKEN) || byte == '.' || byte >= 0x80;
}

static size_t find_colon(struct bytes text, size_t from)
{
    const uint8_t *found = from < text.size ? memchr(text.data + from, ':', text.size - from) : NULL;
    return found ? (size_t)(found - text.data) : text.size;
}

/* Whether the colon at |at| may follow a label: the time of day, ports and the beginnings of URLs do not. */
static bool may_follow(struct bytes text, size_t at)
{
    if (at == 0 || at + 1 >= text.size ||
        (text.data[at + 1] == '/' && at + 2 < text.size && text.data[at + 2] == '/'))
        return false;
    uint8_t before = text.data[at - 1];
    return (is_name(before) && !char_is(before, CHAR_DIGIT)) || is_quote(before) || is_blank(before) ||
           (char_is(before, CHAR_DIGIT) && at >= 2 && is_name(text.data[at - 2]) &&
            !char_is(text.data[at - 2], CHAR_DIGIT));
}

bool labels_may_be(struct bytes text)
{
    for (size_t at = find_colon(text, 0); at < text.size; at = find_colon(text, at + 1))
        if (may_follow(text, at))
            return true;
    return false;
}

/* Finds the name before the colon at |colon|, which begins at or after |floor|. */
static bool find_name(struct bytes text, size_t floor, size_t colon, struct label *label)
{
    size_t end = colon;
    while (end > floor && colon - end < BLANKS_MAX && is_blank(text.data[end - 1]))
        end--;
    if (end > floor && is_quote(text.data[end - 1]))
        end--;
    while (end > floor && colon - end < BLANKS_MAX && text.data[end - 1] == '\\')
        end--; /* a quote that is escaped */
    size_t start = end;
    while (start > floor && end - start < LABEL_MAX && is_name(text.data[start - 1]))
        start--;
    label->start = start;
    label->end = end;
    if (start == end || (start > 0 && text.data[start - 1] == '$'))
        return false;                                                /* a variable's declaration */
    return start < 2 || memcmp(text.data + start - 2, "//", 2) != 0; /* the user in a URL */
}

/* Returns the end of the text in |quote|, before which |escapes| backslashes stand, from |at| on; the size of |text| where there is none. */
static size_t quoted_end(struct bytes text, size_t at, uint8_t quote, size_t escapes)
{
    for (size_t run = 0; at < text.size; at++) {
        if (text.data[at] == quote && run <= escapes)
            return at - run;
        run = text.data[at] == '\\' ? run + 1 : 0;
    }
    return text.size;
}

/* Whether all of the line is the value of the header field |name|. */
static bool is_line(struct bytes name)
{
    static const char *const names[] = {"authorization", "proxy-authorization", "cookie", "set-cookie"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (bytes_equal_nocase(name, bytes_of(names[i])))
            return true;
    return false;
}

static size_t word_end(struct bytes text, size_t at, bool line)
{
    while (at < text.size && text.data[at] >= (line ? ' ' : '!') &&
           (line ? !is_quote(text.data[at]) : !strchr(",;)}]&\"'`<>\\", text.data[at])))
        at++;
    return at;
}

/* Finds where the value after the colon at |colon| of |label|, whose name is known, begins. */
static void find_value(struct bytes text, size_t colon, struct label *label)
{
    size_t at = colon + 1, escapes = 0;
    while (at < text.size && at - colon <= BLANKS_MAX && is_blank(text.data[at]))
        at++;
    while (at + escapes < text.size && escapes < BLANKS_MAX && text.data[at + escapes] == '\\')
        escapes++;
    label->escapes = escapes;
    label->quoted = at + escapes < text.size && is_quote(text.data[at + escapes]);
    label->joined = !label->quoted && at == colon + 1 && label->end == colon;
    label->value = label->quoted ? at + escapes + 1 : at;
}

/* Finds where the value of |label| ends. The time that it takes grows with the value: only for one that is then passed. */
static void find_end(struct bytes text, struct label *label)
{
    size_t at = label->value;
    if (!label->quoted) {
        struct bytes name = bytes_make(text.data + label->start, label->end - label->start);
        label->value_end = word_end(text, at, is_line(name));
        return;
    }
    uint8_t quote = text.data[at - 1];
    if (quote == '"' && text.size - at >= 2 && memcmp(text.data + at, "\"\"", 2) == 0) {
        /* A block string of GraphQL. */
        const uint8_t *end = memmem(text.data + at + 2, text.size - at - 2, "\"\"\"", 3);
        label->value = at + 2;
        label->value_end = end ? (size_t)(end - text.data) : text.size;
        return;
    }
    label->value_end = quoted_end(text, at, quote, label->escapes);
}

/* Whether |text| is a document of GraphQL, in which words without quotes are names. */
static bool is_graphql(struct bytes text)
{
    static const char *const words[] = {"query", "mutation", "subscription", "fragment"};
    text = bytes_trim(text);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = strlen(words[i]);
        if (text.size > size && memcmp(text.data, words[i], size) == 0 &&
            !char_is(text.data[size], CHAR_WORD) && memchr(text.data, '{', text.size))
            return true;
    }
    return false;
}

/* Whether what begins with |byte|, without quotes, can be no secret. */
static bool begins_harmless(uint8_t byte, bool graphql)
{
    return byte == '{' || byte == '[' || byte == '$' ||
           (graphql && !char_is(byte, CHAR_DIGIT) && byte != '-');
}

/* Whether a |word| without quotes is no secret. */
static bool is_harmless(struct bytes word)
{
    static const char *const words[] = {"true", "false", "null", "none", "nil", "undefined"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (bytes_equal_nocase(word, bytes_of(words[i])))
            return true;
    return false;
}

/* Appends what stands in place of the value of |label|, which is sensitive. Returns whether it differs. */
static bool put_value(struct locator *locator, const struct atom *atom, bool quoted, struct buffer *out)
{
    struct buffer *replacement = locator_take(locator);
    bool changed = locator_replace(locator, atom, replacement);
    if (changed && replacement->size == 0 && !quoted)
        buffer_append_text(replacement,
                           "null"); /* or the next word would be its value; no quotes: this may be a name */
    buffer_append_bytes(out, buffer_bytes(replacement));
    locator_give(locator, replacement);
    return changed;
}

bool labels_locate(struct locator *locator, enum link_place place, struct bytes text, struct buffer *out)
{
    bool graphql = is_graphql(text), changed = false;
    size_t copied = 0;
    buffer_clear(out);
    if (text.size == 0)
        return false;
    for (size_t colon = find_colon(text, 0); colon < text.size; colon = find_colon(text, colon + 1)) {
        struct label label = {0};
        if (!may_follow(text, colon) || !find_name(text, copied, colon, &label))
            continue;
        struct bytes name = bytes_make(text.data + label.start, label.end - label.start);
        struct policy_decision decision =
            policy_memo_ask(&locator->memo, locator->policy, POLICY_IN_JSON, name);
        if (decision.class == POLICY_PUBLIC || decision.class == POLICY_PRESERVED)
            continue;
        find_value(text, colon, &label);
        bool secret = decision.class == POLICY_PASSWORD || decision.class == POLICY_EMPTIED;
        if (label.value >= text.size || (label.joined && !secret) ||
            (!label.quoted && begins_harmless(text.data[label.value], graphql)))
            continue;
        find_end(text, &label);
        struct bytes value = bytes_make(text.data + label.value, label.value_end - label.value);
        if (value.size == 0 || (!label.quoted && is_harmless(value)))
            continue;
        buffer_append(out, text.data + copied, label.value - copied);
        changed |= put_value(locator, &(struct atom){place, decision, name, value}, label.quoted, out);
        copied = label.value_end;
        colon = label.value_end - 1;
    }
    buffer_append(out, text.data + copied, text.size - copied);
    return changed;
}
