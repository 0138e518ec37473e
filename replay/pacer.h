/* The pacer: calls back at an absolute instant of the monotonic clock, as precisely as the kernel wakes a
 * thread.
 *
 * One timerfd, or the clock looked at again and again, armed at the next intended instant only; nothing is derived from the instant before, so that
 * no error adds up. The timer is set some microseconds ahead, as many as the kernel was seen to need to wake the thread, at most 20 and at most an
 * eighth of the time until then; what is left of them the thread looks at the clock. Owner and caller are the thread that runs the event base. */
#ifndef REPLAY_PACER_H
#define REPLAY_PACER_H

#include "common/error.h"

#include <stdint.h>

struct event_base;
struct pacer;

/* Called when the instant has come; |now_mono_ns| was read just before. Does everything that is due, then
 * arms the next instant with pacer_arm; without that the pacer rests. It may free the pacer as its last act.
 */
typedef void (*pacer_due_fn)(uint64_t now_mono_ns, void *arg);

/* Creates an event base fit for pacing and sending: no locks (one thread), and one priority: libevent runs the first
 * active priority only, so that a pacer above the senders would starve them whenever arrivals are always due. Timers
 * of libevent are for time-outs only: millisecond grain. Returns owned, event_base_free; NULL with |err| on failure. */
struct event_base *pacer_base_create(struct error *err);

/* Creates a pacer on |base| (borrowed) and sets the calling thread's timer slack to 1 ns: call in the thread
 * that runs the loop. Returns 0, or -1 with |err| (no descriptor). */
int pacer_create(struct event_base *base, pacer_due_fn due, void *arg, struct pacer **ret_pacer,
                 struct error *err);
/* Accepts NULL. |due| never runs afterwards. */
void pacer_free(struct pacer *pacer);

/* Calls |due| once at |at_mono_ns|, from the loop, replacing the instant that was armed. An instant that has
 * passed is due at the next turn of the loop. */
void pacer_arm(struct pacer *pacer, uint64_t at_mono_ns);
/* Forgets the armed instant. */
void pacer_disarm(struct pacer *pacer);

/* Makes the pacer spin: it sets no timer, and whoever runs the loop calls pacer_spin before each turn. For a thread that has a
 * processor to itself. */
void pacer_set_spinning(struct pacer *pacer);
enum pacer_spin {
    PACER_OFF,   /* not spinning, or nothing is armed: the loop may sleep */
    PACER_AHEAD, /* the instant is not near: look at the loop without sleeping, then come again */
    PACER_FIRED, /* |due| was called; the pacer may be freed */
};
/* Where the armed instant is less than 20 us away, waits for it without giving the processor up, and calls |due|. */
enum pacer_spin pacer_spin(struct pacer *pacer);

#endif
