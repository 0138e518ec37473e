/* The feeder: the main thread of a replay. Reads the traffic in order, judges each exchange, gives the k-th
 * that can be fired the k-th instant of the schedule, hands it to the worker of its link group, and stores
 * what comes back. It also watches: for a signal, the end of the time, a target that fails altogether. */
#ifndef REPLAY_FEEDER_H
#define REPLAY_FEEDER_H

#include "common/segment/merge.h"
#include "common/segment/writer.h"
#include "replay/abort_rule.h"
#include "replay/engine/engine.h"
#include "replay/judge.h"
#include "replay/read_ahead.h"
#include "replay/run.h"
#include "replay/schedule.h"
#include "replay/state/accounts.h"
#include "replay/state/login_template.h"
#include "replay/survey.h"

/* Everything borrowed. */
struct feeder_options {
    struct merge *merge;
    struct read_ahead *ahead; /* of |merge|, at its beginning */
    struct survey *survey;    /* NULL: there is one thread */
    struct segment_writer *writer;
    struct engine *engine; /* started */
    struct schedule schedule;
    enum session_mode session_mode;
    const char *session_name;
    const char *methods; /* or NULL */
    struct judge_wishes wishes;
    bool no_links;                      /* --no-links */
    const struct accounts *accounts;    /* or NULL */
    const struct login_template *login; /* to log in who had done so before the capture began; or NULL */
    uint64_t count;                     /* requests to fire; 0: all */
    uint64_t duration_ns;               /* 0: to the end */
    uint64_t loop;                      /* iterations; 0: without end */
    uint64_t timeout_ns;
    const struct abort_rule *abort_rules; /* when to stop by itself */
    size_t abort_rule_count;              /* at most ABORT_RULES_MAX */
};

/* Runs to the end and joins the engine. Fills the ledger, elapsed_ns, interrupted, aborted and the notes of
 * |info|. Returns -1 with |err| where results could not be stored; |info| is filled all the same. */
int feeder_run(const struct feeder_options *options, struct run_info *info, struct error *err);

#endif
