#include "replay/state/fifo_map.h"

#include <assert.h>

void fifo_map_init(struct fifo_map *map, size_t limit, fifo_map_free_fn *free_entry)
{
    *map = (struct fifo_map){.limit = limit ? limit : FIFO_MAP_LIMIT_DEFAULT, .free_entry = free_entry};
    map->newest = &map->oldest;
}

void fifo_map_done(struct fifo_map *map)
{
    for (struct fifo_entry *entry = map->oldest, *newer; entry; entry = newer) {
        newer = entry->newer;
        map->free_entry(entry);
    }
    keymap_free(&map->by_key);
    *map = (struct fifo_map){0};
}

void *fifo_map_get(const struct fifo_map *map, struct keymap_key key)
{
    return keymap_get(&map->by_key, key);
}

static void forget_oldest(struct fifo_map *map)
{
    struct fifo_entry *oldest = map->oldest;
    map->oldest = oldest->newer;
    if (!map->oldest)
        map->newest = &map->oldest;
    keymap_remove(&map->by_key, oldest->key);
    map->forgotten++;
    map->free_entry(oldest);
}

bool fifo_map_add(struct fifo_map *map, struct keymap_key key, struct fifo_entry *entry)
{
    bool full = map->by_key.count == map->limit;
    assert(!keymap_get(&map->by_key, key));
    if (full)
        forget_oldest(map);
    *entry = (struct fifo_entry){.key = key};
    *map->newest = entry;
    map->newest = &entry->newer;
    keymap_set(&map->by_key, key, entry);
    return full;
}
