/* The schedule: at which instant the k-th request is meant to be sent, in nanoseconds since the run's start.
 *
 * Instants are absolute and computed from k or from the recorded start alone, never from the instant before,
 * so nothing adds up: constant rates are k * 10^9 / N in integers of 128 bits. Pure; one thread. */
#ifndef REPLAY_SCHEDULE_H
#define REPLAY_SCHEDULE_H

#include <stdint.h>

enum schedule_mode {
    SCHEDULE_RECORDED, /* recorded arrivals, scaled by a speed */
    SCHEDULE_RATE,     /* constant rate */
    SCHEDULE_MAX,      /* closed loop: no instants */
};

/* Open; schedule_init fills it. */
struct schedule {
    enum schedule_mode mode;
    double speed;           /* SCHEDULE_RECORDED: 2 is twice as fast */
    uint64_t per_million_s; /* SCHEDULE_RATE: requests in 10^6 seconds, so that 0.5/s is exact */
    uint64_t k;             /* requests given an instant so far */
    uint64_t first_ns;      /* recorded start of the iteration's first request; 0: not known yet */
    uint64_t base_ns;       /* instant at which this iteration began */
    uint64_t in_iteration;  /* requests of this iteration so far */
    uint64_t last_ns;       /* the last instant given */
};

/* Smallest and largest values that schedule_init takes. */
#define SCHEDULE_RATE_MIN  1e-6
#define SCHEDULE_RATE_MAX  1e9
#define SCHEDULE_SPEED_MIN 1e-6
#define SCHEDULE_SPEED_MAX 1e6

/* |value| is the speed or the rate per second; 0 for SCHEDULE_MAX. */
void schedule_init(struct schedule *schedule, enum schedule_mode mode, double value);
/* Returns the instant of the next request, recorded at |recorded_wall_ns|; never before the one given last. */
uint64_t schedule_next(struct schedule *schedule, uint64_t recorded_wall_ns);
/* Begins the next iteration: recorded arrivals go on after the last one by the iteration's mean gap. */
void schedule_loop(struct schedule *schedule);

#endif
