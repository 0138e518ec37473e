/* A limit on memory that several parts of a thread share. Whoever allocates for traffic charges what it takes, the
 * allocator's share included, and releases it with the memory; whoever owns the budget gives something up when it
 * is over. Charging never fails, so that a part which cannot stop in the middle (a head being read) needs no way
 * out; a part that can do without (a body) asks first. */
#ifndef COMMON_BUDGET_H
#define COMMON_BUDGET_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define BUDGET_BLOCK_BYTES 16 /* what malloc adds to a block, at most */

/* Zero-initialised but for the limit is empty and valid. */
struct budget {
    uint64_t limit_bytes;
    uint64_t used_bytes;
    uint64_t peak_bytes; /* the largest that was ever used */
};

static inline void budget_charge(struct budget *budget, uint64_t bytes)
{
    budget->used_bytes += bytes;
    if (budget->used_bytes > budget->peak_bytes)
        budget->peak_bytes = budget->used_bytes;
}

static inline void budget_release(struct budget *budget, uint64_t bytes)
{
    assert(bytes <= budget->used_bytes);
    budget->used_bytes -= bytes;
}

/* Takes over that what was |before| bytes is |after| bytes now. */
static inline void budget_change(struct budget *budget, uint64_t before, uint64_t after)
{
    if (after > before)
        budget_charge(budget, after - before);
    else
        budget_release(budget, before - after);
}

static inline bool budget_has_room(const struct budget *budget, uint64_t bytes)
{
    return budget->used_bytes <= budget->limit_bytes && bytes <= budget->limit_bytes - budget->used_bytes;
}

#endif
