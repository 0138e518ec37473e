/* SIGINT and SIGTERM: the first asks for a clean end, the second ends at once. */
#ifndef COMMON_STOP_H
#define COMMON_STOP_H

#include <stdbool.h>

/* Installs the handlers (once a process) and ignores SIGPIPE. The second signal ends the process with
 * _exit(128 + n). */
void stop_install(void);
/* Returns whether a clean end was asked for. Async-signal-safe, thread-safe. */
bool stop_requested(void);
/* Asks for a clean end from within, as a signal would. */
void stop_request(void);
/* Returns a file descriptor that becomes readable when a clean end is asked for, for event loops; never read
 * from it. */
int stop_fd(void);

#endif
