/* The names of members in JSON text, without regard to what they are members of. */
#ifndef FILTERS_LOCATE_JSON_NAMES_H
#define FILTERS_LOCATE_JSON_NAMES_H

#include "common/buffer.h"

#include <stdbool.h>

/* Takes the next name from |text|, which is valid JSON or a beginning of it, decoded, into |ret_name| (cleared first). Returns false at the end. */
bool json_names_next(struct bytes *text, struct buffer *ret_name);

#endif
