/* The servers that traffic was recorded from, all of them, before anything is fired: from the ends of its segments, and from the records of
 * those whose end does not say it (a capture that still writes, or was killed). */
#ifndef REPLAY_RECORDED_SERVERS_H
#define REPLAY_RECORDED_SERVERS_H

#include "common/segment/merge.h"

/* Says whether traffic of |server| may be fired: 0, or -1 with |err|. */
typedef int (*recorded_server_fn)(const struct address *server, void *arg, struct error *err);

/* Calls |call| for each server that records of |merge| came from, at least once, until it refuses. |merge| is not moved. Returns -1 with
 * |err| where it refused, where a segment could not be read, or at a signal. */
int recorded_servers_each(struct merge *merge, recorded_server_fn call, void *arg, struct error *err);

#endif
