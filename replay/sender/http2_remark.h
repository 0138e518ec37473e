/* What libcurl remarks about HTTP/2 beside its work (CURLOPT_DEBUGFUNCTION), as far as it matters whether the target looked at a request:
 * on which connection a transfer is, which stream of it carries its request, and up to which stream the target will answer. Nothing else
 * tells it. Remarks of another version of libcurl may not be understood, and then tell nothing. Pure. */
#ifndef REPLAY_SENDER_HTTP2_REMARK_H
#define REPLAY_SENDER_HTTP2_REMARK_H

#include "common/buffer.h"

#include <stdint.h>

enum http2_remark {
    HTTP2_REMARK_NONE,
    HTTP2_REMARK_CONNECTION, /* the transfer is on connection |number| from now on */
    HTTP2_REMARK_STREAM,     /* its request is stream |number| */
    HTTP2_REMARK_GOAWAY, /* the target looks at no stream of this connection above |number| (RFC 9113 §6.8) */
    HTTP2_REMARK_REFUSED, /* nor did it look at this one (§8.7) */
};

enum http2_remark http2_remark_read(struct bytes text, uint64_t *ret_number);

#endif
