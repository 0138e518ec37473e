#include "replay/sender/deadlines.h"

#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/time.h>

/* Sets the timer to the first deadline, never sooner than a millisecond: the loop's own clock is coarse. */
static void arm(struct deadlines *deadlines, uint64_t now_mono_ns)
{
    uint64_t at = deadlines->list.next->at_mono_ns;
    uint64_t wait_ns = at > now_mono_ns + NS_PER_MS ? at - now_mono_ns : NS_PER_MS;
    struct timeval wait = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
                           .tv_usec = (suseconds_t)(wait_ns % NS_PER_S / NS_PER_US)};
    deadlines->armed = event_add(deadlines->timer, &wait) == 0;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct deadlines *deadlines = arg;
    deadlines->armed = false;
    uint64_t now = clock_mono_ns();
    while (deadlines->list.next != &deadlines->list && deadlines->list.next->at_mono_ns <= now) {
        struct deadline *first = deadlines->list.next;
        deadline_stop(first);
        deadlines->expired(first);
    }
    if (!deadlines->armed && deadlines->list.next != &deadlines->list)
        arm(deadlines, now);
}

void deadlines_init(struct deadlines *deadlines, struct event_base *base, uint64_t length_ns,
                    deadline_fn expired)
{
    *deadlines = (struct deadlines){.length_ns = length_ns, .expired = expired};
    deadlines->list.next = deadlines->list.previous = &deadlines->list;
    deadlines->timer = event_new(base, -1, 0, on_timer, deadlines);
    assert(deadlines->timer);
}

void deadlines_done(struct deadlines *deadlines)
{
    if (!deadlines->timer)
        return;
    assert(deadlines->list.next == &deadlines->list);
    event_free(deadlines->timer);
    deadlines->timer = NULL;
}

void deadline_start(struct deadlines *deadlines, struct deadline *deadline, uint64_t now_mono_ns)
{
    assert(!deadline->running);
    struct deadline *last = deadlines->list.previous;
    deadline->at_mono_ns = now_mono_ns + deadlines->length_ns;
    deadline->running = true;
    deadline->previous = last;
    deadline->next = &deadlines->list;
    last->next = deadline;
    deadlines->list.previous = deadline;
    if (!deadlines->armed)
        arm(deadlines, now_mono_ns);
}

void deadline_stop(struct deadline *deadline)
{
    if (!deadline->running)
        return;
    deadline->previous->next = deadline->next;
    deadline->next->previous = deadline->previous;
    deadline->running = false;
}
