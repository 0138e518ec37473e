#include "common/keymap.h"

#include "common/fast_hash.h"
#include "common/mem.h"
#include "common/prefetch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t value)
{
    value ^= value >> 33;
    value *= UINT64_C(0xff51afd7ed558ccd);
    value ^= value >> 33;
    value *= UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ (value >> 33);
}

struct keymap_key keymap_key(uint64_t id, uint32_t iteration)
{
    return (struct keymap_key){.a = id, .b = iteration};
}

struct keymap_key keymap_tag_key(const uint8_t tag[16], uint32_t iteration)
{
    struct keymap_key key;
    memcpy(&key.a, tag, 8);
    memcpy(&key.b, tag + 8, 8);
    key.b += mix(iteration);
    return key;
}

struct keymap_key keymap_text_key(struct bytes text, uint32_t iteration)
{
    return (struct keymap_key){.a = fast_hash(text), .b = iteration};
}

static size_t home(const struct keymap *map, struct keymap_key key)
{
    return (size_t)mix(key.a ^ mix(key.b)) & (map->capacity - 1);
}

static size_t find(const struct keymap *map, struct keymap_key key)
{
    size_t at = home(map, key);
    while (map->entries[at].value && (map->entries[at].key.a != key.a || map->entries[at].key.b != key.b))
        at = (at + 1) & (map->capacity - 1);
    return at;
}

void **keymap_find(const struct keymap *map, struct keymap_key key)
{
    struct keymap_entry *entry = map->count ? &map->entries[find(map, key)] : NULL;
    return entry && entry->value ? &entry->value : NULL;
}

void *keymap_get(const struct keymap *map, struct keymap_key key)
{
    return map->count ? map->entries[find(map, key)].value : NULL;
}

static void grow(struct keymap *map)
{
    struct keymap larger = {.capacity = map->capacity ? map->capacity * 2 : 64, .count = map->count};
    larger.entries = xcalloc(larger.capacity, sizeof *larger.entries);
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entries[i].value)
            larger.entries[find(&larger, map->entries[i].key)] = map->entries[i];
    free(map->entries);
    *map = larger;
}

void keymap_set(struct keymap *map, struct keymap_key key, void *value)
{
    assert(value);
    if (map->count * 4 >= map->capacity * 3)
        grow(map);
    size_t at = find(map, key);
    if (!map->entries[at].value)
        map->count++;
    map->entries[at] = (struct keymap_entry){.key = key, .value = value};
}

void *keymap_remove(struct keymap *map, struct keymap_key key)
{
    if (!map->count)
        return NULL;
    size_t mask = map->capacity - 1, hole = find(map, key);
    void *value = map->entries[hole].value;
    if (!value)
        return NULL;
    map->count--;
    for (size_t at = (hole + 1) & mask; map->entries[at].value; at = (at + 1) & mask) {
        size_t wanted = home(map, map->entries[at].key);
        if (((at - wanted) & mask) >= ((at - hole) & mask)) {
            map->entries[hole] = map->entries[at];
            hole = at;
        }
    }
    map->entries[hole].value = NULL;
    return value;
}

void *keymap_next(const struct keymap *map, size_t *position)
{
    while (*position < map->capacity) {
        void *value = map->entries[(*position)++].value;
        if (value)
            return value;
    }
    return NULL;
}

void keymap_fetch(const struct keymap *map, struct keymap_key key)
{
    if (map->count)
        prefetch_read(&map->entries[home(map, key)], sizeof *map->entries);
}

void keymap_free(struct keymap *map)
{
    free(map->entries);
    *map = (struct keymap){0};
}
