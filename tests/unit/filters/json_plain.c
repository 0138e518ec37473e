#include "tests/unit/filters/json_plain.h"

#include "filters/locate/json_escape.h"
#include "filters/locate/json_pair.h"
#include "filters/policy/pair_names.h"

#include <string.h>

#define BARE_TOKEN_SIZE 16

struct plain {
    struct locator *locator;
    struct bytes text;
    size_t at;
    size_t copied; /* all before it is in |out| */
    struct buffer *out;
    unsigned depth;
    bool too_deep;
    bool cut; /* it fails only because the text ends, in the token at |cut_at| */
    size_t cut_at;
};

/* What a value is: its class, and the name that it has. */
struct meaning {
    enum policy_class class;
    bool scalar_only;
    struct bytes name;
};

static bool value_pass(struct plain *plain, const struct meaning *meaning);

static int byte_at(const struct plain *plain, size_t at)
{
    return at < plain->text.size ? plain->text.data[at] : -1;
}

static bool wrong(struct plain *plain, size_t token)
{
    plain->cut = plain->at >= plain->text.size;
    plain->cut_at = token;
    return false;
}

static void space_pass(struct plain *plain)
{
    for (int byte; (byte = byte_at(plain, plain->at)) == ' ' || byte == '\t' || byte == '\n' || byte == '\r';)
        plain->at++;
}

static int hex_digit(int byte)
{
    const char *digits = "0123456789abcdefABCDEF";
    const char *found = byte > 0 ? strchr(digits, byte) : NULL;
    if (!found)
        return -1;
    return (int)(found - digits) < 16 ? (int)(found - digits) : (int)(found - digits) - 6;
}

/* Returns the number that four hex digits at |at| are, or -1. */
static int hex_number(const struct plain *plain, size_t at)
{
    int number = 0;
    for (size_t i = at; i < at + 4; i++) {
        int digit = hex_digit(byte_at(plain, i));
        if (digit < 0)
            return -1;
        number = number * 16 + digit;
    }
    return number;
}

static void utf8_append(struct buffer *out, unsigned code)
{
    if (code < 0x80) {
        buffer_append_byte(out, (uint8_t)code);
        return;
    }
    unsigned more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
    buffer_append_byte(out, (uint8_t)(lead[more] | code >> (6 * more)));
    while (more-- > 0)
        buffer_append_byte(out, (uint8_t)(0x80 | (code >> (6 * more) & 0x3f)));
}

/* Passes \\uXXXX, of a pair both. Returns false where it is not. */
static bool number_escape(struct plain *plain, struct buffer *value)
{
    int code = hex_number(plain, plain->at + 2);
    if (code < 0) {
        plain->at += 5;
        return false;
    }
    plain->at += 6;
    if (code >= 0xd800 && code <= 0xdbff && byte_at(plain, plain->at) == '\\' &&
        byte_at(plain, plain->at + 1) == 'u') {
        int low = hex_number(plain, plain->at + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            code = 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00);
            plain->at += 6;
        }
    }
    utf8_append(value, (unsigned)code);
    return true;
}

/* Passes a string and appends what it means to |value|. |ret_odd|: more may stand in it than meets the eye. */
static bool string_pass(struct plain *plain, struct buffer *value, bool *ret_odd)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    size_t start = plain->at++;
    bool marked = false, coded = false, escaped = false;
    for (int byte; (byte = byte_at(plain, plain->at)) != '"';) {
        if (byte < 0x20)
            return wrong(plain, start);
        if (byte != '\\') {
            marked |= byte == '=' || byte == ':';
            buffer_append_byte(value, (uint8_t)byte);
            plain->at++;
            continue;
        }
        escaped = true;
        int letter = byte_at(plain, plain->at + 1);
        const char *known = letter > 0 ? strchr(letters, letter) : NULL;
        if (letter == 'u') {
            coded = true;
            if (!number_escape(plain, value))
                return wrong(plain, start);
        } else if (known) {
            buffer_append_byte(value, (uint8_t)meant[known - letters]);
            plain->at += 2;
        } else {
            plain->at++;
            return wrong(plain, start);
        }
    }
    size_t size = plain->at++ - start - 1;
    int first = byte_at(plain, start + 1);
    *ret_odd = size > 2 && (marked || coded ||
                            (escaped && (first == '{' || first == '[' || first == '\\' || first == ' ')));
    return true;
}

static void copy_to(struct plain *plain, size_t end)
{
    buffer_append(plain->out, plain->text.data + plain->copied, end - plain->copied);
    plain->copied = end;
}

static void put_string(struct plain *plain, size_t start, const struct buffer *value)
{
    static const char digits[] = "0123456789abcdef";
    copy_to(plain, start);
    buffer_append_byte(plain->out, '"');
    for (size_t i = 0; i < value->size; i++) {
        uint8_t byte = value->data[i];
        if (byte < 0x20) {
            buffer_append_text(plain->out, "\\u00");
            buffer_append_byte(plain->out, (uint8_t)digits[byte / 16]);
            byte = (uint8_t)digits[byte % 16];
        } else if (byte == '"' || byte == '\\') {
            buffer_append_byte(plain->out, '\\');
        }
        buffer_append_byte(plain->out, byte);
    }
    buffer_append_byte(plain->out, '"');
    plain->copied = plain->at;
}

static bool string_value(struct plain *plain, const struct meaning *meaning)
{
    struct buffer value = {0}, replacement = {0};
    size_t start = plain->at;
    bool odd = false, passed = string_pass(plain, &value, &odd), changed = false;
    enum policy_class class = meaning->class;
    if (plain->depth == 0 && class == POLICY_PUBLIC && (plain->at - start - 2 >= BARE_TOKEN_SIZE || odd))
        class = POLICY_CREDENTIAL;
    struct atom atom = {LINK_PLACE_JSON, {.class = class}, meaning->name, buffer_bytes(&value)};
    if (passed && class != POLICY_PUBLIC)
        changed = locator_replace(plain->locator, &atom, &replacement);
    else if (passed && (odd || plain->locator->detects))
        changed =
            locate_nested(plain->locator, LINK_PLACE_JSON, meaning->name, buffer_bytes(&value), &replacement);
    if (changed)
        put_string(plain, start, &replacement);
    buffer_free(&value);
    buffer_free(&replacement);
    return passed;
}

static size_t digits_pass(struct plain *plain)
{
    size_t start = plain->at;
    while (byte_at(plain, plain->at) >= '0' && byte_at(plain, plain->at) <= '9')
        plain->at++;
    return plain->at - start;
}

static bool number_pass(struct plain *plain)
{
    size_t start = plain->at;
    plain->at += byte_at(plain, plain->at) == '-';
    bool zero = byte_at(plain, plain->at) == '0';
    size_t digits = digits_pass(plain);
    if (digits == 0 || (zero && digits > 1))
        return wrong(plain, start);
    if (byte_at(plain, plain->at) == '.') {
        plain->at++;
        if (digits_pass(plain) == 0)
            return wrong(plain, start);
    }
    if (byte_at(plain, plain->at) == 'e' || byte_at(plain, plain->at) == 'E') {
        plain->at++;
        plain->at += byte_at(plain, plain->at) == '+' || byte_at(plain, plain->at) == '-';
        if (digits_pass(plain) == 0)
            return wrong(plain, start);
    }
    return true;
}

static bool word_pass(struct plain *plain, const char *word)
{
    size_t start = plain->at;
    for (; *word; word++, plain->at++)
        if (byte_at(plain, plain->at) != *word)
            return wrong(plain, start);
    return true;
}

/* |beginning| is looked at by who asked: a number at the very end is cut. */
static bool bare_value(struct plain *plain, const struct meaning *meaning, int first)
{
    size_t start = plain->at;
    if (!(first == 't'   ? word_pass(plain, "true")
          : first == 'f' ? word_pass(plain, "false")
          : first == 'n' ? word_pass(plain, "null")
                         : number_pass(plain)))
        return false;
    bool number = first == '-' || (first >= '0' && first <= '9');
    if (number && plain->at == plain->text.size && plain->cut)
        return wrong(plain, start);
    if (first == 'n' || (meaning->class == POLICY_PUBLIC && !plain->locator->detects))
        return true;
    struct buffer replacement = {0};
    struct bytes value = bytes_make(plain->text.data + start, plain->at - start);
    struct atom atom = {LINK_PLACE_JSON, {.class = meaning->class}, meaning->name, value};
    bool changed = meaning->class == POLICY_PUBLIC
                       ? locate_nested(plain->locator, LINK_PLACE_JSON, meaning->name, value, &replacement)
                       : locator_replace(plain->locator, &atom, &replacement);
    if (changed)
        put_string(plain, start, &replacement);
    buffer_free(&replacement);
    return true;
}

/* Replaces what looks sensitive in |name|, which begins at |start|. */
static struct policy_decision name_decide(struct plain *plain, size_t start, struct bytes name)
{
    struct buffer replacement = {0};
    struct bytes no_name = {0};
    const struct policy *policy = plain->locator->policy;
    struct policy_decision decision = policy_of_name(policy, NULL, POLICY_IN_JSON, name);
    bool paired = pair_names_value(name);
    if (locate_nested(plain->locator, LINK_PLACE_JSON, no_name, name, &replacement)) {
        put_string(plain, start, &replacement);
        struct policy_decision later =
            policy_of_name(policy, NULL, POLICY_IN_JSON, buffer_bytes(&replacement));
        if (decision.class == POLICY_PUBLIC || later.class == POLICY_EMPTIED)
            decision = later;
        paired |= pair_names_value(buffer_bytes(&replacement));
    }
    decision.paired = paired;
    buffer_free(&replacement);
    return decision;
}

/* Lets the members of the object whose brace is at |begin| say what its value is, on which |meaning| is known. |open|: the object is not sensitive itself. Returns false where what would say so is cut off. */
static bool pair_decide(struct plain *plain, size_t begin, bool open, struct meaning *meaning)
{
    const struct policy *policy = plain->locator->policy;
    const uint8_t *end = plain->text.data + plain->text.size, *at = plain->text.data + begin + 1;
    struct policy_decision pair = {0};
    struct bytes by = {0};
    struct json_string string;
    bool ended;
    while (pair.class == POLICY_PUBLIC && (at = json_pair_next(at, end, &string, &ended))) {
        struct buffer name = {0};
        json_unescape(bytes_make(string.start, string.size), &name);
        if (pair_names_is_name(buffer_bytes(&name))) {
            struct policy_decision decision =
                policy_of_name(policy, NULL, POLICY_IN_JSON, buffer_bytes(&name));
            bool hinted =
                policy_detect_classes(policy) != 0 && (detect_name_hints(buffer_bytes(&name)) & HINTS_LOOK);
            if (decision.class != POLICY_PUBLIC || (hinted && by.size == 0)) {
                pair = decision;
                by = bytes_make(string.start, string.size);
            }
        }
        buffer_free(&name);
    }
    if (!at && !ended)
        return false;
    if (!open && pair.class != POLICY_EMPTIED)
        return true;
    if (pair.class != POLICY_PUBLIC)
        meaning->scalar_only = false;
    if (meaning->class == POLICY_PUBLIC && by.size > 0)
        meaning->name = by;
    if (meaning->class == POLICY_PUBLIC)
        meaning->class = pair.class;
    return true;
}

static bool member_pass(struct plain *plain, const struct meaning *object, size_t begin)
{
    struct buffer name = {0};
    enum policy_class outer = object->scalar_only ? POLICY_PUBLIC : object->class;
    bool odd;
    space_pass(plain);
    size_t start = plain->at;
    bool passed =
        byte_at(plain, plain->at) == '"' ? string_pass(plain, &name, &odd) : wrong(plain, plain->at);
    size_t end = plain->at;
    if (passed) {
        space_pass(plain);
        passed = byte_at(plain, plain->at) == ':' || wrong(plain, start);
    }
    if (passed) {
        size_t colon = plain->at;
        struct meaning meaning = {.name = buffer_bytes(&name)};
        plain->at = end;
        struct policy_decision decision = name_decide(plain, start, meaning.name);
        plain->at = colon + 1;
        meaning.class = decision.class;
        meaning.scalar_only = decision.scalar_only;
        if (decision.paired)
            passed = pair_decide(plain, begin, outer == POLICY_PUBLIC, &meaning);
        if (!passed) {
            space_pass(plain);
            plain->cut = true;
            plain->cut_at = plain->at;
        }
        if (meaning.class == POLICY_PUBLIC)
            meaning.class = outer;
        if (outer != POLICY_PUBLIC)
            meaning.scalar_only = false;
        passed = passed && value_pass(plain, &meaning);
    }
    buffer_free(&name);
    return passed;
}

/* An object or an array. */
static bool container_pass(struct plain *plain, const struct meaning *meaning, bool object)
{
    int close = object ? '}' : ']';
    size_t begin = plain->at;
    plain->at++;
    space_pass(plain);
    if (byte_at(plain, plain->at) == close) {
        plain->at++;
        return true;
    }
    for (;;) {
        if (!(object ? member_pass(plain, meaning, begin) : value_pass(plain, meaning)))
            return false;
        space_pass(plain);
        int byte = byte_at(plain, plain->at);
        if (byte != ',' && byte != close)
            return wrong(plain, plain->at);
        plain->at++;
        if (byte == close)
            return true;
    }
}

static bool value_pass(struct plain *plain, const struct meaning *meaning)
{
    space_pass(plain);
    int first = byte_at(plain, plain->at);
    if (first == '"')
        return string_value(plain, meaning);
    if (first != '{' && first != '[')
        return bare_value(plain, meaning, first);
    if (plain->depth == JSON_LOCATE_DEPTH_MAX) {
        plain->too_deep = true;
        plain->cut = false;
        return false;
    }
    plain->depth++;
    bool passed = container_pass(plain, meaning, first == '{');
    plain->depth--;
    return passed;
}

enum json_locate_result json_plain_locate(struct locator *locator, struct bytes text,
                                          enum json_locate_count count, bool beginning, struct buffer *out)
{
    /* |cut| tells bare_value, before anything fails, whether a number at the end may go on. */
    struct plain plain = {.locator = locator, .text = text, .out = out, .cut = beginning};
    const struct meaning none = {0};
    if (beginning && text.size < 3 && (text.size == 0 || memcmp(text.data, "\xef\xbb\xbf", text.size) == 0))
        return JSON_LOCATED;
    if (text.size >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        plain.at = 3;
    size_t begin, settled = 0, copied = 0,
                  size = out->size; /* the last two as they were when it was settled */
    bool passed;
    do {
        space_pass(&plain);
        begin = plain.at;
        if (begin == 0 || text.data[begin - 1] < '0' || text.data[begin - 1] > '9') {
            settled = begin;
            copied = plain.copied;
            size = out->size;
        }
        passed = value_pass(&plain, &none);
        if (passed)
            space_pass(&plain);
    } while (passed && count == JSON_LOCATE_MANY && plain.at < text.size);
    if (plain.too_deep)
        return JSON_TOO_DEEP;
    if (passed && plain.at < text.size)
        return JSON_NOT_JSON;
    if (!passed && !(beginning && plain.cut))
        return JSON_NOT_JSON;
    bool given_up = !passed && plain.cut_at == begin;
    if (given_up) { /* a number that is given up may have been replaced */
        plain.copied = copied;
        out->size = size;
    }
    copy_to(&plain, passed ? text.size : given_up ? settled : plain.cut_at);
    return JSON_LOCATED;
}
