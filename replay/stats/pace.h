/* The pace of a run: how many requests were planned for each second, and how many were sent in it. Additions only, so that partial
 * paces merge in any grouping. */
#ifndef REPLAY_STATS_PACE_H
#define REPLAY_STATS_PACE_H

#include <stddef.h>
#include <stdint.h>

#define PACE_SECONDS_MAX (UINT32_C(1) << 20) /* twelve days; what is later counts in the last second */

/* Zero-initialised is empty and valid; pace_free releases. */
struct pace {
    struct {
        uint32_t planned, sent;
    } * seconds; /* owned */
    size_t count;
    size_t capacity;
};

/* What is to be said of it. A second is off where what was sent in it differs from what was planned for it by more than one request and
 * more than 1 %. The first and the last second are parts of one, so they are left out of |off| and |worst|; so is all that was planned for
 * after a run that was stopped. */
struct pace_summary {
    uint64_t planned, sent;
    uint64_t
        seconds; /* from the run's start to the last in which anything was planned or sent, or to the stop */
    uint64_t off;
    uint64_t worst; /* the second that is furthest off, by requests; the first of equal ones */
    uint64_t worst_planned, worst_sent;
};

void pace_plan(struct pace *pace, uint64_t instant_ns);
void pace_send(struct pace *pace, uint64_t instant_ns);
void pace_merge(struct pace *pace, const struct pace *from);
/* |stopped_ns|: when the run was stopped ahead of its schedule; 0: it was not. */
struct pace_summary pace_summarize(const struct pace *pace, uint64_t stopped_ns);
void pace_free(struct pace *pace);

#endif
