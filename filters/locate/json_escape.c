#include "filters/locate/json_escape.h"

#include "common/percent.h"
#include "common/utf8.h"
#include "filters/locate/json_token.h"

#include <string.h>

/* Reads four hex digits. Returns -1 where they are not. */
static int hex4(struct bytes text, size_t at)
{
    int value = 0;
    if (at > text.size || text.size - at < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_value(text.data[at + i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

const uint8_t *json_escape_end(const uint8_t *at, const uint8_t *end, bool *ret_cut)
{
    *ret_cut = end - at < 2;
    if (*ret_cut || !at[1] || !strchr("\"\\/bfnrtu", at[1]))
        return NULL;
    if (at[1] != 'u')
        return at + 2;
    if (hex4(bytes_make(at, (size_t)(end - at)), 2) >= 0)
        return at + 6;
    *ret_cut = end - at < 6;
    return NULL;
}

/* Undoes the \u escape whose 'u' is at |at|. Returns how many bytes from there belong to it. */
static size_t unescape_code(struct bytes raw, size_t at, struct buffer *out)
{
    uint8_t bytes[UTF8_SIZE_MAX];
    int code = hex4(raw, at + 1);
    if (code < 0) {
        buffer_append_byte(out, 'u');
        return 1;
    }
    bool another = raw.size - at > 10 && raw.data[at + 5] == '\\' && raw.data[at + 6] == 'u', joined;
    uint32_t point = utf8_join_surrogates((uint32_t)code, another ? hex4(raw, at + 7) : -1, &joined);
    buffer_append(out, bytes, utf8_encode(point, bytes));
    return joined ? 11 : 5;
}

void json_unescape(struct bytes raw, struct buffer *out)
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    size_t at = 0;
    while (at < raw.size) {
        const uint8_t *backslash = memchr(raw.data + at, '\\', raw.size - at);
        size_t end = backslash ? (size_t)(backslash - raw.data) : raw.size;
        buffer_append(out, raw.data + at, end - at);
        if (end + 1 >= raw.size) {
            buffer_append(out, raw.data + end, raw.size - end);
            return;
        }
        at = end + 1;
        if (raw.data[at] == 'u') {
            at += unescape_code(raw, at, out);
            continue;
        }
        const char *letter = memchr(letters, raw.data[at], sizeof letters - 1);
        buffer_append_byte(out, letter ? (uint8_t)meant[letter - letters] : raw.data[at]);
        at++;
    }
}

void json_append_escaped(struct bytes value, struct buffer *out)
{
    static const char digits[] = "0123456789abcdef";
    if (value.size == 0)
        return;
    const uint8_t *at = value.data, *end = value.data + value.size;
    for (;;) {
        const uint8_t *stop = json_run_end(at, end, NULL);
        buffer_append(out, at, (size_t)(stop - at));
        if (stop == end)
            return;
        if (*stop >= 0x20) {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, *stop);
        } else {
            buffer_append_text(out, "\\u00");
            buffer_append_byte(out, (uint8_t)digits[*stop >> 4]);
            buffer_append_byte(out, (uint8_t)digits[*stop & 15]);
        }
        at = stop + 1;
    }
}
