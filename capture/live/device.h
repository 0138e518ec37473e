/* Opens the packet socket of a live capture: filter, ring, binding. The one part of the capture that needs CAP_NET_RAW; it reads no
 * packet. */
#ifndef CAPTURE_LIVE_DEVICE_H
#define CAPTURE_LIVE_DEVICE_H

#include "capture/live/ring.h"
#include "common/error.h"

struct kernel_filter_options;

/* A block that is not full is handed over after this time, twice it at most. */
#define DEVICE_RETIRE_MS     10
#define DEVICE_DROP_COUNTERS 2

struct device_options {
    const char *interface;                      /* "lo" and "any" included */
    const struct kernel_filter_options *filter; /* |cooked| and |interface| are filled in */
    uint64_t ring_bytes;
    uint32_t block_bytes; /* a multiple of the page size; 0: 256 KiB */
    unsigned retire_ms;   /* 0: DEVICE_RETIRE_MS */
};

/* An open packet socket that collects packets. */
struct device {
    int fd;    /* owned */
    int index; /* of the interface; 0: any */
    struct ring_layout layout;
    int drop_fds[DEVICE_DROP_COUNTERS]; /* owned; files of the interface's own drop counters; -1: none */
};

/* Opens |options->interface|. Where it |must_be_up|, an interface that is down is an error, else packets come once it is up. On failure the error says
 * what can be done about it. */
int device_open(const struct device_options *options, bool must_be_up, struct device *ret_device,
                struct error *err);
/* Closes what |device| owns. */
void device_close(struct device *device);

#endif
