#include "filters/locate/json_locator.h"

#include "common/scan16.h"

#include <string.h>

#define BARE_TOKEN_SIZE 16 /* a string this long without a name is taken for a token */

/* Reads |text| at |at|; all before |copied| is in |out|. */
struct reader {
    struct locator *locator;
    struct bytes text;
    size_t at;
    size_t copied;
    struct buffer *out;
    struct buffer *names; /* member names that were escaped, decoded, from the outermost to the current one */
    unsigned depth;
    bool beginning; /* the text may end inside a value */
    bool ended;     /* the token at |at| is not whole where the text ends */
    enum json_locate_result result;
    struct policy_memo_entry *last; /* of the member name before; NULL: none that is remembered */
};

/* What is known of the value to come: the class it inherits and its name, a part of the text or of |names|. */
struct slot {
    enum policy_class class;
    bool scalar_only;
    bool name_decoded; /* it is a part of |names| */
    enum link_place place;
    size_t name_start;
    size_t name_size;
};

static bool container_locate(struct reader *reader, const struct slot *slot, uint8_t first);

/* A token that is wrong, or missing, at |at|. */
static bool not_json(struct reader *reader)
{
    reader->ended = reader->at >= reader->text.size;
    reader->result = JSON_NOT_JSON;
    return false;
}

/* The text ends inside the token that begins at |start|. */
static bool ends_inside(struct reader *reader, size_t start)
{
    reader->at = start;
    reader->ended = true;
    reader->result = JSON_NOT_JSON;
    return false;
}

static inline bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Passes white space. Returns the byte it comes to, or 0 at the end (a NUL is never valid JSON either). */
static inline uint8_t skip_space(struct reader *reader)
{
    size_t at = reader->at;
    for (; at < reader->text.size; at++) {
        uint8_t byte = reader->text.data[at];
        if (byte <= ' ' && is_space(byte))
            continue;
        reader->at = at;
        return byte;
    }
    reader->at = at;
    return 0;
}

static void copy_until(struct reader *reader, size_t end)
{
    buffer_append(reader->out, reader->text.data + reader->copied, end - reader->copied);
    reader->copied = end;
}

static int hex_value(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Reads four hex digits. Returns -1 where they are not. */
static int hex4(struct bytes text, size_t at)
{
    int value = 0;
    if (text.size - at < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_value(text.data[at + i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* Returns where the run of bytes that mean themselves in a string ends, from |at| on: at a quote, a backslash, a
 * control byte or the end. |ret_marked| (NULL: not asked) becomes true where '=' or ':' is among them. */
__attribute__((always_inline)) static inline size_t run_end(struct bytes text, size_t at, bool *ret_marked)
{
    for (; text.size - at >= 16; at += 16) {
        struct scan16 scan = scan16_load(text.data + at);
        uint32_t ends = scan16_string_ends(scan);
        uint32_t marks = ret_marked ? scan16_either(scan, '=', ':') : 0;
        if (ends) {
            if (ret_marked)
                *ret_marked |= (marks & (ends ^ (ends - 1))) != 0;
            return at + scan16_first(ends);
        }
        if (ret_marked)
            *ret_marked |= marks != 0;
    }
    for (; at < text.size; at++) {
        uint8_t byte = text.data[at];
        if (byte == '"' || byte == '\\' || byte < 0x20)
            return at;
        if (ret_marked)
            *ret_marked |= byte == '=' || byte == ':';
    }
    return at;
}

/* A string as it stands between its quotes. */
struct string {
    struct bytes raw;
    bool escaped; /* holds a backslash */
    bool coded;   /* holds a \\u: any byte may come of it */
    bool marked;  /* holds '=' or ':' */
};

/* The string at the current place does not go on as one at |at|. */
static bool no_string(struct reader *reader, size_t at)
{
    return at >= reader->text.size ? ends_inside(reader, reader->at) : not_json(reader);
}

/* Passes what follows a backslash at |*at|. Returns false where it is no escape, with |*at| where it is not. */
static bool escape_pass(struct bytes text, size_t *at)
{
    ++*at;
    if (*at >= text.size || !text.data[*at] || !strchr("\"\\/bfnrtu", text.data[*at]))
        return false;
    if (text.data[*at] == 'u' && hex4(text, *at + 1) < 0) {
        *at += 4;
        return false;
    }
    ++*at;
    return true;
}

/* Passes a string. Every name and most values go through it. |marks|: |ret_string->marked| is wanted. */
__attribute__((always_inline)) static inline bool string_pass(struct reader *reader, bool marks,
                                                              struct string *ret_string)
{
    struct bytes text = reader->text;
    struct string string = {0};
    size_t start = reader->at + 1, at = start;
    for (;;) {
        at = run_end(text, at, marks ? &string.marked : NULL);
        if (at >= text.size || text.data[at] < 0x20)
            return no_string(reader, at);
        if (text.data[at] == '"')
            break;
        string.escaped = true;
        string.coded |= text.size - at > 1 && text.data[at + 1] == 'u';
        if (!escape_pass(text, &at))
            return no_string(reader, at);
    }
    string.raw = bytes_make(text.data + start, at - start);
    *ret_string = string;
    reader->at = at + 1;
    return true;
}

static void append_utf8(struct buffer *out, unsigned code)
{
    if (code < 0x80) {
        buffer_append_byte(out, (uint8_t)code);
        return;
    }
    if (code < 0x800) {
        buffer_append_byte(out, (uint8_t)(0xc0 | code >> 6));
    } else {
        if (code < 0x10000) {
            buffer_append_byte(out, (uint8_t)(0xe0 | code >> 12));
        } else {
            buffer_append_byte(out, (uint8_t)(0xf0 | code >> 18));
            buffer_append_byte(out, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        }
        buffer_append_byte(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
    }
    buffer_append_byte(out, (uint8_t)(0x80 | (code & 0x3f)));
}

/* Appends |raw|, which string_pass has accepted, with escapes undone. A lone surrogate keeps its number. */
static void unescape(struct bytes raw, struct buffer *out)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    for (size_t at = 0; at < raw.size; at++) {
        const uint8_t *backslash = memchr(raw.data + at, '\\', raw.size - at);
        size_t plain = backslash ? (size_t)(backslash - raw.data) - at : raw.size - at;
        buffer_append(out, raw.data + at, plain);
        at += plain + 1;
        if (!backslash)
            return;
        if (raw.data[at] != 'u') {
            buffer_append_byte(out, (uint8_t)meant[strchr(letters, raw.data[at]) - letters]);
            continue;
        }
        unsigned code = (unsigned)hex4(raw, at + 1);
        at += 4;
        if (code >= 0xd800 && code < 0xdc00 && raw.size - at > 6 && raw.data[at + 1] == '\\' &&
            raw.data[at + 2] == 'u') {
            int low = hex4(raw, at + 3);
            if (low >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + ((unsigned)low - 0xdc00);
                at += 6;
            }
        }
        append_utf8(out, code);
    }
}

static void append_escaped(struct bytes value, struct buffer *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t at = 0; at < value.size; at++) {
        size_t end = run_end(value, at, NULL);
        buffer_append(out, value.data + at, end - at);
        at = end;
        if (at == value.size)
            return;
        uint8_t byte = value.data[at];
        if (byte >= 0x20) {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, byte);
        } else {
            buffer_append_text(out, "\\u00");
            buffer_append_byte(out, (uint8_t)digits[byte >> 4]);
            buffer_append_byte(out, (uint8_t)digits[byte & 15]);
        }
    }
}

static struct bytes slot_name(const struct reader *reader, const struct slot *slot)
{
    const uint8_t *base = slot->name_decoded ? reader->names->data : reader->text.data;
    return bytes_make(base ? base + slot->name_start : NULL, slot->name_size);
}

/* Replaces the value between |start| and the current place by |value| as a string. */
static void put_string(struct reader *reader, size_t start, struct bytes value)
{
    copy_until(reader, start);
    buffer_append_byte(reader->out, '"');
    append_escaped(value, reader->out);
    buffer_append_byte(reader->out, '"');
    reader->copied = reader->at;
}

/* Returns whether something may stand inside a string that its name does not tell: parameters, a URL, JSON (which begins
 * with a bracket, perhaps after white space that is escaped). */
static inline bool worth_a_look(const struct string *string)
{
    if (string->raw.size <= 2)
        return false;
    if (string->marked || string->coded)
        return true;
    uint8_t first = string->raw.data[0];
    return string->escaped && (first == '{' || first == '[' || first == '\\' || first == ' ');
}

/* Replaces the string that was passed from |start| on, or what stands inside it. */
__attribute__((noinline)) static void string_replace(struct reader *reader, const struct slot *slot,
                                                     enum policy_class class, size_t start,
                                                     const struct string *string)
{
    struct locator *locator = reader->locator;
    struct buffer *value = locator_take(locator), *replacement = locator_take(locator);
    struct bytes decoded = string->raw;
    if (string->escaped) {
        unescape(string->raw, value);
        decoded = buffer_bytes(value);
    }
    bool changed;
    if (class == POLICY_PUBLIC) {
        changed = locate_nested(locator, slot->place, slot_name(reader, slot), decoded, replacement);
    } else {
        struct atom atom = {slot->place, class, slot_name(reader, slot), decoded};
        changed = locator_replace(locator, &atom, replacement);
    }
    if (changed)
        put_string(reader, start, buffer_bytes(replacement));
    locator_give(locator, replacement);
    locator_give(locator, value);
}

__attribute__((always_inline)) static inline bool string_locate(struct reader *reader,
                                                                const struct slot *slot)
{
    size_t start = reader->at;
    struct string string;
    if (!string_pass(reader, true, &string))
        return false;
    enum policy_class class = slot->class;
    if (class == POLICY_PUBLIC && reader->depth == 0 &&
        (string.raw.size >= BARE_TOKEN_SIZE || worth_a_look(&string)))
        class = POLICY_CREDENTIAL; /* whole: a shorter one with something inside could grow into a token */
    if (class != POLICY_PUBLIC || worth_a_look(&string))
        string_replace(reader, slot, class, start, &string);
    return true;
}

/* Returns where the digits from |at| on end. */
static inline size_t digits_end(struct bytes text, size_t at)
{
    while (at < text.size && (uint8_t)(text.data[at] - '0') < 10)
        at++;
    return at;
}

/* A number goes wrong, or ends, at |at|. */
static bool no_number(struct reader *reader, size_t at)
{
    reader->at = at;
    return not_json(reader);
}

static inline bool number_pass(struct reader *reader)
{
    struct bytes text = reader->text;
    size_t start = reader->at;
    start += start < text.size && text.data[start] == '-';
    size_t at = digits_end(text, start);
    if (at == start || (text.data[start] == '0' && at > start + 1))
        return no_number(reader, at);
    if (at < text.size && text.data[at] == '.') {
        size_t fraction = at + 1;
        at = digits_end(text, fraction);
        if (at == fraction)
            return no_number(reader, at);
    }
    if (at < text.size && (text.data[at] | 0x20) == 'e') {
        size_t exponent = at + 1;
        exponent += exponent < text.size && (text.data[exponent] == '+' || text.data[exponent] == '-');
        at = digits_end(text, exponent);
        if (at == exponent)
            return no_number(reader, at);
    }
    reader->at = at;
    return true;
}

static inline bool word_pass(struct reader *reader, const char *word, size_t size)
{
    const uint8_t *at = reader->text.data + reader->at;
    size_t left = reader->text.size - reader->at;
    if (left >= size && memcmp(at, word, size) == 0) {
        reader->at += size;
        return true;
    }
    return left < size && memcmp(at, word, left) == 0 ? ends_inside(reader, reader->at) : not_json(reader);
}

/* Replaces the plain value that was passed from |start| on. */
__attribute__((noinline)) static void plain_replace(struct reader *reader, const struct slot *slot,
                                                    size_t start)
{
    struct buffer *replacement = locator_take(reader->locator);
    struct atom atom = {slot->place, slot->class, slot_name(reader, slot),
                        bytes_make(reader->text.data + start, reader->at - start)};
    locator_replace(reader->locator, &atom, replacement);
    put_string(reader, start, buffer_bytes(replacement));
    locator_give(reader->locator, replacement);
}

/* A number, true, false or null that begins with |first|. */
__attribute__((always_inline)) static inline bool plain_locate(struct reader *reader, const struct slot *slot,
                                                               uint8_t first)
{
    size_t start = reader->at;
    bool passed = first == 't'   ? word_pass(reader, "true", 4)
                  : first == 'f' ? word_pass(reader, "false", 5)
                  : first == 'n' ? word_pass(reader, "null", 4)
                                 : number_pass(reader);
    if (reader->beginning && reader->at == reader->text.size &&
        (first == '-' || (first >= '0' && first <= '9')))
        return ends_inside(reader, start); /* more digits may come */
    if (passed && slot->class != POLICY_PUBLIC && first != 'n')
        plain_replace(reader, slot, start);
    return passed;
}

/* Reads a member's name that is not the one that came after the last one before, into |ret_slot|. */
static bool name_pass(struct reader *reader, struct slot *ret_slot)
{
    struct string string;
    if (!string_pass(reader, false, &string))
        return false;
    ret_slot->name_decoded = string.escaped;
    if (string.escaped) {
        ret_slot->name_start = reader->names->size;
        unescape(string.raw, reader->names);
        ret_slot->name_size = reader->names->size - ret_slot->name_start;
    } else {
        ret_slot->name_start = (size_t)(string.raw.data - reader->text.data);
        ret_slot->name_size = string.raw.size;
    }
    struct locator *locator = reader->locator;
    struct bytes name = slot_name(reader, ret_slot);
    struct policy_memo_entry *entry = policy_memo_member(&locator->memo, locator->policy, name);
    if (entry) {
        ret_slot->class = entry->class;
        ret_slot->scalar_only = entry->scalar_only;
    } else {
        ret_slot->class = policy_of_name(locator->policy, POLICY_IN_JSON, name, &ret_slot->scalar_only);
    }
    if (reader->last)
        reader->last->next = entry;
    reader->last = entry;
    return true;
}

/* Reads "name" : and fills |ret_slot| for the value that follows. */
static inline bool member_name(struct reader *reader, const struct slot *outer, struct slot *ret_slot)
{
    if (skip_space(reader) != '"')
        return not_json(reader);
    *ret_slot = (struct slot){.place = outer->place};
    struct policy_memo_entry *guess = reader->last ? reader->last->next : NULL;
    size_t start = reader->at + 1;
    if (guess && reader->text.size - start >= POLICY_MEMO_GUESS_SIZE &&
        policy_memo_guess(guess, reader->text.data + start)) {
        ret_slot->class = guess->class;
        ret_slot->scalar_only = guess->scalar_only;
        ret_slot->name_start = start;
        ret_slot->name_size = guess->size;
        reader->at = start + guess->size + 1;
        reader->last = guess;
    } else if (!name_pass(reader, ret_slot)) {
        return false;
    }
    if (ret_slot->class == POLICY_PUBLIC)
        ret_slot->class = outer->class;
    if (outer->class != POLICY_PUBLIC)
        ret_slot->scalar_only = false;
    if (skip_space(reader) != ':')
        return not_json(reader);
    reader->at++;
    return true;
}

/* Every value but objects and arrays is dealt with where it stands. */
__attribute__((always_inline)) static inline bool value_locate(struct reader *reader, const struct slot *slot)
{
    uint8_t first = skip_space(reader);
    if (first == '"')
        return string_locate(reader, slot);
    return first == '{' || first == '[' ? container_locate(reader, slot, first)
                                        : plain_locate(reader, slot, first);
}

static bool array_locate(struct reader *reader, const struct slot *slot)
{
    reader->at++;
    if (skip_space(reader) == ']') {
        reader->at++;
        return true;
    }
    for (;;) {
        if (!value_locate(reader, slot))
            return false;
        uint8_t byte = skip_space(reader);
        if (byte != ',' && byte != ']')
            return not_json(reader);
        reader->at++;
        if (byte == ']')
            return true;
    }
}

static bool object_locate(struct reader *reader, const struct slot *slot)
{
    struct slot outer = *slot;
    if (outer.scalar_only)
        outer.class = POLICY_PUBLIC;
    reader->at++;
    if (skip_space(reader) == '}') {
        reader->at++;
        return true;
    }
    for (;;) {
        struct slot member;
        size_t names = reader->names->size;
        if (!member_name(reader, &outer, &member) || !value_locate(reader, &member))
            return false;
        reader->names->size = names;
        uint8_t byte = skip_space(reader);
        if (byte != ',' && byte != '}')
            return not_json(reader);
        reader->at++;
        if (byte == '}')
            return true;
    }
}

static bool container_locate(struct reader *reader, const struct slot *slot, uint8_t first)
{
    if (reader->depth == JSON_LOCATE_DEPTH_MAX) {
        reader->result = JSON_TOO_DEEP;
        return false;
    }
    reader->depth++;
    bool located = first == '{' ? object_locate(reader, slot) : array_locate(reader, slot);
    reader->depth--;
    return located;
}

static bool ends_in_digit(struct bytes text, size_t size)
{
    return size > 0 && text.data[size - 1] >= '0' && text.data[size - 1] <= '9';
}

static enum json_locate_result locate(struct locator *locator, struct bytes text,
                                      enum json_locate_count count, bool beginning, struct buffer *out)
{
    struct reader reader = {
        .locator = locator, .text = text, .out = out, .beginning = beginning, .result = JSON_LOCATED};
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* of UTF-8 */
    if (beginning && text.size < sizeof mark && (text.size == 0 || memcmp(text.data, mark, text.size) == 0))
        return JSON_LOCATED;
    reader.names = locator_take(locator);
    if (text.size >= sizeof mark && memcmp(text.data, mark, sizeof mark) == 0)
        reader.at = sizeof mark;
    struct slot slot = {.place = LINK_PLACE_JSON};
    bool located;
    size_t start,
        settled = 0; /* where the last value begins; and the last that does not touch a number before it */
    do {
        skip_space(&reader);
        start = reader.at;
        if (!ends_in_digit(text, start))
            settled = start;
        located = value_locate(&reader, &slot);
        skip_space(&reader);
    } while (located && count == JSON_LOCATE_MANY && reader.at < text.size);
    if (located && reader.at < text.size)
        located = not_json(&reader);
    if (!located && beginning && reader.ended) {
        /* A number that nothing follows any more could go on. */
        text.size = reader.at == start ? settled : reader.at;
        reader.result = JSON_LOCATED;
        located = true;
    }
    if (located)
        copy_until(&reader, text.size);
    locator_give(locator, reader.names);
    return reader.result;
}

enum json_locate_result json_locate(struct locator *locator, struct bytes text, enum json_locate_count count,
                                    struct buffer *out)
{
    return locate(locator, text, count, false, out);
}

enum json_locate_result json_locate_beginning(struct locator *locator, struct bytes text,
                                              enum json_locate_count count, struct buffer *out)
{
    return locate(locator, text, count, true, out);
}
