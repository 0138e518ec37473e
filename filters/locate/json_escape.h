/* What stands in JSON strings (RFC 8259 §7): escapes, passed, undone and made. */
#ifndef FILTERS_LOCATE_JSON_ESCAPE_H
#define FILTERS_LOCATE_JSON_ESCAPE_H

#include "common/buffer.h"

/* Passes the escape whose backslash is at |at|, before |end|. Returns where it ends, or NULL where it is none; |*ret_cut|
 * is then whether only because the text ends. */
const uint8_t *json_escape_end(const uint8_t *at, const uint8_t *end, bool *ret_cut);
/* Appends |raw|, the inside of a string, to |out| with escapes undone. A lone surrogate keeps its number; where a backslash begins no
 * escape, what follows it is meant. */
void json_unescape(struct bytes raw, struct buffer *out);
/* Appends |value| to |out| as the inside of a string. */
void json_append_escaped(struct bytes value, struct buffer *out);

#endif
