/* SipHash (Aumasson, Bernstein) of whole 64-bit words: the keyed hash of the flow table, inline because every packet
 * goes through it. One round a word and three at the end (SipHash-1-3), as hash tables use it: nobody who does not
 * know the key can make entries collide on purpose. */
#ifndef CAPTURE_TCP_SIPHASH_H
#define CAPTURE_TCP_SIPHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SIPHASH_KEY_SIZE 16

static inline uint64_t siphash_rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void siphash_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = siphash_rotate(v[1], 13) ^ v[0];
    v[3] = siphash_rotate(v[3], 16) ^ v[2];
    v[0] = siphash_rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = siphash_rotate(v[1], 17) ^ v[2];
    v[3] = siphash_rotate(v[3], 21) ^ v[0];
    v[2] = siphash_rotate(v[2], 32);
}

/* Returns SipHash with |rounds| a word and |final_rounds| at the end of |count| words in the machine's order; on a
 * little-endian machine that of their 8 x |count| bytes. */
static inline uint64_t siphash(const uint64_t *words, size_t count, const uint8_t key[SIPHASH_KEY_SIZE],
                               unsigned rounds, unsigned final_rounds)
{
    uint64_t k[2];
    memcpy(k, key, sizeof k);
    uint64_t v[4] = {k[0] ^ UINT64_C(0x736f6d6570736575), k[1] ^ UINT64_C(0x646f72616e646f6d),
                     k[0] ^ UINT64_C(0x6c7967656e657261), k[1] ^ UINT64_C(0x7465646279746573)};
    for (size_t i = 0; i <= count; i++) {
        uint64_t word = i < count ? words[i] : (uint64_t)(count * 8) << 56;
        v[3] ^= word;
        for (unsigned round = 0; round < rounds; round++)
            siphash_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (unsigned round = 0; round < final_rounds; round++)
        siphash_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
