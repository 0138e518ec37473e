#include "filters/value_set.h"

#include "common/mem.h"

#include <sodium.h>
#include <stdlib.h>

#define SLOTS_FIRST 256 /* a power of two */

/* Open addressing with linear probing, half full at most. The hash is SipHash-2-4 under a random key, so that nobody can choose values that
 * collide; a slot of 0 is empty. */
struct value_set {
    uint8_t key[crypto_shorthash_KEYBYTES];
    uint64_t *slots;
    size_t slot_count, count;
};

struct value_set *value_set_create(void)
{
    struct value_set *set = xcalloc(1, sizeof *set);
    randombytes_buf(set->key, sizeof set->key);
    set->slot_count = SLOTS_FIRST;
    set->slots = xcalloc(set->slot_count, sizeof *set->slots);
    return set;
}

void value_set_free(struct value_set *set)
{
    if (!set)
        return;
    free(set->slots);
    free(set);
}

void value_set_clear(struct value_set *set)
{
    if (set->count == 0)
        return;
    if (set->slot_count > SLOTS_FIRST) {
        free(set->slots);
        set->slot_count = SLOTS_FIRST;
        set->slots = xmalloc(set->slot_count * sizeof *set->slots);
    }
    memset(set->slots, 0, set->slot_count * sizeof *set->slots);
    set->count = 0;
}

static uint64_t hash_of(const struct value_set *set, struct bytes value)
{
    static const uint8_t nothing;
    uint8_t bytes[crypto_shorthash_BYTES];
    uint64_t hash;
    crypto_shorthash(bytes, value.size ? value.data : &nothing, value.size, set->key);
    memcpy(&hash, bytes, sizeof hash);
    return hash ? hash : 1;
}

/* Returns the slot that holds |hash|, or the empty one where it would be. */
static uint64_t *slot_of(uint64_t *slots, size_t slot_count, uint64_t hash)
{
    size_t at = hash & (slot_count - 1);
    while (slots[at] && slots[at] != hash)
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static void grow(struct value_set *set)
{
    size_t slot_count = set->slot_count * 2;
    uint64_t *slots = xcalloc(slot_count, sizeof *slots);
    for (size_t i = 0; i < set->slot_count; i++)
        if (set->slots[i])
            *slot_of(slots, slot_count, set->slots[i]) = set->slots[i];
    free(set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
}

bool value_set_add(struct value_set *set, struct bytes value)
{
    uint64_t hash = hash_of(set, value);
    uint64_t *slot = slot_of(set->slots, set->slot_count, hash);
    if (*slot)
        return false;
    if (set->count == VALUE_SET_MAX)
        return true;
    *slot = hash;
    if (++set->count * 2 > set->slot_count)
        grow(set);
    return true;
}

bool value_set_has(const struct value_set *set, struct bytes value)
{
    return *slot_of(set->slots, set->slot_count, hash_of(set, value)) != 0;
}
