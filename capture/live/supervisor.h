/* The parent of a live capture: it keeps the right to open packet sockets, opens them, watches the interface, hands signals on, and never
 * reads a packet. The worker, which parses, is forked off before any thread exists and has no rights. */
#ifndef CAPTURE_LIVE_SUPERVISOR_H
#define CAPTURE_LIVE_SUPERVISOR_H

#include "capture/live/device.h"

#include <stddef.h>

struct supervisor_options {
    struct device_options device;
    const char *user; /* whom the parent becomes as well; NULL: it stays who it is */
    int (*work)(void *arg,
                int channel); /* the worker: returns the exit status; |channel| is its end (channel.h) */
    void *arg;
};

/* Opens the device, forks and runs both. In the parent it returns the exit status of the capture: the worker's, or 128 + n where signal n ended
 * it. In the worker it returns what |work| returned. Failures are said. SIGINT and SIGTERM ask the worker for a clean end, the second one ends it
 * at once; SIGHUP asks for a new segment, SIGUSR1 for the ledger. */
int supervisor_run(const struct supervisor_options *options);

#endif
