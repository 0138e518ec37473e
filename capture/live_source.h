/* Packets live from an interface, in the worker: the parent sends the device, and what happens to the interface (live/channel.h). */
#ifndef CAPTURE_LIVE_SOURCE_H
#define CAPTURE_LIVE_SOURCE_H

#include "capture/source.h"

struct live_source;

/* Takes the first device from |channel|, an end of channel_open's pair; it is borrowed for the source's life. */
int live_source_open(int channel, struct live_source **ret_source, struct error *err);
/* Gets the next packet; waits 100 ms at most. What the parent says is heard between blocks: an end that it asks for, or its own, becomes
 * stop_requested (common/stop.h). */
enum source_status live_source_next(struct live_source *source, struct net_frame *ret_frame);
/* See source_events, source_wish, source_now_ns and source_backlog. */
struct source_events live_source_events(struct live_source *source);
enum source_wish live_source_wish(struct live_source *source);
uint64_t live_source_now_ns(const struct live_source *source);
unsigned live_source_backlog(const struct live_source *source);
/* NULL is allowed. */
void live_source_free(struct live_source *source);

#endif
