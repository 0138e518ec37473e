/* The core that reads what a target answers to one request: bytes in, verdict out (RFC 9112 §6.3), on llhttp. No
 * I/O, no clock of its own. Interim responses are counted and passed over. Memory is bounded by the caps. */
#ifndef REPLAY_SENDER_RESPONSE_H
#define REPLAY_SENDER_RESPONSE_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

struct response;

enum response_verdict {
    RESPONSE_MORE,       /* not complete yet */
    RESPONSE_COMPLETE,   /* the final response is complete */
    RESPONSE_MALFORMED,  /* not HTTP, or over a cap; |detail| says which */
    RESPONSE_INCOMPLETE, /* response_end only: the connection ended inside the final response, or before it */
};

/* What is known so far. Views are borrowed until the next feed or begin. */
struct response_facts {
    uint16_t status;        /* of the final response once its head is complete, else 0 */
    uint32_t interim_count; /* 1xx passed over */
    bool continued;         /* a 100 was among them */
    bool begun;             /* a byte of the response after the last interim one was seen */
    bool keep_alive;        /* once complete: the connection may carry another request */
    uint64_t bytes_seen;    /* all bytes fed that belong to a response */
    uint64_t body_bytes;    /* body so far, without chunked framing */
    uint64_t first_byte_ns; /* the |now_ns| of the feed that held the first byte of the (final) response */
    struct bytes head;      /* status line to empty line, once complete */
    struct bytes body;      /* the first |want_body_bytes| so far */
    size_t surplus_bytes;   /* bytes after the complete response */
    const char *detail;     /* static text beside RESPONSE_MALFORMED */
};

#define KNOWN_HEAD_MAX 1024 /* bytes; longer ones are read each time */

/* What a head says about which nothing is odd. */
struct plain_head {
    size_t size; /* of the head itself */
    uint16_t status;
    bool keep_alive;
    bool has_length;
    uint64_t length;
};

/* A head that was read, and what it says: where the next one is the same byte for byte, as those of many answers within a second are, it
 * need not be read again. Zero-initialised is none. */
struct known_head {
    struct plain_head says;
    uint8_t bytes[KNOWN_HEAD_MAX];
};

/* Returns owned, response_free. A head over |max_head_bytes| is malformed. |known| is borrowed, and may be shared by responses of one
 * thread with the same limit; NULL: none. */
struct response *response_create(size_t max_head_bytes, struct known_head *known);
/* Accepts NULL. */
void response_free(struct response *response);

/* Starts on the response to a new request, keeping the first |want_body_bytes| of the body. */
void response_begin(struct response *response, bool method_is_head, size_t want_body_bytes);
/* Takes the next bytes, read at |now_ns|. |bytes| is borrowed: the facts may point into it until the next call. After
 * anything but RESPONSE_MORE, only response_begin may follow. */
enum response_verdict response_feed(struct response *response, struct bytes bytes, uint64_t now_ns);
/* The connection has ended: RESPONSE_COMPLETE for a body delimited by it, else RESPONSE_INCOMPLETE. */
enum response_verdict response_end(struct response *response);
/* Copies what the facts still borrow from the bytes that were fed, so that it outlives them. */
void response_keep(struct response *response);
/* Returns the facts, borrowed for the life of |response|. */
const struct response_facts *response_facts(const struct response *response);

#endif
