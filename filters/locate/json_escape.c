#include "filters/locate/json_escape.h"

#include "filters/locate/json_token.h"

#include <string.h>

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

void json_unescape(struct bytes raw, struct buffer *out)
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
