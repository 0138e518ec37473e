/* `rehearse policy --explain`: what a policy does to exchanges, value by value; see rehearse-policy(1). */
#ifndef FILTERS_VERBS_EXPLAIN_H
#define FILTERS_VERBS_EXPLAIN_H

#include "common/options.h"
#include "filters/key.h"
#include "filters/policy/policy.h"

struct explain_options {
    const struct policy *policy;
    const struct keys
        *keys; /* NULL: keys of this run, under which pseudonyms of the traffic are known all the same */
    const struct option_texts *paths; /* of traffic; none: exchanges as JSON on standard input */
    bool json;
    uint64_t limit; /* exchanges; 0: all */
};

/* Prints what becomes of each value, and then what each rule touched, to standard output. */
int explain(const struct explain_options *options, struct error *err);

#endif
