/* A run: the folder that a replay writes. It holds the results as segments (SEGMENT_RESULTS, result.h) and
 * run.json, which says how they came about: this struct.
 *
 * run.json is written when the run begins (ended_wall_ns 0) and again, replacing it, when it ends, so that a
 * run that a crash cut short still reads, and says that it did not end. */
#ifndef REPLAY_RUN_H
#define REPLAY_RUN_H

#include "common/buffer.h"
#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_FILE   "run.json"
#define RUN_SCHEMA "rehearse.run/1"

/* How requests were paced. */
enum run_mode {
    RUN_MODE_RECORDED, /* recorded timing, scaled by speed: "recorded" */
    RUN_MODE_MAX,      /* --speed max, a closed loop: throughput only: "max" */
    RUN_MODE_RATE,     /* --rate, an open loop: "rate" */
    RUN_MODE_RAMP,     /* --ramp: "ramp" */
};
const char *run_mode_name(enum run_mode mode);

/* Owned list of owned strings. */
struct run_texts {
    char **items;
    size_t count;
};
void run_texts_add(struct run_texts *texts, const char *text);

/* What was rewritten, and in how many requests. Owned list. */
struct run_rewrite {
    char *rule; /* in words, without values */
    uint64_t touched;
};
struct run_rewrites {
    struct run_rewrite *items;
    size_t count;
};
/* Adds a rewrite called |rule| (copied, not NUL-terminated) that touched nothing yet. */
void run_rewrites_add(struct run_rewrites *rewrites, struct bytes rule);

/* Everything owned; zero-initialised is empty and valid; run_info_free releases. */
struct run_info {
    char *run_id;  /* the value of X-Rehearse-Run */
    char *version; /* of rehearse */
    char *traffic; /* as named on the command line */
    char *target;  /* the URL, without user information */
    char *session; /* --session as given, or "auto" */
    char *sender;  /* what fired, in words; NULL in runs of before that was kept */
    char *pace;    /* the schedule in words; NULL in runs of before that was kept */
    char *content; /* contents were compared, sensitive values so: "by pseudonym", ...; NULL: they were not */

    enum run_mode mode;
    double speed;         /* RUN_MODE_RECORDED, else 0 */
    double rate_per_s;    /* RUN_MODE_RATE, else 0 */
    uint64_t connections; /* pool size; 0: as recorded */
    uint64_t concurrency; /* RUN_MODE_MAX, else 0 */
    uint64_t sessions;    /* how many the traffic held */
    uint64_t threads;
    uint64_t timeout_ns;
    uint64_t loop; /* iterations asked for; 1: once, 0: without end */

    uint64_t started_wall_ns;
    uint64_t ended_wall_ns; /* 0: the run did not end */
    uint64_t elapsed_ns;    /* monotonic, from the first intended to the last done */
    uint64_t cpu_ns;        /* processor time of the whole process during the run */
    uint64_t firing_cpu_ns; /* of the firing thread that took most */
    bool interrupted;       /* by a signal: the verdict is inconclusive at best */
    char *aborted;          /* why the replayer stopped by itself, or NULL */

    /* The ledger's part that leaves no results, counted anew in each iteration:
     * read = filtered + sampled_out + number of results. */
    uint64_t read;
    uint64_t filtered;
    uint64_t sampled_out;

    struct run_texts notes; /* caps that were hit and the like, one line each, printable */
    struct run_texts gates; /* --gate as given */
    struct run_rewrites rewrites;
    struct run_rewrites deviations; /* of the sender, from the bytes of requests; of which each happened */
};

/* Writes |info| as run.json into |folder| (by rename). */
int run_info_save(const char *folder, const struct run_info *info, struct error *err);
/* Reads run.json of |folder| into |ret_info| (owned by the caller, run_info_free). Fails, with what to do,
 * where it is missing, is not JSON, or is of another schema. */
int run_info_load(const char *folder, struct run_info *ret_info, struct error *err);
void run_info_free(struct run_info *info);

#endif
