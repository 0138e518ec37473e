/* What a thread asks of the kernel's scheduler. */
#ifndef COMMON_SCHEDULING_H
#define COMMON_SCHEDULING_H

/* Asks for short turns for the calling thread (EEVDF, Linux 6.12 and later): it gets its share often and in pieces of a tenth of a millisecond, so
 * that it runs soon after it wakes up. Whoever wakes up beside it may all the same wait for a tick: see scheduling_give_way. Threads that it creates ask for the same. A kernel that
 * does not know it refuses or ignores it. */
void scheduling_ask_for_short_turns(void);

/* Lets the other threads of the process go first where the calling one shares a processor with them, for good: one that has done much in
 * short turns would else have to wait until this one had its share. A wish as well. */
void scheduling_stand_back(void);
/* Lets whoever waits for this processor run first. To be called each 50 us or so of long work that nobody waits for: a turn that has begun is
 * not always taken away before the kernel's next tick, up to 4 ms later. |arg| means nothing. */
void scheduling_give_way(void *arg);

#endif
