/* Judging the header fields of a complete head, and where its body ends (RFC 9112 §6.3). Used by http1.c. */
#ifndef COMMON_HTTP1_LENGTH_H
#define COMMON_HTTP1_LENGTH_H

#include "common/buffer.h"
#include "common/exchange.h"

#include <stdbool.h>
#include <stdint.h>

/* What the fields of a head say. */
struct http1_length {
    uint64_t defects;      /* MESSAGE_DEFECT bits of the fields */
    bool has_length;       /* a Content-Length that can be used */
    uint64_t length;       /* its value, at most 2^63 - 1 */
    bool length_broken;    /* a Content-Length that cannot */
    bool has_coding;       /* Transfer-Encoding is there */
    bool seen_chunked;     /* chunked is among its codings */
    bool chunked;          /* and the last of them */
    bool coding_broken;    /* it is there twice, or the field is malformed */
    bool expects_continue; /* Expect: 100-continue */
};

/* Reads the fields of |head|. |request| and |http11| are of its start line. */
void http1_length_read(struct bytes head, bool request, bool http11, struct http1_length *ret_length);

enum http1_trust {
    HTTP1_TRUSTED,
    HTTP1_STOP_AFTER, /* this message can be read, what follows it cannot */
    HTTP1_STOP_NOW,   /* the body's end is not known */
};
/* Decides a request's framing. */
enum http1_trust http1_length_of_request(struct http1_length *length, bool http11,
                                         enum body_framing *ret_framing);
/* Decides the framing of a response that may have a body. */
enum http1_trust http1_length_of_response(struct http1_length *length, bool http11,
                                          enum body_framing *ret_framing);

/* Returns whether the header line |line| decides framing: it must be kept even where others are not. */
bool http1_length_matters(struct bytes line);

#endif
