#include "tests/unit/common/http1_transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CONTENT_SHOWN 40

struct run {
    struct buffer *text;
    struct buffer content;
    enum http1_answers answers;
    bool open, trailers;
    uint64_t body_bytes, gap_bytes;
    uint64_t last_ns;
};

static void append_escaped(struct buffer *text, struct bytes view)
{
    for (size_t i = 0; i < view.size; i++) {
        uint8_t byte = view.data[i];
        if (byte >= 0x20 && byte < 0x7f)
            buffer_append_byte(text, byte);
        else
            buffer_printf(text, "<%02x>", byte);
    }
}

static enum http1_answers on_answers(void *arg, const struct http1_message *message)
{
    (void)message;
    return ((struct run *)arg)->answers;
}

static void on_head(void *arg, const struct http1_message *message)
{
    struct run *run = arg;
    assert_false(run->open);
    run->open = true;
    run->trailers = false;
    run->body_bytes = run->gap_bytes = 0;
    buffer_clear(&run->content);
    const uint8_t *lf = message->head.size ? memchr(message->head.data, '\n', message->head.size) : NULL;
    size_t line = lf ? (size_t)(lf - message->head.data) : message->head.size;
    line -= lf && line > 0 && message->head.data[line - 1] == '\r';
    if (line > CONTENT_SHOWN)
        buffer_printf(run->text, "[%zu]", line);
    else
        append_escaped(run->text, bytes_make(message->head.data, line));
}

static void on_body(void *arg, struct bytes content)
{
    struct run *run = arg;
    assert_true(run->open && !run->trailers);
    assert_true(content.size > 0);
    run->body_bytes += content.size;
    buffer_append_bytes(&run->content, content);
}

static void on_body_gap(void *arg, uint64_t bytes)
{
    struct run *run = arg;
    assert_true(run->open);
    run->body_bytes += bytes;
    run->gap_bytes += bytes;
    buffer_printf(&run->content, "{%llu}", (unsigned long long)bytes);
}

static void on_trailers(void *arg, struct bytes lines)
{
    struct run *run = arg;
    assert_true(run->open && !run->trailers);
    run->trailers = true;
    buffer_append_text(&run->content, "+");
    buffer_append_bytes(&run->content, lines);
}

static void on_end(void *arg, const struct http1_message *message)
{
    static const char *const framings[] = {"none", "length", "chunked", "close"};
    struct run *run = arg;
    assert_true(run->open);
    run->open = false;
    assert_int_equal(message->body_bytes, run->body_bytes);
    assert_true(message->first_ns > 0 && message->last_ns >= message->first_ns);
    assert_true(message->first_ns >= run->last_ns || message->defects);
    run->last_ns = message->first_ns;
    buffer_printf(run->text, "|%s %llu|", framings[message->framing],
                  (unsigned long long)message->body_bytes);
    const char *comma = "";
    for (unsigned bit = 0; bit < MESSAGE_DEFECT_COUNT; bit++) {
        if (message->defects >> bit & 1) {
            buffer_printf(run->text, "%s%s", comma, message_defect_name(bit));
            comma = ",";
        }
    }
    buffer_printf(run->text, "|%s%s%s%s|", message->complete ? "complete" : "incomplete",
                  message->gap ? " gap" : "", message->head_cut ? " cut" : "",
                  message->interim ? " interim" : "");
    if (run->content.size > CONTENT_SHOWN)
        buffer_printf(run->text, "[%zu]", run->content.size);
    else
        append_escaped(run->text, buffer_bytes(&run->content));
    buffer_append_text(run->text, "\n");
}

/* Feeds one packet, cut at |cut| (of the stream, whose first |before| bytes were fed). */
static void feed_packet(struct http1 *parser, const struct http1_step *step, uint64_t time_ns, size_t before,
                        size_t cut)
{
    /* A copy of the exact size lets the address sanitizer see reading beyond it. */
    struct buffer copy = {0};
    size_t at = 0;
    while (at < step->size) {
        size_t size = step->size - at;
        if (cut == CUT_BYTES)
            size = 1;
        else if (cut > before + at && cut < before + step->size)
            size = cut - before - at;
        buffer_append(&copy, step->data + at, size);
        http1_feed(parser, buffer_bytes(&copy), time_ns, at == 0);
        buffer_free(&copy);
        at += size;
    }
}

static void finish(struct http1 *parser, const struct http1_case *c, struct buffer *text, uint64_t time_ns,
                   size_t fed)
{
    static const char *const modes[] = {"reading", "skipping", "stopped", "opaque"};
    enum http1_mode mode = http1_mode(parser);
    http1_finish(parser, !c->reset, time_ns);
    const struct http1_counts *counts = http1_counts(parser);
    assert_int_equal(counts->bytes_recorded + counts->bytes_skipped + counts->bytes_opaque, fed);
    const char *protocol = http1_protocol(parser);
    buffer_printf(text, "%s%s%s %llu+%llu+%llu", modes[mode], protocol ? " " : "", protocol ? protocol : "",
                  (unsigned long long)counts->bytes_recorded, (unsigned long long)counts->bytes_skipped,
                  (unsigned long long)counts->bytes_opaque);
}

void http1_transcript(const struct http1_case *c, size_t cut, struct buffer *ret_text)
{
    buffer_clear(ret_text);
    struct run run = {.text = ret_text, .answers = c->answers};
    const struct http1_handler handler = {&run,        on_answers,  on_head, on_body,
                                          on_body_gap, on_trailers, on_end};
    struct http1 *parser = http1_create(c->side, &handler, &c->limits);
    if (c->midstream)
        http1_set_midstream(parser);
    size_t fed = 0;
    uint64_t time_ns = 1000;
    for (size_t i = 0; i < 8 && (c->steps[i].data || c->steps[i].gap); i++, time_ns += 1000) {
        if (c->steps[i].gap)
            http1_gap(parser, c->steps[i].gap, time_ns);
        else
            feed_packet(parser, &c->steps[i], time_ns, fed, cut);
        fed += c->steps[i].size;
    }
    finish(parser, c, ret_text, time_ns, fed);
    assert_false(run.open);
    http1_free(parser);
    buffer_free(&run.content);
}

void http1_check_case(const struct http1_case *c)
{
    struct buffer text = {0};
    size_t size = 0;
    for (size_t i = 0; i < 8; i++)
        size += c->steps[i].size;
    http1_transcript(c, CUT_NONE, &text);
    if (!bytes_equal(buffer_bytes(&text), bytes_of(c->expected)))
        print_error("case %s gave\n%.*s\nnot\n%s\n", c->name, (int)text.size, (char *)text.data, c->expected);
    assert_true(bytes_equal(buffer_bytes(&text), bytes_of(c->expected)));
    for (size_t cut = 0; cut <= (size < 4096 ? size : 0); cut++) {
        http1_transcript(c, cut ? cut : CUT_BYTES, &text);
        if (!bytes_equal(buffer_bytes(&text), bytes_of(c->expected)))
            print_error("case %s cut at %zu gave\n%.*s\nnot\n%s\n", c->name, cut, (int)text.size,
                        (char *)text.data, c->expected);
        assert_true(bytes_equal(buffer_bytes(&text), bytes_of(c->expected)));
    }
    buffer_free(&text);
}
