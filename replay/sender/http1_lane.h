/* What the HTTP/1.1 sender keeps of itself and of each lane, and what its parts ask of each other; for the files http1_*.c here alone:
 *
 *     http1_sender       creates, fires, frees: the interface
 *     http1_connection   opens and closes
 *     http1_request      sends, reads, ends
 *     http1_batch        puts off reading and sending */
#ifndef REPLAY_SENDER_HTTP1_LANE_H
#define REPLAY_SENDER_HTTP1_LANE_H

#include "replay/sender/deadlines.h"
#include "replay/sender/response.h"
#include "replay/sender/sender.h"
#include "replay/sender/stream.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stddef.h>

struct tls_context;

#define READ_BYTES     65536
#define TLS_JOIN_BYTES 16384 /* one TLS record */
/* What is put off until sender_flush: more is done at once. */
#define LATER_MAX 64

struct lane;

/* Bytes read at |now_ns|, still to be looked at. */
struct received {
    struct lane *lane; /* NULL: closed meanwhile */
    struct bytes bytes;
    uint64_t now_ns;
};

struct http1_sender {
    struct sender base;
    struct event_base *loop;
    const struct target *target;
    size_t next_source;
    struct tls_context *tls; /* NULL: plain */
    size_t max_head_bytes;
    struct known_head known; /* to all lanes */
    struct deadlines connects;
    struct deadlines requests;
    struct deadlines continues;
    size_t lanes;
    bool batches;
    struct received received[LATER_MAX];
    size_t received_count;
    struct lane *unsent[LATER_MAX]; /* fired, nothing sent yet; NULL: closed meanwhile */
    size_t unsent_count;
    size_t read_used; /* of |read_bytes|, by |received| */
    uint8_t read_bytes[2 * READ_BYTES];
    uint8_t join_bytes[TLS_JOIN_BYTES];
};

/* How far the connection of a lane is. */
enum step { STEP_NONE, STEP_CONNECTING, STEP_HANDSHAKE, STEP_READY };

/* base.state is what the owner may do; |step| is where the connection is. BUSY exactly while |done| is owed. */
struct lane {
    struct sender_lane base;
    struct http1_sender *sender;
    const struct target_address *address;
    enum step step;
    struct stream stream;
    struct event readable; /* assigned and watched while step is past NONE */
    struct event writable;
    bool writing;              /* |writable| is pending */
    struct received *received; /* of the sender's; NULL: none */
    struct lane **unsent;      /* likewise */

    struct sender_opening opening; /* the connection's clocks */
    sender_opened_fn opened;
    void *opened_arg;

    struct sender_request request;
    sender_done_fn done;
    void *done_arg;
    struct sender_outcome outcome;
    uint64_t free_mono_ns; /* connected, or done with the last request */ /* what is known so far */
    struct response *response;
    size_t sent_bytes;
    size_t sendable_bytes; /* all, or the head while 100 is awaited */
    size_t total_bytes;
    bool answered;      /* the response is complete, the request is not sent yet */
    bool write_refused; /* the target takes no more bytes; it may have answered all the same */

    struct event deferred; /* a failure inside a call, told from the loop */
    enum transport_error deferred_error;
    const char *deferred_detail;

    struct event ending; /* request.end_after_ns is over, where |end_mono_ns| has come */
    uint64_t end_mono_ns;

    struct deadline connect_deadline;
    struct deadline request_deadline;
    struct deadline continue_deadline;
};

#define LANE_OF(member, pointer) ((struct lane *)((char *)(pointer)-offsetof(struct lane, member)))

/* Begins to connect; what comes of it is told from the loop. */
void lane_connect(struct lane *lane);
/* The socket is connected, or has failed to. */
void lane_connected(struct lane *lane);
/* Goes on with the TLS handshake. */
void lane_handshake(struct lane *lane);
/* Has the loop tell when the socket takes more. */
void lane_watch_writable(struct lane *lane);
/* Tells a failure, of opening or of the request, from the loop. */
void lane_defer(struct lane *lane, enum transport_error error, const char *detail);
/* Closes the connection and forgets everything that could still call back. */
void lane_shut(struct lane *lane);
/* Callbacks: event_callback_fn of |deferred|, deadline_fn of |connect_deadline|. */
void lane_on_deferred(evutil_socket_t fd, short what, void *arg);
void lane_on_connect_deadline(struct deadline *deadline);

/* Sends the request, at |now|, on a connection that is there. */
void lane_start(struct lane *lane, uint64_t now);
/* Takes |bytes| read at |now|. Returns whether the lane is still at the same request. */
bool lane_take_bytes(struct lane *lane, struct bytes bytes, uint64_t now);
/* Ends the request and tells its owner, who may free the lane: touch nothing after it. */
void lane_finish(struct lane *lane, enum transport_error error, const char *detail, uint64_t now);
/* Callbacks: event_callback_fn of |readable|, |writable|, |ending|, deadline_fn of the other two. */
void lane_on_readable(evutil_socket_t fd, short what, void *arg);
void lane_on_writable(evutil_socket_t fd, short what, void *arg);
void lane_on_ending(evutil_socket_t fd, short what, void *arg);
void lane_on_request_deadline(struct deadline *deadline);
void lane_on_continue_deadline(struct deadline *deadline);

/* Puts off looking at |bytes|, read at |now|. */
void lane_take_later(struct lane *lane, struct bytes bytes, uint64_t now);
/* Puts off lane_start. */
void lane_send_later(struct lane *lane);
/* Does what was put off (sender_ops.flush). */
void http1_flush(struct sender *base);

#endif
