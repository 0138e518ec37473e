/* The JSON locator once more, the plainest way: one byte after the other, nothing remembered. What json_locator gives is held
 * against it. */
#ifndef TESTS_UNIT_FILTERS_JSON_PLAIN_H
#define TESTS_UNIT_FILTERS_JSON_PLAIN_H

#include "filters/locate/json_locator.h"

/* As json_locate, with |beginning| as json_locate_beginning. */
enum json_locate_result json_plain_locate(struct locator *locator, struct bytes text,
                                          enum json_locate_count count, bool beginning, struct buffer *out);

#endif
