/* The connection of a lane: opened, set up for TLS, watched, closed. */
#include "common/clock.h"
#include "replay/sender/http1_lane.h"
#include "replay/sender/tls.h"

#include <errno.h>

void lane_shut(struct lane *lane)
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
        lane_finish(lane, error, detail, now);
        return;
    }
    lane_shut(lane);
    if (lane->opened)
        lane->opened(&lane->base, &lane->opening, lane->opened_arg);
}

void lane_on_deferred(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct lane *lane = arg;
    if (lane->step == STEP_READY)
        lane_finish(lane, lane->deferred_error, lane->deferred_detail, clock_mono_ns());
    else
        fail_opening(lane, lane->deferred_error, lane->deferred_detail, clock_mono_ns());
}

void lane_defer(struct lane *lane, enum transport_error error, const char *detail)
{
    lane->deferred_error = error;
    lane->deferred_detail = detail;
    event_active(&lane->deferred, EV_TIMEOUT, 0);
}

void lane_watch_writable(struct lane *lane)
{
    if (!lane->writing)
        lane->writing = event_add(&lane->writable, NULL) == 0;
}

/* The connection, TLS included, is there. */
static void become_ready(struct lane *lane, uint64_t now)
{
    deadline_stop(&lane->connect_deadline);
    lane->step = STEP_READY;
    lane->free_mono_ns = now;
    if (lane->base.state == SENDER_LANE_BUSY) {
        lane_start(lane, now);
        return;
    }
    lane->base.state = SENDER_LANE_IDLE;
    if (lane->opened)
        lane->opened(&lane->base, &lane->opening, lane->opened_arg);
}

void lane_handshake(struct lane *lane)
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
        lane_watch_writable(lane);
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

void lane_connected(struct lane *lane)
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
        lane_handshake(lane);
    else
        become_ready(lane, now);
}

void lane_connect(struct lane *lane)
{
    struct http1_sender *sender = lane->sender;
    uint64_t now = clock_mono_ns();
    lane->opening = (struct sender_opening){.connect_start_mono_ns = now};
    const struct target_address *source = target_source(sender->target, lane->address, &sender->next_source);
    if (stream_connect(&lane->stream, lane->address, source) == STREAM_FAILED) {
        lane_defer(lane, connect_error(lane->stream.failure), lane->stream.detail);
        return;
    }
    /* TLS may hold back what it has read, and read when it writes: there the loop tells of bytes as long as they wait. */
    short once = sender->tls ? 0 : EV_ET;
    event_assign(&lane->readable, sender->loop, lane->stream.fd,
                 (short)(EV_READ | EV_PERSIST | once | (once ? EV_CLOSED : 0)), lane_on_readable, lane);
    event_assign(&lane->writable, sender->loop, lane->stream.fd, (short)(EV_WRITE | once), lane_on_writable,
                 lane);
    lane->step = STEP_CONNECTING;
    deadline_start(&sender->connects, &lane->connect_deadline, now);
    lane_watch_writable(lane);
}

void lane_on_connect_deadline(struct deadline *deadline)
{
    struct lane *lane = LANE_OF(connect_deadline, deadline);
    if (lane->step == STEP_HANDSHAKE)
        fail_opening(lane, TRANSPORT_TLS_TIMEOUT, "no end of the TLS handshake in time", clock_mono_ns());
    else
        fail_opening(lane, TRANSPORT_CONNECT_TIMEOUT, "no connection in time", clock_mono_ns());
}
