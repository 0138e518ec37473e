/* Time-outs for many requests at the cost of none: all of one queue last equally long, so that they expire in the
 * order of their start; one timer of the loop watches the first, and starting or stopping one touches a list only. */
#ifndef REPLAY_SENDER_DEADLINES_H
#define REPLAY_SENDER_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct event_base;

/* Embedded in what may expire. Zeroed is stopped. */
struct deadline {
    struct deadline *previous;
    struct deadline *next;
    uint64_t at_mono_ns;
    bool running;
};

/* Called from the loop for a deadline that has passed; it is stopped already. May start and stop any. */
typedef void (*deadline_fn)(struct deadline *deadline);

struct deadlines {
    struct event *timer;
    uint64_t length_ns;
    deadline_fn expired;
    struct deadline list; /* ring: list.next is the first to expire */
    bool armed;
};

/* Sets up a queue of deadlines that last |length_ns|. Must not move afterwards. */
void deadlines_init(struct deadlines *deadlines, struct event_base *base, uint64_t length_ns,
                    deadline_fn expired);
/* Frees the timer; none may be running. */
void deadlines_done(struct deadlines *deadlines);

/* Starts |deadline| (which must be stopped) at |now_mono_ns|. */
void deadline_start(struct deadlines *deadlines, struct deadline *deadline, uint64_t now_mono_ns);
/* Stops it; does nothing where it is not running. */
void deadline_stop(struct deadline *deadline);

#endif
