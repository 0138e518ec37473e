/* The recorder: takes the byte streams of connections, pairs requests with responses and puts the exchanges
 * through the door to the disk (filters/traffic_writer.h). */
#ifndef CAPTURE_RECORDER_H
#define CAPTURE_RECORDER_H

#include "capture/hops.h"
#include "capture/ledger.h"
#include "capture/recording.h"
#include "capture/tcp/flow.h"
#include "common/select.h"

struct recorder;

enum recorder_bodies { RECORDER_BODIES_NONE, RECORDER_BODIES_REQUEST, RECORDER_BODIES_ALL };

struct recorder_options {
    struct recording_options recording; /* copied; what it points to is borrowed */
    enum recorder_bodies bodies;
    uint64_t max_body_bytes;
    uint64_t count;                /* exchanges to record at most; 0: no limit */
    struct select *select;         /* which exchanges to record; borrowed; NULL: all */
    struct address_ranges servers; /* record only what these answered; none: any; borrowed */
    bool keep_replays;             /* record what a replay of rehearse sent, too */
    struct budget *memory;         /* what open connections may take; borrowed, shared with the flow table */
};

int recorder_open(const struct recorder_options *options, struct recorder **ret_recorder, struct error *err);
/* Returns the handler that feeds the recorder. Valid until recorder_close. */
struct flow_handler recorder_handler(struct recorder *recorder);
/* Returns what a connection takes that holds nothing. */
uint32_t recorder_connection_bytes(void);
/* Lets the recording hand over what grew old; call it about once a second. */
void recorder_tick(struct recorder *recorder, uint64_t now_mono_ns);
/* Begins a new segment with what is recorded from now on. Does not wait for the disk. */
void recorder_rotate(struct recorder *recorder);
/* Returns whether nothing more can or should be recorded: |options.count| is reached, or writing failed for good. */
bool recorder_is_done(const struct recorder *recorder);
/* Returns how many exchanges were given to the recording so far. */
uint64_t recorder_recorded(const struct recorder *recorder);
/* Writes what is under way and seals; all connections must be closed before. Returns -1 with the first failure of
 * writing that was not made good; what was written before it is kept. */
int recorder_finish(struct recorder *recorder, struct error *err);
/* Returns how much of the recording's queue is taken, in eighths. */
unsigned recorder_backlog(const struct recorder *recorder);
/* Adds what the recorder knows to |ledger|: requests, responses, bodies, its part of bytes and connections. Complete
 * after recorder_finish. */
void recorder_account(struct recorder *recorder, struct ledger *ledger);
/* Returns whether the same requests were seen on two hops, and on which. */
bool recorder_find_hops(const struct recorder *recorder, struct hops_finding *ret_finding);
/* NULL is allowed. */
void recorder_free(struct recorder *recorder);

#endif
