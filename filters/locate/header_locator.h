/* Values in header fields, each by the shape that the policy gives its name. */
#ifndef FILTERS_LOCATE_HEADER_LOCATOR_H
#define FILTERS_LOCATE_HEADER_LOCATOR_H

#include "filters/locate/locate.h"

/* Appends the header |value| (folded lines joined, no white space around it) of a header called |name| with
 * what |rule| says replaced. */
void header_locate(struct locator *locator, struct policy_decision rule, struct bytes name,
                   struct bytes value, struct buffer *out);

#endif
