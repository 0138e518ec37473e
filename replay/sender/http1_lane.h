/* What the HTTP/1.1 sender keeps of itself and of each lane; for http1_sender.c alone. */
#ifndef REPLAY_SENDER_HTTP1_LANE_H
#define REPLAY_SENDER_HTTP1_LANE_H

#include "replay/sender/deadlines.h"
#include "replay/sender/response.h"
#include "replay/sender/sender.h"
#include "replay/sender/stream.h"

#include <event2/event.h>
#include <event2/event_struct.h>

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

#endif
