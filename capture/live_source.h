/* Packets live from an interface. */
#ifndef CAPTURE_LIVE_SOURCE_H
#define CAPTURE_LIVE_SOURCE_H

#include "capture/source.h"

struct live_source;

/* Opens an interface, see source_open_live. */
int live_source_open(const struct source_live_options *options, struct live_source **ret_source,
                     struct error *err);
/* Gets the next packet; waits 100 ms at most. */
enum source_status live_source_next(struct live_source *source, struct net_frame *ret_frame,
                                    struct error *err);
/* Reads the kernel's counters. */
struct source_drops live_source_drops(struct live_source *source);
/* NULL is allowed. */
void live_source_free(struct live_source *source);

#endif
