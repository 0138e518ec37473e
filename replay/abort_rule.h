/* --abort-if: when a replay stops by itself, because the target is failing.
 *
 *     RULE   = METRIC OP VALUE "for" T        'errors > 50% for 5s'
 *     METRIC = "errors"    failed, or answered with 5xx where the recording was not
 *            | "failed"    without a complete answer
 *     OP     = ">" | ">="
 *     VALUE  = whole number, or share in percent of the requests that ended
 *
 * A rule holds where it does over the requests that ended in the last T, at least ABORT_RULE_MIN of them, and T was watched. Pure. */
#ifndef REPLAY_ABORT_RULE_H
#define REPLAY_ABORT_RULE_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ABORT_RULE_DEFAULT "errors > 50% for 5s"
#define ABORT_RULES_MAX    8
#define ABORT_RULE_MIN     20
#define ABORT_RULE_SAMPLES 32 /* of the time that is watched */

/* How many requests ended since the run began. */
struct abort_counts {
    uint64_t ended, errors, failed;
};

/* Plain; abort_rule_parse fills it. */
struct abort_rule {
    const char *text; /* borrowed */
    bool failed_only; /* the metric is "failed" */
    bool or_equal;    /* the operator is ">=" */
    bool percent;
    double value;
    uint64_t window_ns;

    /* What was seen so far: the latest samples, oldest first. */
    struct {
        uint64_t at_ns;
        struct abort_counts counts;
    } samples[ABORT_RULE_SAMPLES];
    size_t sample_count;
};

/* Parses |text|, borrowed for the rule's life. On failure |err| (ERROR_USAGE) says what is wrong with it and shows an example. */
int abort_rule_parse(const char *text, struct abort_rule *ret_rule, struct error *err);
/* Looks at the |counts| of now, a monotonic clock that never goes back; call it several times in the rule's window. Returns whether the rule holds; then
 * |ret_window|, which may be NULL, has what ended in the window. */
bool abort_rule_look(struct abort_rule *rule, uint64_t now_ns, const struct abort_counts *counts,
                     struct abort_counts *ret_window);

#endif
