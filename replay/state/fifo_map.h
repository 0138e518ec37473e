/* A map with room for so many entries: past it the oldest one is forgotten, and counted. For what a run learns, which has no bound of its own.
 * Entries are the user's, with struct fifo_entry at their front. One thread. */
#ifndef REPLAY_STATE_FIFO_MAP_H
#define REPLAY_STATE_FIFO_MAP_H

#include "common/keymap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIFO_MAP_LIMIT_DEFAULT ((size_t)1000000)

/* In the list of all entries, oldest first. */
struct fifo_entry {
    struct keymap_key key;
    struct fifo_entry *newer;
};

/* Frees an entry. */
typedef void fifo_map_free_fn(void *entry);

struct fifo_map {
    struct keymap by_key;
    struct fifo_entry *oldest, **newest;
    size_t limit;
    uint64_t forgotten;
    fifo_map_free_fn *free_entry;
};

/* Makes an empty map, which must not be moved, for at most |limit| entries; 0: 1,000,000. */
void fifo_map_init(struct fifo_map *map, size_t limit, fifo_map_free_fn *free_entry);
/* Frees all entries. A map of zeros is done already. */
void fifo_map_done(struct fifo_map *map);
/* Returns the entry of |key|, borrowed until the next fifo_map_add; NULL where there is none. */
void *fifo_map_get(const struct fifo_map *map, struct keymap_key key);
/* Takes |entry|, whose address is also that of the caller's struct, under |key|, which has none yet. Returns whether the oldest one was forgotten. */
bool fifo_map_add(struct fifo_map *map, struct keymap_key key, struct fifo_entry *entry);

#endif
