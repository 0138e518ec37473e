/* Tells whether the same requests were captured twice, before and behind a proxy: two hops of one traffic would be
 * recorded, and fired, as two.
 *
 * A request to server S counts as the inner hop of one to server P where both have the same keyed fingerprint (method,
 * target, body length, a few header fields that proxies pass on), stand on different connections, and the inner
 * exchange lies within the outer one in time; each takes part once. Popular requests look alike and overlap by chance,
 * so a pair counts only where nothing else explains it: the inner one's client is P's host, or neither exchange
 * overlaps another of the same fingerprint at its server. P and S are two hops where such pairs are at least half of
 * what P was asked and most of what S was asked, and hardly any go the other way. A retry follows what it repeats;
 * equal servers behind a balancer enclose each other alike.
 *
 * Memory is fixed: a table of recent exchanges, 16 for each set of fingerprints, and 32 servers. With one server
 * nothing is done; with more, at most 2000 exchanges of a second are looked at. */
#ifndef CAPTURE_HOPS_H
#define CAPTURE_HOPS_H

#include "common/exchange.h"

#include <stdbool.h>
#include <stdint.h>

struct hops;

struct hops_finding {
    struct address outer;
    struct address inner; /* that with most pairs */
    size_t inner_count;   /* servers behind |outer| */
    double share_pct;     /* of the requests to |outer| */
    uint64_t pairs;
};

/* Returns an owned one. |client_of| tells the id (exchange.client) of a client at an address. */
struct hops *hops_create(uint64_t (*client_of)(void *arg, const struct address *address), void *arg);
/* Takes a complete exchange, as seen, in order of completion. */
void hops_see(struct hops *hops, const struct exchange *exchange);
/* Returns whether two hops were found, and the clearest of them. */
bool hops_find(const struct hops *hops, struct hops_finding *ret_finding);
/* NULL is allowed. */
void hops_free(struct hops *hops);

#endif
