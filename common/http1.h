/* HTTP/1 framing of one direction of a connection: a streaming, length-driven, tolerant parser (RFC 9112 §2,
 * §6, §7). It takes bytes with their packet times in order and emits messages; it does no I/O, never invents
 * a message, and gives every byte to a message, to the skipped count or to the opaque count.
 *
 * When framing can no longer be trusted (invalid length, unknown transfer coding, hole over a head or inside
 * chunked) the message is ended with its defect and the direction stops (HTTP1_STOPPED) or, after a hole,
 * skips to the next start line at the start of a segment (HTTP1_SKIPPING). */
#ifndef COMMON_HTTP1_H
#define COMMON_HTTP1_H

#include "common/buffer.h"
#include "common/exchange.h"

#include <stdbool.h>
#include <stdint.h>

enum http1_side { HTTP1_REQUESTS, HTTP1_RESPONSES };

/* What a response answers; decides whether it has a body (RFC 9112 §6.3). */
enum http1_answers {
    HTTP1_ANSWERS_UNKNOWN, /* the request was not seen */
    HTTP1_ANSWERS_HEAD,
    HTTP1_ANSWERS_CONNECT,
    HTTP1_ANSWERS_OTHER,
};

/* What a direction is doing. */
enum http1_mode {
    HTTP1_READING,  /* between or inside messages */
    HTTP1_SKIPPING, /* looking for the next start line */
    HTTP1_STOPPED,  /* framing lost for good: bytes are counted as skipped */
    HTTP1_OPAQUE,   /* not HTTP/1 any more (upgrade, tunnel, other protocol): bytes are counted as opaque */
};

/* A message being read. Valid during callbacks. */
struct http1_message {
    struct bytes head; /* start line to empty line, as on the wire; empty outside the |head| callback */
    bool complete;     /* at |end|: the framing says that all of it was seen */
    bool gap;          /* a hole lies inside it */
    bool head_cut; /* the head was over the limit, or cut by a hole or the stream's end; what is there stands
                      in |head|. Over the limit, lines that decide framing are kept all the same */
    uint32_t
        initials; /* of the field names in |head|: bit (byte & 31) of their first bytes, and perhaps more */
    uint16_t status; /* responses: 100 to 999, or 0 where it is malformed */
    bool interim;    /* responses: 1xx other than 101 */
    enum body_framing framing;
    uint64_t body_bytes; /* content seen or known to be lost, chunked framing removed */
    uint64_t defects;    /* MESSAGE_DEFECT bits; final at |end| */
    bool doubtful;       /* it stands behind a message with two lengths: another reader may see none here */
    uint64_t first_ns;   /* packet time of its first byte */
    uint64_t
        last_ns; /* of the packet that completes what is there so far: the latest that carried any of it */
};

/* Where the events go. Views are borrowed for the call. Events of a message: head, body and body_gap any
 * number of times, trailers at most once, end. Every head is followed by its end. */
struct http1_handler {
    void *arg;
    /* Responses only: asks what the response whose head was just read answers (|message| has its status,
     * interim and first_ns). Called once for each, final or interim, before its |head|. NULL: unknown. Where
     * a stream begins without a status line it is asked too; such a reply is a message only if it answers
     * one. */
    enum http1_answers (*answers)(void *arg, const struct http1_message *message);
    void (*head)(void *arg, const struct http1_message *message);
    void (*body)(void *arg, struct bytes content);
    void (*body_gap)(void *arg, uint64_t bytes);
    void (*trailers)(void *arg, struct bytes lines);
    void (*end)(void *arg, const struct http1_message *message);
    /* Bytes that are no message follow the message that ended last. NULL: not wanted. */
    void (*surplus)(void *arg);
};

/* Counters of a direction: reassembled = recorded + skipped + opaque (gap bytes apart). */
struct http1_counts {
    uint64_t bytes_recorded; /* part of a message */
    uint64_t bytes_skipped;  /* junk, lost framing */
    uint64_t bytes_opaque;   /* after an upgrade, a tunnel, or of another protocol */
    uint64_t bytes_gap;      /* said to be lost */
};

struct http1_limits {
    size_t head_bytes;  /* default 256 KiB */
    size_t line_bytes;  /* start line, default 64 KiB */
    size_t head_fields; /* default 1024 */
};

struct http1;

/* Returns an owned parser with default limits where |limits| is NULL. |handler| is copied. */
struct http1 *http1_create(enum http1_side side, const struct http1_handler *handler,
                           const struct http1_limits *limits);
void http1_free(struct http1 *parser);
/* Makes |parser| as if created anew, with its handler and limits; its memory is kept. */
void http1_clear(struct http1 *parser);
/* Returns what a parser takes that holds no bytes. */
size_t http1_base_bytes(void);
/* Returns what |parser| has allocated for a head, beside that. */
size_t http1_held_bytes(const struct http1 *parser);
/* Gives back what was allocated for a large head, where none is being read. */
void http1_trim(struct http1 *parser);

/* Tells that the stream's beginning was not seen: the parser skips to a start line first. */
void http1_set_midstream(struct http1 *parser);
/* Tells that a server spoke before its client did: it may greet in another protocol. */
void http1_set_unasked(struct http1 *parser);
/* Feeds the next bytes of the stream, |segment_start| where they begin a packet's payload (a place to resume
 * at). */
void http1_feed(struct http1 *parser, struct bytes data, uint64_t packet_ns, bool segment_start);
/* Tells that the client goes on as if it had the whole response: one to an unknown request, perhaps HEAD, of whose body
 * nothing came has none, whatever its head says. */
void http1_end_bodiless(struct http1 *parser);
/* Returns how many of the next |bytes|, if they are lost, certainly lie behind the message being read: where there are some,
 * they hold the beginning of another one. 0 where it is not known where that message ends. */
uint64_t http1_beyond(const struct http1 *parser, uint64_t bytes);
/* Tells that the next |bytes| of the stream were lost; 0 where their number is not known. */
void http1_gap(struct http1 *parser, uint64_t bytes, uint64_t packet_ns);
/* Tells that the stream ended: |clean| with FIN (ends a body delimited by close), else by reset or eviction. */
void http1_finish(struct http1 *parser, bool clean, uint64_t packet_ns);
/* Makes all that follows opaque (after 101 or a CONNECT that was accepted). An open message is ended first.
 * May be called from |end|; no other function may be called from a callback. */
void http1_make_opaque(struct http1 *parser);

enum http1_mode http1_mode(const struct http1 *parser);
/* Returns a name such as "tls", "http2", "ssh", "socks", "http09" where the stream showed what else it is,
 * else NULL. */
const char *http1_protocol(const struct http1 *parser);
/* Returns whether the direction stopped because its framing could not be trusted. */
bool http1_lost_framing(const struct http1 *parser);
const struct http1_counts *http1_counts(const struct http1 *parser);

#endif
