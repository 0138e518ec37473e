/* Doing one thing for many lanes after another keeps its code, here and in the kernel, in the processor's caches: what was read is looked at,
 * and what was fired is sent, in batches. */
#include "common/clock.h"
#include "replay/sender/http1_lane.h"

static void take_received(struct http1_sender *sender)
{
    for (size_t i = 0; i < sender->received_count; i++) {
        const struct received received = sender->received[i];
        if (!received.lane)
            continue;
        received.lane->received = NULL;
        lane_take_bytes(received.lane, received.bytes, received.now_ns);
    }
    sender->received_count = sender->read_used = 0;
}

static void send_unsent(struct http1_sender *sender)
{
    for (size_t i = 0; i < sender->unsent_count; i++) {
        struct lane *lane = sender->unsent[i];
        if (!lane)
            continue;
        lane->unsent = NULL;
        lane_start(lane, clock_mono_ns());
    }
    sender->unsent_count = 0;
}

void http1_flush(struct sender *base)
{
    struct http1_sender *sender = (struct http1_sender *)base;
    take_received(sender);
    send_unsent(sender);
}

void lane_take_later(struct lane *lane, struct bytes bytes, uint64_t now)
{
    struct http1_sender *sender = lane->sender;
    lane->received = &sender->received[sender->received_count++];
    *lane->received = (struct received){.lane = lane, .bytes = bytes, .now_ns = now};
    sender->read_used += bytes.size;
    if (sender->received_count == LATER_MAX || sender->read_used > READ_BYTES)
        http1_flush(&sender->base);
}

void lane_send_later(struct lane *lane)
{
    struct http1_sender *sender = lane->sender;
    if (sender->unsent_count == LATER_MAX)
        send_unsent(sender);
    lane->unsent = &sender->unsent[sender->unsent_count++];
    *lane->unsent = lane;
}
