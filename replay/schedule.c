#include "replay/schedule.h"

#include <assert.h>
#include <math.h>

#define NS_PER_MILLION_S UINT64_C(1000000000000000) /* nanoseconds in 10^6 seconds */

void schedule_init(struct schedule *schedule, enum schedule_mode mode, double value)
{
    *schedule = (struct schedule){.mode = mode};
    switch (mode) {
    case SCHEDULE_RECORDED:
        assert(value >= SCHEDULE_SPEED_MIN && value <= SCHEDULE_SPEED_MAX);
        schedule->speed = value;
        break;
    case SCHEDULE_RATE:
        assert(value >= SCHEDULE_RATE_MIN && value <= SCHEDULE_RATE_MAX);
        schedule->per_million_s = (uint64_t)llround(value * 1e6);
        break;
    case SCHEDULE_MAX:
        break;
    }
}

static uint64_t rate_instant(const struct schedule *schedule)
{
    unsigned __int128 ns = (unsigned __int128)schedule->k * NS_PER_MILLION_S / schedule->per_million_s;
    return ns > INT64_MAX ? INT64_MAX : (uint64_t)ns;
}

static uint64_t recorded_instant(struct schedule *schedule, uint64_t recorded_wall_ns)
{
    if (!schedule->in_iteration)
        schedule->first_ns = recorded_wall_ns;
    uint64_t offset_ns = recorded_wall_ns > schedule->first_ns ? recorded_wall_ns - schedule->first_ns : 0;
    if (schedule->speed == 1.0)
        return schedule->base_ns + offset_ns;
    long double scaled = (long double)offset_ns / (long double)schedule->speed;
    return scaled > (long double)(INT64_MAX / 2) ? INT64_MAX / 2 : schedule->base_ns + (uint64_t)scaled;
}

uint64_t schedule_next(struct schedule *schedule, uint64_t recorded_wall_ns)
{
    uint64_t at_ns = 0;
    switch (schedule->mode) {
    case SCHEDULE_RECORDED:
        at_ns = recorded_instant(schedule, recorded_wall_ns);
        break;
    case SCHEDULE_RATE:
        at_ns = rate_instant(schedule);
        break;
    case SCHEDULE_MAX:
        break;
    }
    if (at_ns < schedule->last_ns)
        at_ns = schedule->last_ns;
    schedule->last_ns = at_ns;
    schedule->k++;
    schedule->in_iteration++;
    return at_ns;
}

void schedule_loop(struct schedule *schedule)
{
    if (schedule->in_iteration > 1) {
        uint64_t span_ns = schedule->last_ns - schedule->base_ns;
        schedule->base_ns = schedule->last_ns + span_ns / (schedule->in_iteration - 1);
    } else {
        schedule->base_ns = schedule->last_ns;
    }
    schedule->in_iteration = 0;
}
