/* Values that a label names in running text, as `password: x`, `"token":"x"` in a log line, or `login(password:"x")` of GraphQL: what stands
 * between a label that the policy knows (as the name of a JSON member) with a colon, and the end of the value. */
#ifndef FILTERS_LOCATE_LABEL_LOCATOR_H
#define FILTERS_LOCATE_LABEL_LOCATOR_H

#include "filters/locate/locate.h"

/* Returns whether something in |text| may be a label. */
bool labels_may_be(struct bytes text);
/* Writes |text| with the values of sensitive labels replaced to |out| (cleared first). A value is what quotes enclose, or one word; of header lines that
 * hold credentials all of the line. Without blank or quotes only passwords and what is emptied count ("user:email" is a scope). A variable of GraphQL, its type and what is no literal there stay. Returns whether anything differs. */
bool labels_locate(struct locator *locator, enum link_place place, struct bytes text, struct buffer *out);

#endif
