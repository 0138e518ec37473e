#include "replay/pacer.h"

#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct pacer {
    int fd;
    struct event *event;
    pacer_due_fn due;
    void *arg;
    bool armed;
    bool spinning;
    uint64_t at_mono_ns; /* the armed instant */
    uint64_t early_ns; /* how long before it the timer is to be set: what waking up takes, as it is learned */
    bool learns;       /* the timer was set so */
    bool *freed;       /* where the callback that runs now learns that it freed the pacer */
};

struct event_base *pacer_base_create(struct error *err)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config) {
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
        event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
        base = event_base_new_with_config(config);
        event_config_free(config);
    }
    if (!base)
        error_set(err, ERROR_IO, "cannot create an event loop");
    return base;
}

/* So long before its instant the pacer looks at nothing but the clock. */
#define SPIN_NS (20 * NS_PER_US)
/* What that may take of the time until the instant. */
#define EARLY_SHARE 8
/* Steps of learning: in balance where seven of ten times the thread is awake when the instant comes. */
#define LATER_NS   300
#define EARLIER_NS 700

static void set_timer(struct pacer *pacer, uint64_t at_mono_ns)
{
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(at_mono_ns / NS_PER_S), .tv_nsec = (long)(at_mono_ns % NS_PER_S)}};
    int status = timerfd_settime(pacer->fd, TFD_TIMER_ABSTIME, &when, NULL);
    assert(status == 0);
    (void)status;
}

/* Calls |due|. Returns whether the pacer is still there. */
static bool call_due(struct pacer *pacer, uint64_t now_mono_ns)
{
    bool freed = false;
    pacer->freed = &freed;
    pacer->armed = false;
    pacer->due(now_mono_ns, pacer->arg);
    if (!freed)
        pacer->freed = NULL;
    return !freed;
}

static void learn(struct pacer *pacer, bool in_time)
{
    if (!pacer->learns)
        return;
    if (in_time)
        pacer->early_ns -= pacer->early_ns < LATER_NS ? pacer->early_ns : LATER_NS;
    else if (pacer->early_ns + EARLIER_NS <= SPIN_NS)
        pacer->early_ns += EARLIER_NS;
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct pacer *pacer = arg;
    if (!pacer->armed) {
        set_timer(pacer, 0);
        return;
    }
    uint64_t now_ns = clock_mono_ns();
    if (now_ns + SPIN_NS < pacer->at_mono_ns)
        return; /* armed anew by another callback of this turn; the timer is set */
    learn(pacer, now_ns < pacer->at_mono_ns);
    while (now_ns < pacer->at_mono_ns)
        now_ns = clock_mono_ns();
    if (!call_due(pacer, now_ns))
        return;
    /* Arming again makes the descriptor unreadable, which saves the read(2). */
    if (!pacer->armed)
        set_timer(pacer, 0);
}

int pacer_create(struct event_base *base, pacer_due_fn due, void *arg, struct pacer **ret_pacer,
                 struct error *err)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_IO, errno, "cannot create a timer");
    prctl(PR_SET_TIMERSLACK, 1UL);
    struct pacer *pacer = xcalloc(1, sizeof *pacer);
    *pacer = (struct pacer){.fd = fd, .due = due, .arg = arg};
    pacer->event = event_new(base, fd, EV_READ | EV_PERSIST, on_due, pacer);
    if (!pacer->event || event_add(pacer->event, NULL) < 0) {
        pacer_free(pacer);
        return error_set(err, ERROR_IO, "cannot watch a timer");
    }
    *ret_pacer = pacer;
    return 0;
}

void pacer_free(struct pacer *pacer)
{
    if (!pacer)
        return;
    if (pacer->freed)
        *pacer->freed = true;
    if (pacer->event)
        event_free(pacer->event);
    close(pacer->fd);
    free(pacer);
}

void pacer_arm(struct pacer *pacer, uint64_t at_mono_ns)
{
    pacer->armed = true;
    pacer->at_mono_ns = at_mono_ns;
    if (pacer->spinning)
        return;
    uint64_t now_ns = clock_mono_ns(), rest_ns = at_mono_ns > now_ns ? at_mono_ns - now_ns : 0;
    pacer->learns = pacer->early_ns + EARLIER_NS <= rest_ns / EARLY_SHARE;
    uint64_t early_ns = pacer->learns ? pacer->early_ns : rest_ns / EARLY_SHARE;
    if (early_ns > pacer->early_ns)
        early_ns = pacer->early_ns;
    set_timer(pacer, at_mono_ns > early_ns ? at_mono_ns - early_ns : 1); /* 0 would disarm */
}

void pacer_disarm(struct pacer *pacer)
{
    pacer->armed = false;
    if (!pacer->spinning)
        set_timer(pacer, 0);
}

void pacer_set_spinning(struct pacer *pacer)
{
    assert(!pacer->armed);
    pacer->spinning = true;
}

enum pacer_spin pacer_spin(struct pacer *pacer)
{
    if (!pacer->spinning || !pacer->armed)
        return PACER_OFF;
    uint64_t now_ns = clock_mono_ns();
    if (now_ns + SPIN_NS < pacer->at_mono_ns)
        return PACER_AHEAD;
    while (now_ns < pacer->at_mono_ns)
        now_ns = clock_mono_ns();
    call_due(pacer, now_ns);
    return PACER_FIRED;
}
