#include "common/percent.h"

#include "common/byte_set.h"

static bool has_byte(struct bytes text, uint8_t byte)
{
    return text.size > 0 && memchr(text.data, byte, text.size) != NULL;
}

void percent_decode(struct bytes text, bool plus, struct buffer *out)
{
    if (!has_byte(text, '%') && !(plus && has_byte(text, '+'))) {
        buffer_append_bytes(out, text);
        return;
    }
    buffer_reserve(out, text.size);
    for (size_t at = 0; at < text.size;) {
        uint8_t byte;
        size_t taken = percent_next(text, at, &byte);
        at += taken;
        buffer_append_byte(out, plus && taken == 1 && byte == '+' ? ' ' : byte);
    }
}

void percent_encode(struct bytes text, const char *safe, struct buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    buffer_reserve(out, text.size);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte_set_has(&byte_set_unreserved, byte) || (byte && strchr(safe, byte))) {
            buffer_append_byte(out, byte);
        } else {
            buffer_append_byte(out, '%');
            buffer_append_byte(out, (uint8_t)digits[byte >> 4]);
            buffer_append_byte(out, (uint8_t)digits[byte & 15]);
        }
    }
}
