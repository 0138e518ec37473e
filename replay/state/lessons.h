/* What a linker learns from in the head of an answer. */
#ifndef REPLAY_STATE_LESSONS_H
#define REPLAY_STATE_LESSONS_H

#include "common/buffer.h"

#include <stdbool.h>

/* By the first letters of the fields' names, which is enough to tell that there is nothing of a kind: most answers have nothing at all. */
struct lessons {
    bool cookies, validators, places;
};

/* Returns what |head| (status line to empty line, or nothing) may hold. */
struct lessons lessons_of(struct bytes head);

#endif
