/* Endpoints: method and path template under which figures are grouped, "GET /users/{id}/orders".
 *
 * Lexical and stateless, so that any machine and any order gives the same names. A path segment becomes {id}
 * where it is a number or a date, a UUID, hexadecimal (8 or more with a digit, or 16 or more), a pseudonym,
 * an e-mail address, a prefixed id (ord_8f3k2j1h9g), or long and opaque. Query, fragment and matrix
 * parameters
 * (";jsessionid=") are dropped, and so is the authority of the absolute form. A file extension behind an id
 * stays: "{id}.json".
 *
 * The text is printable ASCII without spaces in the path: unreserved characters stand as themselves (%41 is
 * A), everything else is percent-encoded, '{' and '}' included, so no request can imitate a template. */
#ifndef COMMON_ENDPOINT_H
#define COMMON_ENDPOINT_H

#include "common/buffer.h"

/* Under which name endpoints past the limit on distinct ones are grouped (replay/stats/stats.h counts). */
#define ENDPOINT_OTHER "(other)"

/* Most path segments that are told apart; what follows is "/...". */
#define ENDPOINT_SEGMENTS_MAX 16
/* No endpoint is longer. */
#define ENDPOINT_SIZE_MAX 1280

/* Appends the endpoint of a request with |method| and request |target| as sent (any form of RFC 9112 §3.2) to
 * |out|. Any bytes are allowed. Thread-safe. */
void endpoint_append(struct bytes method, struct bytes target, struct buffer *out);

#endif
