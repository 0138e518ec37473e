/* Decompressed metadata of blocks, shared by reference: who reads it on while others still use what stands in it copies nothing.
 * The memory of a block that nobody holds any more is used again for another.
 *
 * One thread takes blocks from a pool; any thread lets go of them. */
#ifndef COMMON_SEGMENT_BLOCK_POOL_H
#define COMMON_SEGMENT_BLOCK_POOL_H

#include "common/buffer.h"

#include <stdatomic.h>
#include <stdint.h>

/* |raw| stays as it is while anybody holds the block. */
struct held_block {
    atomic_size_t holders;
    struct buffer raw;
};

/* Zero-initialised is empty. */
struct block_pool {
    struct held_block **blocks; /* all, held or not */
    size_t count, capacity;
    uint64_t held_bytes; /* when one was taken last */
};

/* Returns a block to be filled, held once. Of those that nobody holds it keeps |spare|. */
struct held_block *block_pool_take(struct block_pool *pool, size_t spare);
/* Frees all blocks, whoever holds them. */
void block_pool_free(struct block_pool *pool);

/* Holds |block|, which somebody holds for the caller, once more. Any thread. */
void held_block_hold(struct held_block *block);
/* Lets go of it. Any thread; accepts NULL. */
void held_block_release(struct held_block *block);

#endif
