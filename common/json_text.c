#include "common/json_text.h"

/* Returns the length of the UTF-8 character at the front of |text| (not empty), or 0 where it is none. */
static size_t character(struct bytes text, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = text.data[0];
    if (lead < 0x80) {
        *ret_code = lead;
        return 1;
    }
    size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size < size)
        return 0;
    uint32_t code = lead & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text.data[i] & 0x3fu);
    }
    if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return size;
}

bool json_text_is_utf8(struct bytes text)
{
    while (text.size > 0) {
        uint32_t code;
        size_t size = character(text, &code);
        if (size == 0)
            return false;
        text.data += size;
        text.size -= size;
    }
    return true;
}

/* Appends |code| escaped; returns false where it needs no escape. */
static bool append_escape(struct buffer *out, uint32_t code)
{
    if (code == '"' || code == '\\') {
        buffer_append_byte(out, '\\');
        buffer_append_byte(out, (uint8_t)code);
    } else if (code == '\n') {
        buffer_append_text(out, "\\n");
    } else if (code == '\r') {
        buffer_append_text(out, "\\r");
    } else if (code == '\t') {
        buffer_append_text(out, "\\t");
    } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
        buffer_printf(out, "\\u%04x", code);
    } else {
        return false;
    }
    return true;
}

void json_text_append(struct buffer *out, struct bytes text)
{
    buffer_append_byte(out, '"');
    while (text.size > 0) {
        uint32_t code;
        size_t size = character(text, &code);
        if (size == 0) { /* not what was promised: the output stays well-formed all the same */
            code = text.data[0];
            size = 1;
            if (!append_escape(out, code))
                buffer_printf(out, "\\u%04x", code);
        } else if (!append_escape(out, code)) {
            buffer_append(out, text.data, size);
        }
        text.data += size;
        text.size -= size;
    }
    buffer_append_byte(out, '"');
}

void json_text_append_bytes(struct buffer *out, struct bytes text)
{
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (append_escape(out, byte))
            continue;
        if (byte >= 0x80) {
            buffer_append_byte(out, (uint8_t)(0xc0 | byte >> 6));
            buffer_append_byte(out, (uint8_t)(0x80 | (byte & 0x3f)));
        } else {
            buffer_append_byte(out, byte);
        }
    }
    buffer_append_byte(out, '"');
}

void json_text_append_base64(struct buffer *out, struct bytes data)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < data.size; i += 3) {
        size_t left = data.size - i;
        uint32_t group = (uint32_t)data.data[i] << 16;
        if (left > 1)
            group |= (uint32_t)data.data[i + 1] << 8;
        if (left > 2)
            group |= data.data[i + 2];
        buffer_append_byte(out, (uint8_t)digits[group >> 18]);
        buffer_append_byte(out, (uint8_t)digits[group >> 12 & 63]);
        buffer_append_byte(out, left > 1 ? (uint8_t)digits[group >> 6 & 63] : '=');
        buffer_append_byte(out, left > 2 ? (uint8_t)digits[group & 63] : '=');
    }
}
