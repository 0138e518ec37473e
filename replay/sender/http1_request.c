/* One request on a lane: sent, its response read, its end told. In the steady state that costs one send and one recv, two clock reads and no
 * change to the set of watched descriptors. */
#include "common/clock.h"
#include "replay/sender/http1_lane.h"

#include <errno.h>

/* What one lane may do before the loop turns to others. */
#define READS_PER_TURN 8
#define WRITE_PER_TURN (UINT64_C(1) << 20)

static void end_after(struct lane *lane, uint64_t wait_ns);

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

void lane_finish(struct lane *lane, enum transport_error error, const char *detail, uint64_t now)
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
        lane_shut(lane);
    }
    lane->done(&lane->base, &outcome, lane->done_arg);
}

/* The socket takes no more of the request. A target that refuses a body has often answered before it closed, so that
 * reading decides; other failures end the request. */
static void refuse_write(struct lane *lane)
{
    int errnum = lane->stream.failure;
    lane->write_refused = true;
    if (errnum != EPIPE && errnum != ECONNRESET)
        lane_defer(lane, errnum == 0 ? TRANSPORT_TLS : TRANSPORT_SEND, lane->stream.detail);
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
                lane_watch_writable(lane);
                return;
            }
            now = clock_mono_ns();
            break;
        case STREAM_WANT_WRITE:
            lane_watch_writable(lane);
            return;
        case STREAM_WANT_READ:
            return; /* lane_on_readable tries again */
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

void lane_start(struct lane *lane, uint64_t now)
{
    lane->outcome.slot_mono_ns = lane->free_mono_ns;
    lane->outcome.reused = lane->base.carried++ > 0;
    deadline_start(&lane->sender->requests, &lane->request_deadline, now);
    send_more(lane, now);
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
        lane_finish(lane, TRANSPORT_NONE, NULL, now);
        return false;
    }
    lane->answered = true;
    response_keep(lane->response);
    return true;
}

void lane_on_ending(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct lane *lane = arg;
    uint64_t now = clock_mono_ns();
    if (now < lane->end_mono_ns) /* the loop's own clock is coarse */
        end_after(lane, lane->end_mono_ns - now);
    else if (lane->received) /* not looked at yet */
        end_after(lane, NS_PER_MS);
    else
        lane_finish(lane, TRANSPORT_BODY_TIMEOUT, "the response was ended by the replayer", now);
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

bool lane_take_bytes(struct lane *lane, struct bytes bytes, uint64_t now)
{
    if (lane->base.state == SENDER_LANE_IDLE) { /* nobody asked: a 408, or a response too many */
        lane_shut(lane);
        return false;
    }
    if (lane->answered) {
        lane->write_refused = true;
        lane_finish(lane, TRANSPORT_NONE, NULL, now);
        return false;
    }
    const struct response_facts *facts = response_facts(lane->response);
    switch (response_feed(lane->response, bytes, now)) {
    case RESPONSE_COMPLETE:
        return complete(lane, now);
    case RESPONSE_MALFORMED:
        lane_finish(lane, TRANSPORT_MALFORMED, facts->detail, clock_mono_ns());
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
        lane_shut(lane);
        return;
    }
    lane->write_refused = true;
    if (lane->answered || (result == STREAM_END && response_end(lane->response) == RESPONSE_COMPLETE))
        lane_finish(lane, TRANSPORT_NONE, NULL, now);
    else if (result == STREAM_FAILED && lane->stream.failure == 0)
        lane_finish(lane, TRANSPORT_TLS, lane->stream.detail, now);
    else
        lane_finish(lane,
                    facts->begun           ? TRANSPORT_INCOMPLETE
                    : result == STREAM_END ? TRANSPORT_CLOSED
                                           : TRANSPORT_RESET,
                    result != STREAM_END ? lane->stream.detail
                    : facts->begun       ? "closed by the target inside its answer"
                                         : "closed by the target",
                    now);
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
                lane_take_later(lane, bytes_make(data, size), clock_mono_ns());
                return false;
            }
            if (!lane_take_bytes(lane, bytes_make(data, size), clock_mono_ns()))
                return false;
            if (size < READ_BYTES && !lane->stream.session)
                return true;
            break;
        case STREAM_WANT_READ:
            return true;
        case STREAM_WANT_WRITE:
            lane_watch_writable(lane);
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
        lane_finish(lane, TRANSPORT_NONE, NULL, clock_mono_ns());
}

/* A plain connection is told of once, when bytes have come or its end has: who leaves any of that unread asks to be called again. */
void lane_on_readable(evutil_socket_t fd, short what, void *arg)
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
        lane_handshake(lane);
    else if (read_all(lane) && lane->stream.session && lane->base.state == SENDER_LANE_BUSY &&
             !lane->writing && lane->sent_bytes < lane->sendable_bytes)
        write_all(lane); /* TLS had to read before it could write */
}

void lane_on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct lane *lane = arg;
    lane->writing = false;
    switch (lane->step) {
    case STEP_CONNECTING:
        lane_connected(lane);
        return;
    case STEP_HANDSHAKE:
        lane_handshake(lane);
        return;
    case STEP_READY:
        if (lane->base.state == SENDER_LANE_BUSY && lane->sent_bytes < lane->sendable_bytes)
            write_all(lane);
        else if (lane->stream.session)
            lane_on_readable(fd, what, lane); /* TLS had to write before it could read */
        return;
    case STEP_NONE:
        return;
    }
}

void lane_on_request_deadline(struct deadline *deadline)
{
    struct lane *lane = LANE_OF(request_deadline, deadline);
    uint64_t now = clock_mono_ns();
    if (lane->received) { /* not late, only not looked at; where it was not all, the rest has its time anew */
        deadline_start(&lane->sender->requests, deadline, now);
        return;
    }
    lane->write_refused = true;
    if (lane->answered)
        lane_finish(lane, TRANSPORT_NONE, NULL, now);
    else if (response_facts(lane->response)->begun)
        lane_finish(lane, TRANSPORT_BODY_TIMEOUT, "the response began and did not end in time", now);
    else if (lane->sent_bytes < lane->total_bytes)
        lane_finish(lane, TRANSPORT_SEND_TIMEOUT, "the target did not take the request in time", now);
    else
        lane_finish(lane, TRANSPORT_TIMEOUT, "no response in time", now);
}

void lane_on_continue_deadline(struct deadline *deadline)
{
    send_body(LANE_OF(continue_deadline, deadline), clock_mono_ns());
}
