/* What tests of a sanitizer under the built-in policy stand on: set up before the group, torn down behind it. */
#ifndef TESTS_UNIT_FILTERS_SANITIZE_KIT_H
#define TESTS_UNIT_FILTERS_SANITIZE_KIT_H

#include "filters/key.h"
#include "filters/sanitize.h"

extern struct keys *keys; /* random */
extern struct sanitizer *sanitizer;
extern struct exchange exchange; /* for the tests' use; freed at the end */

int sanitize_kit_set_up(void **state);
int sanitize_kit_tear_down(void **state);

#endif
