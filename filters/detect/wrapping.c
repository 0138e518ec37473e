#include "filters/detect/wrapping.h"

#include "filters/detect/detect_chars.h"

#include <stdio.h>

static const char *const names[WRAPPING_COUNT] = {
    "plain", "percent",          "form",        "base64",   "base64url", "hex", "json",
    "html",  "quoted-printable", "soft-breaks", "utf-16le", "utf-16be"};

const char *wrapping_name(enum wrapping wrapping)
{
    return names[wrapping];
}

bool wrapping_is_local(enum wrapping wrapping)
{
    return wrapping != WRAPPING_BASE64 && wrapping != WRAPPING_BASE64URL;
}

int wrapping_base64_value(uint8_t byte)
{
    if (char_is(byte, CHAR_UPPER))
        return byte - 'A';
    if (char_is(byte, CHAR_LOWER))
        return byte - 'a' + 26;
    if (char_is(byte, CHAR_DIGIT))
        return byte - '0' + 52;
    if (byte == '+' || byte == '-')
        return 62;
    return byte == '/' || byte == '_' ? 63 : -1;
}

/* Reads |count| hexadecimal digits at |at|. Returns their value, or -1. */
static int32_t hex_at(struct bytes text, size_t at, unsigned count)
{
    int32_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!char_at(text, at + i, CHAR_HEX))
            return -1;
        value = value << 4 | char_hex(text.data[at + i]);
    }
    return value;
}

/* Reads a UTF-8 character at |at|. Returns its size, 0 where there is none. */
static size_t get_utf8(struct bytes text, size_t at, uint32_t *ret_code)
{
    uint8_t first = text.data[at];
    size_t size = first < 0x80                    ? 1
                  : first >= 0xf0 && first < 0xf5 ? 4
                  : first >= 0xe0 && first < 0xf0 ? 3
                  : first >= 0xc2 && first < 0xe0 ? 2
                                                  : 0;
    if (size == 0 || size > text.size - at)
        return 0;
    uint32_t code = size == 1 ? first : first & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text.data[at + i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text.data[at + i] & 0x3f);
    }
    *ret_code = code;
    return size;
}

/* A backslash stands at |at|. Returns the size of its escape, 0 where it is none. */
static size_t json_unit(struct bytes text, size_t at, uint8_t bytes[WRAPPING_UNIT_MAX], size_t *ret_count)
{
    static const char letters[] = "\"\\/'bfnrt", values[] = "\"\\/'\b\f\n\r\t";
    if (at + 1 >= text.size)
        return 0;
    uint8_t letter = text.data[at + 1];
    if (letter == 'u' || letter == 'x') {
        unsigned digits = letter == 'u' ? 4 : 2;
        int32_t code = hex_at(text, at + 2, digits);
        if (code < 0)
            return 0;
        bool joined = false;
        int32_t low = letter == 'u' && text_has(text, at + 6, "\\u") ? hex_at(text, at + 8, 4) : -1;
        *ret_count = utf8_encode(utf8_join_surrogates((uint32_t)code, low, &joined), bytes);
        return (joined ? 12 : 2) + (joined ? 0 : digits);
    }
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (!found)
        return 0;
    bytes[0] = (uint8_t)values[found - letters];
    *ret_count = 1;
    return 2;
}

static const struct {
    const char *name;
    uint8_t byte;
} references[] = {
    {"amp", '&'},    {"lt", '<'},     {"gt", '>'},     {"quot", '"'},   {"apos", '\''},    {"nbsp", ' '},
    {"commat", '@'}, {"period", '.'}, {"hyphen", '-'}, {"dash", '-'},   {"lowbar", '_'},   {"plus", '+'},
    {"colon", ':'},  {"sol", '/'},    {"equals", '='}, {"num", '#'},    {"percnt", '%'},   {"comma", ','},
    {"semi", ';'},   {"lpar", '('},   {"rpar", ')'},   {"Tab", '\t'},   {"NewLine", '\n'}, {"excl", '!'},
    {"quest", '?'},  {"bsol", '\\'},  {"ast", '*'},    {"dollar", '$'},
};

/* An '&' stands at |at|. Returns the size of its character reference, 0 where it is none. */
static size_t html_unit(struct bytes text, size_t at, uint8_t bytes[WRAPPING_UNIT_MAX], size_t *ret_count)
{
    size_t end = at + 1;
    if (text_has(text, end, "#")) {
        bool hex = text_has(text, ++end, "x") || text_has(text, end, "X");
        size_t start = end += hex;
        uint32_t code = 0;
        for (; end - start < 8 && char_at(text, end, hex ? CHAR_HEX : CHAR_DIGIT); end++)
            code = code * (hex ? 16 : 10) + (uint32_t)char_hex(text.data[end]);
        if (end == start || code > 0x10ffff)
            return 0;
        *ret_count = utf8_encode(code, bytes);
        return end - at + text_has(text, end, ";");
    }
    while (end - at < 9 && char_at(text, end, CHAR_UPPER | CHAR_LOWER))
        end++;
    if (!text_has(text, end, ";"))
        return 0;
    struct bytes name = bytes_make(text.data + at + 1, end - at - 1);
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++)
        if (bytes_equal(name, bytes_of(references[i].name))) {
            bytes[0] = references[i].byte;
            *ret_count = 1;
            return end + 1 - at;
        }
    return 0;
}

/* An '=' stands at |at|. Returns the size of the soft line break, 0 where it is none. */
static size_t soft_break(struct bytes text, size_t at, size_t *ret_count)
{
    bool carriage = text_has(text, at + 1, "\r\n");
    if (!carriage && !text_has(text, at + 1, "\n"))
        return 0;
    *ret_count = 0;
    return carriage ? 3 : 2;
}

/* The same of an escape. A letter or digit is only taken for one that is escaped where another escape stands beside it: nobody escapes
 * them alone, and "a=34" is a parameter. */
static size_t quoted_unit(struct bytes text, size_t at, uint8_t bytes[WRAPPING_UNIT_MAX], size_t *ret_count)
{
    int32_t value = hex_at(text, at + 1, 2);
    if (value >= 0) {
        bool beside = text_has(text, at + 3, "=") || (at >= 3 && text.data[at - 3] == '=');
        if (char_is((uint8_t)value, CHAR_WORD) && !beside)
            return 0;
        bytes[0] = (uint8_t)value;
        return 3;
    }
    return soft_break(text, at, ret_count);
}

static size_t utf16_unit(struct bytes text, size_t at, bool big, uint8_t bytes[WRAPPING_UNIT_MAX],
                         size_t *ret_count)
{
    if (text.size - at < 2)
        return 0;
    const uint8_t *data = text.data + at;
    uint32_t code = (uint32_t)(data[big ? 0 : 1] << 8 | data[big ? 1 : 0]);
    int32_t low = text.size - at >= 4 ? (int32_t)(data[big ? 2 : 3] << 8 | data[big ? 3 : 2]) : -1;
    bool joined = false;
    *ret_count = utf8_encode(utf8_join_surrogates(code, low, &joined), bytes);
    return joined ? 4 : 2;
}

size_t wrapping_unit(enum wrapping wrapping, struct bytes text, size_t at,
                     uint8_t ret_bytes[WRAPPING_UNIT_MAX], size_t *ret_count)
{
    uint8_t byte = text.data[at];
    int32_t value;
    size_t size = 0;
    ret_bytes[0] = byte;
    *ret_count = 1;
    switch (wrapping) {
    case WRAPPING_FORM:
        if (byte == '+')
            ret_bytes[0] = ' ';
        /* fall through */
    case WRAPPING_PERCENT:
        value = byte == '%' ? hex_at(text, at + 1, 2) : -1;
        if (value >= 0)
            ret_bytes[0] = (uint8_t)value;
        size = value >= 0 ? 3 : 0;
        break;
    case WRAPPING_HEX:
        value = hex_at(text, at, 2);
        if (value >= 0)
            ret_bytes[0] = (uint8_t)value;
        size = value >= 0 ? 2 : 0;
        break;
    case WRAPPING_JSON:
        size = byte == '\\' ? json_unit(text, at, ret_bytes, ret_count) : 0;
        break;
    case WRAPPING_HTML:
        size = byte == '&' ? html_unit(text, at, ret_bytes, ret_count) : 0;
        break;
    case WRAPPING_QUOTED_PRINTABLE:
        size = byte == '=' ? quoted_unit(text, at, ret_bytes, ret_count) : 0;
        break;
    case WRAPPING_SOFT_BREAKS:
        size = byte == '=' ? soft_break(text, at, ret_count) : 0;
        break;
    case WRAPPING_UTF16LE:
    case WRAPPING_UTF16BE:
        size = utf16_unit(text, at, wrapping == WRAPPING_UTF16BE, ret_bytes, ret_count);
        break;
    case WRAPPING_NONE:
    case WRAPPING_BASE64:
    case WRAPPING_BASE64URL:
        break;
    }
    return size ? size : 1;
}

/* Returns the first |byte| at or after |from|, or |end|. */
static size_t find_byte(struct bytes text, size_t from, size_t end, uint8_t byte)
{
    const uint8_t *found = from < end ? memchr(text.data + from, byte, end - from) : NULL;
    return found ? (size_t)(found - text.data) : end;
}

size_t wrapping_next(enum wrapping wrapping, struct bytes text, size_t from)
{
    switch (wrapping) {
    case WRAPPING_FORM:
        for (; from < text.size; from++)
            if (text.data[from] == '%' || text.data[from] == '+')
                break;
        return from;
    case WRAPPING_PERCENT:
        return find_byte(text, from, text.size, '%');
    case WRAPPING_JSON:
        return find_byte(text, from, text.size, '\\');
    case WRAPPING_HTML:
        return find_byte(text, from, text.size, '&');
    case WRAPPING_QUOTED_PRINTABLE:
    case WRAPPING_SOFT_BREAKS:
        return find_byte(text, from, text.size, '=');
    case WRAPPING_HEX:
    case WRAPPING_UTF16LE:
    case WRAPPING_UTF16BE:
        return from;
    case WRAPPING_NONE:
    case WRAPPING_BASE64:
    case WRAPPING_BASE64URL:
        break;
    }
    return text.size;
}

static void base64_decode(struct bytes run, struct buffer *out)
{
    uint32_t held = 0;
    unsigned bits = 0;
    buffer_reserve(out, run.size / 4 * 3 + 3);
    for (size_t i = 0; i < run.size; i++) {
        int value = wrapping_base64_value(run.data[i]);
        if (value < 0)
            break;
        held = held << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out->data[out->size++] = (uint8_t)(held >> bits);
        }
    }
}

void wrapping_decode(enum wrapping wrapping, struct bytes run, struct buffer *out)
{
    if (!wrapping_is_local(wrapping)) {
        base64_decode(run, out);
        return;
    }
    size_t count = 0;
    /* A unit never gives more bytes than it has, but for UTF-16, where two give at most three. */
    buffer_reserve(out, run.size + run.size / 2 + WRAPPING_UNIT_MAX);
    for (size_t at = 0; at < run.size;) {
        size_t next = wrapping_next(wrapping, run, at);
        buffer_append(out, run.data + at, next - at);
        at = next;
        if (at < run.size) {
            at += wrapping_unit(wrapping, run, at, out->data + out->size, &count);
            out->size += count;
        }
    }
}

static void base64_encode(bool url, bool padded, struct bytes plain, struct buffer *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < plain.size; i += 3) {
        size_t count = plain.size - i < 3 ? plain.size - i : 3;
        uint32_t held = 0;
        for (size_t j = 0; j < 3; j++)
            held = held << 8 | (j < count ? plain.data[i + j] : 0);
        for (size_t j = 0; j < 4; j++) {
            unsigned value = held >> (18 - 6 * j) & 63;
            if (j <= count)
                buffer_append_byte(out, value < 62    ? (uint8_t)alphabet[value]
                                        : value == 62 ? (url ? '-' : '+')
                                                      : (url ? '_' : '/'));
            else if (padded)
                buffer_append_byte(out, '=');
        }
    }
}

/* How |like| is coded. */
struct manner {
    bool all;   /* everything in it is escaped */
    bool lower; /* its hexadecimal digits are lower-case */
    bool hex;   /* its character references are hexadecimal */
};

static struct manner manner_of(enum wrapping wrapping, struct bytes like)
{
    struct manner manner = {.all = like.size > 0};
    bool lower = false, upper = false;
    uint8_t bytes[WRAPPING_UNIT_MAX];
    size_t count = 0;
    for (size_t at = 0; at < like.size;) {
        size_t size = wrapping_unit(wrapping, like, at, bytes, &count);
        for (size_t i = 1; i < size + (wrapping == WRAPPING_HEX); i++) {
            uint8_t byte = like.data[at + i - (wrapping == WRAPPING_HEX)];
            lower = lower || (byte >= 'a' && byte <= 'f');
            upper = upper || (byte >= 'A' && byte <= 'F');
            manner.hex = manner.hex || byte == 'x' || byte == 'X';
        }
        manner.all = manner.all && size > 1;
        at += size;
    }
    manner.lower = lower && !upper;
    return manner;
}

static void put_hex(struct buffer *out, uint32_t value, unsigned digits, bool lower)
{
    const char *alphabet = lower ? "0123456789abcdef" : "0123456789ABCDEF";
    while (digits-- > 0)
        buffer_append_byte(out, (uint8_t)alphabet[value >> (4 * digits) & 15]);
}

static void encode_json(struct buffer *out, uint8_t byte, const struct manner *manner)
{
    static const char letters[] = "\"\\bfnrt", values[] = "\"\\\b\f\n\r\t";
    const char *found = byte && !manner->all ? strchr(values, byte) : NULL;
    if (found) {
        buffer_append_byte(out, '\\');
        buffer_append_byte(out, (uint8_t)letters[found - values]);
    } else if (byte < ' ' || (manner->all && byte < 0x80)) {
        buffer_append_text(out, "\\u");
        put_hex(out, byte, 4, manner->lower);
    } else {
        buffer_append_byte(out, byte);
    }
}

static void encode_html(struct buffer *out, uint8_t byte, const struct manner *manner)
{
    if ((manner->all && byte < 0x80) || byte == '&' || byte == '<' || byte == '>' || byte == '"' ||
        byte == '\'')
        buffer_printf(out, manner->hex ? "&#x%x;" : "&#%u;", byte);
    else
        buffer_append_byte(out, byte);
}

static void encode_byte(enum wrapping wrapping, struct buffer *out, uint8_t byte, const struct manner *manner)
{
    switch (wrapping) {
    case WRAPPING_PERCENT:
    case WRAPPING_FORM:
        if (wrapping == WRAPPING_FORM && byte == ' ' && !manner->all) {
            buffer_append_byte(out, '+');
        } else if (!manner->all && (char_is(byte, CHAR_TOKEN) || byte == '.' || byte == '~')) {
            buffer_append_byte(out, byte);
        } else {
            buffer_append_byte(out, '%');
            put_hex(out, byte, 2, manner->lower);
        }
        break;
    case WRAPPING_HEX:
        put_hex(out, byte, 2, manner->lower || !manner->all);
        break;
    case WRAPPING_JSON:
        encode_json(out, byte, manner);
        break;
    case WRAPPING_HTML:
        encode_html(out, byte, manner);
        break;
    case WRAPPING_QUOTED_PRINTABLE:
        if (manner->all || byte < ' ' || byte == '=' || byte >= 0x7f) {
            buffer_append_byte(out, '=');
            put_hex(out, byte, 2, false);
        } else {
            buffer_append_byte(out, byte);
        }
        break;
    case WRAPPING_NONE:
    case WRAPPING_BASE64:
    case WRAPPING_BASE64URL:
    case WRAPPING_SOFT_BREAKS:
    case WRAPPING_UTF16LE:
    case WRAPPING_UTF16BE:
        buffer_append_byte(out, byte);
        break;
    }
}

static void encode_utf16(bool big, struct bytes plain, struct buffer *out)
{
    for (size_t at = 0; at < plain.size;) {
        uint32_t code = 0xfffd;
        size_t size = get_utf8(plain, at, &code);
        at += size ? size : 1;
        uint32_t units[2] = {code, 0};
        if (code >= 0x10000) {
            units[0] = 0xd800 + ((code - 0x10000) >> 10);
            units[1] = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        for (unsigned i = 0; i < (code >= 0x10000 ? 2u : 1u); i++) {
            buffer_append_byte(out, (uint8_t)(big ? units[i] >> 8 : units[i]));
            buffer_append_byte(out, (uint8_t)(big ? units[i] : units[i] >> 8));
        }
    }
}

void wrapping_encode(enum wrapping wrapping, struct bytes like, struct bytes plain, struct buffer *out)
{
    if (wrapping == WRAPPING_UTF16LE || wrapping == WRAPPING_UTF16BE) {
        encode_utf16(wrapping == WRAPPING_UTF16BE, plain, out);
        return;
    }
    if (!wrapping_is_local(wrapping)) {
        bool padded = like.size > 0 && like.data[like.size - 1] == '=';
        /* Whole quads do not tell: standard base64 pads, the other does not. */
        padded = padded || (like.size % 4 == 0 && wrapping == WRAPPING_BASE64);
        base64_encode(wrapping == WRAPPING_BASE64URL, padded, plain, out);
        return;
    }
    struct manner manner = manner_of(wrapping, like);
    if (wrapping == WRAPPING_QUOTED_PRINTABLE && plain.size == 1)
        manner.all = false; /* an escape of a letter needs another beside it */
    for (size_t i = 0; i < plain.size; i++)
        encode_byte(wrapping, out, plain.data[i], &manner);
}
