/* Which responses answer which requests of a batch that lacks messages: two sequences with holes, of which the messages that
 * belong together have the same place. Of all ways to lay one beside the other that the holes allow, a pair that is in each of them is
 * certain. No I/O, no allocation; the work grows with the product of the two numbers, up to ALIGNMENT_MAX each. */
#ifndef CAPTURE_ALIGNMENT_H
#define CAPTURE_ALIGNMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Messages a side. A longer batch is looked at from its end, as if a hole were before. */
#define ALIGNMENT_MAX  128
#define ALIGNMENT_NONE ((size_t)-1)

/* A message that was seen. */
struct alignment_message {
    bool hole;     /* any number of messages may be lost right before it */
    bool hidden;   /* and at least one was */
    bool optional; /* it may be none */
};

struct alignment_side {
    struct alignment_message messages[ALIGNMENT_MAX];
    size_t count;
    bool hole;   /* any number of messages may be lost behind the last one */
    bool hidden; /* and at least one was */
};

/* Returns whether |response| may answer |request|, counted in the sides from 0. */
typedef bool alignment_may_pair(const void *arg, size_t request, size_t response);

/* Sets ret_request[i] to the request that response i answers for certain, or to ALIGNMENT_NONE: also where no way fits, so that something
 * is not as it was told. */
void alignment_find(const struct alignment_side *requests, const struct alignment_side *responses,
                    alignment_may_pair *may_pair, const void *arg, size_t ret_request[ALIGNMENT_MAX]);

#endif
