/* The recorder: takes the byte streams of connections, pairs requests with responses and puts the exchanges
 * through the door to the disk (filters/traffic_writer.h). */
#ifndef CAPTURE_RECORDER_H
#define CAPTURE_RECORDER_H

#include "capture/ledger.h"
#include "capture/tcp/flow.h"
#include "common/select.h"
#include "filters/traffic_writer.h"

struct recorder;

enum recorder_bodies { RECORDER_BODIES_NONE, RECORDER_BODIES_REQUEST, RECORDER_BODIES_ALL };

struct recorder_options {
    struct traffic_writer_options writer; /* copied; what it points to is borrowed */
    enum recorder_bodies bodies;
    uint64_t max_body_bytes;
    uint64_t count;        /* exchanges to record at most; 0: no limit */
    struct select *select; /* which exchanges to record; borrowed; NULL: all */
    bool keep_replays;     /* record what a replay of rehearse sent, too */
};

int recorder_open(const struct recorder_options *options, struct recorder **ret_recorder, struct error *err);
/* Returns the handler that feeds the recorder. Valid until recorder_close. */
struct flow_handler recorder_handler(struct recorder *recorder);
/* Lets the writer close blocks that grew old; call it about once a second. */
void recorder_tick(struct recorder *recorder, uint64_t now_mono_ns);
/* Returns whether nothing more can or should be recorded: |options.count| is reached, or writing failed. */
bool recorder_is_done(const struct recorder *recorder);
uint64_t recorder_recorded(const struct recorder *recorder);
/* Fills in what the recorder knows: requests, responses, bodies, its part of bytes and connections. */
void recorder_account(struct recorder *recorder, struct ledger *ledger);
/* Seals and frees; all connections must be closed before. Returns -1 with the first failure of writing, if
 * there was one; what was written before it is kept. NULL is allowed. */
int recorder_close(struct recorder *recorder, struct error *err);

#endif
