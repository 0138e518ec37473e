/* A request that waits for its answer, with the exchange that both become; and the store that such are taken from and
 * given back to, so that nothing is allocated per exchange once warm. Used by pairing.c. */
#ifndef CAPTURE_WAITING_H
#define CAPTURE_WAITING_H

#include "common/budget.h"
#include "common/exchange.h"
#include "common/http1.h"
#include "filters/key.h"

#include <stdbool.h>
#include <stdint.h>

#define WAITING_SPARE_DIGESTS 64

struct waiting {
    struct exchange exchange;
    struct waiting *next;
    enum http1_answers answers;
    bool request_done;
    bool response_done;
    bool filtered;                 /* carries the skip header */
    bool doubtful;                 /* of http1_message */
    bool unwanted;                 /* by the pool's |judge| */
    bool sampled_out;              /* by the pool's |judge| */
    bool after_hole;               /* messages before it may have been lost */
    bool after_hidden;             /* and at least one was */
    uint64_t answers_before;       /* responses seen on the connection before it */
    uint64_t held;                 /* memory counted in the store */
    bool cut[2];                   /* nothing more is kept of the request's, the response's body */
    struct keys_digest *digest[2]; /* of a body that was cut by size and has no hole yet; owned */
};

/* Zero-initialised but for the limits is empty and valid. */
struct waiting_store {
    uint64_t max_body_bytes[2]; /* kept of a request's, a response's body */
    uint64_t max_held_bytes;    /* memory of all that wait; beyond it bodies are cut */
    uint64_t held_bytes;        /* what they take, charged to |budget| */
    struct budget *budget;      /* borrowed */
    const struct keys
        *digest_keys[2]; /* for digests of requests' and responses' bodies; NULL: none are made */
    struct waiting *spare;
    size_t spare_count;
    size_t spare_bytes;
    struct keys_digest *spare_digests[WAITING_SPARE_DIGESTS];
    size_t spare_digest_count;
};

/* Frees what is kept for reuse. */
void waiting_store_done(struct waiting_store *store);
/* Returns an empty one, owned by the caller until it is given back. */
struct waiting *waiting_take(struct waiting_store *store);
void waiting_give_back(struct waiting_store *store, struct waiting *waiting);

/* Each of these works on the request where |response| is false, else on the response. */

/* Takes over the head. |drop|: the body is not wanted. */
void waiting_begin(struct waiting_store *store, struct waiting *waiting, bool response,
                   const struct http1_message *from, bool drop);
/* Keeps |content| as far as the limits allow, and counts it; what is beyond them goes into a digest. */
void waiting_content(struct waiting_store *store, struct waiting *waiting, bool response,
                     struct bytes content);
/* Takes over trailer lines. */
void waiting_trailers(struct waiting_store *store, struct waiting *waiting, bool response,
                      struct bytes lines);
/* Tells that |bytes| of the body were lost. */
void waiting_lose(struct waiting_store *store, struct waiting *waiting, bool response, uint64_t bytes);
/* Sets flags, defects, times and the state of the body from the message that ended. */
void waiting_end(struct waiting_store *store, struct waiting *waiting, bool response,
                 const struct http1_message *from);

#endif
