/* The schedule: at which instant the k-th request is meant to be sent, in nanoseconds since the run's start.
 *
 * Instants are absolute and computed from k or from the recorded start alone, never from the instant before,
 * so nothing adds up. Integers of 128 bits throughout: a rate is requests in 10^6 seconds, so that 0.5/s is exact,
 * and rate * nanoseconds are requests * 10^15.
 *
 * A rate is a profile of phases, in each of which it changes evenly: N(t), its integral, says how many requests are due
 * by t, and the k-th instant is the first t with N(t) >= k. Poisson arrivals have k replaced by a sum of k exponential
 * gaps of mean 1 (inversion: arrivals of the right intensity at any rate). Equal seeds give equal instants. Pure; one
 * thread. */
#ifndef REPLAY_SCHEDULE_H
#define REPLAY_SCHEDULE_H

#include "common/buffer.h"
#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schedule_mode {
    SCHEDULE_RECORDED, /* recorded arrivals, scaled by a speed */
    SCHEDULE_RATE,     /* a profile of rates */
    SCHEDULE_MAX,      /* closed loop: no instants */
};

/* Smallest and largest values. */
#define SCHEDULE_RATE_MIN   1e-6
#define SCHEDULE_RATE_MAX   1e9
#define SCHEDULE_SPEED_MIN  1e-6
#define SCHEDULE_SPEED_MAX  1e6
#define SCHEDULE_PHASES_MAX 64
/* A phase lasts at most so long: 1000 days. */
#define SCHEDULE_PHASE_NS_MAX (UINT64_C(1000) * 86400 * 1000000000)

/* A part of a profile, in which the rate goes evenly from one value to another. */
struct schedule_phase {
    uint64_t from_per_million_s, to_per_million_s; /* requests in 10^6 seconds; not both 0 */
    uint64_t length_ns;                            /* above 0 */
};

/* What is asked for. Open; zero-initialised is the recorded timing at an unset speed. */
struct schedule_plan {
    enum schedule_mode mode;
    double speed;        /* SCHEDULE_RECORDED: 2 is twice as fast */
    uint64_t max_gap_ns; /* SCHEDULE_RECORDED: longer silences are cut to this, as replayed; 0: they stay */
    struct schedule_phase phases[SCHEDULE_PHASES_MAX + 1]; /* SCHEDULE_RATE */
    size_t phase_count;
    uint64_t last_per_million_s; /* the rate after the phases; above 0 */
    bool ends; /* they are all that is wanted: nothing is to be fired after schedule_plan_length_ns */
    uint64_t ramp_up_ns; /* how long it goes up from a tenth of the pace that is asked for first; 0: not */
    bool poisson;
    uint64_t seed;
};

/* Makes a constant rate of |per_s|. */
void schedule_plan_rate(struct schedule_plan *plan, double per_s);
/* Reads "A..B/T": from A to B requests/s in the time T, then B. Returns 0, or -1 with |err| (usage). */
int schedule_plan_ramp(struct schedule_plan *plan, const char *text, struct error *err);
/* Reads "A,B,C/T": A requests/s for the time T, then B, then C, which goes on. Returns 0, or -1 with |err| (usage). */
int schedule_plan_steps(struct schedule_plan *plan, const char *text, struct error *err);
/* Has |plan|, which is no closed loop and complete otherwise, begin with |length_ns| (above 0) in which the pace goes up evenly from a tenth of the
 * rate, or speed, that it would begin with. */
void schedule_plan_ramp_up(struct schedule_plan *plan, uint64_t length_ns);
/* Returns the rate a second that a profile begins with; 0: it is none. */
double schedule_plan_first_rate(const struct schedule_plan *plan);
/* Returns how long the phases of a profile last. */
uint64_t schedule_plan_length_ns(const struct schedule_plan *plan);
/* Appends what |plan| is in words: "recorded timing x 2", "100 to 500 requests/s in 60 s, then 500", "maximum". */
void schedule_plan_describe(const struct schedule_plan *plan, struct buffer *out);

/* Where a schedule stands. Open; schedule_init fills it. */
struct schedule {
    struct schedule_plan plan;
    uint64_t k;       /* requests given an instant so far */
    uint64_t last_ns; /* the last instant given */

    /* Recorded timing. */
    uint64_t speed_per_million;
    uint64_t max_gap_ns;   /* in recorded time */
    uint64_t first_ns;     /* recorded start of the iteration's first request */
    uint64_t before_ns;    /* of the request before */
    uint64_t cut_ns;       /* silence taken out of this iteration */
    uint64_t base_ns;      /* instant at which this iteration began, without a ramp-up */
    uint64_t recorded_ns;  /* the last instant given, without a ramp-up */
    uint64_t in_iteration; /* requests of this iteration so far */

    /* A profile. */
    size_t phase;              /* in which the last instant was */
    uint64_t phase_ns;         /* where it began */
    unsigned __int128 phase_n; /* requests * 10^15 due until then */
    unsigned __int128 sum;     /* Poisson: of the gaps, * 10^15 */
    uint64_t random;
};

void schedule_init(struct schedule *schedule, const struct schedule_plan *plan);
/* Returns the instant of the next request, recorded at |recorded_wall_ns|; never before the one given last. */
uint64_t schedule_next(struct schedule *schedule, uint64_t recorded_wall_ns);
/* Begins the next iteration: recorded arrivals go on after the last one by the iteration's mean gap; rates just go on. */
void schedule_loop(struct schedule *schedule);

#endif
