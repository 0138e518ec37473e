#include "common/http1.h"

#include "common/budget.h"
#include "common/http1_begin.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define TRAILERS_MAX (64 * 1024) /* of trailer lines kept */
#define HELD_KEPT    4096        /* room for a head that is kept between messages */
#define VERSION_MAX  64          /* of a start line over its limit, this much of the end is kept */

static const struct http1_limits default_limits = {
    .head_bytes = 256 * 1024, .line_bytes = 64 * 1024, .head_fields = 1024};

struct http1 *http1_create(enum http1_side side, const struct http1_handler *handler,
                           const struct http1_limits *limits)
{
    struct http1 *parser = xcalloc(1, sizeof *parser);
    parser->side = side;
    parser->handler = *handler;
    parser->limits = limits ? *limits : default_limits;
    if (parser->limits.head_bytes == 0)
        parser->limits.head_bytes = default_limits.head_bytes;
    if (parser->limits.line_bytes < VERSION_MAX * 2)
        parser->limits.line_bytes = parser->limits.line_bytes ? VERSION_MAX * 2 : default_limits.line_bytes;
    if (parser->limits.head_fields == 0)
        parser->limits.head_fields = default_limits.head_fields;
    return parser;
}

void http1_free(struct http1 *parser)
{
    if (!parser)
        return;
    buffer_free(&parser->held);
    free(parser);
}

void http1_clear(struct http1 *parser)
{
    struct buffer held = parser->held;
    buffer_clear(&held);
    *parser = (struct http1){
        .side = parser->side, .handler = parser->handler, .limits = parser->limits, .held = held};
}

size_t http1_base_bytes(void)
{
    return sizeof(struct http1) + BUDGET_BLOCK_BYTES;
}

size_t http1_held_bytes(const struct http1 *parser)
{
    return parser->held.capacity;
}

void http1_trim(struct http1 *parser)
{
    if (parser->held.capacity > HELD_KEPT && parser->held.size == 0)
        buffer_free(&parser->held);
}

void http1_set_midstream(struct http1 *parser)
{
    parser->midstream = true;
    parser->resuming = true;
    parser->behind_hole = true;
}

void http1_set_unasked(struct http1 *parser)
{
    parser->unasked = true;
}

/* ---- bodies ---- */

static void feed_length(struct http1 *parser, struct bytes *data)
{
    size_t size = data->size < parser->left ? data->size : (size_t)parser->left;
    struct bytes part = bytes_make(data->data, size);
    *data = bytes_make(data->data + size, data->size - size);
    parser->left -= size;
    parser->counts.bytes_recorded += size;
    http1_parser_stamp(parser);
    http1_parser_body(parser, part);
    if (parser->left == 0)
        http1_parser_end(parser, true);
}

static void feed_chunked(struct http1 *parser, struct bytes *data)
{
    struct bytes content = {0};
    size_t before = data->size;
    enum http1_chunk_result result = http1_chunked_read(&parser->chunked, data, &content);
    if (before > data->size) {
        parser->counts.bytes_recorded += before - data->size;
        http1_parser_stamp(parser);
    }
    switch (result) {
    case CHUNK_MORE:
        return;
    case CHUNK_BYTES:
        http1_parser_body(parser, content);
        return;
    case CHUNK_LAST:
        parser->state = STATE_TRAILERS;
        http1_parser_clear_head(parser);
        return;
    case CHUNK_BAD:
        parser->stop_after = true;
        http1_parser_end(parser, false);
        return;
    }
}

/* Takes one trailer line, or what is there of it. Trailers never decide framing. */
static void feed_trailers(struct http1 *parser, struct bytes *data)
{
    const uint8_t *lf = memchr(data->data, '\n', data->size);
    size_t size = lf ? (size_t)(lf - data->data) + 1 : data->size;
    struct bytes part = bytes_make(data->data, size);
    *data = bytes_make(data->data + size, data->size - size);
    parser->counts.bytes_recorded += size;
    http1_parser_stamp(parser);
    struct buffer *held = &parser->held;
    size_t room = TRAILERS_MAX > held->size ? TRAILERS_MAX - held->size : 0;
    if (parser->line_dropped || part.size > room) {
        parser->line_dropped = true;
        held->size = parser->line_start;
        parser->message.defects |= MESSAGE_DEFECT(HEAD_FIELDS);
    } else {
        buffer_append_bytes(held, part);
    }
    if (!lf)
        return;
    struct bytes line = bytes_make(held->data + parser->line_start, held->size - parser->line_start);
    if (!parser->line_dropped && http1_begin_is_empty(line)) {
        if (line.size == 1)
            parser->message.defects |= MESSAGE_DEFECT(BARE_LF);
        if (parser->line_start > 0 && parser->handler.trailers)
            parser->handler.trailers(parser->handler.arg, bytes_make(held->data, parser->line_start));
        http1_parser_end(parser, true);
        return;
    }
    parser->line_dropped = false;
    parser->line_start = held->size;
}

static void feed_pass(struct http1 *parser, struct bytes *data)
{
    size_t size = data->size < parser->left ? data->size : (size_t)parser->left;
    *data = bytes_make(data->data + size, data->size - size);
    parser->counts.bytes_skipped += size;
    parser->left -= size;
    if (parser->left == 0)
        http1_parser_begin(parser);
}

static void feed_close(struct http1 *parser, struct bytes *data)
{
    parser->counts.bytes_recorded += data->size;
    http1_parser_stamp(parser);
    http1_parser_body(parser, *data);
    *data = (struct bytes){0};
}

/* ---- the stream ---- */

static const struct bytes status_line = BYTES_LITERAL("HTTP/1.");

/* The message has a body: it answers no HEAD. */
static void confirm_body(struct http1 *parser)
{
    parser->maybe_head = false;
    parser->message.defects &= ~MESSAGE_DEFECT(MAYBE_HEAD);
}

/* What was held for the beginning of a status line is content. */
static void settle_body(struct http1 *parser, uint64_t packet_ns)
{
    if (parser->state != STATE_MAYBE)
        return;
    parser->state = parser->body_state;
    confirm_body(parser);
    http1_feed(parser, bytes_make(status_line.data, parser->matched), parser->matched_ns, false);
    parser->packet_ns = packet_ns;
}

/* The message before answered HEAD: what was held begins the next. */
static void settle_head(struct http1 *parser, uint64_t packet_ns)
{
    http1_parser_end(parser, true);
    http1_feed(parser, status_line, parser->matched_ns, false);
    parser->packet_ns = packet_ns;
}

/* Takes bytes as long as they agree with the beginning of a status line. */
static void feed_maybe(struct http1 *parser, struct bytes *data)
{
    uint64_t packet_ns = parser->packet_ns;
    while (data->size > 0 && parser->matched < status_line.size &&
           data->data[0] == status_line.data[parser->matched]) {
        *data = bytes_make(data->data + 1, data->size - 1);
        parser->matched++;
    }
    if (parser->matched == status_line.size)
        settle_head(parser, packet_ns);
    else if (data->size > 0)
        settle_body(parser, packet_ns);
}

/* A new segment begins: a place to look for a start line after junk. */
static void begin_segment(struct http1 *parser, uint8_t first)
{
    if (parser->state == STATE_SKIP) {
        http1_parser_begin(parser);
        parser->left = 0;
    } else if (parser->state == STATE_START && parser->resuming && parser->held.size > 0) {
        if (first >= 'A' && first <= 'Z' && parser->place_count < HTTP1_PLACES_MAX)
            parser->places[parser->place_count++] =
                (struct http1_place){parser->held.size, parser->packet_ns};
    }
}

/* Whether nothing was seen of the body of a message that may have none; its beginning may be lost. */
static bool is_before_body(const struct http1 *parser)
{
    return parser->state == STATE_LENGTH || (parser->state == STATE_CHUNKED && parser->chunked.digits == 0 &&
                                             parser->chunked.state == CHUNK_SIZE);
}

/* What begins with |first| is a body, or the next message, if the one before answers HEAD. */
static void begin_maybe(struct http1 *parser, uint8_t first)
{
    if (!is_before_body(parser))
        return;
    if (first != status_line.data[0]) {
        confirm_body(parser);
        return;
    }
    parser->body_state = parser->state;
    parser->state = STATE_MAYBE;
    parser->matched = 0;
    parser->matched_ns = parser->packet_ns;
}

void http1_feed(struct http1 *parser, struct bytes data, uint64_t packet_ns, bool segment_start)
{
    if (data.size == 0)
        return;
    parser->packet_ns = packet_ns;
    if (segment_start)
        begin_segment(parser, data.data[0]);
    while (data.size > 0) {
        if (parser->maybe_head)
            begin_maybe(parser, data.data[0]);
        switch (parser->state) {
        case STATE_START:
        case STATE_HEAD:
            http1_begin_feed(parser, &data);
            break;
        case STATE_LENGTH:
            feed_length(parser, &data);
            break;
        case STATE_CHUNKED:
            feed_chunked(parser, &data);
            break;
        case STATE_TRAILERS:
            feed_trailers(parser, &data);
            break;
        case STATE_CLOSE:
            feed_close(parser, &data);
            break;
        case STATE_PASS:
            feed_pass(parser, &data);
            break;
        case STATE_MAYBE:
            feed_maybe(parser, &data);
            break;
        case STATE_SKIP:
            http1_parser_note_junk(parser);
            parser->counts.bytes_skipped += data.size;
            return;
        case STATE_STOPPED:
            parser->counts.bytes_skipped += data.size;
            return;
        case STATE_OPAQUE:
            parser->counts.bytes_opaque += data.size;
            return;
        }
    }
    http1_parser_hold(parser);
}

uint64_t http1_beyond(const struct http1 *parser, uint64_t bytes)
{
    struct bytes start = http1_parser_view(parser);
    uint16_t status;
    switch (parser->state) {
    case STATE_START:
        if (parser->resuming || parser->left > 0)
            return 0;
        if (start.size > 0 && (parser->side == HTTP1_REQUESTS ? http1_request_known(start)
                                                              : http1_response_known(start, &status)))
            return 0; /* it is taken for a message, and nobody knows how long */
        return bytes;
    case STATE_LENGTH: /* if there is no body, more lies beyond */
        return bytes > parser->left ? bytes - parser->left : 0;
    case STATE_HEAD:
    case STATE_CHUNKED:
    case STATE_TRAILERS:
    case STATE_CLOSE:
    case STATE_PASS:
    case STATE_MAYBE:
    case STATE_SKIP:
    case STATE_STOPPED:
    case STATE_OPAQUE:
        break;
    }
    return 0;
}

void http1_gap(struct http1 *parser, uint64_t bytes, uint64_t packet_ns)
{
    settle_body(parser, packet_ns);
    parser->counts.bytes_gap += bytes;
    parser->packet_ns = packet_ns;
    parser->identified = true;
    switch (parser->state) {
    case STATE_START:
    case STATE_HEAD:
        parser->behind_hole |= !http1_begin_cut(parser, true);
        http1_parser_drop(parser);
        break;
    case STATE_LENGTH:
        if (bytes > 0 && bytes <= parser->left) {
            parser->left -= bytes;
            http1_parser_lose(parser, bytes);
            if (parser->left == 0)
                http1_parser_end(parser, true);
            return;
        }
        http1_parser_lose(parser, bytes ? parser->left : 0);
        http1_parser_end(parser, bytes > 0);
        break;
    case STATE_CHUNKED:
        if (parser->chunked.state == CHUNK_DATA && bytes > 0 && bytes <= parser->chunked.left) {
            parser->chunked.left -= bytes;
            if (parser->chunked.left == 0)
                parser->chunked.state = CHUNK_DATA_CR;
            http1_parser_lose(parser, bytes);
            return;
        }
        http1_parser_lose(parser, 0);
        http1_parser_end(parser, false);
        break;
    case STATE_TRAILERS:
        parser->message.gap = true;
        http1_parser_end(parser, false);
        break;
    case STATE_CLOSE:
        http1_parser_lose(parser, bytes);
        return;
    case STATE_PASS:
    case STATE_MAYBE: /* settled above */
        break;
    case STATE_SKIP:
    case STATE_STOPPED:
    case STATE_OPAQUE:
        return;
    }
    if (parser->state == STATE_START || parser->state == STATE_PASS) {
        http1_parser_skip(parser);
        parser->behind_hole = true;
    }
}

void http1_end_bodiless(struct http1 *parser)
{
    if (parser->maybe_head && parser->message.body_bytes == 0 && is_before_body(parser))
        http1_parser_end(parser, true);
}

void http1_finish(struct http1 *parser, bool clean, uint64_t packet_ns)
{
    settle_body(parser, packet_ns);
    parser->packet_ns = packet_ns;
    switch (parser->state) {
    case STATE_START:
        if (parser->head_bytes == 0 || http1_begin_cut(parser, false))
            break;
        if (parser->side == HTTP1_RESPONSES && http1_begin_without_status(parser))
            http1_parser_end(parser, clean);
        else
            http1_parser_drop(parser);
        break;
    case STATE_HEAD:
        http1_begin_cut(parser, false);
        break;
    case STATE_LENGTH:
    case STATE_CHUNKED:
    case STATE_TRAILERS:
        http1_parser_end(parser, false);
        break;
    case STATE_CLOSE:
        http1_parser_end(parser, clean);
        break;
    case STATE_PASS:
    case STATE_MAYBE:
    case STATE_SKIP:
    case STATE_STOPPED:
        break;
    case STATE_OPAQUE:
        return;
    }
    if (parser->state != STATE_OPAQUE)
        parser->state = STATE_STOPPED;
}

void http1_make_opaque(struct http1 *parser)
{
    if (parser->state == STATE_OPAQUE)
        return;
    settle_body(parser, parser->packet_ns);
    if (parser->in_message)
        http1_parser_end(parser, false);
    parser->counts.bytes_opaque += parser->head_bytes;
    http1_parser_begin(parser);
    parser->state = STATE_OPAQUE;
}

enum http1_mode http1_mode(const struct http1 *parser)
{
    switch (parser->state) {
    case STATE_SKIP:
        return HTTP1_SKIPPING;
    case STATE_STOPPED:
        return HTTP1_STOPPED;
    case STATE_OPAQUE:
        return HTTP1_OPAQUE;
    case STATE_START:
        return parser->resuming ? HTTP1_SKIPPING : HTTP1_READING;
    case STATE_HEAD:
    case STATE_LENGTH:
    case STATE_CHUNKED:
    case STATE_TRAILERS:
    case STATE_CLOSE:
    case STATE_PASS:
    case STATE_MAYBE:
        break;
    }
    return HTTP1_READING;
}

const char *http1_protocol(const struct http1 *parser)
{
    return parser->protocol;
}

bool http1_lost_framing(const struct http1 *parser)
{
    return parser->lost_framing;
}

const struct http1_counts *http1_counts(const struct http1 *parser)
{
    return &parser->counts;
}
