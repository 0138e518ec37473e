/* Property: on a whole stream that llhttp accepts strictly, the recorder's framing is llhttp's: as many messages, each with
 * its method and target or status, number of header fields and body; and on any stream there are never more messages than
 * lines that may begin one.
 *
 * The input is that of http1_fuzz.c: flags (bit 0 responses, bits 2 and 3 what they answer), two bytes that are passed
 * over here, the stream. llhttp before 9.0 takes any byte that follows a CR for the rest of a line end; streams with a CR
 * alone are not compared, nor those of its other protocols (RTSP, ICE). */
#include "common/http1.h"
#include "common/http1_head.h"

#include <llhttp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MESSAGES_MAX 256

static void check(bool holds, const char *claim)
{
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", claim);
        abort();
    }
}

/* A message as both parsers can tell it. */
struct seen {
    uint64_t method, target; /* hashes */
    uint64_t status, fields, body_bytes, body;
};

struct run {
    bool responses, head; /* what is read; the responses answer HEAD */
    struct seen messages[MESSAGES_MAX];
    size_t count;
    struct seen now;
    bool incomplete; /* ours: a message ended early */
    bool odd;        /* ours: cut for its size, or framing that llhttp follows further than we do */
    bool closed;     /* llhttp passes over what follows */
    uint64_t head_fields;
};

static uint64_t hash(uint64_t seed, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        seed = (seed ^ bytes[i]) * UINT64_C(0x100000001b3);
    return seed;
}

static void keep(struct run *run)
{
    if (run->count < MESSAGES_MAX)
        run->messages[run->count] = run->now;
    run->count++;
}

/* ---- ours ---- */

static enum http1_answers on_answers(void *arg, const struct http1_message *message)
{
    (void)message;
    return ((struct run *)arg)->head ? HTTP1_ANSWERS_HEAD : HTTP1_ANSWERS_OTHER;
}

static void on_head(void *arg, const struct http1_message *message)
{
    struct run *run = arg;
    run->now = (struct seen){.status = message->status};
    struct http1_request_line line;
    if (!run->responses && http1_request_line(message->head, &line)) {
        run->now.method = hash(1, line.method.data, line.method.size);
        run->now.target = hash(1, line.target.data, line.target.size);
    }
    struct bytes fields = http1_fields(message->head);
    struct http1_field field;
    while (http1_next_field(&fields, &field))
        run->now.fields++;
}

static void on_body(void *arg, struct bytes content)
{
    struct run *run = arg;
    run->now.body_bytes += content.size;
    run->now.body = hash(run->now.body, content.data, content.size);
}

static void on_end(void *arg, const struct http1_message *message)
{
    struct run *run = arg;
    run->incomplete |= !message->complete;
    /* Where Debian's llhttp 8.1 is laxer than its own rules: chunk lines, two digits or blanks in a status line, a
     * Transfer-Encoding that names none, or in a second line chunked again. */
    const uint64_t lax = MESSAGE_DEFECT(CODING_HTTP10) | MESSAGE_DEFECT(CHUNK_LINE) |
                         MESSAGE_DEFECT(CHUNK_END) | MESSAGE_DEFECT(STATUS) | MESSAGE_DEFECT(CODING_LIST) |
                         MESSAGE_DEFECT(CODING_REPEATED) | (run->responses ? MESSAGE_DEFECT(DELIMITER) : 0);
    run->odd |= message->head_cut || (message->defects & lax);
    keep(run);
}

static void run_ours(struct bytes data, struct run *run)
{
    const struct http1_handler handler = {
        .arg = run, .answers = on_answers, .head = on_head, .body = on_body, .end = on_end};
    struct http1 *parser = http1_create(run->responses ? HTTP1_RESPONSES : HTTP1_REQUESTS, &handler, NULL);
    http1_feed(parser, data, 1, true);
    http1_finish(parser, true, 1);
    http1_free(parser);
}

/* ---- llhttp ---- */

static int oracle_begin(llhttp_t *parser)
{
    ((struct run *)parser->data)->now = (struct seen){0};
    return 0;
}

static int oracle_url(llhttp_t *parser, const char *at, size_t size)
{
    struct seen *now = &((struct run *)parser->data)->now;
    now->target = hash(now->target ? now->target : 1, at, size);
    return 0;
}

static int oracle_field(llhttp_t *parser)
{
    ((struct run *)parser->data)->now.fields++;
    return 0;
}

static int oracle_head(llhttp_t *parser)
{
    struct run *run = parser->data;
    if (run->responses) {
        run->now.status = parser->status_code;
    } else {
        const char *method = llhttp_method_name((llhttp_method_t)parser->method);
        run->now.method = hash(1, method, strlen(method));
    }
    run->head_fields = run->now.fields; /* trailers come through the same callback */
    run->odd |= parser->http_major == 0;
    unsigned status = parser->status_code;
    /* llhttp leaves it to its caller that these have no body (RFC 9112 §6.3). */
    return run->responses && (run->head || status / 100 == 1 || status == 204 || status == 304) ? 1 : 0;
}

static int oracle_body(llhttp_t *parser, const char *at, size_t size)
{
    on_body(parser->data, bytes_make(at, size));
    return 0;
}

static int oracle_end(llhttp_t *parser)
{
    struct run *run = parser->data;
    run->now.fields = run->head_fields;
    run->closed |= !llhttp_should_keep_alive(parser);
    keep(run);
    return 0;
}

static bool oracle_accepts(struct bytes data, struct run *run)
{
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_message_begin = oracle_begin;
    settings.on_url = oracle_url;
    settings.on_header_value_complete = oracle_field;
    settings.on_headers_complete = oracle_head;
    settings.on_body = oracle_body;
    settings.on_message_complete = oracle_end;
    llhttp_t parser;
    llhttp_init(&parser, run->responses ? HTTP_RESPONSE : HTTP_REQUEST, &settings);
    parser.data = run;
    return llhttp_execute(&parser, (const char *)data.data, data.size) == HPE_OK &&
           llhttp_finish(&parser) == HPE_OK && !run->odd && run->count <= MESSAGES_MAX;
}

/* ---- both ---- */

static size_t count_text(struct bytes data, const char *text)
{
    size_t count = 0, size = strlen(text);
    for (size_t i = 0; i + size <= data.size; i++)
        count += strncasecmp((const char *)data.data + i, text, size) == 0;
    return count;
}

static bool has_bare_cr(struct bytes data)
{
    for (size_t i = 0; i < data.size; i++) {
        if (data.data[i] == '\r' && (i + 1 == data.size || data.data[i + 1] != '\n'))
            return true;
    }
    return false;
}

static void compare(const struct run *ours, const struct run *oracle)
{
    check(oracle->closed ? ours->count >= oracle->count : ours->count == oracle->count,
          "as many messages as llhttp finds");
    check(oracle->closed || !ours->incomplete, "what llhttp finds complete is complete");
    for (size_t i = 0; i < oracle->count; i++) {
        const struct seen *a = &ours->messages[i], *b = &oracle->messages[i];
        check(a->method == b->method && a->target == b->target, "llhttp's method and target");
        check(a->status == b->status, "llhttp's status");
        check(a->fields == b->fields, "llhttp's header fields");
        check(a->body_bytes == b->body_bytes && a->body == b->body, "llhttp's body");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    struct bytes stream = bytes_make(data + 3, size - 3);
    static struct run ours, oracle;
    memset(&ours, 0, sizeof ours);
    memset(&oracle, 0, sizeof oracle);
    ours.responses = oracle.responses = data[0] & 1;
    ours.head = oracle.head = (data[0] >> 2 & 3) == HTTP1_ANSWERS_HEAD;
    run_ours(stream, &ours);
    size_t lines =
        count_text(stream, "\n") + (ours.responses ? 1 : 0); /* and a reply without a status line */
    check(ours.count <= lines, "no more messages than lines");
    bool comparable = !ours.odd && ours.count <= MESSAGES_MAX && !has_bare_cr(stream) &&
                      count_text(stream, "RTSP/") + count_text(stream, "ICE/") == 0;
    if (comparable && oracle_accepts(stream, &oracle))
        compare(&ours, &oracle);
    return 0;
}
