#include "common/hashset.h"

#include "common/mem.h"
#include "common/prefetch.h"

#include <stdlib.h>

#define FIRST_CAPACITY 64

/* 0 marks what is free. */
static uint64_t stored(uint64_t hash)
{
    return hash ? hash : 1;
}

static size_t home(const struct hashset *set, uint64_t hash)
{
    return (size_t)(hash ^ hash >> 32) & (set->capacity - 1);
}

static size_t find(const struct hashset *set, uint64_t hash)
{
    size_t at = home(set, hash);
    while (set->slots[at] && set->slots[at] != hash)
        at = (at + 1) & (set->capacity - 1);
    return at;
}

bool hashset_has(const struct hashset *set, uint64_t hash)
{
    hash = stored(hash);
    return set->count && set->slots[find(set, hash)] == hash;
}

static void grow(struct hashset *set)
{
    struct hashset larger = {.capacity = set->capacity ? set->capacity * 2 : FIRST_CAPACITY,
                             .count = set->count};
    larger.slots = xcalloc(larger.capacity, sizeof *larger.slots);
    for (size_t i = 0; i < set->capacity; i++)
        if (set->slots[i])
            larger.slots[find(&larger, set->slots[i])] = set->slots[i];
    free(set->slots);
    *set = larger;
}

void hashset_add(struct hashset *set, uint64_t hash)
{
    hash = stored(hash);
    if (set->count * 4 >= set->capacity * 3)
        grow(set);
    size_t at = find(set, hash);
    set->count += set->slots[at] == 0;
    set->slots[at] = hash;
}

void hashset_fetch(const struct hashset *set, uint64_t hash)
{
    if (set->count)
        prefetch_read(&set->slots[home(set, stored(hash))], sizeof *set->slots);
}

void hashset_free(struct hashset *set)
{
    free(set->slots);
    *set = (struct hashset){0};
}
