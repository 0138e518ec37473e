#include "common/http1_parser.h"

struct bytes http1_parser_view(const struct http1 *parser)
{
    return parser->held.size ? buffer_bytes(&parser->held) : parser->local;
}

void http1_parser_hold(struct http1 *parser)
{
    if (parser->local.size > 0)
        buffer_append_bytes(&parser->held, parser->local);
    parser->local = (struct bytes){0};
}

void http1_parser_extend(struct http1 *parser, struct bytes more)
{
    parser->head_bytes += more.size;
    if (parser->held.size > 0)
        buffer_append_bytes(&parser->held, more);
    else if (parser->local.size > 0)
        parser->local.size += more.size;
    else
        parser->local = more;
}

void http1_parser_clear_head(struct http1 *parser)
{
    buffer_clear(&parser->held);
    parser->local = (struct bytes){0};
    parser->scan = (struct http1_scan){0};
    parser->line_start = parser->fields = parser->extra_kept = 0;
    parser->place_count = 0;
    parser->head_bytes = 0;
    parser->over = parser->line_kept = parser->line_dropped = false;
}

void http1_parser_begin(struct http1 *parser)
{
    http1_parser_clear_head(parser);
    parser->message = (struct http1_message){0};
    parser->chunked = (struct http1_chunked){0};
    parser->maybe_head = false;
    parser->state = STATE_START;
}

void http1_parser_end(struct http1 *parser, bool complete)
{
    struct http1_message message = parser->message;
    message.head = (struct bytes){0};
    message.complete = complete;
    message.defects |= parser->chunked.defects;
    bool stop = parser->stop_after;
    parser->in_message = parser->stop_after = false;
    uint64_t left = message.interim ? parser->left : 0;
    http1_parser_begin(parser);
    parser->left = left;
    if (stop) {
        parser->lost_framing = true;
        parser->state = STATE_STOPPED;
    }
    if (parser->handler.end)
        parser->handler.end(parser->handler.arg, &message);
}

void http1_parser_body(struct http1 *parser, struct bytes content)
{
    parser->message.body_bytes += content.size;
    if (parser->handler.body)
        parser->handler.body(parser->handler.arg, content);
}

void http1_parser_lose(struct http1 *parser, uint64_t bytes)
{
    parser->message.gap = true;
    parser->message.body_bytes += bytes;
    if (parser->handler.body_gap)
        parser->handler.body_gap(parser->handler.arg, bytes);
}

void http1_parser_note_junk(struct http1 *parser)
{
    if (parser->behind_hole)
        return;
    bool follows = parser->any_message && !parser->skipped && !parser->resuming;
    parser->skipped = true;
    if (follows && parser->handler.surplus)
        parser->handler.surplus(parser->handler.arg);
}

void http1_parser_drop(struct http1 *parser)
{
    parser->counts.bytes_skipped += parser->head_bytes;
    if (parser->head_bytes > 0)
        http1_parser_note_junk(parser);
    http1_parser_clear_head(parser);
}

void http1_parser_skip(struct http1 *parser)
{
    http1_parser_begin(parser);
    parser->resuming = parser->identified = true;
    parser->left = 0;
    parser->state = STATE_SKIP;
}
