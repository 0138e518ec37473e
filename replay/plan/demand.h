/* What a schedule demands: how many requests, sessions and connections, how many of these at a time, and how fast the order of cause
 * (order.h) lets it go. Fed with the requests of one iteration in order of intended time. Bounded: past DEMAND_LIMIT sessions or
 * connections the rest is not told apart, and counted. Pure. */
#ifndef REPLAY_PLAN_DEMAND_H
#define REPLAY_PLAN_DEMAND_H

#include "common/histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEMAND_LIMIT 1000000
#define DEMAND_AHEAD_NS                                                                                      \
    UINT64_C(500000000)    /* a recorded connection is opened so long before its first request */
#define DEMAND_LINGER_S 60 /* a connection that was closed keeps its port for so long (TIME_WAIT) */

/* One request. */
struct demand_request {
    uint64_t session, connection;
    uint64_t intended_ns; /* since the run's start */
    uint64_t start_ns;    /* recorded, first request byte */
    uint64_t end_ns;      /* recorded, last response byte; UINT64_MAX without one */
};

struct demand;

struct demand_figures {
    uint64_t requests, sessions, connections;
    uint64_t duration_ns;    /* the last instant */
    uint64_t busiest_s;      /* most requests in one second of the schedule */
    uint64_t last_s;         /* requests in the second of the last one */
    uint64_t open_most;      /* recorded connections open at a time, if answers take as long as recorded */
    uint64_t opened_most;    /* opened in any DEMAND_LINGER_S seconds */
    uint64_t chain_most;     /* requests that wait for each other, one after another, within a session */
    uint64_t latency_p50_us; /* as recorded; 0: none was answered */
    uint64_t overflow;
};

struct demand *demand_create(void);
void demand_free(struct demand *demand);
void demand_add(struct demand *demand, const struct demand_request *request);
struct demand_figures demand_figures(struct demand *demand);
/* Returns the highest rate a second at which the order of cause alone does not make a run of |figures| longer, if each answer takes |latency_us|
 * (above 0): the longest chain cannot be shorter than that many answers. */
double demand_rate_most(const struct demand_figures *figures, uint64_t latency_us);

#endif
