/* Telling from the first bytes of a stream that it is not HTTP/1. Used by http1.c. Every answer depends on the bytes
 * alone, never on how they were cut, and none is given for bytes that could begin an HTTP/1 message. */
#ifndef COMMON_HTTP1_PROTOCOL_H
#define COMMON_HTTP1_PROTOCOL_H

#include "common/http1_start.h"

/* What is known of a stream beside its bytes. */
struct http1_stream {
    bool request;   /* the client's */
    bool midstream; /* its beginning was not seen: TLS records other than a handshake will do */
    bool unasked;   /* the server's, and it spoke first: the banners of mail and file servers will do */
};

/* Judges the first bytes of a stream: OTHER with |ret_protocol| (a static name such as "tls"), MORE, or MESSAGE where
 * they show no other protocol. */
enum http1_start http1_protocol_judge(struct bytes prefix, const struct http1_stream *stream,
                                      const char **ret_protocol);
/* Returns the protocol that a request line's last word names instead of HTTP ("sip", "rtsp"), or NULL. |line| is
 * without its line end. */
const char *http1_protocol_of_line(struct bytes line);

#endif
