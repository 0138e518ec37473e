/* Where a rule of a policy file finds its values: "request.header.X-Key", "json:$.user.email", "path:/users/{id}". */
#ifndef FILTERS_POLICY_POLICY_LOCATION_H
#define FILTERS_POLICY_POLICY_LOCATION_H

#include "filters/policy/policy_build.h"

/* Lets the rule |number| locate |location|, which the policy owns. On failure |err| says what is wrong with it. */
int policy_location_add(struct policy *policy, uint16_t number, struct bytes location, struct error *err);

#endif
