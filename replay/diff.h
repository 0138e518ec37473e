/* What a result says beside its original. */
#ifndef REPLAY_DIFF_H
#define REPLAY_DIFF_H

#include "replay/result.h"

/* How a result compares. The first five are pairs: both sides are known. */
enum diff {
    DIFF_SAME,        /* same status, or 200 and 304 by an unlinked validator */
    DIFF_CHANGED,     /* another status of the same class */
    DIFF_BETTER,      /* a better class */
    DIFF_WORSE,       /* a worse class */
    DIFF_FAILED,      /* no complete answer: worse than any class */
    DIFF_CREDENTIALS, /* 401, 403 or a login page for credentials that the target does not know: not judged */
    DIFF_FILLED, /* fired with filler for a body: its answer is to another request than the recorded one */
    DIFF_NO_ORIGINAL, /* fired, but the recording holds no answer to compare with */
    DIFF_NOT_FIRED,
};

/* Compares |result| with its original. Classes from good to bad: 1xx and 2xx with 304, other 3xx, 4xx, 5xx
 * and what is no status. */
enum diff diff_classify(const struct result *result);
/* Whether |diff| is a pair. */
bool diff_is_pair(enum diff diff);
/* Whether |diff| is a change of class for the worse, failures included. */
bool diff_is_worse(enum diff diff);
/* Whether the latencies of both sides may be compared: both answered, with the same class. A fast error must
 * not better a quantile. */
bool diff_is_comparable(enum diff diff);

#endif
