/* The flow table's clock: monotone, made from packet times, which are not. Packets out of order are passed over.
 * A step of more than FLOW_CLOCK_STEP_NS either way is a clock that was set, or a pause in which nobody watched: the
 * clock stands still over it, so that nothing expires at once and nothing waits for the old time to come back. So it
 * is with a smaller step back, once FLOW_CLOCK_BEHIND packets in a row came after it. */
#ifndef CAPTURE_TCP_FLOW_CLOCK_H
#define CAPTURE_TCP_FLOW_CLOCK_H

#include "common/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define FLOW_CLOCK_STEP_NS  (60 * NS_PER_S)
#define FLOW_CLOCK_BEHIND   256
#define FLOW_CLOCK_TICK_LOG 24 /* a tick is 2^24 ns, 17 ms: 32 bits of them last two years */

/* Zero-initialised is a clock that was not set yet. */
struct flow_clock {
    uint64_t now_ns;  /* counts from a start of its own */
    uint64_t base_ns; /* packet time = base_ns + now_ns, modulo 2^64 */
    uint32_t behind;  /* packets in a row that were more than a second late */
    bool started;
};

/* Takes over packet time |packet_ns|. */
static inline void flow_clock_advance(struct flow_clock *clock, uint64_t packet_ns)
{
    uint64_t ahead_ns = packet_ns - clock->base_ns - clock->now_ns; /* modulo 2^64: huge where behind */
    if (clock->started && ahead_ns <= FLOW_CLOCK_STEP_NS) {
        clock->now_ns += ahead_ns;
        clock->behind = 0;
        return;
    }
    if (clock->started && -ahead_ns <= FLOW_CLOCK_STEP_NS) {
        clock->behind = -ahead_ns > NS_PER_S ? clock->behind + 1 : 0;
        if (clock->behind < FLOW_CLOCK_BEHIND)
            return;
    }
    if (!clock->started)
        clock->now_ns = NS_PER_S; /* 0 means never */
    clock->started = true;
    clock->behind = 0;
    clock->base_ns = packet_ns - clock->now_ns;
}

static inline uint32_t flow_clock_tick(const struct flow_clock *clock)
{
    return (uint32_t)(clock->now_ns >> FLOW_CLOCK_TICK_LOG);
}

#endif
