#include "common/scheduling.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TURN_NS 100000 /* the shortest that the scheduler takes */
#define BACK_BY 15     /* steps of niceness: a twenty-eighth of the weight */

void scheduling_ask_for_short_turns(void)
{
    struct sched_attr attributes = {
        .size = sizeof attributes,
        .sched_policy = SCHED_NORMAL,
        .sched_runtime = TURN_NS,
    };
    (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void scheduling_give_way(void *arg)
{
    (void)arg;
    (void)syscall(SYS_sched_yield);
}

void scheduling_stand_back(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), getpriority(PRIO_PROCESS, 0) + BACK_BY);
}
