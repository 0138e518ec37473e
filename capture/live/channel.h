/* What the parent and the worker of a live capture say to each other, over a pair of SOCK_SEQPACKET sockets. The worker only ever
 * listens; when one end is closed, the other side knows that it is alone. */
#ifndef CAPTURE_LIVE_CHANNEL_H
#define CAPTURE_LIVE_CHANNEL_H

#include "capture/live/device.h"
#include "common/error.h"

#include <stdbool.h>

enum channel_word {
    CHANNEL_NOTHING, /* received: nothing waits to be read */
    CHANNEL_END,     /* received: the other side is gone */
    CHANNEL_DEVICE,  /* packets come from this device from now on */
    CHANNEL_LOST,    /* the interface went away, or down */
    CHANNEL_BACK,    /* the interface is up again; the device is the same */
    CHANNEL_STOP,    /* end cleanly */
    CHANNEL_ROTATE,  /* begin a new segment */
    CHANNEL_REPORT,  /* print the ledger so far */
};

/* Makes the two ends. */
int channel_open(int ret_ends[2], struct error *err);
/* Sends |word|, with |device| where it is CHANNEL_DEVICE (else NULL); the descriptors stay the sender's. Never waits: returns
 * false where the other side does not take it now. */
bool channel_send(int end, enum channel_word word, const struct device *device);
/* Receives one word without waiting; the caller owns the descriptors of |ret_device|, which is only set with CHANNEL_DEVICE. */
enum channel_word channel_receive(int end, struct device *ret_device);

#endif
