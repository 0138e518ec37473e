/* Eight bytes looked at as one word (SIMD within a register). A question about the bytes of a word answers with
 * a word that has the top bit of each byte set where it holds; of such an answer only the first set byte and
 * whether there is one are exact (a borrow may set bytes after it). Answers to several questions can be or-ed. */
#ifndef COMMON_SWAR_H
#define COMMON_SWAR_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define SWAR_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Reads eight bytes, the first lowest. */
static inline uint64_t swar_load(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return le64toh(word);
}

/* Which bytes are below |limit|, at most 128. */
static inline uint64_t swar_below(uint64_t word, uint8_t limit)
{
    return (word - SWAR_EACH(limit)) & ~word & SWAR_EACH(0x80);
}

/* Which bytes are |byte|. */
static inline uint64_t swar_equal(uint64_t word, uint8_t byte)
{
    return swar_below(word ^ SWAR_EACH(byte), 1);
}

/* Returns the index of the first byte of |answer|, which is not 0. */
static inline unsigned swar_first(uint64_t answer)
{
    return (unsigned)__builtin_ctzll(answer) / 8;
}

/* Returns what |answer| says of the bytes before the first one of |end|, which is not 0. */
static inline uint64_t swar_before(uint64_t answer, uint64_t end)
{
    return answer & ((end & -end) - 1);
}

#endif
