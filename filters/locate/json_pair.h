/* Looks over the members of a JSON object for those that may say what its value is (pair_names.h), without taking anything apart. */
#ifndef FILTERS_LOCATE_JSON_PAIR_H
#define FILTERS_LOCATE_JSON_PAIR_H

#include "filters/locate/json_token.h"

/* Passes members of an object from |at| on, after its brace or what this returned. Returns where the next one ends that may hold a name as a
 * string, which |ret_text| gets; NULL where there is none more: |ret_ended| then says whether the object ends before |end|. */
const uint8_t *json_pair_next(const uint8_t *at, const uint8_t *end, struct json_string *ret_text,
                              bool *ret_ended);

#endif
