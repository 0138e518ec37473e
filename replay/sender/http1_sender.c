/* The HTTP/1.1 sender: a lane is a connection. In the steady state a request costs one send and one recv, two clock
 * reads and no change to the set of watched descriptors. */
#include "common/clock.h"
#include "common/mem.h"
#include "replay/sender/http1_lane.h"
#include "replay/sender/tls.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* What one lane may do before the loop turns to others. */
#define READS_PER_TURN 8
#define WRITE_PER_TURN (UINT64_C(1) << 20)

#define LANE_OF(member, pointer) ((struct lane *)((char *)(pointer)-offsetof(struct lane, member)))

static void end_after(struct lane *lane, uint64_t wait_ns);

/* Closes the connection and forgets everything that could still call back. */
static void shut(struct lane *lane)
{
    if (lane->step != STEP_NONE) {
        event_del(&lane->readable);
        event_del(&lane->writable);
        stream_close(&lane->stream);
    }
    event_del(&lane->deferred);
    event_del(&lane->ending);
    deadline_stop(&lane->connect_deadline);
    deadline_stop(&lane->request_deadline);
    deadline_stop(&lane->continue_deadline);
    if (lane->received)
        lane->received->lane = NULL;
    if (lane->unsent)
        *lane->unsent = NULL;
    lane->received = NULL;
    lane->unsent = NULL;
    lane->writing = false;
    lane->step = STEP_NONE;
    lane->base.state = SENDER_LANE_CLOSED;
    lane->base.carried = 0;
}

/* Completes |outcome| from what the lane and the parser know. */
static void fill_outcome(struct lane *lane, struct sender_outcome *outcome)
{
    const struct response_facts *facts = response_facts(lane->response);
    outcome->status = facts->status;
    outcome->interim_count = facts->interim_count;
    outcome->response_bytes_seen = facts->bytes_seen;
    outcome->body_bytes = facts->body_bytes;
    outcome->head = facts->status ? facts->head : (struct bytes){0};
    outcome->body = facts->body;
    outcome->first_byte_mono_ns = facts->begun ? facts->first_byte_ns : 0;
    outcome->early_response = facts->begun && (outcome->sent_last_mono_ns == 0 ||
                                               facts->first_byte_ns < outcome->sent_last_mono_ns);
    if (outcome->connected) {
        outcome->connect_start_mono_ns = lane->opening.connect_start_mono_ns;
        outcome->connect_ns = lane->opening.connect_ns;
        outcome->tls_ns = lane->opening.tls_ns;
    }
}

/* Ends the request and tells its owner, who may free the lane: touch nothing after it. */
static void finish(struct lane *lane, enum transport_error error, const char *detail, uint64_t now)
{
    const struct response_facts *facts = response_facts(lane->response);
    struct sender_outcome outcome = lane->outcome;
    outcome.error = error;
    outcome.detail = detail;
    if (outcome.done_mono_ns == 0)
        outcome.done_mono_ns = now;
    bool keep = error == TRANSPORT_NONE && facts->keep_alive && facts->surplus_bytes == 0 &&
                lane->sent_bytes == lane->total_bytes && !lane->write_refused && facts->status != 101;
    fill_outcome(lane, &outcome);
    outcome.closed = !keep;
    if (keep) {
        deadline_stop(&lane->request_deadline);
        if (lane->request.end_after_ns)
            event_del(&lane->ending);
        lane->base.state = SENDER_LANE_IDLE;
        lane->free_mono_ns = outcome.done_mono_ns;
        if (stream_has_pending(&lane->stream))
            event_active(&lane->readable, EV_READ, 0);
    } else {
        shut(lane);
    }
    lane->done(&lane->base, &outcome, lane->done_arg);
}

/* Ends whatever was under way with a failure to connect. */
static void fail_opening(struct lane *lane, enum transport_error error, const char *detail, uint64_t now)
{
    lane->opening.error = error;
    lane->opening.detail = detail;
    if (lane->step == STEP_HANDSHAKE)
        lane->opening.tls_ns = now - lane->opening.connect_start_mono_ns - lane->opening.connect_ns;
    else
        lane->opening.connect_ns = now - lane->opening.connect_start_mono_ns;
    if (lane->base.state == SENDER_LANE_BUSY) {
        finish(lane, error, detail, now);
        return;
    }
    shut(lane);
    if (lane->opened)
        lane->opened(&lane->base, &lane->opening, lane->opened_arg);
}

static void on_deferred(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct lane *lane = arg;
    if (lane->step == STEP_READY)
        finish(lane, lane->deferred_error, lane->deferred_detail, clock_mono_ns());
    else
        fail_opening(lane, lane->deferred_error, lane->deferred_detail, clock_mono_ns());
}

static void defer(struct lane *lane, enum transport_error error, const char *detail)
{
    lane->deferred_error = error;
    lane->deferred_detail = detail;
    event_active(&lane->deferred, EV_TIMEOUT, 0);
}

static void watch_writable(struct lane *lane)
{
    if (!lane->writing)
        lane->writing = event_add(&lane->writable, NULL) == 0;
}

/* The socket takes no more of the request. A target that refuses a body has often answered before it closed, so that
 * reading decides; other failures end the request. */
static void refuse_write(struct lane *lane)
{
    int errnum = lane->stream.failure;
    lane->write_refused = true;
    if (errnum != EPIPE && errnum != ECONNRESET)
        defer(lane, errnum == 0 ? TRANSPORT_TLS : TRANSPORT_SEND, lane->stream.detail);
}

/* Notes that |size| more bytes left with the write begun at |now|. */
static void note_sent(struct lane *lane, size_t size, uint64_t now)
{
    if (lane->sent_bytes == 0)
        lane->outcome.sent_first_mono_ns = now;
    lane->sent_bytes += size;
    if (lane->sent_bytes == lane->total_bytes)
        lane->outcome.sent_last_mono_ns = now;
    else if (lane->sent_bytes == lane->sendable_bytes)
        deadline_start(&lane->sender->continues, &lane->continue_deadline, now);
}

/* Lists what may be sent now in |parts|. Returns their number. */
static int unsent_parts(const struct lane *lane, struct iovec parts[2])
{
    const struct sender_request *request = &lane->request;
    int count = 0;
    size_t sent = lane->sent_bytes;
    if (sent < request->head.size)
        parts[count++] = (struct iovec){(void *)(request->head.data + sent), request->head.size - sent};
    size_t body_sent = sent > request->head.size ? sent - request->head.size : 0;
    size_t body_sendable = lane->sendable_bytes - request->head.size;
    if (body_sent < body_sendable)
        parts[count++] = (struct iovec){(void *)(request->body.data + body_sent), body_sendable - body_sent};
    return count;
}

/* Writes what the socket takes; the first write begins at |now|. */
static void send_more(struct lane *lane, uint64_t now)
{
    struct http1_sender *sender = lane->sender;
    size_t turn_end = lane->sent_bytes + WRITE_PER_TURN;
    while (lane->sent_bytes < lane->sendable_bytes && !lane->write_refused) {
        struct iovec parts[2];
        int count = unsent_parts(lane, parts);
        size_t offered = parts[0].iov_len + (count > 1 ? parts[1].iov_len : 0), size = 0;
        enum stream_result result = stream_write(
            &lane->stream, parts, count, bytes_make(sender->join_bytes, sizeof sender->join_bytes), &size);
        switch (result) {
        case STREAM_OK:
            note_sent(lane, size, now);
            if (size == offered)
                return;
            if (!lane->stream.session || lane->sent_bytes >= turn_end) {
                watch_writable(lane);
                return;
            }
            now = clock_mono_ns();
            break;
        case STREAM_WANT_WRITE:
            watch_writable(lane);
            return;
        case STREAM_WANT_READ:
            return; /* on_readable tries again */
        case STREAM_END:
        case STREAM_FAILED:
            refuse_write(lane);
            return;
        }
    }
}

/* The body may go: 100 has come, or has been waited for long enough. */
static void send_body(struct lane *lane, uint64_t now)
{
    deadline_stop(&lane->continue_deadline);
    lane->sendable_bytes = lane->total_bytes;
    send_more(lane, now);
}

static void start_request(struct lane *lane, uint64_t now)
{
    lane->outcome.slot_mono_ns = lane->free_mono_ns;
    lane->outcome.reused = lane->base.carried++ > 0;
    deadline_start(&lane->sender->requests, &lane->request_deadline, now);
    send_more(lane, now);
}

/* The connection, TLS included, is there. */
static void become_ready(struct lane *lane, uint64_t now)
{
    deadline_stop(&lane->connect_deadline);
    lane->step = STEP_READY;
    lane->free_mono_ns = now;
    if (lane->base.state == SENDER_LANE_BUSY) {
        start_request(lane, now);
        return;
    }
    lane->base.state = SENDER_LANE_IDLE;
    if (lane->opened)
        lane->opened(&lane->base, &lane->opening, lane->opened_arg);
}

static void go_on_with_handshake(struct lane *lane)
{
    enum stream_result result = stream_handshake(&lane->stream, lane->sender->tls);
    uint64_t now = clock_mono_ns();
    switch (result) {
    case STREAM_OK:
        lane->opening.tls_ns = now - lane->opening.connect_start_mono_ns - lane->opening.connect_ns;
        become_ready(lane, now);
        return;
    case STREAM_WANT_READ:
        return;
    case STREAM_WANT_WRITE:
        watch_writable(lane);
        return;
    case STREAM_END:
        fail_opening(lane, TRANSPORT_TLS, "closed by the target in the TLS handshake", now);
        return;
    case STREAM_FAILED:
        fail_opening(lane, TRANSPORT_TLS, lane->stream.detail, now);
        return;
    }
}

static enum transport_error connect_error(int errnum)
{
    switch (errnum) {
    case ECONNREFUSED:
        return TRANSPORT_CONNECT_REFUSED;
    case ETIMEDOUT:
        return TRANSPORT_CONNECT_TIMEOUT;
    default:
        return TRANSPORT_CONNECT_FAILED;
    }
}

static void go_on_with_connect(struct lane *lane)
{
    enum stream_result result = stream_connected(&lane->stream);
    uint64_t now = clock_mono_ns();
    if (result != STREAM_OK) {
        fail_opening(lane, connect_error(lane->stream.failure), lane->stream.detail, now);
        return;
    }
    lane->opening.connect_ns = now - lane->opening.connect_start_mono_ns;
    if (event_add(&lane->readable, NULL) < 0) {
        fail_opening(lane, TRANSPORT_CONNECT_FAILED, "cannot watch the connection", now);
        return;
    }
    lane->step = STEP_HANDSHAKE;
    if (lane->sender->tls)
        go_on_with_handshake(lane);
    else
        become_ready(lane, now);
}

/* The response is complete with what was read at |now|. Returns whether the lane is still at this request: a target that answered ahead of the
 * end of the request, and keeps the connection, gets the rest of it; so does one that asked for the body with 100 right before it answered. */
static bool complete(struct lane *lane, uint64_t now)
{
    const struct response_facts *facts = response_facts(lane->response);
    bool keeps = facts->keep_alive && facts->surplus_bytes == 0;
    lane->outcome.done_mono_ns = now;
    if (keeps && facts->continued && lane->sendable_bytes < lane->total_bytes)
        send_body(lane, clock_mono_ns());
    if (lane->sent_bytes == lane->total_bytes || lane->sendable_bytes < lane->total_bytes || !keeps ||
        lane->write_refused) {
        finish(lane, TRANSPORT_NONE, NULL, now);
        return false;
    }
    lane->answered = true;
    response_keep(lane->response);
    return true;
}

static void on_ending(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct lane *lane = arg;
    uint64_t now = clock_mono_ns();
    if (now < lane->end_mono_ns) /* the loop's own clock is coarse */
        end_after(lane, lane->end_mono_ns - now);
    else if (lane->received) /* not looked at yet */
        end_after(lane, NS_PER_MS);
    else
        finish(lane, TRANSPORT_BODY_TIMEOUT, "the response was ended by the replayer", now);
}

/* The response may last so much longer, whatever the time-out says. */
static void end_after(struct lane *lane, uint64_t wait_ns)
{
    const struct timeval wait = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
                                 .tv_usec = (suseconds_t)(wait_ns % NS_PER_S / NS_PER_US)};
    lane->end_mono_ns = clock_mono_ns() + wait_ns;
    if (event_add(&lane->ending, &wait) == 0)
        deadline_stop(&lane->request_deadline);
}

/* Takes |bytes| read at |now|. Returns whether the lane is still at the same request. */
static bool take_bytes(struct lane *lane, struct bytes bytes, uint64_t now)
{
    if (lane->base.state == SENDER_LANE_IDLE) { /* nobody asked: a 408, or a response too many */
        shut(lane);
        return false;
    }
    if (lane->answered) {
        lane->write_refused = true;
        finish(lane, TRANSPORT_NONE, NULL, now);
        return false;
    }
    const struct response_facts *facts = response_facts(lane->response);
    switch (response_feed(lane->response, bytes, now)) {
    case RESPONSE_COMPLETE:
        return complete(lane, now);
    case RESPONSE_MALFORMED:
        finish(lane, TRANSPORT_MALFORMED, facts->detail, clock_mono_ns());
        return false;
    case RESPONSE_MORE:
    case RESPONSE_INCOMPLETE:
        break;
    }
    if (facts->continued && lane->sendable_bytes < lane->total_bytes)
        send_body(lane, clock_mono_ns());
    if (lane->request.end_after_ns && facts->status && lane->request_deadline.running)
        end_after(lane, lane->request.end_after_ns);
    return true;
}

/* The connection has ended, as |result| says. */
static void take_end(struct lane *lane, enum stream_result result)
{
    const struct response_facts *facts = response_facts(lane->response);
    uint64_t now = clock_mono_ns();
    if (lane->base.state == SENDER_LANE_IDLE) {
        shut(lane);
        return;
    }
    lane->write_refused = true;
    if (lane->answered || (result == STREAM_END && response_end(lane->response) == RESPONSE_COMPLETE))
        finish(lane, TRANSPORT_NONE, NULL, now);
    else if (result == STREAM_FAILED && lane->stream.failure == 0)
        finish(lane, TRANSPORT_TLS, lane->stream.detail, now);
    else
        finish(lane,
               facts->begun           ? TRANSPORT_INCOMPLETE
               : result == STREAM_END ? TRANSPORT_CLOSED
                                      : TRANSPORT_RESET,
               result != STREAM_END ? lane->stream.detail
               : facts->begun       ? "closed by the target inside its answer"
                                    : "closed by the target",
               now);
}

static void take_received(struct http1_sender *sender)
{
    for (size_t i = 0; i < sender->received_count; i++) {
        const struct received received = sender->received[i];
        if (!received.lane)
            continue;
        received.lane->received = NULL;
        take_bytes(received.lane, received.bytes, received.now_ns);
    }
    sender->received_count = sender->read_used = 0;
}

static void send_unsent(struct http1_sender *sender)
{
    for (size_t i = 0; i < sender->unsent_count; i++) {
        struct lane *lane = sender->unsent[i];
        if (!lane)
            continue;
        lane->unsent = NULL;
        start_request(lane, clock_mono_ns());
    }
    sender->unsent_count = 0;
}

/* Doing one thing for many lanes after another keeps its code, here and in the kernel, in the processor's caches. */
static void http1_flush(struct sender *base)
{
    struct http1_sender *sender = (struct http1_sender *)base;
    take_received(sender);
    send_unsent(sender);
}

/* Puts off looking at |bytes|, read at |now|. */
static void take_later(struct lane *lane, struct bytes bytes, uint64_t now)
{
    struct http1_sender *sender = lane->sender;
    lane->received = &sender->received[sender->received_count++];
    *lane->received = (struct received){.lane = lane, .bytes = bytes, .now_ns = now};
    sender->read_used += bytes.size;
    if (sender->received_count == LATER_MAX || sender->read_used > READ_BYTES)
        http1_flush(&sender->base);
}

/* Reads until the socket is empty or the turn is over. Returns whether the lane is still at the same request. */
static bool read_all(struct lane *lane)
{
    for (int turn = 0; turn < READS_PER_TURN; turn++) {
        size_t size = 0;
        uint8_t *data = lane->sender->read_bytes + lane->sender->read_used;
        enum stream_result result = stream_read(&lane->stream, data, READ_BYTES, &size);
        switch (result) {
        case STREAM_OK:
            if (lane->sender->batches && size < READ_BYTES && !lane->stream.session) {
                take_later(lane, bytes_make(data, size), clock_mono_ns());
                return false;
            }
            if (!take_bytes(lane, bytes_make(data, size), clock_mono_ns()))
                return false;
            if (size < READ_BYTES && !lane->stream.session)
                return true;
            break;
        case STREAM_WANT_READ:
            return true;
        case STREAM_WANT_WRITE:
            watch_writable(lane);
            return true;
        case STREAM_END:
        case STREAM_FAILED:
            take_end(lane, result);
            return false;
        }
    }
    if (stream_has_pending(&lane->stream) || !lane->stream.session)
        event_active(&lane->readable, EV_READ, 0);
    return true;
}

/* Sends on, and ends a request that was waiting for nothing else. */
static void write_all(struct lane *lane)
{
    send_more(lane, clock_mono_ns());
    if (lane->answered && (lane->sent_bytes == lane->total_bytes || lane->write_refused))
        finish(lane, TRANSPORT_NONE, NULL, clock_mono_ns());
}

/* A plain connection is told of once, when bytes have come or its end has: who leaves any of that unread asks to be called again. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    struct lane *lane = arg;
    bool put_off = lane->received || lane->unsent;
    if (put_off || (what & EV_CLOSED))
        event_active(&lane->readable, what, 0);
    if (put_off) { /* it is before what follows; and it may be the lane's last */
        lane->sender->base.ops->flush(&lane->sender->base);
        return;
    }
    if (lane->step == STEP_HANDSHAKE)
        go_on_with_handshake(lane);
    else if (read_all(lane) && lane->stream.session && lane->base.state == SENDER_LANE_BUSY &&
             !lane->writing && lane->sent_bytes < lane->sendable_bytes)
        write_all(lane); /* TLS had to read before it could write */
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct lane *lane = arg;
    lane->writing = false;
    switch (lane->step) {
    case STEP_CONNECTING:
        go_on_with_connect(lane);
        return;
    case STEP_HANDSHAKE:
        go_on_with_handshake(lane);
        return;
    case STEP_READY:
        if (lane->base.state == SENDER_LANE_BUSY && lane->sent_bytes < lane->sendable_bytes)
            write_all(lane);
        else if (lane->stream.session)
            on_readable(fd, what, lane); /* TLS had to write before it could read */
        return;
    case STEP_NONE:
        return;
    }
}

static void send_later(struct lane *lane)
{
    struct http1_sender *sender = lane->sender;
    if (sender->unsent_count == LATER_MAX)
        send_unsent(sender);
    lane->unsent = &sender->unsent[sender->unsent_count++];
    *lane->unsent = lane;
}

static void begin_connect(struct lane *lane)
{
    struct http1_sender *sender = lane->sender;
    uint64_t now = clock_mono_ns();
    lane->opening = (struct sender_opening){.connect_start_mono_ns = now};
    const struct target_address *source = target_source(sender->target, lane->address, &sender->next_source);
    if (stream_connect(&lane->stream, lane->address, source) == STREAM_FAILED) {
        defer(lane, connect_error(lane->stream.failure), lane->stream.detail);
        return;
    }
    /* TLS may hold back what it has read, and read when it writes: there the loop tells of bytes as long as they wait. */
    short once = sender->tls ? 0 : EV_ET;
    event_assign(&lane->readable, sender->loop, lane->stream.fd,
                 (short)(EV_READ | EV_PERSIST | once | (once ? EV_CLOSED : 0)), on_readable, lane);
    event_assign(&lane->writable, sender->loop, lane->stream.fd, (short)(EV_WRITE | once), on_writable, lane);
    lane->step = STEP_CONNECTING;
    deadline_start(&sender->connects, &lane->connect_deadline, now);
    watch_writable(lane);
}

static void http1_lane_open(struct sender_lane *base, sender_opened_fn opened, void *arg)
{
    struct lane *lane = (struct lane *)base;
    assert(base->state == SENDER_LANE_CLOSED);
    lane->opened = opened;
    lane->opened_arg = arg;
    base->state = SENDER_LANE_OPENING;
    begin_connect(lane);
}

static void http1_lane_fire(struct sender_lane *base, const struct sender_request *request,
                            sender_done_fn done, void *arg)
{
    struct lane *lane = (struct lane *)base;
    assert(base->state != SENDER_LANE_BUSY && request->head.size > 0);
    lane->request = *request;
    lane->done = done;
    lane->done_arg = arg;
    lane->opened = NULL;
    lane->outcome = (struct sender_outcome){.connected = lane->step != STEP_READY};
    lane->sent_bytes = 0;
    lane->total_bytes = request->head.size + request->body.size;
    lane->sendable_bytes =
        request->expect_continue && request->body.size > 0 ? request->head.size : lane->total_bytes;
    lane->answered = false;
    lane->write_refused = false;
    response_begin(lane->response, request->method_is_head, request->want_body_bytes);
    enum sender_lane_state before = base->state;
    base->state = SENDER_LANE_BUSY;
    if (before == SENDER_LANE_IDLE && lane->sender->batches)
        send_later(lane);
    else if (before == SENDER_LANE_IDLE)
        start_request(lane, clock_mono_ns());
    else if (before == SENDER_LANE_CLOSED)
        begin_connect(lane);
}

static void http1_lane_close(struct sender_lane *base)
{
    shut((struct lane *)base);
}

static struct sender_lane *http1_lane_create(struct sender *base, const struct target_address *address,
                                             uint64_t group)
{
    (void)group;
    struct http1_sender *sender = (struct http1_sender *)base;
    struct lane *lane = xcalloc(1, sizeof *lane);
    lane->base.ops = base->ops;
    lane->sender = sender;
    lane->address = address;
    lane->stream = STREAM_CLOSED;
    lane->response = response_create(sender->max_head_bytes, &sender->known);
    event_assign(&lane->deferred, sender->loop, -1, 0, on_deferred, lane);
    event_assign(&lane->ending, sender->loop, -1, 0, on_ending, lane);
    sender->lanes++;
    return &lane->base;
}

static void http1_lane_free(struct sender_lane *base)
{
    struct lane *lane = (struct lane *)base;
    shut(lane);
    lane->sender->lanes--;
    response_free(lane->response);
    free(lane);
}

static void on_connect_deadline(struct deadline *deadline)
{
    struct lane *lane = LANE_OF(connect_deadline, deadline);
    if (lane->step == STEP_HANDSHAKE)
        fail_opening(lane, TRANSPORT_TLS_TIMEOUT, "no end of the TLS handshake in time", clock_mono_ns());
    else
        fail_opening(lane, TRANSPORT_CONNECT_TIMEOUT, "no connection in time", clock_mono_ns());
}

static void on_request_deadline(struct deadline *deadline)
{
    struct lane *lane = LANE_OF(request_deadline, deadline);
    uint64_t now = clock_mono_ns();
    if (lane->received) { /* not late, only not looked at; where it was not all, the rest has its time anew */
        deadline_start(&lane->sender->requests, deadline, now);
        return;
    }
    lane->write_refused = true;
    if (lane->answered)
        finish(lane, TRANSPORT_NONE, NULL, now);
    else if (response_facts(lane->response)->begun)
        finish(lane, TRANSPORT_BODY_TIMEOUT, "the response began and did not end in time", now);
    else if (lane->sent_bytes < lane->total_bytes)
        finish(lane, TRANSPORT_SEND_TIMEOUT, "the target did not take the request in time", now);
    else
        finish(lane, TRANSPORT_TIMEOUT, "no response in time", now);
}

static void on_continue_deadline(struct deadline *deadline)
{
    send_body(LANE_OF(continue_deadline, deadline), clock_mono_ns());
}

static void http1_free(struct sender *base)
{
    struct http1_sender *sender = (struct http1_sender *)base;
    assert(sender->lanes == 0);
    deadlines_done(&sender->connects);
    deadlines_done(&sender->requests);
    deadlines_done(&sender->continues);
    tls_context_free(sender->tls);
    free(sender);
}

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
    return value ? value : otherwise;
}

static int http1_create(const struct sender_settings *settings, struct sender **ret_sender, struct error *err)
{
    struct http1_sender *sender = xcalloc(1, sizeof *sender);
    sender->base.ops = &sender_http1;
    sender->loop = settings->base;
    sender->target = settings->target;
    sender->batches = settings->batches;
    sender->max_head_bytes = or_default(settings->max_head_bytes, 256 * 1024);
    if (settings->target->tls) {
        const char *name = settings->tls_server_name ? settings->tls_server_name : settings->target->host;
        if (tls_context_create(name, settings->tls_ca_file, settings->tls_insecure, &sender->tls, err) < 0) {
            free(sender);
            return -1;
        }
    }
    deadlines_init(&sender->connects, sender->loop, or_default(settings->connect_timeout_ns, 10 * NS_PER_S),
                   on_connect_deadline);
    deadlines_init(&sender->requests, sender->loop, or_default(settings->request_timeout_ns, 30 * NS_PER_S),
                   on_request_deadline);
    deadlines_init(&sender->continues, sender->loop, or_default(settings->continue_wait_ns, NS_PER_S),
                   on_continue_deadline);
    *ret_sender = &sender->base;
    return 0;
}

const struct sender_ops sender_http1 = {
    .name = "http1",
    .create = http1_create,
    .free = http1_free,
    .lane_create = http1_lane_create,
    .lane_free = http1_lane_free,
    .lane_open = http1_lane_open,
    .lane_fire = http1_lane_fire,
    .lane_close = http1_lane_close,
    .flush = http1_flush,
};
