/* Courtesy of a live capture towards the server that it works beside: it takes processor time that others leave over, and
 * insists on more only as far as packets begin to wait, step by step, before they are lost. */
#ifndef CAPTURE_COURTESY_H
#define CAPTURE_COURTESY_H

#include <stdatomic.h>
#include <stdint.h>

/* How far a buffer is filled is told in eighths of it. */
#define COURTESY_FULL 8

struct courtesy {
    int fd;              /* of the process's autogroup (sched(7)); -1: there is none, all stays as it is */
    int nice;            /* of it, as far as it could be set */
    atomic_bool insists; /* something waits for us; any thread reads it */
};

/* Makes the process the leader of a session of its own, whose processor time Linux weighs apart from all others' (autogroup),
 * and gives it the least weight, as nice 19. Its threads ask for short turns (EEVDF, Linux 6.12 and later), so that they get their small share often, however busy the
 * machine is. Call it before the sandbox and before any thread; never in a process that leads a process group. What a
 * kernel does not have is left out. Where control groups share out the processor, their weights count and not these. */
void courtesy_begin(struct courtesy *courtesy);
/* Returns the nice value for buffers that are filled by |eighths| (0 to COURTESY_FULL): 19 while they are empty, 0, the
 * weight of anybody else, from half on. */
int courtesy_nice(unsigned eighths);
/* Insists as far as |eighths| asks for; cheap where nothing changes. What the kernel refuses (it takes ten changes a second) comes with a
 * later call. */
void courtesy_look(struct courtesy *courtesy, unsigned eighths);
/* Lets whoever waits for this processor run before the calling thread goes on, unless the capture insists. To be called each few dozen
 * microseconds of work: a turn that has begun is not always taken away before the kernel's next tick, up to 4 ms later. A live capture only. */
void courtesy_give_way(struct courtesy *courtesy);
void courtesy_end(struct courtesy *courtesy);

#endif
