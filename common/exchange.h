/* The exchange: one request with what the server answered. Everything else in rehearse produces, changes or
 * reads these.
 *
 * Heads are kept as the bytes that were on the wire (start line, header lines, empty line), because a replay
 * must send them as they were; http1_head.h reads them. Bodies are kept as content: chunked framing removed
 * and, once sanitized, content coding undone. */
#ifndef COMMON_EXCHANGE_H
#define COMMON_EXCHANGE_H

#include "common/buffer.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* Flags of an exchange: bit name, its name in files and reports, what it means. */
#define EXCHANGE_FLAGS(X)                                                                                    \
    X(NO_RESPONSE, "no_response", "no final response was seen")                                              \
    X(MIDSTREAM, "midstream", "the connection's start was not seen")                                         \
    X(REQUEST_GAP, "request_gap", "bytes of the request were lost in the capture")                           \
    X(RESPONSE_GAP, "response_gap", "bytes of the response were lost in the capture")                        \
    X(REQUEST_INCOMPLETE, "request_incomplete", "the request ended before its framing said")                 \
    X(RESPONSE_INCOMPLETE, "response_incomplete", "the response ended before its framing said")              \
    X(EARLY_RESPONSE, "early_response", "the final response began before the request was complete")          \
    X(INTERIM, "interim", "1xx responses came before the final one")                                         \
    X(PIPELINED, "pipelined", "the request was sent before the previous response was complete")              \
    X(UPGRADE, "upgrade", "the connection was switched to another protocol (101)")                           \
    X(CONNECT, "connect", "CONNECT was accepted: a tunnel follows")                                          \
    X(HEAD_CUT, "head_cut", "a head was longer than the limit or cut by the capture's snaplen")              \
    X(CONFLICT, "conflict", "retransmitted bytes differed from the first copy; the first copy was kept")     \
    X(URGENT, "urgent", "TCP urgent data was present")                                                       \
    X(UNSANITIZED, "unsanitized", "recorded as seen, with --unsanitized")                                    \
    X(REQUEST_DIGEST_STALE, "request_digest_stale",                                                          \
      "sanitizing changed a digest of the request, or what it is of")                                        \
    X(REQUEST_SIGNATURE_STALE, "request_signature_stale",                                                    \
      "sanitizing changed a signature of the request, or what it signs")                                     \
    X(RESPONSE_DIGEST_STALE, "response_digest_stale",                                                        \
      "sanitizing changed a digest of the response, or what it is of; or the content that an ETag names")    \
    X(RESPONSE_SIGNATURE_STALE, "response_signature_stale",                                                  \
      "sanitizing changed a signature of the response, or what it signs")

enum exchange_flag {
#define X(name, text, help) EXCHANGE_BIT_##name,
    EXCHANGE_FLAGS(X)
#undef X
        EXCHANGE_FLAG_COUNT
};
#define EXCHANGE_FLAG(name) (UINT64_C(1) << EXCHANGE_BIT_##name)

/* Returns the name in files and reports of flag number |bit| (< EXCHANGE_FLAG_COUNT). Static string. */
const char *exchange_flag_name(unsigned bit);

/* Defects of a message's framing or head: what a tolerant parser accepted or stopped at. Same form as the
 * flags. The numbers are those of the 90 cases that tests/unit/common/http1_test.c walks through. */
#define MESSAGE_DEFECTS(X)                                                                                   \
    X(LEADING_SPACE, "leading_space", "white space before the start line")                                   \
    X(BARE_LF, "bare_lf", "a line ended with LF alone")                                                      \
    X(BARE_CR, "bare_cr", "a CR without LF inside the head")                                                 \
    X(METHOD_CASE, "method_case", "method or version in the wrong case")                                     \
    X(METHOD_BYTES, "method_bytes", "illegal bytes in the method, or longer than 100")                       \
    X(VERSION, "version", "a version other than HTTP/1.0 and HTTP/1.1")                                      \
    X(DELIMITER, "delimiter", "start line parts separated by other than one SP")                             \
    X(TARGET_BYTES, "target_bytes", "space, control or non-ASCII bytes in the request target")               \
    X(TARGET_FORM, "target_form", "a request target form that does not fit the method")                      \
    X(HOST_AMBIGUOUS, "host_ambiguous", "absolute target and Host differ")                                   \
    X(HOST_MISSING, "host_missing", "HTTP/1.1 without Host")                                                 \
    X(HEADER_REPEATED, "header_repeated", "a field that must be single stands more than once")               \
    X(START_LINE_CUT, "start_line_cut", "start line over the limit")                                         \
    X(STATUS, "status", "a status code that is not three digits")                                            \
    X(JUNK_BEFORE, "junk_before", "bytes that are no message were skipped before it")                        \
    X(OBS_FOLD, "obs_fold", "a header line folded over several lines")                                       \
    X(FIELD_SPACE, "field_space", "white space between field name and colon")                                \
    X(FIELD_NAME, "field_name", "illegal bytes in a field name, or an empty name")                           \
    X(FIELD_NO_COLON, "field_no_colon", "a header line without a colon")                                     \
    X(FIELD_VALUE, "field_value", "NUL or control bytes in a field value")                                   \
    X(FIELD_FIRST, "field_first", "the first header line begins with white space")                           \
    X(HEAD_FIELDS, "head_fields", "more header fields or bytes than the limit")                              \
    X(LENGTH_AND_CHUNKED, "length_and_chunked",                                                              \
      "Content-Length beside Transfer-Encoding: chunked (smuggling)")                                        \
    X(LENGTH_INVALID, "length_invalid", "a Content-Length that is not a length")                             \
    X(LENGTH_CONFLICT, "length_conflict", "several Content-Length values that differ")                       \
    X(LENGTH_REPEATED, "length_repeated", "the same Content-Length more than once")                          \
    X(LENGTH_ZEROS, "length_zeros", "a Content-Length with leading zeros")                                   \
    X(CODING_UNKNOWN, "coding_unknown", "a transfer coding that is not known or not last")                   \
    X(CODING_REPEATED, "coding_repeated", "chunked applied twice")                                           \
    X(CODING_LIST, "coding_list", "an empty element in Transfer-Encoding")                                   \
    X(CODING_HTTP10, "coding_http10", "Transfer-Encoding in HTTP/1.0")                                       \
    X(CHUNK_SIZE, "chunk_size", "a chunk size that is not one")                                              \
    X(CHUNK_EXTENSION, "chunk_extension", "a malformed or very long chunk extension")                        \
    X(CHUNK_LINE, "chunk_line", "a chunk line that ends with LF alone")                                      \
    X(CHUNK_END, "chunk_end", "chunk data not followed by CRLF")                                             \
    X(BODY_FORBIDDEN, "body_forbidden", "a body where none may be (100 with content)")                       \
    X(EXPECT_EMPTY, "expect_empty", "Expect: 100-continue with an empty body")                               \
    X(NO_STATUS_LINE, "no_status_line", "a response without a status line (HTTP/0.9)")                       \
    X(SURPLUS, "surplus", "bytes that are no message follow it")                                             \
    X(MAYBE_HEAD, "maybe_head", "a response with a length to a request that was not seen: HEAD has no body")

enum message_defect {
#define X(name, text, help) MESSAGE_DEFECT_BIT_##name,
    MESSAGE_DEFECTS(X)
#undef X
        MESSAGE_DEFECT_COUNT
};
#define MESSAGE_DEFECT(name) (UINT64_C(1) << MESSAGE_DEFECT_BIT_##name)

/* Returns the name in files and reports of defect number |bit| (< MESSAGE_DEFECT_COUNT). Static string. */
const char *message_defect_name(unsigned bit);

/* How a body was delimited on the wire (RFC 9112 §6.3). */
enum body_framing { BODY_FRAMING_NONE, BODY_FRAMING_LENGTH, BODY_FRAMING_CHUNKED, BODY_FRAMING_CLOSE };

/* What stands in |content| of a body. */
enum body_state {
    BODY_EMPTY, /* the message had no body, or an empty one */
    BODY_KEPT,  /* all of it */
    BODY_CUT, /* over --max-body, a gap, a connection that ended: a beginning, or nothing; or parts left out */
    BODY_DROPPED, /* nothing; |reason| says why */
};

/* Why a body was dropped, or cut. */
#define BODY_REASONS(X)                                                                                      \
    X(NONE, "none")                                                                                          \
    X(NOT_WANTED, "not_wanted") /* --bodies */                                                               \
    X(TOO_LARGE, "too_large")   /* --max-body */                                                             \
    X(GAP, "gap")               /* lost in the capture */                                                    \
    X(INCOMPLETE, "incomplete") /* the connection ended first */                                             \
    X(TYPE, "type")             /* a media type that cannot be sanitized */                                  \
    X(SYNTAX, "syntax")         /* not what its type says */                                                 \
    X(CODING, "coding")         /* unknown, damaged or exploding content coding */                           \
    X(LIMIT, "limit")           /* nesting or size beyond the sanitizer's limits */                          \
    X(PARTS, "parts")           /* cut: content of multipart parts that cannot be sanitized was left out */  \
    X(MEMORY, "memory")         /* --memory was used up */

enum body_reason {
#define X(name, text) BODY_REASON_##name,
    BODY_REASONS(X)
#undef X
        BODY_REASON_COUNT
};
const char *body_reason_name(enum body_reason reason);

#define BODY_DIGEST_SIZE 16
#define BODY_DIGEST_MIN  64 /* bytes; a shorter body could be guessed by whoever has the key */

/* A message body. */
struct body {
    struct buffer content; /* what is kept */
    enum body_framing framing;
    enum body_state state;
    enum body_reason reason;
    uint64_t wire_bytes; /* content as transferred, chunked framing removed, before content decoding; also if
                            not kept */
    bool coded; /* |content| is as transferred: codings that the head names are on (never after sanitizing) */
    bool digested;                    /* |digest| is set */
    uint8_t digest[BODY_DIGEST_SIZE]; /* keyed, of all bytes as counted by |wire_bytes|: of a body that is not
                                         kept whole and has BODY_DIGEST_MIN bytes, where all of them were seen */
};

/* One direction of an exchange. */
struct message {
    struct buffer head;     /* start line to empty line, inclusive, as on the wire */
    struct buffer trailers; /* trailer lines of a chunked body as on the wire, without the final empty line */
    struct body body;
    uint64_t defects;  /* MESSAGE_DEFECT bits */
    uint64_t first_ns; /* wall clock of the packet with the first byte; 0 where nothing was seen */
    uint64_t last_ns;  /* wall clock of the packet that completed it: the latest that carried any of it */
    uint32_t withheld_lines; /* header lines that could not be split and were not kept */
    uint32_t withheld_bytes; /* their length */
};

/* A transport address. */
struct address {
    uint8_t family; /* AF_INET or AF_INET6; 0: unknown */
    uint8_t ip[16]; /* network order; IPv4 uses the first four bytes */
    uint16_t port;
};
#define ADDRESS_TEXT_SIZE (INET6_ADDRSTRLEN + 9)
/* Writes "192.0.2.1:80" or "[2001:db8::1]:80" into |text| of ADDRESS_TEXT_SIZE bytes; returns |text|. */
char *address_format(const struct address *address, char *text);

/* Places where a value of a link stands. */
#define LINK_PLACES(X)                                                                                       \
    X(HEADER, "header")                                                                                      \
    X(COOKIE, "cookie") X(QUERY, "query") X(FORM, "form") X(JSON, "json") X(PATH, "path") X(BODY, "body")
enum link_place {
#define X(name, text) LINK_PLACE_##name,
    LINK_PLACES(X)
#undef X
        LINK_PLACE_COUNT
};
const char *link_place_name(enum link_place place);

#define LINK_KINDS(X)                                                                                        \
    X(ISSUES, "issues")   /* its response gives out a credential */                                          \
    X(USES, "uses")       /* its request carries a credential */                                             \
    X(CREATES, "creates") /* its response gives out the id of what was created */                            \
    X(REFERS, "refers")   /* its request carries what may be such an id */
enum link_kind {
#define X(name, text) LINK_##name,
    LINK_KINDS(X)
#undef X
        LINK_KIND_COUNT
};
const char *link_kind_name(enum link_kind kind);

#define LINK_TAG_SIZE 16
/* A value that this exchange gives out (in its response) or carries (in its request). */
struct link {
    enum link_kind kind;
    enum link_place place;
    bool identity;              /* a credential long enough (16 bytes) to tell one user from another */
    bool strong;                /* an id long enough (6 characters) that equal ones are one thing */
    uint8_t tag[LINK_TAG_SIZE]; /* keyed hash of the value; equals the identity part of its pseudonym */
    char *name;                 /* header, cookie, field name or JSON member; owned, escaped ASCII */
    size_t name_capacity;       /* of |name|, which a link that is made anew uses again */
    uint16_t rank;  /* set by a replay, not stored: its number among those of its kind, place and name */
    uint16_t peers; /* likewise: how many those are; UINT16_MAX: perhaps more than were noted */
};

/* One request with its answer. Zero-initialised is empty and valid. */
struct exchange {
    uint64_t id;         /* unique in the traffic */
    uint64_t connection; /* opaque keyed id of the recorded connection */
    uint64_t client;     /* opaque keyed id of the client's address */
    struct address server;
    bool tls;         /* scheme is https */
    uint16_t status;  /* of the final response; 0 without one */
    uint16_t interim; /* number of 1xx responses seen */
    uint64_t flags;   /* EXCHANGE_FLAG bits */
    struct message request;
    struct message response;
    struct link *links; /* owned; |link_capacity| of them, the first |link_count| taken */
    size_t link_count;
    size_t link_capacity;
};

/* Empties |exchange| for reuse; its buffers keep their memory. */
void exchange_clear(struct exchange *exchange);
/* Releases everything |exchange| owns and zeroes it. */
void exchange_free(struct exchange *exchange);
/* Adds a link; |name| is copied. Returns it, borrowed until the next call. */
struct link *exchange_add_link(struct exchange *exchange, enum link_kind kind, enum link_place place,
                               const char *name, const uint8_t tag[LINK_TAG_SIZE]);
/* The same, with a name that no NUL ends and none stands in. */
struct link *exchange_add_link_named(struct exchange *exchange, enum link_kind kind, enum link_place place,
                                     struct bytes name, const uint8_t tag[LINK_TAG_SIZE]);
/* Returns whether a final response was seen. */
bool exchange_has_response(const struct exchange *exchange);
/* Returns whether its request shows a credential, as its links tell. */
bool exchange_uses_credential(const struct exchange *exchange);
/* Nanoseconds from the last request byte to the first byte of the final response, never below 0; 0 without a
 * response. */
uint64_t exchange_ttfb_ns(const struct exchange *exchange);
/* Nanoseconds from the first request byte to the last byte of the final response; 0 without a response. */
uint64_t exchange_latency_ns(const struct exchange *exchange);

#endif
