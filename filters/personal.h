/* What personal values that are known by their names become: a value that looks like a card number under the name of one becomes the same fake as
 * where only its look tells, so that who checks it takes it and it is one value everywhere. A date of birth becomes a date long ago. What has no such
 * look becomes its pseudonym. */
#ifndef FILTERS_PERSONAL_H
#define FILTERS_PERSONAL_H

#include "filters/locate/locate.h"

#define PERSONAL_SLOTS      64 /* a power of two */
#define PERSONAL_VALUE_SIZE 48 /* longer values are none of these */
#define PERSONAL_NAME_SIZE  32
#define PERSONAL_FAKE_SIZE  64

/* What became of a value under a name, the latest of a slot: traffic repeats the numbers of its users. */
struct personal_memo {
    uint8_t value[PERSONAL_VALUE_SIZE], name[PERSONAL_NAME_SIZE], fake[PERSONAL_FAKE_SIZE];
    uint8_t value_size, name_size, fake_size; /* the first is 0: the slot is empty */
    const struct policy_rule *rule;
};

/* Zero it; release with personal_done. One thread at a time, one policy and one set of keys. */
struct personal {
    struct detector detector; /* of values of ours, too */
    struct personal_memo memos[PERSONAL_SLOTS];
    const struct exchange *
        exchange; /* borrowed; whose credential, noted so far, says whose dates of birth are in it. NULL: nothing does */
};

/* Wipes and releases the memory. */
void personal_done(struct personal *personal);
/* Appends the fake that |atom|, which |locator| replaces, becomes by what all of it is by its look, made with |keys|, to |out|, and returns the rule that says
 * so, borrowed from the policy. Returns NULL where there is none, or where |atom| is not personal by its name. Values of header lines have none: addresses of
 * clients stay opaque. */
const struct policy_rule *personal_put(struct personal *personal, const struct locator *locator,
                                       const struct keys *keys, const struct atom *atom, struct buffer *out);

#endif
