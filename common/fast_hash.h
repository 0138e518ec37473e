/* A fast 64-bit hash of bytes, for finding equal ones again in a cache or telling copies apart. It is not keyed: whoever chooses
 * the bytes can make them collide, so it must only ever cost a look that fails. */
#ifndef COMMON_FAST_HASH_H
#define COMMON_FAST_HASH_H

#include "common/buffer.h"

#include <string.h>

static inline uint64_t fast_hash_load(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

static inline uint64_t fast_hash_mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return state ^ state >> 32;
}

/* Hashes all of |view|. */
static inline uint64_t fast_hash(struct bytes view)
{
    uint64_t state = view.size * UINT64_C(0xd6e8feb86659fd93);
    const uint8_t *data = view.data;
    size_t size = view.size;
    for (; size > 8; data += 8, size -= 8)
        state = fast_hash_mix(state, fast_hash_load(data));
    uint64_t last = 0;
    if (size > 0 && view.size >= 8)
        last = fast_hash_load(data + size - 8); /* overlaps what was hashed, which does no harm */
    else if (size > 0)
        memcpy(&last, data, size);
    return fast_hash_mix(state, last);
}

#endif
