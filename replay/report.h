/* The verb report (see rehearse-report(1)), and the same report for a run that has just ended. */
#ifndef REPLAY_REPORT_H
#define REPLAY_REPORT_H

#include "common/error.h"

#include <stddef.h>

struct stats;

enum report_format { REPORT_TEXT, REPORT_JSON };

/* What to report on, and how. All borrowed. */
struct report_options {
    const char *const *runs; /* folders that replays wrote; several are merged */
    size_t run_count;
    enum report_format format;
    const char *output;       /* file, replaced; NULL: standard output */
    const char *const *gates; /* beside those that run.json holds */
    size_t gate_count;
    struct stats
        *stats; /* of all their results, where those were counted as they came; NULL: they are read */
};

/* Reads the runs, judges them and writes the report. Returns 0 and the exit status of the verdict (0, 1, 4 or
 * 5) in |ret_exit_status|; -1 with |err| where a gate is wrong or a run cannot be read, or the report not be
 * written. The replay verb calls this after it has sealed its results and saved run.json. */
int report_runs(const struct report_options *options, int *ret_exit_status, struct error *err);

/* Runs the verb; argv[0] is its name. Returns the exit status. */
int verb_report(int argc, char **argv);

#endif
