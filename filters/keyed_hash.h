/* BLAKE2b with a key (RFC 7693) of short values, many under one key: the block with the key is hashed once, so that a value costs one
 * block instead of two. Gives what libsodium's crypto_generichash gives. Runs in a time that depends on sizes only. */
#ifndef FILTERS_KEYED_HASH_H
#define FILTERS_KEYED_HASH_H

#include "common/buffer.h"

#define KEYED_HASH_SIZE     16 /* of what comes out, bytes */
#define KEYED_HASH_KEY_SIZE 32
#define KEYED_HASH_MAX      128 /* of a value, bytes: a block */

/* What stands after the block with the key. As secret as the key: wipe it. */
struct keyed_hash {
    uint64_t state[8];
};

void keyed_hash_init(struct keyed_hash *hash, const uint8_t key[KEYED_HASH_KEY_SIZE]);
/* Writes the hash of |value|, of 1 to KEYED_HASH_MAX bytes. Leaves nothing of it in memory. */
void keyed_hash_make(const struct keyed_hash *hash, struct bytes value, uint8_t ret_hash[KEYED_HASH_SIZE]);

#endif
