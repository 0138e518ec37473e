#include "common/http1.h"

#include "common/http1_chunked.h"
#include "common/http1_length.h"
#include "common/http1_start.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_LINE_MAX  4096        /* beyond the limit of a head, lines that matter are kept up to this */
#define KEPT_EXTRA_MAX (16 * 1024) /* and up to this in all */
#define TRAILERS_MAX   (64 * 1024) /* of trailer lines kept */
#define VERSION_MAX    64          /* of a start line over its limit, this much of the end is kept */

enum state {
    STATE_START,    /* before or in a start line */
    STATE_HEAD,     /* in the lines after it */
    STATE_LENGTH,   /* in a body of |left| bytes */
    STATE_CHUNKED,  /* in a chunked body */
    STATE_TRAILERS, /* after its last chunk */
    STATE_CLOSE,    /* in a body that the end of the stream ends */
    STATE_PASS,     /* over the content of a 100, |left| bytes */
    STATE_SKIP,     /* until the next segment */
    STATE_STOPPED,
    STATE_OPAQUE,
};

/* The head being read stands in |held|, or, as long as it lies in the bytes being fed, is the view |local|.
 * Its bytes
 * (|head_bytes| on the wire) are counted when it is known what they are. */
struct http1 {
    enum http1_side side;
    struct http1_handler handler;
    struct http1_limits limits;
    enum state state;
    bool midstream;
    bool identified;  /* the stream's first bytes were looked at */
    bool resuming;    /* only a well-formed start line will do */
    bool skipped;     /* junk since the last message */
    bool in_message;  /* head was emitted, end was not */
    bool any_message; /* of this stream */
    bool stop_after;  /* framing cannot be trusted beyond this message */
    bool doubtful;    /* a length that depends on who reads it: goes on all later messages */
    bool lost_framing;
    const char *protocol; /* static */
    uint64_t packet_ns;
    struct buffer held;
    struct bytes local;
    size_t line_start;   /* in the head: where its last line begins */
    uint64_t head_bytes; /* of the head on the wire */
    size_t fields;
    size_t extra_kept; /* bytes kept beyond the limit */
    bool over;         /* the head is over its limit */
    bool line_kept;    /* the line before was kept */
    bool line_dropped; /* the rest of this line is passed over */
    bool line_folded;  /* and it belongs to the one before */
    size_t retry_at;   /* resuming: where in |held| a later segment begins; 0 none */
    uint64_t retry_ns;
    struct http1_start_line start;
    struct http1_message message;
    uint64_t left; /* of a body by length, or of a 100's content to pass over */
    struct http1_chunked chunked;
    struct http1_counts counts;
};

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

void http1_set_midstream(struct http1 *parser)
{
    parser->midstream = true;
    parser->resuming = true;
}

/* ---- the head being read ---- */

static struct bytes head_view(const struct http1 *parser)
{
    return parser->held.size ? buffer_bytes(&parser->held) : parser->local;
}

static void head_hold(struct http1 *parser)
{
    if (parser->local.size > 0)
        buffer_append_bytes(&parser->held, parser->local);
    parser->local = (struct bytes){0};
}

/* Adds bytes that follow the head so far. */
static void head_extend(struct http1 *parser, struct bytes more)
{
    parser->head_bytes += more.size;
    if (parser->held.size > 0)
        buffer_append_bytes(&parser->held, more);
    else if (parser->local.size > 0)
        parser->local.size += more.size;
    else
        parser->local = more;
}

static void head_clear(struct http1 *parser)
{
    buffer_clear(&parser->held);
    parser->local = (struct bytes){0};
    parser->line_start = parser->fields = parser->extra_kept = parser->retry_at = 0;
    parser->head_bytes = 0;
    parser->over = parser->line_kept = parser->line_dropped = false;
}

/* Begins to look for the next message. */
static void begin_start(struct http1 *parser)
{
    head_clear(parser);
    parser->message = (struct http1_message){0};
    parser->chunked = (struct http1_chunked){0};
    parser->state = STATE_START;
}

/* ---- events ---- */

static void end_message(struct http1 *parser, bool complete)
{
    struct http1_message message = parser->message;
    message.head = (struct bytes){0};
    message.complete = complete;
    message.defects |= parser->chunked.defects;
    bool stop = parser->stop_after;
    parser->in_message = parser->stop_after = false;
    uint64_t left = message.interim ? parser->left : 0;
    begin_start(parser);
    parser->left = left;
    if (stop) {
        parser->lost_framing = true;
        parser->state = STATE_STOPPED;
    }
    if (parser->handler.end)
        parser->handler.end(parser->handler.arg, &message);
}

static void take_body(struct http1 *parser, struct bytes content)
{
    parser->message.body_bytes += content.size;
    if (parser->handler.body)
        parser->handler.body(parser->handler.arg, content);
}

static void lose_body(struct http1 *parser, uint64_t bytes)
{
    parser->message.gap = true;
    parser->message.body_bytes += bytes;
    if (parser->handler.body_gap)
        parser->handler.body_gap(parser->handler.arg, bytes);
}

/* Gives up what was read of a head: it is no message. */
static void drop_head(struct http1 *parser)
{
    parser->counts.bytes_skipped += parser->head_bytes;
    parser->skipped |= parser->head_bytes > 0;
    head_clear(parser);
}

static void skip_on(struct http1 *parser)
{
    begin_start(parser);
    parser->resuming = parser->identified = true;
    parser->left = 0;
    parser->state = STATE_SKIP;
}

/* ---- a complete head ---- */

/* Decides a response's framing, knowing what it answers. */
static enum http1_trust frame_response(struct http1 *parser, struct http1_length *length,
                                       enum http1_answers answers, enum body_framing *ret_framing)
{
    unsigned status = parser->message.status;
    *ret_framing = BODY_FRAMING_NONE;
    bool accepted = answers == HTTP1_ANSWERS_CONNECT && status >= 200 && status < 300;
    if (status == 101 || accepted || answers == HTTP1_ANSWERS_HEAD || status == 204 || status == 304)
        return HTTP1_TRUSTED;
    if (parser->message.interim) {
        if (length->has_length && length->length > 0) {
            parser->message.defects |= MESSAGE_DEFECT(BODY_FORBIDDEN);
            parser->left = length->length;
        }
        return HTTP1_TRUSTED;
    }
    return http1_length_of_response(length, parser->start.http11, ret_framing);
}

static void enter_body(struct http1 *parser, enum body_framing framing, uint64_t length)
{
    switch (framing) {
    case BODY_FRAMING_NONE:
        end_message(parser, true);
        return;
    case BODY_FRAMING_LENGTH:
        if (length == 0) {
            end_message(parser, true);
            return;
        }
        parser->left = length;
        parser->state = STATE_LENGTH;
        return;
    case BODY_FRAMING_CHUNKED:
        parser->state = STATE_CHUNKED;
        return;
    case BODY_FRAMING_CLOSE:
        parser->state = STATE_CLOSE;
        return;
    }
}

static void emit_head(struct http1 *parser, struct bytes head)
{
    parser->counts.bytes_recorded += parser->head_bytes;
    if (parser->skipped)
        parser->message.defects |= MESSAGE_DEFECT(JUNK_BEFORE);
    if (parser->doubtful)
        parser->message.defects |= MESSAGE_DEFECT(LENGTH_AND_CHUNKED);
    parser->skipped = parser->resuming = false;
    parser->in_message = parser->any_message = true;
    parser->message.head = head;
    if (parser->handler.head)
        parser->handler.head(parser->handler.arg, &parser->message);
    parser->message.head = (struct bytes){0};
    head_clear(parser);
}

static enum http1_answers ask(struct http1 *parser)
{
    if (!parser->handler.answers)
        return HTTP1_ANSWERS_UNKNOWN;
    return parser->handler.answers(parser->handler.arg, &parser->message);
}

static void complete_head(struct http1 *parser)
{
    struct http1_message *message = &parser->message;
    struct http1_length length;
    struct bytes head = head_view(parser);
    bool request = parser->side == HTTP1_REQUESTS;
    http1_length_read(head, request, parser->start.http11, &length);
    message->status = parser->start.status;
    message->interim = !request && message->status >= 100 && message->status < 200 && message->status != 101;
    parser->left = 0;
    enum body_framing framing;
    enum http1_trust trust = request ? http1_length_of_request(&length, parser->start.http11, &framing)
                                     : frame_response(parser, &length, ask(parser), &framing);
    message->framing = framing;
    message->defects |= parser->start.defects | length.defects;
    parser->doubtful |= request && (length.defects & MESSAGE_DEFECT(LENGTH_AND_CHUNKED));
    parser->stop_after = trust != HTTP1_TRUSTED;
    emit_head(parser, head);
    if (trust == HTTP1_STOP_NOW)
        end_message(parser, false);
    else
        enter_body(parser, framing, length.length);
}

/* A head that was cut by a hole or the end of the stream: what is certain is emitted. Returns false where it
 * is too little to be a message. |hole|: the start line may be cut too. */
static bool emit_cut_head(struct http1 *parser, bool hole)
{
    head_hold(parser);
    struct bytes head = head_view(parser);
    if (head.size == 0)
        return false;
    struct http1_message *message = &parser->message;
    bool request = parser->side == HTTP1_REQUESTS;
    if (parser->state == STATE_START) {
        uint16_t status = 0;
        if (!hole || !(request ? http1_request_known(head) : http1_response_known(head, &status)))
            return false;
        parser->start = (struct http1_start_line){.status = status};
        message->defects |= MESSAGE_DEFECT(START_LINE_CUT);
    } else {
        struct http1_length length;
        http1_length_read(bytes_make(head.data, parser->line_start), request, false, &length);
        message->defects |= parser->start.defects | length.defects;
    }
    message->status = parser->start.status;
    message->interim = !request && message->status >= 100 && message->status < 200 && message->status != 101;
    message->head_cut = true;
    message->gap = hole;
    parser->left = 0;
    if (!request)
        ask(parser);
    emit_head(parser, head);
    end_message(parser, false);
    return true;
}

/* ---- lines of the head ---- */

/* A response that has no status line (HTTP/0.9): taken for one if it is the first thing in a stream and a
 * request waits for it. */
static bool take_without_status(struct http1 *parser)
{
    if (parser->side != HTTP1_RESPONSES || parser->resuming || parser->any_message || parser->skipped ||
        !parser->handler.answers || ask(parser) == HTTP1_ANSWERS_UNKNOWN)
        return false;
    struct bytes content = head_view(parser);
    parser->message.defects |= MESSAGE_DEFECT(NO_STATUS_LINE);
    parser->message.framing = BODY_FRAMING_CLOSE;
    parser->in_message = parser->any_message = true;
    parser->counts.bytes_recorded += parser->head_bytes;
    if (parser->handler.head)
        parser->handler.head(parser->handler.arg, &parser->message);
    take_body(parser, content);
    head_clear(parser);
    parser->state = STATE_CLOSE;
    return true;
}

/* What a look at the beginning of a head came to. */
enum look {
    LOOK_MORE,  /* the line may begin a message */
    LOOK_AGAIN, /* its beginning was dropped: look at the rest */
    LOOK_DONE,  /* the head was taken or given up */
};

static void become_other(struct http1 *parser, const char *protocol)
{
    parser->protocol = protocol;
    parser->counts.bytes_opaque += parser->head_bytes;
    begin_start(parser);
    parser->state = STATE_OPAQUE;
}

/* Drops the first |size| bytes of the head: they are junk. */
static void drop_front(struct http1 *parser, size_t size)
{
    head_hold(parser);
    buffer_consume(&parser->held, size);
    parser->head_bytes -= size;
    parser->counts.bytes_skipped += size;
    parser->skipped = true;
    parser->retry_at = 0;
}

/* The head is no message: passes over a 100's content, tries again where a later segment began in it, or
 * skips to the next segment. */
static enum look reject_start(struct http1 *parser)
{
    if (take_without_status(parser))
        return LOOK_DONE;
    head_hold(parser);
    size_t size = parser->held.size;
    if (parser->left > 0) {
        size_t passed = size < parser->left ? size : (size_t)parser->left;
        parser->left -= passed;
        drop_front(parser, passed);
        if (parser->left > 0)
            parser->state = STATE_PASS;
        return passed < size ? LOOK_AGAIN : LOOK_DONE;
    }
    if (parser->retry_at > 0 && parser->retry_at < size) {
        drop_front(parser, parser->retry_at);
        parser->message.first_ns = parser->retry_ns;
        return LOOK_AGAIN;
    }
    drop_head(parser);
    skip_on(parser);
    return LOOK_DONE;
}

/* Looks at what is there of a start line. Each answer depends on a beginning of it, however it was cut. */
static enum look look_at_start(struct http1 *parser)
{
    struct bytes prefix = head_view(parser);
    if (!parser->identified) {
        const char *protocol = NULL;
        enum http1_start other = http1_start_protocol(prefix, parser->midstream, &protocol);
        if (other == HTTP1_START_MORE)
            return LOOK_MORE;
        parser->identified = true;
        if (other == HTTP1_START_OTHER) {
            become_other(parser, protocol);
            return LOOK_DONE;
        }
    }
    bool request = parser->side == HTTP1_REQUESTS;
    size_t slop = request || parser->resuming ? 0 : http1_response_slop(prefix);
    if (slop > 0) {
        drop_front(parser, slop);
        parser->message.first_ns = parser->packet_ns;
        return LOOK_AGAIN;
    }
    enum http1_start start = request ? http1_request_begins(prefix, parser->resuming)
                                     : http1_response_begins(prefix, parser->resuming);
    if (start == HTTP1_START_JUNK || prefix.size > parser->limits.head_bytes)
        return reject_start(parser);
    return LOOK_MORE;
}

/* Keeps the beginning of a start line over the limit and its end with the version. */
static void cut_start_line(struct http1 *parser)
{
    head_hold(parser);
    struct buffer *held = &parser->held;
    size_t tail = 0;
    while (tail < VERSION_MAX && tail < held->size && held->data[held->size - 1 - tail] != ' ')
        tail++;
    if (tail < VERSION_MAX)
        tail++;
    memmove(held->data + parser->limits.line_bytes - tail, held->data + held->size - tail, tail);
    held->size = parser->limits.line_bytes;
    parser->message.head_cut = true;
    parser->message.defects |= MESSAGE_DEFECT(START_LINE_CUT);
}

/* Looks at a complete first line. */
static enum look look_at_start_line(struct http1 *parser)
{
    struct bytes line = head_view(parser);
    bool request = parser->side == HTTP1_REQUESTS;
    switch (request ? http1_request_judge(line, parser->resuming, &parser->start)
                    : http1_response_judge(line, parser->resuming, &parser->start)) {
    case HTTP1_START_MESSAGE:
        parser->state = STATE_HEAD;
        if (line.size > parser->limits.line_bytes)
            cut_start_line(parser);
        parser->line_start = head_view(parser).size;
        return LOOK_DONE;
    case HTTP1_START_HTTP09:
        parser->protocol = "http09";
        drop_head(parser);
        skip_on(parser);
        return LOOK_DONE;
    case HTTP1_START_OTHER:
        become_other(parser, parser->start.protocol);
        return LOOK_DONE;
    case HTTP1_START_MORE:
    case HTTP1_START_JUNK:
        break;
    }
    return reject_start(parser);
}

/* Decides on a start line, |whole| or what is there of it. */
static void judge_start(struct http1 *parser, bool whole)
{
    enum look look;
    do {
        look = look_at_start(parser);
        if (look == LOOK_MORE && whole)
            look = look_at_start_line(parser);
    } while (look == LOOK_AGAIN);
}

static bool is_empty_line(struct bytes line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] != '\r' && line.data[i] != '\n')
            return false;
    }
    return line.size <= 2;
}

static bool is_folded(const struct http1 *parser, struct bytes line)
{
    return parser->fields > 0 && line.size > 0 && (line.data[0] == ' ' || line.data[0] == '\t');
}

/* A line after the first is complete: ends the head, or decides whether the line is kept. */
static void take_head_line(struct http1 *parser)
{
    struct bytes head = head_view(parser);
    struct bytes line = bytes_make(head.data + parser->line_start, head.size - parser->line_start);
    if (!parser->line_dropped && is_empty_line(line)) {
        complete_head(parser);
        return;
    }
    bool folded = parser->line_dropped ? parser->line_folded : is_folded(parser, line);
    if (!folded)
        parser->fields++;
    bool fits = !parser->line_dropped && head.size <= parser->limits.head_bytes &&
                parser->fields <= parser->limits.head_fields;
    bool kept = fits && !parser->over;
    if (!kept && !parser->line_dropped && line.size <= KEPT_LINE_MAX &&
        parser->extra_kept + line.size <= KEPT_EXTRA_MAX)
        kept = folded ? parser->line_kept && parser->over : http1_length_matters(line);
    if (!fits || parser->over) {
        parser->over = true;
        parser->message.head_cut = true;
        parser->message.defects |= MESSAGE_DEFECT(HEAD_FIELDS);
        head_hold(parser);
        if (kept)
            parser->extra_kept += line.size;
        else
            parser->held.size = parser->line_start;
    }
    parser->line_kept = kept;
    parser->line_dropped = false;
    parser->line_start = head_view(parser).size;
}

/* The bytes at hand end in the middle of a head line. */
static void take_part_of_head_line(struct http1 *parser)
{
    size_t size = parser->held.size - parser->line_start;
    if (!parser->line_dropped) {
        if (parser->held.size <= parser->limits.head_bytes || size <= KEPT_LINE_MAX)
            return;
        parser->line_folded = is_folded(parser, bytes_make(parser->held.data + parser->line_start, size));
        parser->line_dropped = true;
    }
    parser->held.size = parser->line_start;
}

/* Takes one line of a head, or what is there of it. */
static void feed_head(struct http1 *parser, struct bytes *data)
{
    const uint8_t *lf = memchr(data->data, '\n', data->size);
    size_t size = lf ? (size_t)(lf - data->data) + 1 : data->size;
    struct bytes part = bytes_make(data->data, size);
    *data = bytes_make(data->data + size, data->size - size);
    if (parser->state == STATE_START && parser->head_bytes == 0) {
        parser->message.first_ns = parser->packet_ns;
        parser->line_start = 0;
    }
    parser->message.last_ns = parser->packet_ns;
    head_extend(parser, part);
    if (!lf) {
        head_hold(parser);
        if (parser->state == STATE_HEAD)
            take_part_of_head_line(parser);
        else
            judge_start(parser, false);
        return;
    }
    if (parser->state == STATE_HEAD) {
        take_head_line(parser);
        return;
    }
    struct bytes line = head_view(parser);
    if (parser->side == HTTP1_REQUESTS && !parser->resuming)
        line = bytes_trim(line);
    if (is_empty_line(line)) { /* RFC 9112 §2.2: empty lines before a start line */
        parser->counts.bytes_skipped += parser->head_bytes;
        parser->identified = true;
        head_clear(parser);
        parser->message = (struct http1_message){0};
        return;
    }
    judge_start(parser, true);
}

/* ---- bodies ---- */

static void feed_length(struct http1 *parser, struct bytes *data)
{
    size_t size = data->size < parser->left ? data->size : (size_t)parser->left;
    struct bytes part = bytes_make(data->data, size);
    *data = bytes_make(data->data + size, data->size - size);
    parser->left -= size;
    parser->counts.bytes_recorded += size;
    parser->message.last_ns = parser->packet_ns;
    take_body(parser, part);
    if (parser->left == 0)
        end_message(parser, true);
}

static void feed_chunked(struct http1 *parser, struct bytes *data)
{
    struct bytes content = {0};
    size_t before = data->size;
    enum http1_chunk_result result = http1_chunked_read(&parser->chunked, data, &content);
    if (before > data->size) {
        parser->counts.bytes_recorded += before - data->size;
        parser->message.last_ns = parser->packet_ns;
    }
    switch (result) {
    case CHUNK_MORE:
        return;
    case CHUNK_BYTES:
        take_body(parser, content);
        return;
    case CHUNK_LAST:
        parser->state = STATE_TRAILERS;
        head_clear(parser);
        return;
    case CHUNK_BAD:
        parser->stop_after = true;
        end_message(parser, false);
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
    parser->message.last_ns = parser->packet_ns;
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
    if (!parser->line_dropped && is_empty_line(line)) {
        if (line.size == 1)
            parser->message.defects |= MESSAGE_DEFECT(BARE_LF);
        if (parser->line_start > 0 && parser->handler.trailers)
            parser->handler.trailers(parser->handler.arg, bytes_make(held->data, parser->line_start));
        end_message(parser, true);
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
        begin_start(parser);
}

static void feed_close(struct http1 *parser, struct bytes *data)
{
    parser->counts.bytes_recorded += data->size;
    parser->message.last_ns = parser->packet_ns;
    take_body(parser, *data);
    *data = (struct bytes){0};
}

/* ---- the stream ---- */

/* A new segment begins: a place to look for a start line after junk. */
static void begin_segment(struct http1 *parser)
{
    if (parser->state == STATE_SKIP) {
        begin_start(parser);
        parser->left = 0;
    } else if (parser->state == STATE_START && parser->resuming && parser->held.size > 0) {
        parser->retry_at = parser->held.size;
        parser->retry_ns = parser->packet_ns;
    }
}

void http1_feed(struct http1 *parser, struct bytes data, uint64_t packet_ns, bool segment_start)
{
    if (data.size == 0)
        return;
    parser->packet_ns = packet_ns;
    if (segment_start)
        begin_segment(parser);
    while (data.size > 0) {
        switch (parser->state) {
        case STATE_START:
        case STATE_HEAD:
            feed_head(parser, &data);
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
        case STATE_SKIP:
            parser->skipped = true;
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
    head_hold(parser);
}

void http1_gap(struct http1 *parser, uint64_t bytes, uint64_t packet_ns)
{
    parser->counts.bytes_gap += bytes;
    parser->packet_ns = packet_ns;
    parser->identified = true;
    switch (parser->state) {
    case STATE_START:
    case STATE_HEAD:
        if (!emit_cut_head(parser, true))
            drop_head(parser);
        break;
    case STATE_LENGTH:
        if (bytes > 0 && bytes <= parser->left) {
            parser->left -= bytes;
            lose_body(parser, bytes);
            if (parser->left == 0)
                end_message(parser, true);
            return;
        }
        lose_body(parser, bytes ? parser->left : 0);
        end_message(parser, bytes > 0);
        break;
    case STATE_CHUNKED:
        if (parser->chunked.state == CHUNK_DATA && bytes > 0 && bytes <= parser->chunked.left) {
            parser->chunked.left -= bytes;
            if (parser->chunked.left == 0)
                parser->chunked.state = CHUNK_DATA_CR;
            lose_body(parser, bytes);
            return;
        }
        lose_body(parser, 0);
        end_message(parser, false);
        break;
    case STATE_TRAILERS:
        parser->message.gap = true;
        end_message(parser, false);
        break;
    case STATE_CLOSE:
        lose_body(parser, bytes);
        return;
    case STATE_PASS:
        break;
    case STATE_SKIP:
    case STATE_STOPPED:
    case STATE_OPAQUE:
        return;
    }
    if (parser->state == STATE_START || parser->state == STATE_PASS)
        skip_on(parser);
}

void http1_finish(struct http1 *parser, bool clean, uint64_t packet_ns)
{
    parser->packet_ns = packet_ns;
    switch (parser->state) {
    case STATE_START:
        if (parser->head_bytes == 0 || emit_cut_head(parser, false))
            break;
        if (parser->side == HTTP1_RESPONSES && take_without_status(parser))
            end_message(parser, clean);
        else
            drop_head(parser);
        break;
    case STATE_HEAD:
        emit_cut_head(parser, false);
        break;
    case STATE_LENGTH:
    case STATE_CHUNKED:
    case STATE_TRAILERS:
        end_message(parser, false);
        break;
    case STATE_CLOSE:
        end_message(parser, clean);
        break;
    case STATE_PASS:
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
    if (parser->in_message)
        end_message(parser, false);
    parser->counts.bytes_opaque += parser->head_bytes;
    begin_start(parser);
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
