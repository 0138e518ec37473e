/* Where a value stands in a message, and in which coding: finding what a target issued under a name, undoing
 * the coding of the place and putting a value into the coding of another. Views into the message, nothing
 * kept; any bytes are allowed. */
#ifndef REPLAY_PLACES_H
#define REPLAY_PLACES_H

#include "common/buffer.h"
#include "common/exchange.h"

#include <stdbool.h>
#include <stddef.h>

/* Each finds the value number |nth| (from 0) under |name| and returns it as it stands, borrowed. */
bool places_find_set_cookie(struct bytes head, struct bytes name, size_t nth, struct bytes *ret_value);
bool places_find_header(struct bytes head, struct bytes name, size_t nth, struct bytes *ret_value);
/* A member at any depth whose value is a string (returned without its quotes), a number or a literal; the
 * text need not be valid JSON as a whole. */
bool places_find_json(struct bytes body, struct bytes name, size_t nth, struct bytes *ret_value);
bool places_find_form(struct bytes body, struct bytes name, size_t nth, struct bytes *ret_value);
/* A parameter of a URL, in the Location or anywhere in |body|, as it stands there: JSON, HTML or text; a value that comes again is one. */
bool places_find_param(struct bytes head, struct bytes body, struct bytes name, size_t nth,
                       struct bytes *ret_value);

/* Takes "name=value" from the front of a Cookie value. Returns false at the end. */
bool places_next_cookie(struct bytes *cookies, struct bytes *ret_name, struct bytes *ret_value);

/* Appends |raw| without the coding of |place|: percent escapes (cookie, path, query, form), JSON escapes. */
void places_decode(enum link_place place, struct bytes raw, struct buffer *out);
/* Returns whether there is a control character in it, which no header line can carry (RFC 9110 §5.5). */
bool places_has_control(struct bytes plain);
/* Appends |plain| in the coding of |place|. Returns false, with nothing appended, where it cannot stand
 * there (control bytes in a header or cookie). */
bool places_encode(enum link_place place, struct bytes plain, struct buffer *out);

#endif
