/* The recording side of a capture: exchanges in, blocks of a segment out. The thread that takes packets puts exchanges
 * into batches (batch_queue.h); threads of this module sanitize, compress and write them, a block a batch. A disk that
 * is slow or full therefore never holds up the packets: when all batches are under way, exchanges are shed and counted
 * (or waited for, where packets can wait: offline). */
#ifndef CAPTURE_RECORDING_H
#define CAPTURE_RECORDING_H

#include "filters/traffic_writer.h"

#include <stdbool.h>
#include <stddef.h>

struct recording;

struct recording_options {
    struct traffic_writer_options writer; /* copied; what it points to is borrowed */
    unsigned threads;                     /* that sanitize and compress, at least 1 */
    size_t queue_bytes;                   /* of exchanges under way, about */
    bool live; /* exchanges are shed where the queue is full, and recording goes on after the disk failed;
                  else it waits, and ends */
    struct courtesy *courtesy; /* whom the threads give way by; borrowed; NULL: by none */
};

/* What became of the exchanges that were put. put = counts.written + counts.lost + shed + those under way. */
struct recording_totals {
    struct traffic_counts counts;
    uint64_t shed; /* no batch was free */
};

/* Opens the folder and starts the threads. */
int recording_open(const struct recording_options *options, struct recording **ret_recording,
                   struct error *err);
/* Moves |exchange| into the recording; afterwards it is empty and valid. Returns false where it was shed. */
bool recording_put(struct recording *recording, struct exchange *exchange);
/* Hands over what waits for more since a second or longer; call it about once a second. */
void recording_tick(struct recording *recording, uint64_t now_mono_ns);
/* Begins a new segment with what is put from now on, soon. Does not wait for it. */
void recording_rotate(struct recording *recording);
/* Returns whether writing failed for good (never so with |live|). */
bool recording_failed(struct recording *recording);
/* Copies the totals so far; complete after recording_finish. */
void recording_totals(struct recording *recording, struct recording_totals *ret_totals);
/* Returns how many eighths of the queue's batches wait for the threads. */
unsigned recording_backlog(struct recording *recording);
/* Writes what is under way, ends the threads and seals. Returns -1 with the first failure of writing that was not
 * made good; what was written before it is kept. Nothing may be put afterwards. */
int recording_finish(struct recording *recording, struct error *err);
/* Frees, finishing first where that was not done. NULL is allowed. */
void recording_free(struct recording *recording);

#endif
