#include "common/http1_begin.h"

#include "common/http1_fast.h"
#include "common/http1_length.h"
#include "common/http1_protocol.h"

#include <string.h>

#define KEPT_LINE_MAX  4096        /* beyond the limit of a head, lines that matter are kept up to this */
#define KEPT_EXTRA_MAX (16 * 1024) /* and up to this in all */
#define VERSION_MAX    64          /* of a start line over its limit, this much of the end is kept */

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
        http1_parser_end(parser, true);
        return;
    case BODY_FRAMING_LENGTH:
        if (length == 0) {
            http1_parser_end(parser, true);
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
    parser->message.doubtful = parser->doubtful;
    if (parser->doubtful)
        parser->message.defects |= MESSAGE_DEFECT(LENGTH_AND_CHUNKED);
    parser->skipped = parser->resuming = parser->behind_hole = false;
    parser->in_message = parser->any_message = true;
    parser->message.head = head;
    if (parser->handler.head)
        parser->handler.head(parser->handler.arg, &parser->message);
    parser->message.head = (struct bytes){0};
    http1_parser_clear_head(parser);
}

static enum http1_answers ask(struct http1 *parser)
{
    if (!parser->handler.answers)
        return HTTP1_ANSWERS_UNKNOWN;
    return parser->handler.answers(parser->handler.arg, &parser->message);
}

/* All of |head| is there; |length| is what its fields say. */
static void complete_head(struct http1 *parser, struct bytes head, struct http1_length *length)
{
    struct http1_message *message = &parser->message;
    bool request = parser->side == HTTP1_REQUESTS;
    message->status = parser->start.status;
    message->interim = !request && message->status >= 100 && message->status < 200 && message->status != 101;
    parser->left = 0;
    enum body_framing framing;
    enum http1_answers answers = request ? HTTP1_ANSWERS_OTHER : ask(parser);
    enum http1_trust trust = request ? http1_length_of_request(length, parser->start.http11, &framing)
                                     : frame_response(parser, length, answers, &framing);
    message->framing = framing;
    parser->maybe_head =
        answers == HTTP1_ANSWERS_UNKNOWN && !message->interim && trust == HTTP1_TRUSTED &&
        (framing == BODY_FRAMING_CHUNKED || (framing == BODY_FRAMING_LENGTH && length->length > 0));
    if (parser->maybe_head)
        message->defects |= MESSAGE_DEFECT(MAYBE_HEAD);
    message->defects |= parser->start.defects | length->defects;
    parser->stop_after = trust != HTTP1_TRUSTED;
    emit_head(parser, head);
    parser->doubtful |= request && (length->defects & MESSAGE_DEFECT(LENGTH_AND_CHUNKED));
    if (trust == HTTP1_STOP_NOW)
        http1_parser_end(parser, false);
    else
        enter_body(parser, framing, length->length);
}

/* Takes a whole head from the front of |data| where it is there and nothing is odd about it. */
static bool take_whole_head(struct http1 *parser, struct bytes *data)
{
    struct http1_fast_head fast;
    bool between =
        parser->state == STATE_START && parser->head_bytes == 0 && !parser->resuming && parser->left == 0;
    if (!between || !http1_fast_read(*data, parser->side == HTTP1_REQUESTS, &parser->limits, &fast))
        return false;
    struct bytes head = bytes_make(data->data, fast.size);
    *data = bytes_make(data->data + fast.size, data->size - fast.size);
    parser->identified = true;
    parser->head_bytes = fast.size;
    parser->start = fast.start;
    parser->message.first_ns = parser->message.last_ns = parser->packet_ns;
    parser->message.initials = fast.initials;
    complete_head(parser, head, &fast.length);
    return true;
}

bool http1_begin_cut(struct http1 *parser, bool hole)
{
    http1_parser_hold(parser);
    struct bytes head = http1_parser_view(parser);
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
    message->initials = UINT32_MAX;
    message->head_cut = true;
    message->gap = hole;
    parser->left = 0;
    if (!request)
        ask(parser);
    emit_head(parser, head);
    http1_parser_end(parser, false);
    return true;
}

/* ---- lines of the head ---- */

bool http1_begin_without_status(struct http1 *parser)
{
    if (parser->side != HTTP1_RESPONSES || parser->resuming || parser->any_message || parser->skipped ||
        !parser->handler.answers || ask(parser) == HTTP1_ANSWERS_UNKNOWN)
        return false;
    struct bytes content = http1_parser_view(parser);
    parser->message.defects |= MESSAGE_DEFECT(NO_STATUS_LINE);
    parser->message.framing = BODY_FRAMING_CLOSE;
    parser->in_message = parser->any_message = true;
    parser->counts.bytes_recorded += parser->head_bytes;
    if (parser->handler.head)
        parser->handler.head(parser->handler.arg, &parser->message);
    http1_parser_body(parser, content);
    http1_parser_clear_head(parser);
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
    http1_parser_begin(parser);
    parser->state = STATE_OPAQUE;
}

/* Drops the first |size| bytes of the head: they are junk. */
static void drop_front(struct http1 *parser, size_t size)
{
    http1_parser_hold(parser);
    buffer_consume(&parser->held, size);
    parser->head_bytes -= size;
    parser->counts.bytes_skipped += size;
    http1_parser_note_junk(parser);
    parser->scan = (struct http1_scan){0};
    unsigned kept = 0;
    for (unsigned i = 0; i < parser->place_count; i++) {
        struct http1_place place = parser->places[i];
        if (place.at > size)
            parser->places[kept++] = (struct http1_place){place.at - size, place.packet_ns};
    }
    parser->place_count = kept;
}

/* The head is no message: passes over a 100's content, tries again where a later segment began in it, or
 * skips to the next segment. */
static enum look reject_start(struct http1 *parser)
{
    if (http1_begin_without_status(parser))
        return LOOK_DONE;
    http1_parser_hold(parser);
    size_t size = parser->held.size;
    if (parser->left > 0) {
        size_t passed = size < parser->left ? size : (size_t)parser->left;
        parser->left -= passed;
        parser->skipped = true; /* the 100 has its defect: this is no surplus */
        drop_front(parser, passed);
        parser->message.first_ns = parser->packet_ns;
        if (parser->left > 0)
            parser->state = STATE_PASS;
        return passed < size ? LOOK_AGAIN : LOOK_DONE;
    }
    if (parser->place_count > 0) {
        struct http1_place place = parser->places[0];
        drop_front(parser, place.at);
        parser->message.first_ns = place.packet_ns;
        return LOOK_AGAIN;
    }
    http1_parser_drop(parser);
    http1_parser_skip(parser);
    return LOOK_DONE;
}

/* Looks at what is there of a start line. Each answer depends on a beginning of it, however it was cut. */
static enum look look_at_start(struct http1 *parser)
{
    struct bytes prefix = http1_parser_view(parser);
    bool request = parser->side == HTTP1_REQUESTS;
    if (!parser->identified) {
        const char *protocol = NULL;
        const struct http1_stream stream = {
            .request = request, .midstream = parser->midstream, .unasked = parser->unasked};
        enum http1_start other = http1_protocol_judge(prefix, &stream, &protocol);
        if (other == HTTP1_START_MORE)
            return LOOK_MORE;
        parser->identified = true;
        if (other == HTTP1_START_OTHER) {
            become_other(parser, protocol);
            return LOOK_DONE;
        }
    }
    size_t slop = request || parser->resuming ? 0 : http1_response_slop(prefix);
    if (slop > 0) {
        drop_front(parser, slop);
        parser->message.first_ns = parser->packet_ns;
        return LOOK_AGAIN;
    }
    enum http1_start start = request ? http1_request_begins(prefix, parser->resuming, &parser->scan)
                                     : http1_response_begins(prefix, parser->resuming);
    if (start == HTTP1_START_JUNK || prefix.size > parser->limits.head_bytes)
        return reject_start(parser);
    return LOOK_MORE;
}

/* Keeps the beginning of a start line over the limit and its end with the version. */
static void cut_start_line(struct http1 *parser)
{
    http1_parser_hold(parser);
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
    struct bytes line = http1_parser_view(parser);
    bool request = parser->side == HTTP1_REQUESTS;
    switch (request ? http1_request_judge(line, parser->resuming, &parser->start)
                    : http1_response_judge(line, parser->resuming, &parser->start)) {
    case HTTP1_START_MESSAGE:
        parser->state = STATE_HEAD;
        if (line.size > parser->limits.line_bytes)
            cut_start_line(parser);
        parser->line_start = http1_parser_view(parser).size;
        return LOOK_DONE;
    case HTTP1_START_HTTP09:
        parser->protocol = "http09";
        http1_parser_drop(parser);
        http1_parser_skip(parser);
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

/* Passes over an empty line before a start line (RFC 9112 §2.2). Returns whether there was one. */
static bool pass_empty_line(struct http1 *parser)
{
    struct bytes line = http1_parser_view(parser);
    if (parser->side == HTTP1_REQUESTS && !parser->resuming)
        line = bytes_trim(line);
    if (!http1_begin_is_empty(line))
        return false;
    parser->counts.bytes_skipped += parser->head_bytes;
    parser->identified = true;
    http1_parser_clear_head(parser);
    parser->message = (struct http1_message){0};
    return true;
}

/* Decides on a start line, |whole| or what is there of it. */
static void judge_start(struct http1 *parser, bool whole)
{
    enum look look;
    do {
        if (whole && pass_empty_line(parser))
            return;
        look = look_at_start(parser);
        if (look == LOOK_MORE && whole)
            look = look_at_start_line(parser);
    } while (look == LOOK_AGAIN);
}

bool http1_begin_is_empty(struct bytes line)
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
    struct bytes head = http1_parser_view(parser);
    struct bytes line = bytes_make(head.data + parser->line_start, head.size - parser->line_start);
    if (!parser->line_dropped && http1_begin_is_empty(line)) {
        struct http1_length length;
        http1_length_read(head, parser->side == HTTP1_REQUESTS, parser->start.http11, &length);
        parser->message.initials = UINT32_MAX;
        complete_head(parser, head, &length);
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
        http1_parser_hold(parser);
        if (kept)
            parser->extra_kept += line.size;
        else
            parser->held.size = parser->line_start;
    }
    parser->line_kept = kept;
    parser->line_dropped = false;
    parser->line_start = http1_parser_view(parser).size;
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

void http1_begin_feed(struct http1 *parser, struct bytes *data)
{
    if (take_whole_head(parser, data))
        return;
    const uint8_t *lf = memchr(data->data, '\n', data->size);
    size_t size = lf ? (size_t)(lf - data->data) + 1 : data->size;
    struct bytes part = bytes_make(data->data, size);
    *data = bytes_make(data->data + size, data->size - size);
    if (parser->state == STATE_START && parser->head_bytes == 0) {
        parser->message.first_ns = parser->message.last_ns = parser->packet_ns;
        parser->line_start = 0;
    }
    http1_parser_stamp(parser);
    http1_parser_extend(parser, part);
    if (!lf) {
        http1_parser_hold(parser);
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
    judge_start(parser, true);
}
