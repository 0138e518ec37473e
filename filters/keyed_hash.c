#include "filters/keyed_hash.h"

#include <assert.h>
#include <endian.h>
#include <sodium.h>
#include <string.h>

#define BLOCK_SIZE  128
#define BLOCK_WORDS (BLOCK_SIZE / 8)
#define ROUNDS      12
#define SMALL_WORDS 2

static const uint64_t initial[8] = {
    UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
    UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
    UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179),
};

/* Which words of the block each round takes (RFC 7693 §2.7); after ten they begin anew. */
static const uint8_t schedule[10][BLOCK_WORDS] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
    return word >> bits | word << (64 - bits);
}

/* Words that are known to be zero need not be added. */
#define TAKEN(at) ((at) < used ? words[at] : 0)
#define MIX(a, b, c, d, x, y)                                                                                \
    do {                                                                                                     \
        v[a] += v[b] + TAKEN(x);                                                                             \
        v[d] = rotate(v[d] ^ v[a], 32);                                                                      \
        v[c] += v[d];                                                                                        \
        v[b] = rotate(v[b] ^ v[c], 24);                                                                      \
        v[a] += v[b] + TAKEN(y);                                                                             \
        v[d] = rotate(v[d] ^ v[a], 16);                                                                      \
        v[c] += v[d];                                                                                        \
        v[b] = rotate(v[b] ^ v[c], 63);                                                                      \
    } while (0)

/* The compression function F (RFC 7693 §3.2) of one block, |total| bytes with those before it. |last|: none comes after it. All words from |used| on, a
 * constant, are zero. */
__attribute__((always_inline)) static inline void
mix_block(uint64_t state[8], const uint64_t words[BLOCK_WORDS], unsigned used, uint64_t total, bool last)
{
    uint64_t v[16];
    memcpy(v, state, 8 * sizeof v[0]);
    memcpy(v + 8, initial, sizeof initial);
    v[12] ^= total;
    v[14] ^= last ? ~UINT64_C(0) : 0;
#pragma GCC unroll 12
    for (unsigned round = 0; round < ROUNDS; round++) {
        const uint8_t *takes = schedule[round % 10];
        MIX(0, 4, 8, 12, takes[0], takes[1]);
        MIX(1, 5, 9, 13, takes[2], takes[3]);
        MIX(2, 6, 10, 14, takes[4], takes[5]);
        MIX(3, 7, 11, 15, takes[6], takes[7]);
        MIX(0, 5, 10, 15, takes[8], takes[9]);
        MIX(1, 6, 11, 12, takes[10], takes[11]);
        MIX(2, 7, 8, 13, takes[12], takes[13]);
        MIX(3, 4, 9, 14, takes[14], takes[15]);
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] ^= v[i] ^ v[i + 8];
    sodium_memzero(v, sizeof v);
}

static void compress(uint64_t state[8], const uint64_t words[BLOCK_WORDS], uint64_t total, bool last)
{
    mix_block(state, words, BLOCK_WORDS, total, last);
}

/* The same of a last block of at most SMALL_WORDS words: most ids are no longer. */
static void compress_small(uint64_t state[8], const uint64_t words[BLOCK_WORDS], uint64_t total)
{
    mix_block(state, words, SMALL_WORDS, total, true);
}

/* Makes |data|, padded with zeros, the words of a block. */
static void load(const uint8_t *data, size_t size, uint64_t ret_words[BLOCK_WORDS])
{
    memset(ret_words, 0, BLOCK_SIZE);
    memcpy(ret_words, data, size);
    for (unsigned i = 0; i < BLOCK_WORDS; i++)
        ret_words[i] = le64toh(ret_words[i]);
}

void keyed_hash_init(struct keyed_hash *hash, const uint8_t key[KEYED_HASH_KEY_SIZE])
{
    uint64_t words[BLOCK_WORDS];
    memcpy(hash->state, initial, sizeof initial);
    /* The parameters: size of the hash, size of the key, fanout 1, depth 1. */
    hash->state[0] ^= UINT64_C(0x01010000) | KEYED_HASH_KEY_SIZE << 8 | KEYED_HASH_SIZE;
    load(key, KEYED_HASH_KEY_SIZE, words);
    compress(hash->state, words, BLOCK_SIZE, false);
    sodium_memzero(words, sizeof words);
}

void keyed_hash_make(const struct keyed_hash *hash, struct bytes value, uint8_t ret_hash[KEYED_HASH_SIZE])
{
    assert(value.size > 0 && value.size <= KEYED_HASH_MAX);
    struct keyed_hash own = *hash;
    uint64_t words[BLOCK_WORDS];
    load(value.data, value.size, words);
    if (value.size <= SMALL_WORDS * sizeof words[0])
        compress_small(own.state, words, BLOCK_SIZE + value.size);
    else
        compress(own.state, words, BLOCK_SIZE + value.size, true);
    uint64_t out[2] = {htole64(own.state[0]), htole64(own.state[1])};
    memcpy(ret_hash, out, KEYED_HASH_SIZE);
    sodium_memzero(words, sizeof words);
    sodium_memzero(&own, sizeof own);
}
