/* What somebody can do about a request that failed, where the failure tells. Pure. */
#ifndef REPLAY_SENDER_FAILURE_ADVICE_H
#define REPLAY_SENDER_FAILURE_ADVICE_H

#include <stdbool.h>

/* Returns what to try after a failure with this |detail|, as sender.h has it, to be put behind it ("; ..."); or "". */
const char *failure_advice(const char *detail);
/* Returns whether a failure to connect with this |detail| is for want of something on this machine: local ports, open files, memory. */
bool failure_is_own(const char *detail);

#endif
