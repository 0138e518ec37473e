/* The HTTP/1.1 sender: a lane is a connection. */
#include "common/clock.h"
#include "common/mem.h"
#include "replay/sender/http1_lane.h"
#include "replay/sender/tls.h"

#include <assert.h>
#include <stdlib.h>

static void http1_lane_open(struct sender_lane *base, sender_opened_fn opened, void *arg)
{
    struct lane *lane = (struct lane *)base;
    assert(base->state == SENDER_LANE_CLOSED);
    lane->opened = opened;
    lane->opened_arg = arg;
    base->state = SENDER_LANE_OPENING;
    lane_connect(lane);
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
        lane_send_later(lane);
    else if (before == SENDER_LANE_IDLE)
        lane_start(lane, clock_mono_ns());
    else if (before == SENDER_LANE_CLOSED)
        lane_connect(lane);
}

static void http1_lane_close(struct sender_lane *base)
{
    lane_shut((struct lane *)base);
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
    event_assign(&lane->deferred, sender->loop, -1, 0, lane_on_deferred, lane);
    event_assign(&lane->ending, sender->loop, -1, 0, lane_on_ending, lane);
    sender->lanes++;
    return &lane->base;
}

static void http1_lane_free(struct sender_lane *base)
{
    struct lane *lane = (struct lane *)base;
    lane_shut(lane);
    lane->sender->lanes--;
    response_free(lane->response);
    free(lane);
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
                   lane_on_connect_deadline);
    deadlines_init(&sender->requests, sender->loop, or_default(settings->request_timeout_ns, 30 * NS_PER_S),
                   lane_on_request_deadline);
    deadlines_init(&sender->continues, sender->loop, or_default(settings->continue_wait_ns, NS_PER_S),
                   lane_on_continue_deadline);
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
