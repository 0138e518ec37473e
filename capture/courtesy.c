#include "capture/courtesy.h"

#include "common/scheduling.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Steps, since between all and nothing the server's rate would go up and down with the buffers. */
static const int nice_of_eighths[COURTESY_FULL + 1] = {19, 10, 5, 5, 0, 0, 0, 0, 0};

int courtesy_nice(unsigned eighths)
{
    return nice_of_eighths[eighths > COURTESY_FULL ? COURTESY_FULL : eighths];
}

static void set(struct courtesy *courtesy, int nice)
{
    char text[8];
    int size = snprintf(text, sizeof text, "%d", nice);
    if (write(courtesy->fd, text, (size_t)size) == size)
        courtesy->nice = nice;
}

void courtesy_begin(struct courtesy *courtesy)
{
    *courtesy = (struct courtesy){.fd = -1};
    scheduling_ask_for_short_turns();
    if (setsid() < 0)
        return; /* the group would be shared with whoever started us */
    courtesy->fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (courtesy->fd >= 0)
        set(courtesy, courtesy_nice(0));
}

void courtesy_look(struct courtesy *courtesy, unsigned eighths)
{
    int nice = courtesy_nice(eighths);
    atomic_store_explicit(&courtesy->insists, eighths > 0, memory_order_relaxed);
    if (courtesy->fd >= 0 && nice != courtesy->nice)
        set(courtesy, nice);
}

void courtesy_give_way(struct courtesy *courtesy)
{
    if (!atomic_load_explicit(&courtesy->insists, memory_order_relaxed))
        scheduling_give_way(NULL);
}

void courtesy_end(struct courtesy *courtesy)
{
    if (courtesy->fd >= 0)
        close(courtesy->fd);
    courtesy->fd = -1;
}
