/* Pairs in which one member says what another one is, as {"name":"password","value":"x"}: forms, headers, cookies and attributes in JSON. */
#ifndef FILTERS_POLICY_PAIR_NAMES_H
#define FILTERS_POLICY_PAIR_NAMES_H

#include "common/buffer.h"

#include <stdbool.h>

#define PAIR_NAME_MAX 64 /* a longer text names nothing */

/* Returns whether |text| can name something: letters, digits, blanks and what parts the words of a name. */
bool pair_names_is_name(struct bytes text);
/* Returns whether a member called |name| may hold the name of another one ("name", "key", "fieldId"). */
bool pair_names_name(struct bytes name);
/* Returns whether one called |name| is a value of which another may say what it is ("value", "val", "v", "stringValue"). */
bool pair_names_value(struct bytes name);

#endif
