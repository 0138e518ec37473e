/* Turns on the processor. A capture works beside the server that it watches: where both want a processor, the server should not
 * wait for long. */
#ifndef CAPTURE_SHORT_TURNS_H
#define CAPTURE_SHORT_TURNS_H

/* Asks the scheduler for turns of a tenth of a millisecond instead of some milliseconds for the calling thread and those
 * that it starts, so that whoever
 * wakes up beside it gets the processor soon (EEVDF, Linux 6.12 and later; elsewhere nothing changes). */
void short_turns_take(void);

#endif
