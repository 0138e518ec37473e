/* Dialogues with times, and the exchanges and counts that pairing makes of them. Names that begin with a number and a letter
 * are rows of the 90 cases (tests/unit/common/http1_cases.h). */
#ifndef TESTS_UNIT_CAPTURE_PAIRING_CASES_H
#define TESTS_UNIT_CAPTURE_PAIRING_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIALOGUE_STEPS = 12 };

/* A packet of |side| at |ms|, or a hole where |gap| is set. */
struct step {
    char
        side; /* 'C' or 'S', 'c' or 's' where that side's stream ends, 'x' where the capture does, 0: no more */
    unsigned ms;
    const char *data;
    uint64_t gap;
};

struct dialogue {
    const char *name;
    bool midstream;
    struct step steps[DIALOGUE_STEPS];
    const char *
        expected; /* a line an exchange, then seen/recorded/filtered requests, seen/paired/orphaned responses */
};

extern const struct dialogue pairing_dialogues[];
extern const size_t pairing_dialogue_count;

#endif
