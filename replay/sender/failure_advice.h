/* What somebody can do about a request that failed, where the failure tells. Pure. */
#ifndef REPLAY_SENDER_FAILURE_ADVICE_H
#define REPLAY_SENDER_FAILURE_ADVICE_H

/* Returns what to try after a failure with this |detail|, as sender.h has it, to be put behind it ("; ..."); or "". */
const char *failure_advice(const char *detail);

#endif
