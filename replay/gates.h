/* Gates: conditions on a run's figures, and the verdict that they give together.
 *
 *     GATE   = [ "@" ENDPOINT ":" ] METRIC OP VALUE          white space around the parts is free
 *     OP     = "<" | "<=" | ">" | ">="
 *     METRIC = COUNT                              requests, whole number or share of those fired (%)
 *            | [ CLOCK "." ] QUANTILE             a duration, or a multiple of the original's ("1.5x")
 *     COUNT  = "errors"          failed, and answered with 5xx
 *            | "failed"          without a complete answer
 *            | "status_changed"  answered with another status than recorded; share of pairs
 *            | "worse"           status class changed for the worse, failures included; share of pairs
 *            | "late" | "sent" | "answered"
 *            | "content" [ "." KIND ]  answered as recorded by status, but with other contents, or with others of that kind (content_type,
 *                                json_shape, ... of replay/stats/stats.h); share of what was compared
 *     CLOCK  = "service" | "response" | "original" | "send_lag"
 *     QUANTILE = "p50" | "p90" | "p99" | "p999" | "max"
 *
 * Without a CLOCK a quantile means service, and response under --rate and --ramp. Judging is arithmetic on
 * numbers that the statistics give: no input or output here. */
#ifndef REPLAY_GATES_H
#define REPLAY_GATES_H

#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The outcome of one gate and of a run. */
#define VERDICTS(X)                                                                                          \
    X(PASS, "pass")                                                                                          \
    X(FAIL, "fail")                                                                                          \
    X(INCONCLUSIVE, "inconclusive")                                                                          \
    X(INVALID, "invalid")
enum verdict {
#define X(name, text) VERDICT_##name,
    VERDICTS(X)
#undef X
        VERDICT_COUNT
};
const char *verdict_name(enum verdict verdict);
/* Returns the exit status of CLI.md: pass 0, fail 1, inconclusive 4, invalid 5. */
int verdict_exit_status(enum verdict verdict);

enum gate_metric {
    GATE_ERRORS,
    GATE_FAILED,
    GATE_STATUS_CHANGED,
    GATE_WORSE,
    GATE_LATE,
    GATE_SENT,
    GATE_ANSWERED,
    GATE_CONTENT,
    GATE_QUANTILE,
};
enum gate_clock { GATE_CLOCK_DEFAULT, GATE_SERVICE, GATE_RESPONSE, GATE_ORIGINAL, GATE_SEND_LAG };
enum gate_quantile { GATE_P50, GATE_P90, GATE_P99, GATE_P999, GATE_MAX, GATE_QUANTILE_COUNT };
enum gate_op { GATE_LT, GATE_LE, GATE_GT, GATE_GE };
enum gate_unit {
    GATE_UNIT_COUNT,
    GATE_UNIT_PERCENT,
    GATE_UNIT_US,    /* value in microseconds */
    GATE_UNIT_RATIO, /* multiple of the original's same quantile */
};

#define GATE_ANY_DIFFERENCE (-1)

/* A parsed gate; plain value. */
struct gate {
    enum gate_metric metric;
    enum gate_clock clock;
    enum gate_quantile quantile;
    enum gate_op op;
    enum gate_unit unit;
    double value;
    char endpoint[256]; /* "" : the whole run */
    int difference;     /* of GATE_CONTENT: enum content_difference, or GATE_ANY_DIFFERENCE */
};

/* Parses |text|. On failure |err| (ERROR_USAGE) says what is wrong with it and shows an example. */
int gate_parse(const char *text, struct gate *ret_gate, struct error *err);

#endif
