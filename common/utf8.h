/* Code points as UTF-8 (RFC 3629), and the pairs of surrogates that stand for one in UTF-16 and in JSON (RFC 8259 §7). */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_SIZE_MAX 4

/* Writes |code|, at most 0x10ffff; half a surrogate pair as if it were a code point. Returns its size. */
static inline size_t utf8_encode(uint32_t code, uint8_t bytes[UTF8_SIZE_MAX])
{
    if (code < 0x80) {
        bytes[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        bytes[0] = (uint8_t)(0xc0 | code >> 6);
        bytes[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        bytes[0] = (uint8_t)(0xe0 | code >> 12);
        bytes[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        bytes[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    bytes[0] = (uint8_t)(0xf0 | code >> 18);
    bytes[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    bytes[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    bytes[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

/* Joins a surrogate pair, or gives |high| where the two are none; |low| may be -1. */
static inline uint32_t utf8_join_surrogates(uint32_t high, int32_t low, bool *ret_joined)
{
    *ret_joined = high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
    return *ret_joined ? 0x10000 + ((high - 0xd800) << 10) + ((uint32_t)low - 0xdc00) : high;
}

#endif
