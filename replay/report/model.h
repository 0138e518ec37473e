/* The report as one JSON object, schema "rehearse.report/1": the source of every format. Canonical: equal
 * input gives equal bytes (members in a fixed order, whole numbers but for shares and gate values). */
#ifndef REPLAY_REPORT_MODEL_H
#define REPLAY_REPORT_MODEL_H

#include "replay/run.h"
#include "replay/verdict.h"

#include <jansson.h>

/* What a report is made of; borrowed. */
struct model_input {
    const struct run_info *runs;
    size_t run_count;
    struct stats *stats;
    const struct judgement *judgement;
    uint64_t damaged; /* blocks of the runs that could not be read */
};

/* Returns the owned object. */
json_t *model_build(const struct model_input *input);

#endif
