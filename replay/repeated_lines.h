/* Header lines that a request has in common with the one built before on the same connection, as they were built: nearly all of
 * them, as clients repeat themselves. What a line becomes is looked for once.
 *
 * Only lines at the front of a head are kept, up to the first whose new text depends on more than itself and the key. Pure. */
#ifndef REPLAY_REPEATED_LINES_H
#define REPLAY_REPEATED_LINES_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPEATED_LINES_MAX   16   /* runs of lines */
#define REPEATED_LINES_BYTES 4096 /* as recorded; what is longer is built each time */

/* What the new text of lines depends on beside themselves and the settings of the run. */
struct repeated_key {
    uint64_t session;
    uint64_t known; /* linker_known */
    const uint8_t *recognition_key;
    uint32_t iteration;
    bool scans; /* pseudonyms are looked for */
};

/* How far a run of lines reaches, and what was found from the first line up to there. */
struct repeated_end {
    uint32_t recorded, built; /* bytes */
    uint32_t linked, unlinked;
};

/* Zero-initialised is empty. */
struct repeated_lines {
    struct repeated_key key;
    struct buffer recorded, built;
    struct repeated_end ends[REPEATED_LINES_MAX];
    size_t count;
};

/* Finds the runs of lines that |fields| (whole header lines) begins with; those behind them are forgotten, and so are all that were
 * built under another key. Returns the last one's end, borrowed until the next call of anything here, or NULL. */
const struct repeated_end *repeated_lines_find(struct repeated_lines *lines, const struct repeated_key *key,
                                               struct bytes fields);
/* Keeps one more run: |recorded| became |built|; |linked| and |unlinked| count from the first line on. Returns false where no more are
 * kept. */
bool repeated_lines_add(struct repeated_lines *lines, struct bytes recorded, struct bytes built,
                        uint32_t linked, uint32_t unlinked);
void repeated_lines_free(struct repeated_lines *lines);

#endif
