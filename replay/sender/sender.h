/* The one interface behind which requests are fired. Schedule, pool, retries and results are the engine's; a
 * sender turns the bytes of a request into what became of them, with every clock.
 *
 *     sender  one a worker thread, on that thread's event base; owns what its lanes share (TLS context, read buffer)
 *     lane    carries one request at a time, in order. For HTTP/1.1 a lane is a connection (or the place of one: it can
 *             be closed and opened again); a multiplexing sender may put the lanes of one address on the streams of
 *             one connection.
 *
 * A lane is CLOSED -> OPENING -> IDLE <-> BUSY -> CLOSED:
 *
 *     sender_lane_open   connects ahead of the first request (optional)
 *     sender_lane_fire   sends a request; a closed lane connects first, one that is opening waits for it
 *     sender_lane_close  ends the connection; a request or an open that was under way is cancelled
 *
 * Callbacks come from the event loop (and sender_flush) only, never from within a call to the sender, and never after close or
 * free. A callback may do anything to its lane, freeing it included. Everything is for the owning thread
 * only. Instants are CLOCK_MONOTONIC in nanoseconds, 0 where the thing did not happen. */
#ifndef REPLAY_SENDER_SENDER_H
#define REPLAY_SENDER_SENDER_H

#include "common/buffer.h"
#include "common/error.h"
#include "replay/result.h"
#include "replay/target.h"

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct deviations;
struct proxy;

/* How HTTP/2 is asked for. */
enum sender_http2 {
    SENDER_HTTP1,       /* not at all */
    SENDER_HTTP2_ALPN,  /* in the TLS handshake; HTTP/1.1 where the target does not speak it */
    SENDER_HTTP2_PRIOR, /* by prior knowledge, RFC 9113 §3.3 */
};

/* What a sender is made of. Zeroes mean the defaults. Strings and pointers are borrowed while the sender
 * lives. */
struct sender_settings {
    struct event_base *base;
    const struct target *target;
    uint64_t connect_timeout_ns; /* TCP and TLS together; default 10 s */
    uint64_t request_timeout_ns; /* from the first try to write to the last response byte; default 30 s */
    uint64_t continue_wait_ns;   /* how long to wait for 100 before the body goes anyway; default 1 s */
    uint64_t max_head_bytes;     /* a longer response head is malformed; default 256 KiB */
    const char *tls_server_name; /* SNI, and the name that is verified; default the target's host */
    const char *tls_ca_file;     /* PEM; default the system's */
    bool tls_insecure;           /* verify nothing */
    bool batches; /* what can be done for many lanes at once may be put off until sender_flush, for speed */

    /* For the sender on libcurl alone. */
    enum sender_http2 http2;
    const struct proxy *proxy;     /* resolved; NULL: none */
    const char *tls_cert_file;     /* PEM, the client's certificate; NULL: none */
    const char *tls_key_file;      /* PEM; NULL: in |tls_cert_file| */
    struct deviations *deviations; /* where they are counted; NULL: nowhere */
};

/* One request, ready to be put on the wire. All bytes are borrowed until the callback, or until close. */
struct sender_request {
    struct bytes head;      /* request line to empty line */
    struct bytes body;      /* as framed: with chunk lines where the head says chunked */
    bool method_is_head;    /* HEAD: the response has no body whatever its header says */
    bool expect_continue;   /* send the head, wait for 100, then the body */
    size_t want_body_bytes; /* how much of the response's body the callback wants to see; 0 none */
    uint64_t
        end_after_ns; /* a response that lasts longer after its head is ended as by its time-out, whose place this takes from then on;
                               0: it has the time-out alone */
};

/* What became of a request. Views are borrowed until the callback returns or first calls the sender. */
struct sender_outcome {
    enum transport_error error;   /* TRANSPORT_NONE: a complete final response arrived */
    const char *detail;           /* static text that says more about |error|, or NULL */
    uint16_t status;              /* of the final response, also where it stayed incomplete; 0: none */
    uint32_t interim_count;       /* 1xx responses */
    uint64_t response_bytes_seen; /* raw bytes received for this request, interim responses included */
    uint64_t body_bytes;          /* body as transferred, after chunked framing, before content codings */
    struct bytes head;            /* of the final response: status line to empty line */
    struct bytes body;            /* its first want_body_bytes (no framing) */

    bool connected; /* a connection was made for this request: the next three say when and how long */
    uint64_t connect_start_mono_ns;
    uint64_t connect_ns; /* TCP; until the failure where that failed */
    uint64_t tls_ns;

    uint64_t slot_mono_ns;       /* the connection was free: connected, or done with the request before */
    uint64_t sent_first_mono_ns; /* just before the write(2) that took the first byte */
    uint64_t sent_last_mono_ns;  /* just before the one that took the last; 0: it was never sent completely */
    uint64_t first_byte_mono_ns; /* the read(2) that gave the first byte of the final response was done */
    uint64_t done_mono_ns;       /* its last byte was read, or the failure was seen; always set */

    bool reused;         /* the connection had carried another request */
    bool early_response; /* the final response began before the request was sent completely */
    bool closed; /* the lane is closed now: failure, Connection: close, or framing that ends with it */
};

/* A request is worth one more try on a fresh connection where a server may close an idle connection at the
 * same moment (RFC 9112 §9.3.1): reused, closed or reset, and not a byte of an answer. Whether to is the
 * engine's. */
static inline bool sender_outcome_is_stale(const struct sender_outcome *outcome)
{
    bool gone = outcome->error == TRANSPORT_RESET || outcome->error == TRANSPORT_CLOSED;
    return gone && outcome->reused && outcome->response_bytes_seen == 0;
}

/* How an opening ended: TRANSPORT_NONE, CONNECT_* or TLS_*. */
struct sender_opening {
    enum transport_error error;
    const char *detail; /* static, or NULL */
    uint64_t connect_start_mono_ns;
    uint64_t connect_ns;
    uint64_t tls_ns;
};

enum sender_lane_state { SENDER_LANE_CLOSED, SENDER_LANE_OPENING, SENDER_LANE_IDLE, SENDER_LANE_BUSY };

struct sender_lane;
typedef void (*sender_done_fn)(struct sender_lane *lane, const struct sender_outcome *outcome, void *arg);
typedef void (*sender_opened_fn)(struct sender_lane *lane, const struct sender_opening *opening, void *arg);

/* What a sender implements; the functions below say what each does. */
struct sender;
struct sender_ops {
    const char *name; /* "http1" */
    int (*create)(const struct sender_settings *settings, struct sender **ret_sender, struct error *err);
    void (*free)(struct sender *sender);
    struct sender_lane *(*lane_create)(struct sender *sender, const struct target_address *address,
                                       uint64_t group);
    void (*lane_free)(struct sender_lane *lane);
    void (*lane_open)(struct sender_lane *lane, sender_opened_fn opened, void *arg);
    void (*lane_fire)(struct sender_lane *lane, const struct sender_request *request, sender_done_fn done,
                      void *arg);
    void (*lane_close)(struct sender_lane *lane);
    void (*flush)(struct sender *sender); /* NULL: puts nothing off */
};

/* What every implementation's struct begins with. */
struct sender {
    const struct sender_ops *ops;
    bool multiplexes; /* several lanes may send at once over one connection */
};
struct sender_lane {
    const struct sender_ops *ops;
    enum sender_lane_state state;
    uint64_t carried; /* requests fired on the connection that is open now */
};

/* Our own HTTP/1.1 sender: byte-exact, llhttp for responses, OpenSSL for https. The process must ignore
 * SIGPIPE. */
extern const struct sender_ops sender_http1;
/* The one on libcurl: HTTP/2, proxies and client certificates; not byte-exact, see deviations.h. */
extern const struct sender_ops sender_curl;

/* Creates a sender of kind |ops| in the thread that runs settings->base. Owned, sender_free. Returns 0, or -1
 * with |err|. */
static inline int sender_create(const struct sender_ops *ops, const struct sender_settings *settings,
                                struct sender **ret_sender, struct error *err)
{
    return ops->create(settings, ret_sender, err);
}
/* Accepts NULL. All its lanes must be free. */
static inline void sender_free(struct sender *sender)
{
    if (sender)
        sender->ops->free(sender);
}
/* Does what was put off (settings->batches): call it before the event loop sleeps. Callbacks may come from it, too. */
static inline void sender_flush(struct sender *sender)
{
    if (sender->ops->flush)
        sender->ops->flush(sender);
}
/* Returns an owned, closed lane to |address| (borrowed while the lane lives). A sender that multiplexes has the lanes of one
 * |group| share connections, to the address of the first of them. */
static inline struct sender_lane *sender_lane_create(struct sender *sender,
                                                     const struct target_address *address, uint64_t group)
{
    return sender->ops->lane_create(sender, address, group);
}
/* Closes and frees. Accepts NULL. */
static inline void sender_lane_free(struct sender_lane *lane)
{
    if (lane)
        lane->ops->lane_free(lane);
}
/* Connects a CLOSED lane. |opened| (may be NULL) runs once, also on failure, unless the lane is closed or a
 * request is fired first: then the request's outcome tells. */
static inline void sender_lane_open(struct sender_lane *lane, sender_opened_fn opened, void *arg)
{
    lane->ops->lane_open(lane, opened, arg);
}
/* Sends |request| (the struct is copied, its bytes are borrowed); the lane must not be BUSY. Writes at once
 * where the connection is there. |done| runs exactly once, unless the lane is closed first. */
static inline void sender_lane_fire(struct sender_lane *lane, const struct sender_request *request,
                                    sender_done_fn done, void *arg)
{
    lane->ops->lane_fire(lane, request, done, arg);
}
/* Closes the connection, if there is one; no callback of this lane runs for what was under way. */
static inline void sender_lane_close(struct sender_lane *lane)
{
    lane->ops->lane_close(lane);
}
/* Returns the state. An IDLE lane turns CLOSED by itself when the server closes it. */
static inline enum sender_lane_state sender_lane_state(const struct sender_lane *lane)
{
    return lane->state;
}

#endif
