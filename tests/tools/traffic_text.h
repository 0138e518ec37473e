/* The messages of generated traffic: what exchange number N asks and answers is a function of the plan and N alone, so that
 * the generator (make_pcap) can write it and the checker (check_truth) can make it again and compare every byte.
 *
 * The traffic looks like a JSON service in production: a keep-alive client asks for items, orders and articles, with bearer
 * tokens or session cookies, now and then POST with a JSON body, 304, 404, HEAD, DELETE, 100-continue; a few answers are
 * gzip, some chunked. Every target and every response's ETag names the exchange. */
#ifndef TESTS_TOOLS_TRAFFIC_TEXT_H
#define TESTS_TOOLS_TRAFFIC_TEXT_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define TRAFFIC_PER_CONNECTION 20 /* exchanges, unless the plan says otherwise */

/* What decides every byte. */
struct traffic_plan {
    uint64_t seed;
    uint64_t count;    /* exchanges */
    uint64_t body_min; /* response content before coding; at least 64 */
    uint64_t body_max;
    uint64_t per_connection; /* exchanges of one connection, TRAFFIC_PER_CONNECTION */
};

/* A value that the built-in policy replaces. */
struct traffic_span {
    uint32_t offset;
    uint32_t size;
};
#define TRAFFIC_SPANS_MAX 4

/* A run of bytes with what in it is sensitive, in order. */
struct traffic_part {
    struct buffer bytes;
    struct traffic_span spans[TRAFFIC_SPANS_MAX];
    size_t span_count;
};

struct traffic_message {
    struct traffic_part head; /* start line to empty line */
    struct traffic_part body; /* content: framing and coding undone */
    struct buffer wire;       /* the body as it is sent */
    uint64_t wire_bytes;      /* content as transferred, chunked framing removed, coding not undone */
};

struct traffic_exchange {
    uint64_t number;
    uint64_t connection; /* number / plan->per_connection */
    const char *method;  /* static */
    const char *host;    /* static */
    char target[56];
    unsigned status;
    bool expects; /* the client waits for "100 Continue" before the body */
    bool last;    /* of its connection */
    bool closes;  /* the request says Connection: close */
    struct traffic_message request;
    struct traffic_message response;
};

/* The interim response to a request that expects it. */
extern const struct bytes traffic_continue;

/* Returns pseudo-random 64 bits that depend on all three alone. */
uint64_t traffic_hash(uint64_t seed, uint64_t number, uint64_t salt);
/* Fills |exchange| (zero-initialised, or used before) with exchange |number|, below plan->count. */
void traffic_make(const struct traffic_plan *plan, uint64_t number, struct traffic_exchange *exchange);
void traffic_free(struct traffic_exchange *exchange);
/* Takes the exchange's number out of a request target or an ETag. Returns false where there is none. */
bool traffic_number(struct bytes text, uint64_t *ret_number);
/* Reads "MIN-MAX" or "SIZE" into the plan's body sizes. Returns false where it is neither. */
bool traffic_parse_body(const char *text, struct traffic_plan *plan);

#endif
