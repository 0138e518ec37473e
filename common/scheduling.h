/* What a thread asks of the kernel's scheduler. */
#ifndef COMMON_SCHEDULING_H
#define COMMON_SCHEDULING_H

/* Asks for short turns for the calling thread (EEVDF, Linux 6.12 and later): it gets its share often and in pieces of a tenth of a millisecond, so
 * that it runs soon after it wakes up, and whoever wakes up beside it waits for no longer. Threads that it creates ask for the same. A kernel that
 * does not know it refuses or ignores it. */
void scheduling_ask_for_short_turns(void);

#endif
