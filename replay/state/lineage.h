/* Lineage of ids: which of the ids that requests carry were given out by an earlier answer, told from the links in the metadata alone.
 *
 * An id is followed where it was first seen in the answer that created it: no earlier request carried it, nor did one that began before that
 * answer. It must be strong (6 characters), or stand in a path under the name of the collection that it was created in ("/orders" -> "/orders/17").
 * All others are left as they are; `inspect --links` lists them.
 *
 * A core; one thread; fed in order of start, one for each iteration. Knows a million values; more are not followed, and counted. */
#ifndef REPLAY_STATE_LINEAGE_H
#define REPLAY_STATE_LINEAGE_H

#include "common/exchange.h"

struct lineage;

/* Returns owned. |limit|: values that are remembered; 0: 1,000,000. */
struct lineage *lineage_create(size_t limit);
void lineage_free(struct lineage *lineage);

/* Notes |exchange|, the next in order of start, and takes out of its links the ids that are not followed; the others get their rank, and a tag by which
 * equal ids are found and that no credential has. */
void lineage_follow(struct lineage *lineage, struct exchange *exchange);

/* Requests that carry an id which is followed. */
uint64_t lineage_followed(const struct lineage *lineage);
/* Values that found no room. */
uint64_t lineage_overflow(const struct lineage *lineage);

#endif
