/* The servers that the records of a segment came from: a bounded set of addresses. It stands in the copy of the header at the end of a
 * sealed segment (FORMAT.md), so that a reader knows all of them without reading the records. One thread. */
#ifndef COMMON_SEGMENT_ORIGINS_H
#define COMMON_SEGMENT_ORIGINS_H

#include "common/exchange.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORIGINS_MAX 1024

/* Zero-initialised is empty and valid; origins_free releases. */
struct origins {
    struct address *items; /* in order of coming */
    size_t count;
    bool over;       /* there were more than ORIGINS_MAX: this is not all of them */
    uint16_t *slots; /* places in |items| plus 1, by hash; 0: free */
};

/* Adds |address|; one without family is none. Returns whether it was not there, which is so of any that the full set lacks. */
bool origins_add(struct origins *origins, const struct address *address);
/* Adds what |from| holds. */
void origins_add_all(struct origins *origins, const struct origins *from);
/* Empties |origins|, which keeps its memory. */
void origins_clear(struct origins *origins);
void origins_free(struct origins *origins);

/* Appends |origins|, not |over|, as FORMAT.md has them. */
void origins_encode(const struct origins *origins, struct buffer *out);
/* Adds what stands in |encoded|. Returns false where that is not well-formed. */
bool origins_decode(struct bytes encoded, struct origins *origins);

#endif
