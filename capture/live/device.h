/* Opens the packet socket of a live capture: filter, ring, binding. The one part of the capture that needs CAP_NET_RAW; it reads no
 * packet. */
#ifndef CAPTURE_LIVE_DEVICE_H
#define CAPTURE_LIVE_DEVICE_H

#include "capture/live/ring.h"
#include "common/error.h"

struct kernel_filter_options;

struct device_options {
    const char *interface;                      /* "lo" and "any" included */
    const struct kernel_filter_options *filter; /* |cooked| and |interface| are filled in */
    uint64_t ring_bytes;
};

/* An open packet socket that collects packets. */
struct device {
    int fd;    /* owned */
    int index; /* of the interface; 0: any */
    struct ring_layout layout;
};

/* Opens |options->interface|. Where it |must_be_up|, an interface that is down is an error, else packets come once it is up. On failure the error says
 * what can be done about it. */
int device_open(const struct device_options *options, bool must_be_up, struct device *ret_device,
                struct error *err);

#endif
