/* Lineage: which of the ids and credentials that requests carry were given out by an earlier answer, told from the links in the metadata alone.
 *
 * Credentials are found by their tags anyway; here those are counted that no answer gave out: whoever shows one had logged in before the capture began.
 *
 * An id is followed where it was first seen in the answer that created it: no earlier request carried it, nor did one that began before that
 * answer. It must be strong (6 characters), or stand in a path under the name of the collection that it was created in ("/orders" -> "/orders/17").
 * All others are left as they are; `inspect --links` lists them.
 *
 * A core; one thread; fed in order of start, one for each iteration. Knows a million values; more are not followed, and counted. */
#ifndef REPLAY_STATE_LINEAGE_H
#define REPLAY_STATE_LINEAGE_H

#include "common/exchange.h"

/* The rank of a credential in a request that no answer gave out before. */
#define LINEAGE_UNISSUED UINT16_MAX

struct lineage;

/* Returns owned. |limit|: values that are remembered; 0: 1,000,000. */
struct lineage *lineage_create(size_t limit);
void lineage_free(struct lineage *lineage);

/* Has what will be looked up for |exchange|, one of the next, come near; nothing else. */
void lineage_expect(const struct lineage *lineage, const struct exchange *exchange);
/* Notes |exchange| of |session|, the next in order of start, and takes out of its links the ids that are not followed; the others get their rank, and a tag by which
 * equal ids are found and that no credential has. */
void lineage_follow(struct lineage *lineage, uint64_t session, struct exchange *exchange);

/* What the request of the exchange that was noted last carries that cannot be linked: UNLINKABLE_BITs. */
unsigned lineage_unlinkable(const struct lineage *lineage);
/* Requests that carried each, UNLINKABLE_COUNT of them. */
const uint64_t *lineage_unlinkables(const struct lineage *lineage);
/* Returns whether the exchange that was noted last is the first in which its session shows a credential, and no answer had given that out. */
bool lineage_came_logged_in(const struct lineage *lineage);
/* Sessions whose first credential no answer had given out. */
uint64_t lineage_logged_in_before(const struct lineage *lineage);

/* Requests that carry an id which is followed. */
uint64_t lineage_followed(const struct lineage *lineage);
/* Values that found no room. */
uint64_t lineage_overflow(const struct lineage *lineage);

#endif
