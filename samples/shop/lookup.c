#include "samples/shop/lookup.h"

#include "common/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NO_SLOT SIZE_MAX

struct lookup {
    size_t slots;
    size_t *heads; /* a chain of slots for each hash value */
    size_t *next;
    char (*keys)[LOOKUP_KEY_SIZE]; /* empty: the slot is in no chain */
};

static size_t chain_of(const struct lookup *lookup, const char *key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a; keys are random already */
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return hash % lookup->slots;
}

struct lookup *lookup_create(size_t slots)
{
    struct lookup *lookup = xcalloc(1, sizeof *lookup);
    lookup->slots = slots;
    lookup->heads = xmalloc(slots * sizeof *lookup->heads);
    lookup->next = xmalloc(slots * sizeof *lookup->next);
    lookup->keys = xcalloc(slots, sizeof *lookup->keys);
    for (size_t i = 0; i < slots; i++)
        lookup->heads[i] = NO_SLOT;
    return lookup;
}

void lookup_free(struct lookup *lookup)
{
    if (!lookup)
        return;
    free(lookup->heads);
    free(lookup->next);
    free(lookup->keys);
    free(lookup);
}

void lookup_remove(struct lookup *lookup, size_t slot)
{
    if (!lookup->keys[slot][0])
        return;
    size_t *link = &lookup->heads[chain_of(lookup, lookup->keys[slot])];
    while (*link != slot)
        link = &lookup->next[*link];
    *link = lookup->next[slot];
    lookup->keys[slot][0] = '\0';
}

void lookup_put(struct lookup *lookup, size_t slot, const char *key)
{
    assert(key[0] && strlen(key) < LOOKUP_KEY_SIZE);
    lookup_remove(lookup, slot);
    snprintf(lookup->keys[slot], LOOKUP_KEY_SIZE, "%s", key);
    size_t *head = &lookup->heads[chain_of(lookup, key)];
    lookup->next[slot] = *head;
    *head = slot;
}

bool lookup_find(const struct lookup *lookup, const char *key, size_t *ret_slot)
{
    if (!key[0])
        return false;
    for (size_t slot = lookup->heads[chain_of(lookup, key)]; slot != NO_SLOT; slot = lookup->next[slot])
        if (strcmp(lookup->keys[slot], key) == 0) {
            *ret_slot = slot;
            return true;
        }
    return false;
}

static void random_bytes(unsigned char *bytes, size_t size)
{
    if (getrandom(bytes, size, 0) != (ssize_t)size) { /* whole for up to 256 bytes */
        perror("shop: getrandom");
        abort();
    }
}

void lookup_random_hex(char *text, size_t bytes)
{
    unsigned char random[64];
    assert(bytes <= sizeof random);
    random_bytes(random, bytes);
    for (size_t i = 0; i < bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", random[i]);
}

void lookup_random_uuid(char *text)
{
    unsigned char r[16];
    random_bytes(r, sizeof r);
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1],
             r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}
