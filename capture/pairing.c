#include "capture/pairing_state.h"

#include "common/http1_head.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SPARE_PAIRINGS 4096 /* connections kept for reuse */
#define HELD_SMALL     4096 /* a parser that holds no more is left alone */

/* Counts each bit of |bits| in |counts|. */
static void count_bits(uint64_t *counts, uint64_t bits)
{
    for (; bits != 0; bits &= bits - 1)
        counts[__builtin_ctzll(bits)]++;
}

size_t pairing_base_bytes(void)
{
    return sizeof(struct pairing) + BUDGET_BLOCK_BYTES + 2 * http1_base_bytes();
}

/* Gives back what a large head took, once it was read, and charges what is held. */
static void charge_parser(struct pairing *pairing, enum pairing_side side)
{
    struct http1 *parser = pairing->parsers[side];
    if (http1_held_bytes(parser) == pairing->held_bytes[side] && pairing->held_bytes[side] <= HELD_SMALL)
        return;
    http1_trim(parser);
    budget_change(pairing->pool->settings.budget, pairing->held_bytes[side], http1_held_bytes(parser));
    pairing->held_bytes[side] = http1_held_bytes(parser);
}

/* ---- handing over ---- */

static void count_body(struct pairing_counts *counts, const struct body *body)
{
    switch (body->state) {
    case BODY_EMPTY:
        return;
    case BODY_KEPT:
        counts->bodies_kept++;
        return;
    case BODY_CUT:
        counts->bodies_cut++;
        counts->bodies_cut_memory += body->reason == BODY_REASON_MEMORY;
        return;
    case BODY_DROPPED:
        counts->bodies_dropped++;
        return;
    }
}

/* Flags that depend on both messages and on the exchange before. */
static void flag_exchange(struct pairing *pairing, struct waiting *waiting)
{
    struct exchange *exchange = &waiting->exchange;
    uint64_t first_ns = exchange->request.first_ns;
    if (pairing->unanswered_before || (pairing->answered_ns > first_ns && first_ns != 0)) {
        exchange->flags |= EXCHANGE_FLAG(PIPELINED);
    }
    bool answered = exchange_has_response(exchange);
    if (!answered)
        exchange->flags |= EXCHANGE_FLAG(NO_RESPONSE);
    else
        pairing->answered_ns = exchange->response.last_ns;
    if (answered && exchange->response.first_ns < exchange->request.last_ns)
        exchange->flags |= EXCHANGE_FLAG(EARLY_RESPONSE);
    pairing->unanswered_before = !answered && !(exchange->flags & EXCHANGE_FLAG(RESPONSE_GAP)) &&
                                 http1_counts(pairing->parsers[PAIRING_SERVER])->bytes_recorded > 0;
}

/* Whether the server's silence says that it read no request here. */
static bool is_withdrawn(const struct pairing *pairing, const struct waiting *waiting)
{
    return waiting->doubtful && pairing->finished && pairing->paired && !pairing->response_lost &&
           waiting->exchange.response.head.size == 0 && !http1_lost_framing(pairing->parsers[PAIRING_SERVER]);
}

/* Whether nothing will be made of it. */
static bool is_left_out(const struct waiting *waiting)
{
    return waiting->filtered || waiting->unwanted || waiting->sampled_out;
}

void pairing_hand_over_first(struct pairing *pairing)
{
    struct pairing_pool *pool = pairing->pool;
    struct waiting *waiting = pairing->first;
    pairing->first = waiting->next;
    if (!pairing->first)
        pairing->last = NULL;
    pairing->count--;
    if (pairing->reading == waiting)
        pairing->reading = NULL;
    if (pairing->answering == waiting)
        pairing->answering = NULL;
    if (pairing->asked == waiting)
        pairing->asked = NULL;
    flag_exchange(pairing, waiting);
    struct exchange *exchange = &waiting->exchange;
    if (waiting->filtered) {
        pool->counts.requests_filtered++;
    } else if (is_withdrawn(pairing, waiting)) {
        pool->counts.requests_lost_unconfirmed++;
    } else if (waiting->unwanted) {
        pool->counts.requests_unwanted++;
    } else if (waiting->sampled_out) {
        pool->counts.requests_sampled_out++;
    } else {
        pool->counts.requests_recorded++;
        count_bits(pool->counts.flags, exchange->flags);
        pool->counts.requests_flagged += exchange->request.defects != 0;
        pool->counts.requests_unanswered += (exchange->flags & EXCHANGE_FLAG(NO_RESPONSE)) != 0;
        count_body(&pool->counts, &exchange->request.body);
        count_body(&pool->counts, &exchange->response.body);
        if (pool->settings.done)
            pool->settings.done(pool->settings.arg, exchange);
    }
    waiting_give_back(&pool->store, waiting);
}

static void hand_over_complete(struct pairing *pairing)
{
    while (pairing->first && pairing->first->request_done && pairing->first->response_done)
        pairing_hand_over_first(pairing);
}

/* ---- the client's side ---- */

static void take_marks(struct pairing *pairing, struct waiting *waiting, enum pairing_side side)
{
    waiting->exchange.flags |= pairing->marks[side];
    pairing->marks[side] = 0;
}

static enum http1_answers answers_of(struct bytes head)
{
    struct http1_request_line line;
    if (head.size > 0 && head.data[0] >= 'A' && head.data[0] <= 'Z' && head.data[0] != 'H' &&
        head.data[0] != 'C')
        return HTTP1_ANSWERS_OTHER; /* nearly all */
    if (!http1_request_line(head, &line))
        return HTTP1_ANSWERS_OTHER;
    /* A server that takes "HEAD/ HTTP/1.1" answers an error with a body: only the exact name counts. */
    if (bytes_equal(line.method, BYTES_LITERAL("HEAD")))
        return HTTP1_ANSWERS_HEAD;
    return bytes_equal(line.method, BYTES_LITERAL("CONNECT")) ? HTTP1_ANSWERS_CONNECT : HTTP1_ANSWERS_OTHER;
}

static void give_up_oldest(struct pairing *pairing)
{
    if (pairing->answering == pairing->first) {
        pairing->first->exchange.flags |= EXCHANGE_FLAG(RESPONSE_INCOMPLETE);
        if (pairing->first->exchange.response.body.state == BODY_EMPTY)
            pairing->first->exchange.response.body =
                (struct body){.framing = pairing->first->exchange.response.body.framing,
                              .state = BODY_CUT,
                              .reason = BODY_REASON_INCOMPLETE,
                              .wire_bytes = pairing->first->exchange.response.body.wire_bytes,
                              .content = pairing->first->exchange.response.body.content};
    } else if (!pairing->first->response_done) {
        pairing->owed++;
    }
    pairing->pool->counts.requests_overflowed++;
    pairing_hand_over_first(pairing);
}

static void on_request_head(void *arg, const struct http1_message *message)
{
    struct pairing *pairing = arg;
    struct pairing_pool *pool = pairing->pool;
    pool->counts.requests_seen++;
    bool uncertain = message->gap && pairing->at_hole; /* which of the two holes came first */
    /* A client that goes on has all its answers: also behind a hole, the server's next bytes begin one. */
    pairing->between |= pairing->server_spoke && !uncertain;
    pairing_client_goes_on(pairing);
    pairing->request_hole |= uncertain;
    if (pairing->count >= pool->settings.max_waiting && pairing->deferring)
        pairing_give_up(pairing);
    if (pairing->count >= pool->settings.max_waiting)
        give_up_oldest(pairing);
    struct waiting *waiting = waiting_take(&pool->store);
    struct exchange *exchange = &waiting->exchange;
    exchange->connection = pairing->connection.connection;
    exchange->client = pairing->connection.client;
    exchange->server = pairing->connection.server;
    exchange->tls = pairing->connection.tls;
    if (pairing->connection.midstream)
        exchange->flags |= EXCHANGE_FLAG(MIDSTREAM);
    waiting_begin(&pool->store, waiting, false, message, pool->settings.drop_request_bodies);
    take_marks(pairing, waiting, PAIRING_CLIENT);
    waiting->answers = answers_of(message->head);
    struct http1_field field;
    const char *skip = pool->settings.skip_header;
    bool filtered = skip[0] != '\0' && (message->initials >> (skip[0] & 31) & 1) &&
                    http1_find_field(message->head, skip, &field);
    enum pairing_wish wish = filtered || !pool->settings.judge
                                 ? PAIRING_WANTED
                                 : pool->settings.judge(pool->settings.arg, exchange);
    waiting->doubtful = message->doubtful;
    waiting->filtered = filtered;
    waiting->unwanted = wish == PAIRING_UNWANTED;
    waiting->sampled_out = wish == PAIRING_SAMPLED_OUT;
    /* Not asked of |waiting|: what was just written byte by byte is not read as a word before it is in memory. */
    waiting->cut[false] |= filtered || wish != PAIRING_WANTED;
    waiting->after_hole = pairing->request_hole;
    waiting->after_hidden = pairing->request_hid;
    waiting->answers_before = pairing->answers_seen;
    pairing->request_hole = pairing->request_hid = pairing->server_spoke = pairing->unasked = false;
    if (pairing->last)
        pairing->last->next = waiting;
    else
        pairing->first = waiting;
    pairing->last = waiting;
    pairing->count++;
    pairing->reading = waiting;
}

static void on_request_body(void *arg, struct bytes content)
{
    struct pairing *pairing = arg;
    if (pairing->reading)
        waiting_content(&pairing->pool->store, pairing->reading, false, content);
}

static void on_request_gap(void *arg, uint64_t bytes)
{
    struct pairing *pairing = arg;
    if (pairing->reading)
        waiting_lose(&pairing->pool->store, pairing->reading, false, bytes);
}

static void on_request_trailers(void *arg, struct bytes lines)
{
    struct pairing *pairing = arg;
    if (pairing->reading)
        waiting_trailers(&pairing->pool->store, pairing->reading, false, lines);
}

static void on_request_end(void *arg, const struct http1_message *message)
{
    struct pairing *pairing = arg;
    struct waiting *waiting = pairing->reading;
    count_bits(pairing->pool->counts.request_defects, message->defects);
    if (!waiting)
        return;
    pairing->reading = NULL;
    waiting_end(&pairing->pool->store, waiting, false, message);
    waiting->request_done = true;
    hand_over_complete(pairing);
}

static void on_request_surplus(void *arg)
{
    struct pairing *pairing = arg;
    pairing->surplus[PAIRING_CLIENT] = true;
    pairing->pool->counts.request_defects[MESSAGE_DEFECT_BIT_SURPLUS]++;
    if (pairing->last) /* not handed over yet: what it is followed by is known in time */
        pairing->last->exchange.request.defects |= MESSAGE_DEFECT(SURPLUS);
}

/* ---- the server's side ---- */

static enum http1_answers on_answers(void *arg, const struct http1_message *message)
{
    struct pairing *pairing = arg;
    pairing->asked = pairing_choose(pairing, message->interim);
    if (pairing->asked)
        return pairing->asked->answers;
    return pairing->hold_next ? pairing_held_answers(pairing) : HTTP1_ANSWERS_UNKNOWN;
}

static void on_response_head(void *arg, const struct http1_message *message)
{
    struct pairing *pairing = arg;
    struct pairing_counts *counts = &pairing->pool->counts;
    struct waiting *waiting = pairing->asked;
    pairing->asked = NULL;
    if (message->interim) {
        counts->responses_interim++;
        pairing->hints |= message->status != 100;
        if (waiting) {
            waiting->exchange.flags |= EXCHANGE_FLAG(INTERIM);
            waiting->exchange.interim += waiting->exchange.interim < UINT16_MAX;
            waiting->exchange.response.defects |= message->defects & MESSAGE_DEFECT(BODY_FORBIDDEN);
        } else if (pairing->deferring && pairing->interim_held < UINT16_MAX) {
            pairing->interim_held++;
        }
        return;
    }
    counts->responses_seen++;
    pairing->answers_seen++;
    pairing->server_spoke = true;
    bool held = !waiting && pairing->hold_next;
    if (held) {
        waiting = pairing_hold(pairing);
    } else if (!waiting) {
        counts->responses_orphaned++;
        pairing->unasked |= !pairing->request_hole;
        return;
    } else if (message->defects &
               MESSAGE_DEFECT(NO_STATUS_LINE)) { /* HTTP/0.9: no final response of HTTP/1.x */
        counts->responses_seen--;
    } else {
        counts->responses_paired++;
    }
    pairing->paired |= !held;
    pairing->answering = waiting;
    waiting->exchange.status = message->status;
    if (!held && !waiting->request_done)
        waiting->exchange.flags |= EXCHANGE_FLAG(EARLY_RESPONSE);
    waiting_begin(&pairing->pool->store, waiting, true, message,
                  pairing->pool->settings.drop_response_bodies || is_left_out(waiting));
    take_marks(pairing, waiting, PAIRING_SERVER);
}

static void on_response_body(void *arg, struct bytes content)
{
    struct pairing *pairing = arg;
    if (pairing->answering)
        waiting_content(&pairing->pool->store, pairing->answering, true, content);
}

static void on_response_gap(void *arg, uint64_t bytes)
{
    struct pairing *pairing = arg;
    if (pairing->answering)
        waiting_lose(&pairing->pool->store, pairing->answering, true, bytes);
}

static void on_response_trailers(void *arg, struct bytes lines)
{
    struct pairing *pairing = arg;
    if (pairing->answering)
        waiting_trailers(&pairing->pool->store, pairing->answering, true, lines);
}

/* The connection carries something else from here on. */
static void become_opaque(struct pairing *pairing)
{
    if (pairing->opaque)
        return;
    pairing->opaque = true;
    http1_make_opaque(pairing->parsers[PAIRING_CLIENT]);
    http1_make_opaque(pairing->parsers[PAIRING_SERVER]);
}

static void on_response_surplus(void *arg)
{
    struct pairing *pairing = arg;
    pairing->surplus[PAIRING_SERVER] = true;
    pairing->pool->counts.response_defects[MESSAGE_DEFECT_BIT_SURPLUS]++;
}

/* An upgrade to h2c (RFC 7540 §3.2) makes the rest of the connection HTTP/2. */
static void note_http2(struct pairing *pairing, const struct message *response)
{
    struct http1_field field;
    if (!http1_find_field(buffer_bytes(&response->head), "Upgrade", &field) ||
        !http1_list_has(field.value, "h2c"))
        return;
    pairing->protocol = "http2";
    pairing->pool->counts.connections_not_http++;
}

static void on_response_end(void *arg, const struct http1_message *message)
{
    struct pairing *pairing = arg;
    count_bits(pairing->pool->counts.response_defects, message->defects);
    if (message->interim)
        return;
    struct waiting *waiting = pairing->answering;
    pairing->answering = NULL;
    bool connect = waiting && waiting->answers == HTTP1_ANSWERS_CONNECT && message->status >= 200 &&
                   message->status < 300;
    if (waiting) {
        waiting_end(&pairing->pool->store, waiting, true, message);
        waiting->response_done = true;
        if (message->status == 101) {
            waiting->exchange.flags |= EXCHANGE_FLAG(UPGRADE);
            note_http2(pairing, &waiting->exchange.response);
        }
        if (connect)
            waiting->exchange.flags |= EXCHANGE_FLAG(CONNECT);
    }
    if (message->status == 101 || connect) {
        pairing->pool->counts.connections_tunnelled++;
        become_opaque(pairing);
    }
    hand_over_complete(pairing);
}

/* ---- the connection ---- */

static struct pairing *pairing_take(struct pairing_pool *pool)
{
    struct pairing *pairing = pool->spare_pairings;
    if (pairing) {
        pool->spare_pairings = pairing->next;
        pool->spare_pairing_count--;
        struct http1 *client = pairing->parsers[PAIRING_CLIENT], *server = pairing->parsers[PAIRING_SERVER];
        *pairing = (struct pairing){.pool = pool, .parsers = {client, server}};
        return pairing;
    }
    pairing = xcalloc(1, sizeof *pairing);
    pairing->pool = pool;
    const struct http1_handler requests = {.arg = pairing,
                                           .head = on_request_head,
                                           .body = on_request_body,
                                           .body_gap = on_request_gap,
                                           .trailers = on_request_trailers,
                                           .end = on_request_end,
                                           .surplus = on_request_surplus};
    const struct http1_handler responses = {.arg = pairing,
                                            .answers = on_answers,
                                            .head = on_response_head,
                                            .body = on_response_body,
                                            .body_gap = on_response_gap,
                                            .trailers = on_response_trailers,
                                            .end = on_response_end,
                                            .surplus = on_response_surplus};
    pairing->parsers[PAIRING_CLIENT] = http1_create(HTTP1_REQUESTS, &requests, &pool->settings.limits);
    pairing->parsers[PAIRING_SERVER] = http1_create(HTTP1_RESPONSES, &responses, &pool->settings.limits);
    return pairing;
}

struct pairing *pairing_create(struct pairing_pool *pool, const struct pairing_connection *connection)
{
    struct pairing *pairing = pairing_take(pool);
    budget_charge(pool->settings.budget, pairing_base_bytes());
    charge_parser(pairing, PAIRING_CLIENT);
    charge_parser(pairing, PAIRING_SERVER);
    pairing->connection = *connection;
    pool->counts.connections++;
    if (connection->midstream) {
        pairing->request_hole = true; /* others may have been under way */
        http1_set_midstream(pairing->parsers[PAIRING_CLIENT]);
    }
    if (connection->server_midstream)
        http1_set_midstream(pairing->parsers[PAIRING_SERVER]);
    return pairing;
}

void pairing_free(struct pairing *pairing)
{
    if (!pairing)
        return;
    pairing_finish(pairing, false, 0);
    struct pairing_pool *pool = pairing->pool;
    for (unsigned side = 0; side < 2; side++) {
        http1_clear(pairing->parsers[side]);
        http1_trim(pairing->parsers[side]);
        budget_release(pool->settings.budget, pairing->held_bytes[side]);
    }
    budget_release(pool->settings.budget, pairing_base_bytes());
    if (pool->spare_pairing_count >= SPARE_PAIRINGS) {
        pairing_destroy(pairing);
        return;
    }
    pairing->next = pool->spare_pairings;
    pool->spare_pairings = pairing;
    pool->spare_pairing_count++;
}

void pairing_become_other(struct pairing *pairing, const char *protocol)
{
    pairing->protocol = protocol;
    pairing->pool->counts.connections_not_http++;
    become_opaque(pairing);
}

void pairing_feed(struct pairing *pairing, enum pairing_side side, struct bytes data, uint64_t packet_ns,
                  bool segment_start)
{
    assert(!pairing->finished);
    struct http1 *parser = pairing->parsers[side];
    if (side == PAIRING_CLIENT && !pairing->proxy.done)
        pairing_opening_take(pairing, &data, packet_ns);
    if (side == PAIRING_SERVER && !pairing->spoken[PAIRING_CLIENT] && !pairing->connection.server_midstream)
        http1_set_unasked(parser);
    pairing->spoken[side] = true;
    pairing->at_hole = false;
    pairing->response_hole |= side == PAIRING_SERVER && pairing->response_end;
    pairing->response_end &= side == PAIRING_CLIENT;
    pairing->between &= side == PAIRING_CLIENT;
    if (side == PAIRING_SERVER && pairing->response_lost && http1_mode(parser) == HTTP1_SKIPPING)
        pairing->server_spoke = true; /* the rest of an answer */
    http1_feed(parser, data, packet_ns, segment_start);
    charge_parser(pairing, side);
    if (!pairing->opaque && http1_mode(parser) == HTTP1_OPAQUE) /* so is the other side */
        pairing_become_other(pairing, http1_protocol(parser));
}

void pairing_gap(struct pairing *pairing, enum pairing_side side, uint64_t bytes, uint64_t packet_ns)
{
    assert(!pairing->finished);
    if (side == PAIRING_CLIENT && !pairing->proxy.done) {
        uint64_t beyond = pairing_opening_lose(pairing, bytes);
        if (bytes > 0 && beyond == 0)
            return;
        bytes = beyond;
    }
    pairing->response_lost |= side == PAIRING_SERVER;
    struct http1 *parser = pairing->parsers[side];
    uint64_t beyond = side == PAIRING_SERVER && pairing->between ? bytes : http1_beyond(parser, bytes);
    pairing->between &= side == PAIRING_CLIENT;
    http1_gap(parser, bytes, packet_ns);
    if (http1_mode(parser) == HTTP1_SKIPPING) /* else it hid no head */
        pairing_note_hole(pairing, side, beyond);
}

void pairing_mark(struct pairing *pairing, enum pairing_side side, uint64_t flags)
{
    struct waiting *waiting = side == PAIRING_CLIENT ? pairing->reading : pairing->answering;
    if (!waiting && side == PAIRING_CLIENT && (flags & EXCHANGE_FLAG(CONFLICT)))
        waiting = pairing->last; /* most likely a copy of what was read before */
    if (waiting)
        waiting->exchange.flags |= flags;
    else
        pairing->marks[side] |= flags;
}

void pairing_end(struct pairing *pairing, enum pairing_side side, bool clean, uint64_t packet_ns)
{
    assert(!pairing->finished);
    if (side == PAIRING_CLIENT)
        pairing_opening_end(pairing);
    pairing->closed |= clean;
    http1_finish(pairing->parsers[side], clean, packet_ns);
}

static void add_bytes(struct pairing_counts *counts, const struct http1_counts *from)
{
    counts->bytes_reassembled += from->bytes_recorded + from->bytes_skipped + from->bytes_opaque;
    counts->bytes_recorded += from->bytes_recorded;
    counts->bytes_skipped += from->bytes_skipped;
    counts->bytes_opaque += from->bytes_opaque;
    counts->bytes_gap += from->bytes_gap;
}

/* A connection of which all was seen, and in which nothing was HTTP. */
static void name_unknown(struct pairing *pairing)
{
    if (pairing_protocol(pairing) || pairing->connection.midstream || !pairing->spoken[PAIRING_CLIENT])
        return;
    for (unsigned side = 0; side < 2; side++) {
        const struct http1_counts *counts = http1_counts(pairing->parsers[side]);
        if (counts->bytes_recorded > 0 || counts->bytes_gap > 0)
            return;
    }
    pairing->protocol = "unknown";
    pairing->pool->counts.connections_not_http++;
}

void pairing_finish(struct pairing *pairing, bool clean, uint64_t packet_ns)
{
    if (pairing->finished)
        return;
    struct http1 *client = pairing->parsers[PAIRING_CLIENT], *server = pairing->parsers[PAIRING_SERVER];
    pairing_opening_end(pairing);
    http1_finish(client, clean, packet_ns);
    http1_finish(server, clean, packet_ns);
    pairing->finished = true;
    if (clean || pairing->closed)
        pairing_settle(pairing);
    else
        pairing_break_off(pairing);
    struct pairing_counts *counts = &pairing->pool->counts;
    const char *protocol = http1_protocol(client);
    if (protocol && strcmp(protocol, "http09") == 0) {
        counts->requests_seen++;
        counts->requests_lost_http09++;
    }
    name_unknown(pairing);
    counts->bytes_skipped += pairing->proxy_bytes;
    counts->bytes_reassembled += pairing->proxy_bytes;
    counts->connections_stopped += http1_lost_framing(client) || http1_lost_framing(server);
    add_bytes(counts, http1_counts(client));
    add_bytes(counts, http1_counts(server));
}

bool pairing_is_opaque(const struct pairing *pairing)
{
    for (unsigned side = 0; side < 2; side++) {
        enum http1_mode mode = http1_mode(pairing->parsers[side]);
        if (mode != HTTP1_OPAQUE && mode != HTTP1_STOPPED)
            return false;
    }
    return true;
}

const char *pairing_protocol(const struct pairing *pairing)
{
    if (pairing->protocol)
        return pairing->protocol;
    const char *protocol = http1_protocol(pairing->parsers[PAIRING_CLIENT]);
    return protocol ? protocol : http1_protocol(pairing->parsers[PAIRING_SERVER]);
}
