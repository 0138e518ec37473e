/* The plan of a replay: what it would fire, when, over what, and what it would need; found by reading the traffic, with nothing fired. */
#ifndef REPLAY_PLAN_PLAN_H
#define REPLAY_PLAN_PLAN_H

#include "common/segment/merge.h"
#include "filters/session.h"
#include "replay/judge.h"
#include "replay/plan/demand.h"
#include "replay/plan/resources.h"
#include "replay/read_ahead.h"
#include "replay/request.h"
#include "replay/schedule.h"

/* Everything borrowed. */
struct plan_options {
    struct merge *merge;      /* at its beginning; rewound at the end */
    struct read_ahead *ahead; /* of |merge|: only what it holds is looked at, and stays there; NULL: all is */
    enum session_mode session_mode;
    const char *session_name;
    const char *methods; /* or NULL */
    struct judge_wishes wishes;
    const struct schedule_plan *schedule;
    uint64_t count;       /* requests to fire; 0: all */
    uint64_t duration_ns; /* 0: to the end */
    uint64_t loop;        /* iterations; 0: without end */
    const struct request_rules
        *rules; /* to build each request, whose rewriter counts; NULL: they are not built. Not with |ahead| */
    bool no_links;
};

/* Plain. */
struct plan {
    struct demand_figures
        demand; /* of one iteration; its busiest second and the connections opened, of all */
    bool whole; /* the iteration was read to its end, its count or its duration */
    uint64_t read, filtered;
    uint64_t unreplayable[UNSENT_REASON_COUNT];
    uint64_t defective, filled; /* requests to be fired although they cannot be as they were */
    uint64_t by_ttfb;           /* to be judged by their first byte */
    uint64_t linked;            /* requests that carry what an answer must issue first */
    uint64_t requests;          /* of all iterations */
    uint64_t duration_ns;       /* of all iterations; of a closed loop: 0 */
    bool short_of_traffic;      /* which is over before |count| or |duration_ns| of the options */
};

/* How a plan is carried out, beside what it says itself. */
struct plan_means {
    const char *traffic, *target;
    const struct schedule_plan *schedule;
    const struct rewriter *rewriter; /* whose rules counted, or NULL */
    uint64_t pool_connections;       /* 0: as recorded */
    uint64_t concurrency;            /* of a closed loop, else 0 */
    uint64_t max_connections, max_in_flight;
    uint64_t window_bytes; /* read ahead at most */
    struct resources resources;
};

/* Looks at the traffic; a signal ends that early. */
void plan_look(const struct plan_options *options, struct plan *ret_plan);
/* Returns what carrying out |plan| by |means| takes at most. */
struct resource_needs plan_needs(const struct plan *plan, const struct plan_means *means);
/* Appends the plan for people to read. */
void plan_render(const struct plan *plan, const struct plan_means *means, struct buffer *out);

#endif
