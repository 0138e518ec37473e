/* Keeps the times of packets steady while the wall clock is set: what was recorded before and after a step stays in order, latencies stay
 * latencies and no connection grows old at once. Times go on as if the clock had never been set since the capture began. Pure: the two
 * clocks are handed in. */
#ifndef CAPTURE_LIVE_STEADY_CLOCK_H
#define CAPTURE_LIVE_STEADY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A change of the clocks' distance by more than this between two looks is a step; less is the clock being slewed. */
#define STEADY_CLOCK_STEP_NS UINT64_C(50000000)

/* Algorithm: each look compares the wall clock with one that is never set. A step that was noticed is taken off the packets from the first one
 * on whose stamp lies nearer to the last one's place after the step than before it. Zero-initialised is valid. */
struct steady_clock {
    bool started;
    int64_t offset_ns;     /* of the wall clock to the other at the last look */
    int64_t pending_ns;    /* a step that no packet has shown yet */
    int64_t correction_ns; /* what is taken off every stamp */
    int64_t last_stamp_ns; /* the last packet's, as stamped, or the last idle look's */
    uint64_t steps;
};

/* Looks at both clocks: |wall_ns| and |mono_ns| (a clock that also counts while the machine sleeps). Call it before the stamps of a block are
 * read, so that no packet is stamped later than the last look. Where no packet waits (|idle|), what comes next is stamped after the step. */
void steady_clock_look(struct steady_clock *clock, uint64_t wall_ns, uint64_t mono_ns, bool idle);
/* Returns the steady time of a packet stamped at |stamp_ns|. */
uint64_t steady_clock_take(struct steady_clock *clock, uint64_t stamp_ns);
/* Returns the steady time that is |wall_ns| now. */
uint64_t steady_clock_now(const struct steady_clock *clock, uint64_t wall_ns);

#endif
