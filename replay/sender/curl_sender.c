/* The sender on libcurl: a lane is a transfer, a line is a connection (HTTP/1.1: of one lane; HTTP/2: of all lanes of a
 * group). The pool is ours: each line has a share handle with the one connection in it, and is on one of the multi handles,
 * which serve few connections each since libcurl looks through all of one's. TCP is connected by us, ahead of time where
 * asked for; libcurl gets the socket when the first request is there.
 *
 * Two things libcurl would do by itself are prevented: to send a request again (a second call of on_established), and to
 * take one line's connection for another's (the share). */
#include "common/clock.h"
#include "common/keymap.h"
#include "common/mem.h"
#include "replay/sender/curl_lane.h"
#include "replay/sender/curl_waiting.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIES_MAX 100 /* to begin a request of HTTP/2, at a target that ends its connections all the time */

void curl_line_drop(struct curl_line *line)
{
    if (line->connecting)
        event_del(&line->writable);
    if (line->watched)
        event_del(&line->closed);
    line->connecting = line->watched = false;
    stream_close(&line->stream);
    line->stream = STREAM_CLOSED;
    line->carried = 0;
    if (!line->share)
        return;
    for (struct curl_lane *lane = line->first; lane; lane = lane->next)
        curl_easy_setopt(lane->transfer, CURLOPT_SHARE, NULL);
    curl_share_cleanup(line->share); /* closes the connection */
    line->share = NULL;
}

static void count_open(struct curl_lane *lane, enum sender_lane_state state)
{
    bool was = lane->base.state != SENDER_LANE_CLOSED, is = state != SENDER_LANE_CLOSED;
    lane->base.state = state;
    if (was == is)
        return;
    lane->line->open += is ? 1 : UINT_MAX;
    if (lane->line->open == 0)
        curl_line_drop(lane->line);
}

static void leave_loop(struct curl_lane *lane)
{
    if (lane->step == CURL_STEP_RUNNING)
        curl_loop_remove(lane->line->loop, lane->transfer);
    lane->step = CURL_STEP_NONE;
    deadline_stop(&lane->connect_deadline);
    deadline_stop(&lane->request_deadline);
    event_del(&lane->lasting);
}

/* Forgets everything that could still call back. */
static void shut(struct curl_lane *lane)
{
    leave_loop(lane);
    event_del(&lane->deferred);
    lane->base.carried = 0;
    count_open(lane, SENDER_LANE_CLOSED);
}

static bool has_connection(const struct curl_line *line)
{
    return line->sockets > 0 || (line->stream.fd >= 0 && !line->connecting);
}

static void on_closed(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct curl_line *line = arg;
    line->watched = false;
    for (struct curl_lane *lane = line->first; lane; lane = lane->next)
        if (lane->base.state == SENDER_LANE_BUSY)
            return; /* libcurl sees it, too */
    for (struct curl_lane *lane = line->first; lane; lane = lane->next) {
        if (lane->base.state == SENDER_LANE_OPENING)
            curl_lane_defer(lane, TRANSPORT_CONNECT_FAILED, "closed by the target");
        else
            shut(lane);
    }
}

/* Has an end of the line's connection noticed while nothing is sent over it. */
static void watch_end(struct curl_line *line, int fd)
{
    if (line->watched)
        event_del(&line->closed);
    event_assign(&line->closed, line->sender->loop, fd, EV_CLOSED, on_closed, line);
    line->watched = event_add(&line->closed, NULL) == 0;
}

static bool is_http2(const struct curl_lane *lane)
{
    long version = 0;
    if (lane->sender->http2 == SENDER_HTTP1)
        return false;
    curl_easy_getinfo(lane->transfer, CURLINFO_HTTP_VERSION, &version);
    return version != CURL_HTTP_VERSION_1_1 && version != CURL_HTTP_VERSION_1_0;
}

/* Tells what is known of a request that ended; its owner may free the lane: touch nothing after it. */
static void finish(struct curl_lane *lane, enum transport_error error, const char *detail, uint64_t now)
{
    struct sender_outcome outcome = lane->outcome;
    outcome.error = error;
    outcome.detail = detail;
    outcome.done_mono_ns = now;
    curl_answer_fill(&lane->answer, &outcome);
    outcome.early_response =
        outcome.first_byte_mono_ns &&
        (!outcome.sent_last_mono_ns || outcome.first_byte_mono_ns < outcome.sent_last_mono_ns);
    bool http2 = is_http2(lane);
    leave_loop(lane);
    bool keep = error == TRANSPORT_NONE && lane->line->sockets > 0 && outcome.status != 101 &&
                (outcome.sent_last_mono_ns > 0 || http2);
    outcome.closed = !keep;
    if (keep) {
        lane->line->free_mono_ns = now;
        count_open(lane, SENDER_LANE_IDLE);
        if (!lane->line->watched && lane->line->fd >= 0)
            watch_end(lane->line, lane->line->fd);
    } else {
        shut(lane);
    }
    lane->done(&lane->base, &outcome, lane->done_arg);
}

/* Ends whatever was under way with a failure to connect. */
static void fail_opening(struct curl_lane *lane, enum transport_error error, const char *detail, uint64_t now)
{
    struct sender_opening opening = lane->line->opening;
    opening.error = error;
    opening.detail = detail;
    if (!opening.connect_ns)
        opening.connect_ns = now - opening.connect_start_mono_ns;
    if (lane->base.state == SENDER_LANE_BUSY) {
        lane->outcome.connected = true;
        lane->outcome.connect_start_mono_ns = opening.connect_start_mono_ns;
        lane->outcome.connect_ns = opening.connect_ns;
        finish(lane, error, detail, now);
        return;
    }
    shut(lane);
    if (lane->opened)
        lane->opened(&lane->base, &opening, lane->opened_arg);
}

static void end_transfer(struct curl_lane *lane, CURLcode code);

static void on_deferred(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct curl_lane *lane = arg;
    if (lane->answered_early && lane->step == CURL_STEP_RUNNING) {
        end_transfer(lane, CURLE_OK);
    } else if (lane->deferred_error != TRANSPORT_NONE) {
        fail_opening(lane, lane->deferred_error, lane->deferred_detail, clock_mono_ns());
    } else {
        count_open(lane, SENDER_LANE_IDLE);
        if (lane->opened)
            lane->opened(&lane->base, &lane->line->opening, lane->opened_arg);
    }
}

void curl_lane_defer(struct curl_lane *lane, enum transport_error error, const char *detail)
{
    lane->deferred_error = error;
    lane->deferred_detail = detail;
    event_active(&lane->deferred, EV_TIMEOUT, 0);
}

/* The facts of a transfer that ended with |code|. */
static struct curl_failure facts_of(const struct curl_lane *lane, CURLcode code)
{
    struct curl_failure facts = {.code = code,
                                 .tls = lane->sender->target->tls,
                                 .established = lane->established,
                                 .begun = lane->answer.begun,
                                 .sent = lane->outcome.sent_last_mono_ns > 0,
                                 .retried = lane->retried,
                                 .text = lane->error_text};
    curl_easy_getinfo(lane->transfer, CURLINFO_OS_ERRNO, &facts.os_errno);
    curl_easy_getinfo(lane->transfer, CURLINFO_SSL_VERIFYRESULT, &facts.verify_result);
    curl_easy_getinfo(lane->transfer, CURLINFO_HTTP_CONNECTCODE, &facts.proxy_status);
    curl_easy_getinfo(lane->transfer, CURLINFO_PROXY_ERROR, &facts.proxy_code);
    facts.http2 = is_http2(lane);
    return facts;
}

static uint64_t info_ns(const struct curl_lane *lane, CURLINFO info)
{
    curl_off_t us = 0;
    curl_easy_getinfo(lane->transfer, info, &us);
    return us > 0 ? (uint64_t)us * NS_PER_US : 0;
}

/* Notes how long connecting took, where this transfer did it. */
static void note_connecting(struct curl_lane *lane)
{
    uint64_t connect_ns = info_ns(lane, CURLINFO_CONNECT_TIME_T);
    uint64_t tls_ns = info_ns(lane, CURLINFO_APPCONNECT_TIME_T);
    if (!lane->established)
        lane->outcome.connected = lane->made_connection;
    if (!lane->outcome.connected)
        return;
    if (lane->handed_over) {
        lane->outcome.connect_start_mono_ns = lane->line->opening.connect_start_mono_ns;
        lane->outcome.connect_ns = lane->line->opening.connect_ns;
    } else {
        uint64_t resolved_ns = info_ns(lane, CURLINFO_NAMELOOKUP_TIME_T);
        lane->outcome.connect_ns = connect_ns > resolved_ns ? connect_ns - resolved_ns : 1;
    }
    lane->outcome.tls_ns = tls_ns > connect_ns ? tls_ns - connect_ns : 0;
}

static void note_deviations(struct curl_lane *lane)
{
    struct deviations *deviations = lane->sender->deviations;
    uint32_t bits = lane->request.deviations;
    if (lane->sender->http2 == SENDER_HTTP2_ALPN && !is_http2(lane))
        bits = (bits & ~(DEVIATION(PSEUDO_FIELDS) | DEVIATION(LOWER_CASE) | DEVIATION(HOP_BY_HOP))) |
               DEVIATION(NOT_MULTIPLEXED);
    if (lane->tls_late && lane->handed_over)
        bits |= DEVIATION(TLS_LATE);
    for (unsigned i = 0; deviations && i < DEVIATION_COUNT; i++)
        if (bits & (UINT32_C(1) << i))
            atomic_fetch_add(&deviations->counts[i], 1);
}

/* All of a body of known length went out. */
static bool sent_all(const struct curl_lane *lane)
{
    curl_off_t uploaded = 0;
    if (!lane->request.has_body)
        return true;
    curl_easy_getinfo(lane->transfer, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    return lane->content_given == lane->request.content.size && lane->content_ended &&
           (uint64_t)uploaded >= lane->request.content.size;
}

/* Notes when the last of the request went out: 0, not all of it did. */
static void note_sent(struct curl_lane *lane)
{
    if (!sent_all(lane))
        lane->outcome.sent_last_mono_ns = 0;
    else if (lane->uploaded_mono_ns)
        lane->outcome.sent_last_mono_ns = lane->uploaded_mono_ns;
    else
        lane->outcome.sent_last_mono_ns = lane->outcome.sent_first_mono_ns;
}

/* Begins the transfer of a lane whose line has a connection, or whose libcurl is to make one. */
static void start_transfer(struct curl_lane *lane)
{
    struct curl_line *line = lane->line;
    if (!line->share) {
        line->share = curl_share_init();
        assert(line->share);
        curl_share_setopt(line->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
    }
    curl_lane_set_request(lane);
    curl_easy_setopt(lane->transfer, CURLOPT_SHARE, line->share);
    lane->step = CURL_STEP_RUNNING;
    lane->connection = lane->stream = CURL_NOWHERE;
    curl_loop_add(line->loop, lane->transfer);
    if (lane->sender->http2 != SENDER_HTTP1 && !lane->established)
        curl_waiting_watch(line);
}

void curl_lane_begin_again(struct curl_lane *lane)
{
    curl_loop_remove(lane->line->loop, lane->transfer);
    start_transfer(lane);
}

/* The transfer has ended, or is to. */
static void end_transfer(struct curl_lane *lane, CURLcode code)
{
    const char *detail = NULL;
    enum transport_error error = TRANSPORT_NONE;
    uint64_t now = clock_mono_ns();
    note_connecting(lane);
    if (lane->established) {
        note_deviations(lane);
        note_sent(lane);
    }
    bool answered = code == CURLE_OK || (lane->retried && lane->answer.head_done) ||
                    (code == CURLE_HTTP2_STREAM && curl_answer_is_complete(&lane->answer));
    if (lane->answer.refused) {
        error = TRANSPORT_MALFORMED;
        detail = lane->answer.refused;
    } else if (!answered) {
        struct curl_failure facts = facts_of(lane, code);
        error = curl_failure_kind(&facts, &detail);
    } else if (!lane->answer.head_done) {
        error = TRANSPORT_MALFORMED;
        detail = "no status line";
    }
    finish(lane, error, detail, now);
}

static void on_transfer_done(CURL *transfer, CURLcode code)
{
    struct curl_lane *lane = NULL;
    curl_easy_getinfo(transfer, CURLINFO_PRIVATE, (char **)&lane);
    /* Not looked at by the target (RFC 9113 §8.7), as happens when it ends a connection. */
    bool unseen = lane->stream_refused && lane->answer.bytes_seen == 0;
    /* Prior knowledge fails on a connection that began so already: it was to be a new one, and came meanwhile. */
    bool misled = code == CURLE_HTTP2 && lane->sender->http2 == SENDER_HTTP2_PRIOR &&
                  !lane->made_connection && lane->answer.bytes_seen == 0;
    if ((lane->begin_anew || unseen || misled) && ++lane->tries < TRIES_MAX) {
        lane->is_anew = lane->begin_anew;
        lane->waited = true;
        lane->begin_anew = lane->stream_refused = lane->established = lane->retried = false;
        lane->content_given = 0;
        lane->content_ended = false;
        deadline_stop(&lane->request_deadline);
        if (!lane->connect_deadline.running)
            deadline_start(&lane->sender->connects, &lane->connect_deadline, clock_mono_ns());
        curl_lane_begin_again(lane);
    } else {
        end_transfer(lane, code);
    }
}

/* TCP is connected. */
static void become_connected(struct curl_line *line, uint64_t now)
{
    line->opening.connect_ns = now - line->opening.connect_start_mono_ns;
    line->free_mono_ns = now;
    if (line->address->sockaddr.ss_family != AF_UNIX)
        watch_end(line, line->stream.fd);
    for (struct curl_lane *lane = line->first; lane; lane = lane->next) {
        if (lane->step != CURL_STEP_WAITING)
            continue;
        lane->step = CURL_STEP_NONE;
        if (lane->base.state == SENDER_LANE_BUSY) {
            start_transfer(lane);
            continue;
        }
        deadline_stop(&lane->connect_deadline);
        if (!lane->sender->target->tls) /* else it stays OPENING: TLS is to come */
            curl_lane_defer(lane, TRANSPORT_NONE, NULL);
    }
}

static enum transport_error connect_error(int errnum)
{
    return errnum == ECONNREFUSED ? TRANSPORT_CONNECT_REFUSED
           : errnum == ETIMEDOUT  ? TRANSPORT_CONNECT_TIMEOUT
                                  : TRANSPORT_CONNECT_FAILED;
}

static void fail_connecting(struct curl_line *line)
{
    enum transport_error error = connect_error(line->stream.failure);
    const char *detail = line->stream.detail;
    line->opening.connect_ns = clock_mono_ns() - line->opening.connect_start_mono_ns;
    stream_close(&line->stream);
    line->stream = STREAM_CLOSED;
    for (struct curl_lane *lane = line->first; lane; lane = lane->next)
        if (lane->step == CURL_STEP_WAITING)
            curl_lane_defer(lane, error, detail);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct curl_line *line = arg;
    line->connecting = false;
    if (stream_connected(&line->stream) == STREAM_OK)
        become_connected(line, clock_mono_ns());
    else
        fail_connecting(line);
}

static void on_unix(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct curl_line *line = arg;
    line->connecting = false;
    if (line->stream.fd >= 0)
        become_connected(line, clock_mono_ns());
    else
        fail_connecting(line);
}

static void begin_connect(struct curl_line *line)
{
    struct curl_sender *sender = line->sender;
    const struct target_address *source = target_source(sender->target, line->address, &sender->next_source);
    line->opening = (struct sender_opening){.connect_start_mono_ns = clock_mono_ns()};
    line->carried = 0;
    if (line->address->sockaddr.ss_family ==
        AF_UNIX) { /* libcurl connects it: Linux lets no unix socket be connected twice */
        line->stream = (struct stream){.fd = stream_open(line->address, NULL), .failure = errno};
        line->connecting = true;
        event_assign(&line->writable, sender->loop, -1, 0, on_unix, line);
        event_active(&line->writable, EV_TIMEOUT, 0);
        return;
    }
    if (stream_connect(&line->stream, line->address, source) == STREAM_FAILED) {
        fail_connecting(line);
        return;
    }
    line->connecting = true;
    event_assign(&line->writable, sender->loop, line->stream.fd, EV_WRITE, on_writable, line);
    if (event_add(&line->writable, NULL) < 0)
        event_active(&line->writable, EV_WRITE, 0);
}

/* Has |lane| wait for its line's connection, which is made where nobody has begun to. */
static void wait_for_connection(struct curl_lane *lane, uint64_t now)
{
    lane->step = CURL_STEP_WAITING;
    deadline_start(&lane->sender->connects, &lane->connect_deadline, now);
    if (!lane->line->connecting)
        begin_connect(lane->line);
}

static void curl_lane_open(struct sender_lane *base, sender_opened_fn opened, void *arg)
{
    struct curl_lane *lane = (struct curl_lane *)base;
    assert(base->state == SENDER_LANE_CLOSED);
    lane->opened = opened;
    lane->opened_arg = arg;
    count_open(lane, SENDER_LANE_OPENING);
    lane->tls_late = lane->sender->target->tls;
    if (has_connection(lane->line))
        curl_lane_defer(lane, TRANSPORT_NONE, NULL);
    else
        wait_for_connection(lane, clock_mono_ns());
}

static void curl_lane_fire(struct sender_lane *base, const struct sender_request *request,
                           sender_done_fn done, void *arg)
{
    struct curl_lane *lane = (struct curl_lane *)base;
    struct curl_line *line = lane->line;
    uint64_t now = clock_mono_ns();
    assert(base->state != SENDER_LANE_BUSY && request->head.size > 0);
    lane->done = done;
    lane->done_arg = arg;
    lane->opened = NULL;
    lane->outcome = (struct sender_outcome){0};
    lane->fired_mono_ns = now;
    lane->tries = 0;
    lane->stream_refused = lane->begin_anew = lane->is_anew = lane->answered_early = false;
    lane->established = lane->retried = lane->made_connection = lane->handed_over = false;
    lane->content_given = 0;
    lane->content_ended = false;
    lane->uploaded = 0;
    lane->uploaded_mono_ns = 0;
    lane->end_after_ns = request->end_after_ns;
    curl_answer_begin(&lane->answer, request->want_body_bytes);
    curl_request_build(&lane->request, request, &lane->sender->way);
    enum sender_lane_state before = base->state;
    count_open(lane, SENDER_LANE_BUSY);
    lane->waited = before != SENDER_LANE_IDLE && (!has_connection(line) || lane->tls_late);
    lane->tls_late = lane->tls_late && before == SENDER_LANE_OPENING;
    if (before == SENDER_LANE_OPENING && lane->step == CURL_STEP_WAITING)
        return;
    event_del(&lane->deferred);
    if (!has_connection(line)) {
        wait_for_connection(lane, now);
        return;
    }
    deadline_start(&lane->sender->connects, &lane->connect_deadline, now);
    start_transfer(lane);
}

static void curl_lane_close(struct sender_lane *base)
{
    shut((struct curl_lane *)base);
}

static void on_connect_deadline(struct deadline *deadline)
{
    struct curl_lane *lane = CURL_LANE_OF(connect_deadline, deadline);
    uint64_t now = clock_mono_ns();
    if (lane->step == CURL_STEP_RUNNING)
        note_connecting(lane);
    if (lane->step != CURL_STEP_RUNNING)
        fail_opening(lane, TRANSPORT_CONNECT_TIMEOUT, "no connection in time", now);
    else if (lane->sender->proxy)
        fail_opening(lane, TRANSPORT_CONNECT_TIMEOUT, "no way through the proxy in time", now);
    else
        fail_opening(lane, lane->sender->target->tls ? TRANSPORT_TLS_TIMEOUT : TRANSPORT_CONNECT_TIMEOUT,
                     "no end of the TLS handshake in time", now);
}

/* |detail|: why, where a response had begun. */
static void end_in_time(struct curl_lane *lane, const char *detail)
{
    uint64_t now = clock_mono_ns();
    note_connecting(lane);
    note_deviations(lane);
    note_sent(lane);
    if (curl_answer_is_complete(&lane->answer))
        finish(lane, TRANSPORT_NONE, NULL, now);
    else if (lane->answer.begun)
        finish(lane, TRANSPORT_BODY_TIMEOUT, detail, now);
    else if (!lane->outcome.sent_last_mono_ns)
        finish(lane, TRANSPORT_SEND_TIMEOUT, "the target did not take the request in time", now);
    else
        finish(lane, TRANSPORT_TIMEOUT, "no response in time", now);
}

static void on_request_deadline(struct deadline *deadline)
{
    end_in_time(CURL_LANE_OF(request_deadline, deadline), "the response began and did not end in time");
}

static void on_lasting(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct curl_lane *lane = arg;
    uint64_t now = clock_mono_ns();
    if (now < lane->lasting_until_ns) /* the loop's own clock is coarse */
        curl_lane_let_last(lane, lane->lasting_until_ns - now);
    else
        end_in_time(lane, "the response was ended by the replayer");
}

/* Returns a multi handle with room for one more line. */
static struct curl_loop *loop_with_room(struct curl_sender *sender, size_t *ret_index)
{
    size_t most =
        sender->http2 == SENDER_HTTP1 ? CURL_CONNECTIONS_MAX : CURL_CONNECTIONS_MAX / CURL_HTTP2_CONNECTIONS;
    for (size_t i = 0; i < sender->loop_count; i++) {
        if (sender->loops[i].lines < most) {
            *ret_index = i;
            return sender->loops[i].loop;
        }
    }
    sender->loops = xrealloc(sender->loops, (sender->loop_count + 1) * sizeof *sender->loops);
    *ret_index = sender->loop_count++;
    sender->loops[*ret_index].lines = 0;
    return sender->loops[*ret_index].loop = curl_loop_create(
               sender->loop, sender->http2 == SENDER_HTTP1 ? 1 : CURL_HTTP2_CONNECTIONS, on_transfer_done);
}

static struct curl_line *line_of(struct curl_sender *sender, const struct target_address *address,
                                 uint64_t group)
{
    struct keymap_key key = keymap_key(
        group, group ? 0 : (uint32_t)(address - sender->target->addresses)); /* those of none by address */
    struct curl_line *line = sender->http2 != SENDER_HTTP1 ? keymap_get(&sender->lines, key) : NULL;
    if (line)
        return line;
    line = xcalloc(1, sizeof *line);
    line->sender = sender;
    line->key = key;
    line->target_address = address;
    line->address = address;
    if (sender->proxy)
        line->address =
            &sender->proxy->place->addresses[sender->next_proxy++ % sender->proxy->place->address_count];
    line->stream = STREAM_CLOSED;
    line->fd = -1;
    line->loop = loop_with_room(sender, &line->loop_index);
    curl_waiting_init(line);
    sender->loops[line->loop_index].lines++;
    if (sender->http2 != SENDER_HTTP1)
        keymap_set(&sender->lines, key, line);
    return line;
}

static struct sender_lane *curl_lane_create(struct sender *base, const struct target_address *address,
                                            uint64_t group)
{
    struct curl_sender *sender = (struct curl_sender *)base;
    struct curl_lane *lane = xcalloc(1, sizeof *lane);
    lane->base.ops = base->ops;
    lane->sender = sender;
    lane->line = line_of(sender, address, group);
    lane->next = lane->line->first;
    if (lane->next)
        lane->next->previous = lane;
    lane->line->first = lane;
    event_assign(&lane->deferred, sender->loop, -1, 0, on_deferred, lane);
    event_assign(&lane->lasting, sender->loop, -1, 0, on_lasting, lane);
    curl_lane_set_up(lane);
    return &lane->base;
}

static void curl_lane_free(struct sender_lane *base)
{
    struct curl_lane *lane = (struct curl_lane *)base;
    struct curl_line *line = lane->line;
    struct curl_sender *sender = lane->sender;
    shut(lane);
    *(lane->previous ? &lane->previous->next : &line->first) = lane->next;
    if (lane->next)
        lane->next->previous = lane->previous;
    curl_lane_tear_down(lane);
    curl_answer_free(&lane->answer);
    curl_request_free(&lane->request);
    free(lane);
    if (line->first)
        return;
    curl_waiting_done(line);
    curl_line_drop(line);
    if (sender->http2 != SENDER_HTTP1)
        keymap_remove(&sender->lines, line->key);
    sender->loops[line->loop_index].lines--;
    free(line);
}

static void curl_free_sender(struct sender *base)
{
    struct curl_sender *sender = (struct curl_sender *)base;
    for (size_t i = 0; i < sender->loop_count; i++)
        curl_loop_free(sender->loops[i].loop);
    free(sender->loops);
    keymap_free(&sender->lines);
    deadlines_done(&sender->connects);
    deadlines_done(&sender->requests);
    free(sender->absolute);
    free(sender->url);
    free(sender);
    curl_global_cleanup();
}

static int curl_create(const struct sender_settings *settings, struct sender **ret_sender, struct error *err)
{
    const char *ca_file = settings->tls_ca_file;
    if (ca_file && access(ca_file, R_OK) != 0)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot load certificates from %s", ca_file);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, ERROR_IO, "cannot set up libcurl");
    struct curl_sender *sender = xcalloc(1, sizeof *sender);
    const struct target *target = settings->target;
    const char *name = settings->tls_server_name && target->tls ? settings->tls_server_name : target->host;
    sender->base.ops = &sender_curl;
    sender->base.multiplexes = settings->http2 != SENDER_HTTP1;
    sender->loop = settings->base;
    sender->target = target;
    sender->proxy = settings->proxy;
    sender->http2 = settings->http2;
    sender->deviations = settings->deviations;
    sender->settings = *settings;
    bool is_v6 = strchr(name, ':') != NULL;
    sender->url =
        xasprintf("%s://%s%.*s%s:%u/", target->tls ? "https" : "http", is_v6 ? "[" : "",
                  (int)strcspn(name, "%"), name, is_v6 ? "]" : "", target->port ? target->port : 80);
    bool forwards = sender->proxy && !target->tls && sender->http2 == SENDER_HTTP1 &&
                    (sender->proxy->kind == PROXY_HTTP || sender->proxy->kind == PROXY_HTTPS);
    if (forwards)
        sender->absolute = xasprintf("http://%s", target->authority);
    sender->way = (struct curl_way){.http2 = sender->base.multiplexes, .absolute = sender->absolute};
    deadlines_init(&sender->connects, sender->loop,
                   settings->connect_timeout_ns ? settings->connect_timeout_ns : 10 * NS_PER_S,
                   on_connect_deadline);
    deadlines_init(&sender->requests, sender->loop,
                   settings->request_timeout_ns ? settings->request_timeout_ns : 30 * NS_PER_S,
                   on_request_deadline);
    *ret_sender = &sender->base;
    return 0;
}

const struct sender_ops sender_curl = {
    .name = "curl",
    .create = curl_create,
    .free = curl_free_sender,
    .lane_create = curl_lane_create,
    .lane_free = curl_lane_free,
    .lane_open = curl_lane_open,
    .lane_fire = curl_lane_fire,
    .lane_close = curl_lane_close,
};
