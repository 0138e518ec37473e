/* A set of 64-bit hashes, for one thread: open addressing, linear probing, nothing is taken out. Eight bytes a hash, so that a million of them
 * stay near the processor. The hashes must be such that nobody outside can choose them freely; two values with one hash are one. */
#ifndef COMMON_HASHSET_H
#define COMMON_HASHSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised is empty and valid. */
struct hashset {
    uint64_t *slots; /* a power of two, or none; 0: free */
    size_t capacity;
    size_t count;
};

bool hashset_has(const struct hashset *set, uint64_t hash);
/* Adds |hash|, where it is not there yet. */
void hashset_add(struct hashset *set, uint64_t hash);
/* Has the place of |hash|, which will soon be asked for, come near. */
void hashset_fetch(const struct hashset *set, uint64_t hash);
void hashset_free(struct hashset *set);

#endif
