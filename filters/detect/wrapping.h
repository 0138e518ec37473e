/* Codings that a value may be wrapped in inside a text: percent escapes, base64, hex and their kin.
 *
 * Most of them are local: a unit of the text (an escape, a byte) stands for a few bytes of its own, so a part of a coded text
 * decodes by itself. base64 is not: it is decoded and encoded as a whole. */
#ifndef FILTERS_DETECT_WRAPPING_H
#define FILTERS_DETECT_WRAPPING_H

#include "common/buffer.h"
#include "common/utf8.h"

#include <stdbool.h>

enum wrapping {
    WRAPPING_NONE,
    WRAPPING_PERCENT,   /* RFC 3986 §2.1; a '+' is a plus */
    WRAPPING_FORM,      /* application/x-www-form-urlencoded: a '+' is a space */
    WRAPPING_BASE64,    /* RFC 4648 §4, with or without padding */
    WRAPPING_BASE64URL, /* RFC 4648 §5, with or without padding */
    WRAPPING_HEX,
    WRAPPING_JSON,             /* RFC 8259 §7, also \xHH */
    WRAPPING_HTML,             /* character references, numeric and the named ones of ASCII */
    WRAPPING_QUOTED_PRINTABLE, /* RFC 2045 §6.7 */
    WRAPPING_SOFT_BREAKS,      /* the soft line breaks of quoted-printable alone: "=34" is a parameter's */
    WRAPPING_UTF16LE,
    WRAPPING_UTF16BE,
};
#define WRAPPING_COUNT 12

/* The most bytes that one unit stands for. */
#define WRAPPING_UNIT_MAX UTF8_SIZE_MAX

/* Returns "percent", "base64", ...; "plain" for WRAPPING_NONE. Static. */
const char *wrapping_name(enum wrapping wrapping);
/* Returns whether units of |wrapping| decode by themselves: all but WRAPPING_BASE64 and WRAPPING_BASE64URL. */
bool wrapping_is_local(enum wrapping wrapping);
/* Decodes the unit of a local |wrapping| at |at|, which is below text.size. Writes the bytes it stands for and their number,
 * which is 0 for what stands for nothing (a soft line break). Returns its size in |text|, at least 1: what is no unit stands
 * for itself. */
size_t wrapping_unit(enum wrapping wrapping, struct bytes text, size_t at,
                     uint8_t ret_bytes[WRAPPING_UNIT_MAX], size_t *ret_count);
/* Returns the first byte at or after |from| in |text| that may begin a unit of |wrapping| which does not stand for itself, or the size of |text|. */
size_t wrapping_next(enum wrapping wrapping, struct bytes text, size_t from);
/* Returns the six bits of a base64 character of either alphabet, or -1. */
int wrapping_base64_value(uint8_t byte);
/* Appends |run| decoded to |out|. What is no unit stands for itself; of base64 the last character is left out where it
 * cannot be one. */
void wrapping_decode(enum wrapping wrapping, struct bytes run, struct buffer *out);
/* Appends |plain| coded to |out|, in the manner of |like|, the run in whose place it is put: case of hexadecimal digits,
 * padding, everything escaped or only what must be. Decoding it gives |plain|, but where that is no UTF-8 (UTF-16) or
 * has an '=' at the end of a line (soft breaks). */
void wrapping_encode(enum wrapping wrapping, struct bytes like, struct bytes plain, struct buffer *out);

#endif
