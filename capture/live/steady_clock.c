#include "capture/live/steady_clock.h"

static uint64_t distance(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static void apply(struct steady_clock *clock)
{
    clock->correction_ns += clock->pending_ns;
    clock->pending_ns = 0;
}

void steady_clock_look(struct steady_clock *clock, uint64_t wall_ns, uint64_t mono_ns, bool idle)
{
    int64_t offset_ns = (int64_t)wall_ns - (int64_t)mono_ns;
    if (clock->started && distance(offset_ns, clock->offset_ns) > STEADY_CLOCK_STEP_NS) {
        clock->pending_ns += offset_ns - clock->offset_ns;
        clock->steps++;
    }
    if (idle || !clock->started) {
        apply(clock);
        clock->last_stamp_ns = (int64_t)wall_ns;
    }
    clock->started = true;
    clock->offset_ns = offset_ns;
}

uint64_t steady_clock_take(struct steady_clock *clock, uint64_t stamp_ns)
{
    int64_t stamp = (int64_t)stamp_ns;
    int64_t last = clock->last_stamp_ns;
    if (clock->pending_ns != 0 && distance(stamp, last + clock->pending_ns) < distance(stamp, last))
        apply(clock);
    clock->last_stamp_ns = stamp;
    return (uint64_t)(stamp - clock->correction_ns);
}

uint64_t steady_clock_now(const struct steady_clock *clock, uint64_t wall_ns)
{
    return (uint64_t)((int64_t)wall_ns - clock->correction_ns - clock->pending_ns);
}
