/* Sets of byte values, and those that HTTP's grammar is made of. */
#ifndef COMMON_BYTE_SET_H
#define COMMON_BYTE_SET_H

#include <stdbool.h>
#include <stdint.h>

/* Bit i of word w: the byte 64 * w + i is in the set. */
struct byte_set {
    uint64_t bits[4];
};

static inline bool byte_set_has(const struct byte_set *set, uint8_t byte)
{
    return set->bits[byte >> 6] >> (byte & 63) & 1;
}

/* tchar (RFC 9110 §5.6.2): letters, digits and !#$%&'*+-.^_`|~ */
static const struct byte_set byte_set_tchar = {
    {UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe), 0, 0}};
/* unreserved (RFC 3986 §2.3): letters, digits and -._~ */
static const struct byte_set byte_set_unreserved = {
    {UINT64_C(0x03ff600000000000), UINT64_C(0x47fffffe87fffffe), 0, 0}};

#endif
