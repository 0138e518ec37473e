/* What personal values that are known by their names become: a value that looks like a card number under the name of one becomes the same fake as
 * where only its look tells, so that who checks it takes it and it is one value everywhere. What has no such look becomes its pseudonym. */
#ifndef FILTERS_PERSONAL_H
#define FILTERS_PERSONAL_H

#include "filters/locate/locate.h"

/* Zero it; release with personal_done. One thread at a time. */
struct personal {
    struct detector detector; /* of values of ours, too */
};

/* Releases the memory. */
void personal_done(struct personal *personal);
/* Returns the rule by which |atom|, which |locator| replaces, becomes a fake: that of what all of the value is by its look. NULL where there is none, or where it
 * is not personal by its name. Borrowed from the policy. Values of header lines have none: addresses of clients stay opaque. */
const struct policy_rule *personal_rule(struct personal *personal, const struct locator *locator,
                                        const struct atom *atom);

#endif
