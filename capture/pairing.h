/* Pairing: turns the two reassembled byte streams of one TCP connection into exchanges. It reads each
 * direction with http1.h, answers requests with responses in order (RFC 9112 §9.3.2) and hands every exchange
 * over when both sides are complete, or when it is certain that they will not be. It does no I/O.
 *
 * Order. The caller delivers a server segment only after it delivered the client's stream up to that
 * segment's ACK number (or declared it lost). A response that arrives while no request waits is therefore an
 * orphan: it is counted and never shifts later pairs. After a hole between messages or over a head the number
 * of messages is not known; the answers of the requests under way are then held until the client goes on, and
 * settled from the last one backwards, or by their number (pairing_answers.c). What is not certain is not paired: requests are
 * handed over without response, responses count as orphaned.
 *
 * Requests behind one with Content-Length and chunked are a reading: another reader of the same bytes may see none.
 * The replies decide. Where the connection ends, nothing was lost of the server's side, and it answered none of them
 * though it answered before, they are withdrawn: counted, not handed over. Otherwise they carry the defect.
 *
 * A PROXY protocol header before the first request is taken off, and its source becomes the client.
 *
 * A pool is shared by the connections of one thread: settings, counters, and the exchanges and parsers that
 * are used again, so that nothing is allocated per exchange or connection once warm. */
#ifndef CAPTURE_PAIRING_H
#define CAPTURE_PAIRING_H

#include "common/budget.h"
#include "common/exchange.h"
#include "common/http1.h"
#include "filters/key.h"

#include <stdbool.h>
#include <stdint.h>

/* What is counted: name, unit, explanation.
 * requests_seen = requests_recorded + requests_filtered + requests_unwanted + requests_sampled_out +
 * requests_lost_http09 + requests_lost_unconfirmed (+ those still open, see pairing_finish). responses_seen = responses_paired +
 * responses_orphaned (final responses only).
 * bytes_reassembled = bytes_recorded + bytes_skipped + bytes_opaque. */
#define PAIRING_COUNTS(X)                                                                                    \
    X(requests_seen, "requests", "request heads found, HTTP/0.9 lines included")                             \
    X(requests_recorded, "requests", "handed over, with or without response")                                \
    X(requests_filtered, "requests", "not handed over because they carry the skip header (X-Rehearse-Run)")  \
    X(requests_unwanted, "requests", "not handed over because |judge| found them unwanted")                  \
    X(requests_sampled_out, "requests", "not handed over because |judge| found them sampled out")            \
    X(requests_lost_http09, "requests", "HTTP/0.9 request lines: not HTTP/1.x")                              \
    X(requests_lost_unconfirmed, "requests", "read behind a message with two lengths; the server saw none")  \
    X(requests_flagged, "requests", "recorded with a defect")                                                \
    X(requests_unanswered, "requests", "recorded without a final response")                                  \
    X(requests_overflowed, "requests", "of those, because too many were waiting on one connection")          \
    X(responses_seen, "responses", "final response heads found")                                             \
    X(responses_paired, "responses", "given to a request")                                                   \
    X(responses_orphaned, "responses", "without a request that they answer")                                 \
    X(responses_interim, "responses", "1xx other than 101")                                                  \
    X(bodies_kept, "bodies", "kept whole")                                                                   \
    X(bodies_cut, "bodies", "cut by size, a gap or the end of the connection")                               \
    X(bodies_cut_memory, "bodies", "of those, for lack of memory")                                           \
    X(bodies_dropped, "bodies", "not wanted")                                                                \
    X(connections, "connections", "given to pairing")                                                        \
    X(connections_proxied, "connections", "opened by a PROXY protocol header")                               \
    X(connections_tunnelled, "connections", "switched to another protocol (101) or a tunnel (CONNECT)")      \
    X(connections_not_http, "connections", "showed another protocol at their start")                         \
    X(connections_stopped, "connections", "a direction's framing was lost for good")                         \
    X(connections_uncertain, "connections", "a hole left it open which response answers which request")      \
    X(bytes_reassembled, "bytes", "fed to the parsers")                                                      \
    X(bytes_recorded, "bytes", "part of a message")                                                          \
    X(bytes_skipped, "bytes", "junk, PROXY headers, or after framing was lost")                              \
    X(bytes_opaque, "bytes", "after an upgrade, in a tunnel, or of another protocol")                        \
    X(bytes_gap, "bytes", "said to be lost")

struct pairing_counts {
#define X(name, unit, help) uint64_t name;
    PAIRING_COUNTS(X)
#undef X
    uint64_t flags[EXCHANGE_FLAG_COUNT];             /* of exchanges handed over */
    uint64_t request_defects[MESSAGE_DEFECT_COUNT];  /* of messages read, whatever became of them */
    uint64_t response_defects[MESSAGE_DEFECT_COUNT]; /* 1xx and orphans included */
};
/* Adds |from| to |into|. */
void pairing_counts_add(struct pairing_counts *into, const struct pairing_counts *from);

enum pairing_side { PAIRING_CLIENT, PAIRING_SERVER };

enum pairing_wish { PAIRING_WANTED, PAIRING_UNWANTED, PAIRING_SAMPLED_OUT };

/* Settings of a pool. Zero means the default in brackets. */
struct pairing_settings {
    /* Takes a finished exchange: borrowed for the call, may be changed in place. Its id is 0. Bodies stand as
     * transferred, chunked framing removed; codings that the heads name are still on. */
    void (*done)(void *arg, struct exchange *exchange);
    /* Judges an exchange by the head of its request, as soon as that is read. Where it is not wanted it is not
     * handed over, and nothing of its bodies is kept. NULL: all are wanted. */
    enum pairing_wish (*judge)(void *arg, const struct exchange *exchange);
    void *arg;
    /* Returns the opaque keyed id of a client's address that a PROXY header told. NULL: ids stay as they are. */
    uint64_t (*client_of)(void *arg, const struct address *source);
    uint64_t max_body_bytes;          /* a body longer than this is cut [1 MiB] */
    uint64_t max_response_body_bytes; /* likewise, one of a response [the same] */
    struct budget *budget;            /* charged with all that is held; borrowed [none] */
    uint64_t max_held_bytes; /* memory of all open exchanges; beyond it bodies are cut [half of the budget, or
                                  256 MiB] */
    uint32_t max_waiting;    /* unanswered requests a connection; beyond it the oldest goes [1024] */
    bool drop_request_bodies;  /* --bodies none: state BODY_DROPPED, reason NOT_WANTED */
    bool drop_response_bodies; /* --bodies none|request */
    const struct keys
        *digest_keys[2]; /* of a request's and a response's body that is cut by size the digest is
                                          taken with these [none] */
    const char
        *skip_header; /* requests that carry this header are not recorded ["X-Rehearse-Run"]; "" none */
    struct http1_limits limits; /* of heads */
};

/* Returns what a connection takes that holds nothing. */
size_t pairing_base_bytes(void);

struct pairing_pool;
/* Returns an owned pool. |settings| is copied; strings in it are borrowed for its life. */
struct pairing_pool *pairing_pool_create(const struct pairing_settings *settings);
/* Frees a pool whose connections were all freed. Accepts NULL. */
void pairing_pool_free(struct pairing_pool *pool);
/* Returns the sum over all connections, those still open included as far as they were finished or freed;
 * borrowed until the next call on the pool. */
const struct pairing_counts *pairing_pool_counts(const struct pairing_pool *pool);

/* What the caller knows of a connection; copied into each of its exchanges. */
struct pairing_connection {
    uint64_t connection; /* opaque keyed id */
    uint64_t client;     /* opaque keyed id of the client's address; a PROXY header replaces it */
    struct address server;
    bool tls;
    bool midstream;        /* the start was not seen: both directions begin by looking for a start line */
    bool server_midstream; /* the start of the server's direction was not seen */
};

struct pairing;
/* Returns the pairing of a new connection, owned by the caller, given back with pairing_free. */
struct pairing *pairing_create(struct pairing_pool *pool, const struct pairing_connection *connection);
/* Finishes (as not clean) what was not finished and gives the memory back to the pool. Accepts NULL. */
void pairing_free(struct pairing *pairing);

/* Feeds the next in-order bytes of |side|'s stream. |packet_ns|: wall clock of the packet that first carried
 * them; |segment_start|: they begin a packet's payload. */
void pairing_feed(struct pairing *pairing, enum pairing_side side, struct bytes data, uint64_t packet_ns,
                  bool segment_start);
/* Tells that the next |bytes| of |side|'s stream are lost; 0 where their number is not known. */
void pairing_gap(struct pairing *pairing, enum pairing_side side, uint64_t bytes, uint64_t packet_ns);
/* Adds EXCHANGE_FLAG bits (CONFLICT, URGENT) to the exchange that |side| is in, or the next one that it
 * begins; CONFLICT to the client's last request where that still waits. */
void pairing_mark(struct pairing *pairing, enum pairing_side side, uint64_t flags);
/* Tells that |side|'s stream ended: |clean| by FIN. The other side may go on. */
void pairing_end(struct pairing *pairing, enum pairing_side side, bool clean, uint64_t packet_ns);
/* Tells that the connection is over (both FINs, reset, eviction, end of capture): ends both sides and hands
 * over every request that still waits, with NO_RESPONSE. Idempotent; nothing may be fed afterwards. */
void pairing_finish(struct pairing *pairing, bool clean, uint64_t packet_ns);

/* Returns whether both directions are opaque or stopped: nothing more will be recorded and the caller may
 * stop buffering, as long as it goes on feeding or counts the bytes itself. */
bool pairing_is_opaque(const struct pairing *pairing);
/* Returns the name of the protocol that the connection showed instead of HTTP/1.x ("tls", "http2", ...), "unknown"
 * where it is finished and showed neither, or NULL. */
const char *pairing_protocol(const struct pairing *pairing);

#endif
