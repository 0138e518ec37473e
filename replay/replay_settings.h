/* The settings of a replay: options, their defaults and what goes together. */
#ifndef REPLAY_REPLAY_SETTINGS_H
#define REPLAY_REPLAY_SETTINGS_H

#include "common/options.h"
#include "filters/rewrite/rewrite.h"
#include "filters/session.h"
#include "replay/abort_rule.h"
#include "replay/judge.h"
#include "replay/schedule.h"
#include "replay/sending.h"
#include "replay/target.h"

#include <stdbool.h>
#include <stdint.h>

/* Open files that are kept for all but connections. */
#define REPLAY_FILES_KEPT 64

/* What the command line and the configuration say. Texts are borrowed from them. */
struct replay_settings {
    struct option_texts traffic; /* the words after the options */
    int compare;                 /* 1: contents, too */
    const char *key_file, *policy, *target_url, *output, *speed_text, *session, *connections, *host, *methods,
        *ca_file, *sni, *bearer_file, *auth_command, *links;
    const char *ramp, *steps;
    double rate;
    int poisson; /* 1: --arrival poisson */
    uint64_t seed, max_gap_ns, max_lag_ns;
    int spins; /* 1: --pacing spin */
    uint64_t retry, retry_wait_ns;
    bool retry_all_methods;
    uint64_t concurrency, count, duration_ns, loop, threads, timeout_ns, connect_timeout_ns, link_wait_ns;
    uint64_t max_connections, max_in_flight;
    uint64_t connections_wanted; /* |max_connections| before the limit on open files cut it */
    struct option_texts rewrites, set_queries, remove_headers, set_headers, gates, production, source_ips,
        abort_ifs;
    struct judge_wishes wishes;
    bool insecure, verbatim, allow_production, no_links, dry_run, no_ramp;

    struct sending sending;

    /* What that says. */
    enum session_mode session_mode;
    const char *session_name; /* cookie or header, else NULL */
    bool closed_loop;
    struct schedule_plan plan;
    uint64_t pool_connections; /* 0: as recorded */
    struct abort_rule abort_rules[ABORT_RULES_MAX];
    size_t abort_rule_count;
    struct rewriter *rewriter; /* owned */
    struct target *target;     /* owned, not resolved */
};

/* Reads the command line. Returns false where that ends the program with |ret_status|. |ret_settings| is to be released
 * by replay_settings_done in either case. */
bool replay_settings_read(int argc, char **argv, struct replay_settings *ret_settings, int *ret_status);
/* Checks what was read and what goes together, and derives the rest; raises the limit on open files to what is allowed. */
int replay_settings_check(struct replay_settings *settings, struct error *err);
void replay_settings_done(struct replay_settings *settings);

#endif
