/* Whether this machine has what a replay needs: open files, local ports and memory; and what to do where it has not. */
#ifndef REPLAY_PLAN_RESOURCES_H
#define REPLAY_PLAN_RESOURCES_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* What a replay needs at most. */
struct resource_needs {
    uint64_t connections; /* open at a time */
    uint64_t opened;      /* opened in DEMAND_LINGER_S seconds, while closed ones keep their ports */
    uint64_t memory_bytes;
};

/* What there is. */
struct resources {
    uint64_t files;        /* the limit on open files, as far as this process may raise it */
    uint64_t files_kept;   /* of those, for all but connections */
    uint64_t ports;        /* local ports to choose from; 0: the target needs none (unix:) */
    uint64_t ways;         /* pairs of a source and a target address: each has all the ports */
    uint64_t memory_bytes; /* that can be had without swapping; 0: not known */
};

/* Reads what there is of files, ports and memory; |ways| is left alone. What cannot be read is 0. */
void resources_read(struct resources *resources);
/* Appends a sentence, ended by a newline, for each thing that is short: how much is needed, how much there is, what to do. Returns how many. */
unsigned resources_check(const struct resources *resources, const struct resource_needs *needs,
                         struct buffer *advice);

#endif
