/* The PROXY protocol (haproxy's proxy-protocol.txt, versions 1 and 2): what a proxy writes before the first byte of a
 * connection that it passes on, to tell where that connection came from. Pure: bytes in, verdict out. */
#ifndef CAPTURE_PROXY_HEADER_H
#define CAPTURE_PROXY_HEADER_H

#include "common/exchange.h"

enum proxy_result {
    PROXY_MORE,      /* may still become a header */
    PROXY_NONE,      /* the stream does not begin with one */
    PROXY_READ,      /* a header */
    PROXY_MALFORMED, /* meant to be one, but its addresses or lengths cannot be read */
};

struct proxy_header {
    unsigned version;      /* 1 or 2 */
    bool has_source;       /* false: v1 UNKNOWN, v2 LOCAL, an unspecified or Unix address */
    struct address source; /* of the connection to the proxy */
    struct address target; /* where it was made to */
    uint32_t size;         /* of the header on the wire; in v2 values may follow what was looked at */
};

/* What must be seen at most to tell. */
#define PROXY_PREFIX_MAX 107

/* Judges the first bytes of a stream; |ret_header| is filled with PROXY_READ. Gives the same answer however many bytes
 * follow the first that tell. */
enum proxy_result proxy_header_judge(struct bytes prefix, struct proxy_header *ret_header);

/* Reads a header from a stream cut anywhere. Zero-initialised is the beginning. */
struct proxy_reader {
    bool done;         /* the stream has been told not to begin with one, or its header is behind */
    uint8_t held_size; /* bytes kept until it can be told */
    uint8_t held[PROXY_PREFIX_MAX];
    uint64_t first_ns; /* packet time of the first of them */
    uint32_t left;     /* of a header that was judged, still to be passed over */
};

/* Takes what belongs to a header from the front of |data|: all of it with PROXY_MORE. With PROXY_READ |ret_header| is
 * filled, once. With PROXY_NONE and PROXY_MALFORMED what |held| holds comes before |data| and is the caller's to pass
 * on; the reader is done. After PROXY_READ call again with what is left: PROXY_NONE follows, |held| empty. */
enum proxy_result proxy_reader_take(struct proxy_reader *reader, struct bytes *data, uint64_t packet_ns,
                                    struct proxy_header *ret_header);

#endif
