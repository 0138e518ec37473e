/* A map from 128-bit keys to pointers, for one thread: open addressing, linear probing, deletion by shifting
 * back. Keys must be hashes or ids that nobody outside can choose freely, or be mixed by keymap_key. */
#ifndef COMMON_KEYMAP_H
#define COMMON_KEYMAP_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keymap_key {
    uint64_t a, b;
};

struct keymap_entry {
    struct keymap_key key;
    void *value; /* NULL: free */
};

/* Zero-initialised is empty and valid. */
struct keymap {
    struct keymap_entry *entries; /* a power of two, or none */
    size_t capacity;
    size_t count;
};

/* Returns a key for an id within an iteration. */
struct keymap_key keymap_key(uint64_t id, uint32_t iteration);
/* Returns the key for a 16-byte tag within an iteration. */
struct keymap_key keymap_tag_key(const uint8_t tag[16], uint32_t iteration);
/* Returns the key for a text within an iteration, quickly. Whoever chooses texts can make two have one key: compare what is found. */
struct keymap_key keymap_text_key(struct bytes text, uint32_t iteration);
/* Returns the value of |key|, NULL where it has none. */
void *keymap_get(const struct keymap *map, struct keymap_key key);
/* Returns where the value of |key| stands, until the map changes; NULL where it has none. It may be replaced there, not by NULL. */
void **keymap_find(const struct keymap *map, struct keymap_key key);
/* Sets |value| (not NULL), replacing what was there. */
void keymap_set(struct keymap *map, struct keymap_key key, void *value);
/* Removes |key|; returns the value that it had, or NULL. */
void *keymap_remove(struct keymap *map, struct keymap_key key);
/* Has the place of |key|, which will soon be asked for, come near. */
void keymap_fetch(const struct keymap *map, struct keymap_key key);
/* Walks all entries: start with |*position| 0; returns NULL at the end. The map must not change meanwhile. */
void *keymap_next(const struct keymap *map, size_t *position);
/* Frees the map, not the values. */
void keymap_free(struct keymap *map);

#endif
