/* Order of cause: which requests a request waits for.
 *
 * Within its session an exchange waits for those whose recorded response had ended before it began; across
 * sessions for the one that issues a value which it uses, where that answer had begun before it began. An
 * exchange without a recorded response is waited for by nobody. Nodes are added in order of recorded start
 * and wait for earlier ones only, so there can be no circle.
 *
 * Only what is needed is kept: a session's frontier holds the unfinished nodes that no later unfinished node
 * of the session waits for already (as starts never go back, being covered is for ever). Pure; one thread. */
#ifndef REPLAY_ORDER_H
#define REPLAY_ORDER_H

#include "common/exchange.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_SOURCES_MAX 4 /* of a node; further ones it cannot be released from */

struct order;
struct order_session;

/* Embedded in what waits. Zero-initialise; order_add fills it; it stays until order_done. */
struct order_node {
    uint64_t start_ns;  /* recorded, first request byte */
    uint64_t answer_ns; /* recorded, first response byte; UINT64_MAX without one */
    uint64_t end_ns;    /* recorded, last response byte; UINT64_MAX without one */
    struct order_session *session;
    struct order_node *next, *previous; /* in the session's frontier */
    bool in_frontier;
    uint64_t covered_ns;            /* smallest end of the session's nodes that wait for this one */
    size_t waiting;                 /* unfinished nodes that this one waits for */
    struct order_node **dependents; /* owned; those that wait for this one */
    size_t dependent_count;
    size_t dependent_capacity;
    struct order_tag *tags;                        /* values that it issues and is known for */
    struct order_node *sources[ORDER_SOURCES_MAX]; /* unfinished; they issue values that it uses */
    size_t source_count;
};

typedef void (*order_ready_fn)(struct order_node *node, void *arg);

struct order *order_create(void);
/* All nodes must be done. Accepts NULL. */
void order_free(struct order *order);

/* Adds |node| for |exchange| in |session| of |iteration|. Returns how many nodes it waits for. */
size_t order_add(struct order *order, struct order_node *node, const struct exchange *exchange,
                 uint64_t session, uint32_t iteration);
/* Lets |node| wait no longer for the sources of what it uses. Returns how many nodes it still waits for; where that is none, |ready| is not
 * called for it. */
size_t order_release(struct order_node *node);
/* Takes |node| out, answered or given up; calls |ready| for each node that now waits for nothing more. The
 * callback may not add or end nodes. */
void order_done(struct order *order, struct order_node *node, order_ready_fn ready, void *arg);

#endif
