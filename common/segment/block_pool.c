#include "common/segment/block_pool.h"

#include "common/mem.h"
#include "common/segment/format.h"

#include <stdlib.h>

/* A larger block is not kept: few records need one. */
#define KEPT_BYTES (FORMAT_BLOCK_RAW_MAX / 4)

void held_block_hold(struct held_block *block)
{
    atomic_fetch_add_explicit(&block->holders, 1, memory_order_relaxed);
}

void held_block_release(struct held_block *block)
{
    if (block)
        atomic_fetch_sub_explicit(&block->holders, 1, memory_order_release);
}

static void block_free(struct held_block *block)
{
    buffer_free(&block->raw);
    free(block);
}

static struct held_block *add(struct block_pool *pool)
{
    if (pool->count == pool->capacity) {
        pool->capacity = pool->capacity ? pool->capacity * 2 : 64;
        pool->blocks = xrealloc(pool->blocks, pool->capacity * sizeof *pool->blocks);
    }
    return pool->blocks[pool->count++] = xcalloc(1, sizeof(struct held_block));
}

struct held_block *block_pool_take(struct block_pool *pool, size_t spare)
{
    struct held_block *free_one = NULL;
    size_t kept = 0, unheld = 0;
    pool->held_bytes = 0;
    for (size_t i = 0; i < pool->count; i++) {
        struct held_block *block = pool->blocks[i];
        bool held = atomic_load_explicit(&block->holders, memory_order_acquire) > 0;
        if (!held && (unheld > spare || block->raw.capacity > KEPT_BYTES)) {
            block_free(block);
            continue;
        }
        pool->blocks[kept++] = block;
        pool->held_bytes += held ? block->raw.size : 0;
        unheld += !held;
        free_one = held ? free_one : block;
    }
    pool->count = kept;
    if (!free_one)
        free_one = add(pool);
    held_block_hold(free_one);
    return free_one;
}

void block_pool_free(struct block_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        block_free(pool->blocks[i]);
    free(pool->blocks);
    *pool = (struct block_pool){0};
}
