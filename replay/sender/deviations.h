/* In what a sender that is not byte-exact deviates from the bytes that it was given; counted a request. */
#ifndef REPLAY_SENDER_DEVIATIONS_H
#define REPLAY_SENDER_DEVIATIONS_H

#include <stdatomic.h>
#include <stdint.h>

#define DEVIATIONS(X)                                                                                        \
    X(HOST_MOVED, "Host was sent first and spelled `Host`")                                                  \
    X(CHUNKS, "a chunked body was cut into chunks anew")                                                     \
    X(TRAILER_SPACE, "a trailer was sent with one space after its colon")                                    \
    X(EMPTY_VALUE, "white space in place of an empty field value was left out")                              \
    X(LINE_ENDS, "lines that ended with LF alone were ended with CRLF")                                      \
    X(FIELD_LEFT_OUT, "a header line without a colon, or with a NUL, was left out")                          \
    X(HEAD_BODY, "the body of a HEAD was left out")                                                          \
    X(VERSION, "the request's version of HTTP was replaced")                                                 \
    X(ABSOLUTE_TARGET, "the target was sent in absolute form, for the proxy")                                \
    X(PSEUDO_FIELDS, "HTTP/2: method, target and Host were sent as pseudo-header fields")                    \
    X(LOWER_CASE, "HTTP/2: names of fields were sent in lower case")                                         \
    X(HOP_BY_HOP, "HTTP/2: fields of the connection (Connection, Keep-Alive, Transfer-Encoding, TE, "        \
                  "Upgrade) were left out")                                                                  \
    X(FOLDED, "HTTP/2: a folded header line was joined")                                                     \
    X(TRAILERS_LEFT_OUT, "HTTP/2: trailers of the request were left out")                                    \
    X(NOT_MULTIPLEXED, "HTTP/2 was asked for, the target chose HTTP/1.1")                                    \
    X(TLS_LATE, "TLS began with the connection's first request, not ahead of it")
enum deviation {
#define X(name, text) DEVIATION_##name,
    DEVIATIONS(X)
#undef X
        DEVIATION_COUNT
};
#define DEVIATION(name) (UINT32_C(1) << DEVIATION_##name)

/* Requests that were deviated with, of all threads. */
struct deviations {
    atomic_uint_fast64_t counts[DEVIATION_COUNT];
};

/* Returns what |deviation| is, in words. */
const char *deviation_name(enum deviation deviation);

#endif
