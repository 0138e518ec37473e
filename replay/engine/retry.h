/* Trying again (--retry): which outcomes are worth it, after how long, and the job that waits for it. The decision is pure; the wait is a timer
 * of the worker's loop. A run tries again at most RETRY_BUDGET_FLOOR times and a tenth of what it sent, so that a failing target is never
 * asked much more often than the recording asks it. */
#ifndef REPLAY_ENGINE_RETRY_H
#define REPLAY_ENGINE_RETRY_H

#include "replay/engine/engine.h"
#include "replay/sender/sender.h"

#include <event2/event_struct.h>

#define RETRY_FIRST_WAIT_NS UINT64_C(200000000) /* where the answer names none; twice as long each time */
#define RETRY_BUDGET_FLOOR  10
#define RETRY_BUDGET_SHARE  10 /* one of so many requests sent */

enum retry_verdict {
    RETRY_NO,
    RETRY_YES,
    RETRY_TOO_LONG, /* it would be, but is to wait longer than is allowed */
};

/* Returns whether a request with |outcome| is to be sent once more, the |attempts|-th time, and after how long. It is where it has not reached the
 * target (no connection: any method), or was |repeatable| and met no byte of an answer, or 429 or 503 that the recording does
 * (|original|) not have: then after what Retry-After says (RFC 9110 §10.2.3; |now_wall_ns|), |policy|'s longest wait at most. */
enum retry_verdict retry_judge(const struct retry_policy *policy, const struct sender_outcome *outcome,
                               uint16_t original, bool repeatable, unsigned attempts, uint64_t now_wall_ns,
                               uint64_t *ret_wait_ns);
/* Returns whether |exchange|'s method may be sent twice (RFC 9110 §9.2.2). */
bool retry_is_repeatable(const struct exchange *exchange);
/* Counts one more try. Returns false, and counts that, where the run has had as many as it may. Any thread. */
bool retry_spend(struct engine_counts *counts);

typedef void (*retry_due_fn)(struct job *job, void *arg);

/* A job that is tried again: owned by it. */
struct retry {
    struct event timer;
    struct job *job;
    retry_due_fn due;
    void *arg;
    unsigned attempts;      /* before the one that waits or is under way */
    uint64_t due_mono_ns;   /* of that one */
    bool waits;             /* it is not due */
    struct result last;     /* what the one before came to */
    uint64_t first_sent_ns; /* of the first attempt, since the run's start; 0: nothing of it was sent */
    enum transport_error first_error;
    uint16_t first_status;
};

/* Has |due| called for |job| from |base| after |wait_ns|; |result|: what the last attempt came to, whose views outlive the job's. */
void retry_wait(struct job *job, struct event_base *base, uint64_t wait_ns, const struct result *result,
                retry_due_fn due, void *arg);
/* Adds to |result| what |job|'s attempts were, and forgets them. */
void retry_end(struct job *job, struct result *result);

#endif
