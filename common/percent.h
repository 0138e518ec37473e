/* Percent-encoding (RFC 3986 §2.1) and, in queries and forms, '+' for a space (WHATWG URL §5.1). A '%' without two hexadecimal
 * digits behind it is an ordinary byte. */
#ifndef COMMON_PERCENT_H
#define COMMON_PERCENT_H

#include "common/buffer.h"

/* Returns the value of a hexadecimal digit of either case, -1 for any other byte. */
static inline int hex_value(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Reads what stands at |at|, below the size: an escape undone, or a byte as it is. Returns how many bytes of |text| that takes. */
static inline size_t percent_next(struct bytes text, size_t at, uint8_t *ret_byte)
{
    *ret_byte = text.data[at];
    if (*ret_byte != '%' || text.size - at < 3)
        return 1;
    int high = hex_value(text.data[at + 1]), low = hex_value(text.data[at + 2]);
    if (high < 0 || low < 0)
        return 1;
    *ret_byte = (uint8_t)(high << 4 | low);
    return 3;
}

/* Appends |text| with percent escapes undone, and '+' made a space where |plus|. */
void percent_decode(struct bytes text, bool plus, struct buffer *out);
/* Appends |text| with every byte escaped except letters, digits, "-._~" (RFC 3986 §2.3) and those of |safe|. */
void percent_encode(struct bytes text, const char *safe, struct buffer *out);

#endif
