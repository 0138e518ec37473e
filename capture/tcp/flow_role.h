/* Tells from its first bytes which way a stream goes, for connections whose handshake was not seen. */
#ifndef CAPTURE_TCP_FLOW_ROLE_H
#define CAPTURE_TCP_FLOW_ROLE_H

#include "common/buffer.h"

enum flow_hint { FLOW_HINT_NONE, FLOW_HINT_REQUEST, FLOW_HINT_RESPONSE };

/* Judges the payload of one segment: a well-formed start line of HTTP/1.x at its beginning, or the part of a request line that
 * fills the segment, or nothing. */
enum flow_hint flow_role_hint(struct bytes payload);

#endif
