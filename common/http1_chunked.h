/* Reading chunked framing (RFC 9112 §7.1) from a stream cut anywhere. Used by http1.c. Holds no bytes. */
#ifndef COMMON_HTTP1_CHUNKED_H
#define COMMON_HTTP1_CHUNKED_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum http1_chunk_state {
    CHUNK_SIZE,      /* digits of a chunk's size */
    CHUNK_EXTENSION, /* after them, up to the line's end */
    CHUNK_SIZE_LF,   /* after the CR of that line */
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
};

/* Zero-initialised is the beginning of a chunked body. */
struct http1_chunked {
    enum http1_chunk_state state;
    uint64_t left;      /* size being read, then bytes of data that are still to come */
    unsigned digits;    /* seen of the size, saturating */
    uint64_t extension; /* bytes of extension seen on this line */
    bool named;         /* the extension has its ';' */
    bool quoted;        /* in a quoted string of the extension */
    uint64_t defects;   /* MESSAGE_DEFECT bits */
};

enum http1_chunk_result {
    CHUNK_MORE,  /* all was taken */
    CHUNK_BYTES, /* |ret_content| holds content; call again with what is left */
    CHUNK_LAST,  /* the last chunk's line was taken: trailer lines follow */
    CHUNK_BAD,   /* framing is lost: |defects| says why */
};

/* Takes bytes from the front of |data|. */
enum http1_chunk_result http1_chunked_read(struct http1_chunked *chunked, struct bytes *data,
                                           struct bytes *ret_content);

#endif
