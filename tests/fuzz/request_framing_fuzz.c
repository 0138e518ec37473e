/* Property: whatever was recorded and whatever the target issued in its stead, building a request neither crashes nor
 * changes what was meant: where the judge lets the recording pass, what is built is read as exactly one whole request, of
 * the same method, with the same target and content where nothing was linked.
 *
 * Input: two bytes of choices, then up to three parts, each ended by two zero bytes: the recorded request, the head of its
 * recorded response, the target's answer. Bytes 1 to 4 stand for a pseudonym each. */
#include "common/http1.h"
#include "common/http1_head.h"
#include "filters/key.h"
#include "filters/pseudonym.h"
#include "replay/judge.h"
#include "replay/request.h"

#include <assert.h>
#include <string.h>

#define PSEUDONYMS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct keys *keys;
static struct rewriter *rewriter;
static struct buffer pseudonyms[PSEUDONYMS];
static uint8_t tags[PSEUDONYMS][PSEUDONYM_TAG_SIZE];

/* The first request of a stream, and how many there are. */
struct seen {
    struct message message;
    size_t heads;
    bool complete;
    bool other_protocol; /* a method such as SSH-GET: only in the middle of a stream is it taken for one */
};

static void on_head(void *arg, const struct http1_message *message)
{
    struct seen *seen = arg;
    if (seen->heads++ == 0)
        buffer_append_bytes(&seen->message.head, message->head);
}

static void on_body(void *arg, struct bytes content)
{
    struct seen *seen = arg;
    if (seen->heads == 1)
        buffer_append_bytes(&seen->message.body.content, content);
}

static void on_trailers(void *arg, struct bytes lines)
{
    struct seen *seen = arg;
    if (seen->heads == 1)
        buffer_append_bytes(&seen->message.trailers, lines);
}

static void on_end(void *arg, const struct http1_message *message)
{
    struct seen *seen = arg;
    if (seen->heads != 1)
        return;
    seen->complete = message->complete && !message->head_cut;
    seen->message.defects = message->defects;
    seen->message.body.framing = message->framing;
}

/* Returns how many bytes belong to requests. */
static uint64_t read_requests(struct bytes stream, struct seen *seen)
{
    const struct http1_handler handler = {
        .arg = seen, .head = on_head, .body = on_body, .trailers = on_trailers, .end = on_end};
    struct http1 *parser = http1_create(HTTP1_REQUESTS, &handler, NULL);
    http1_feed(parser, stream, 1, true);
    http1_finish(parser, true, 2);
    uint64_t recorded = http1_counts(parser)->bytes_recorded;
    seen->other_protocol = http1_protocol(parser) != NULL;
    http1_free(parser);
    seen->message.body.wire_bytes = seen->message.body.content.size;
    seen->message.body.state = seen->message.body.content.size ? BODY_KEPT : BODY_EMPTY;
    return recorded;
}

static void message_free(struct message *message)
{
    buffer_free(&message->head);
    buffer_free(&message->body.content);
    buffer_free(&message->trailers);
}

/* Takes a part of the input, pseudonyms put in; |ret_used| has a bit for each of them. */
static void take_part(struct bytes *rest, struct buffer *out, unsigned *ret_used)
{
    const uint8_t *end = rest->size ? memmem(rest->data, rest->size, "\0\0", 2) : NULL;
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = rest->data[i];
        if (byte >= 1 && byte <= PSEUDONYMS) {
            buffer_append_bytes(out, buffer_bytes(&pseudonyms[byte - 1]));
            *ret_used |= 1u << (byte - 1);
        } else {
            buffer_append_byte(out, byte);
        }
    }
    size_t taken = end ? size + 2 : size;
    *rest = bytes_make(rest->data + taken, rest->size - taken);
}

static void learn(struct linker *linker, const struct linker_context *context, struct exchange *exchange,
                  struct bytes answer, unsigned used, uint8_t places)
{
    static const enum link_place of[] = {LINK_PLACE_HEADER, LINK_PLACE_COOKIE, LINK_PLACE_JSON,
                                         LINK_PLACE_FORM};
    for (unsigned i = 0; i < PSEUDONYMS; i++) {
        enum link_place place = of[places >> (2 * i) & 3];
        if (used & 1u << i)
            exchange_add_link(exchange, LINK_ISSUES, place, place == LINK_PLACE_HEADER ? "X-Token" : "token",
                              tags[i]);
    }
    const uint8_t *end = answer.size ? memmem(answer.data, answer.size, "\r\n\r\n", 4) : NULL;
    struct bytes head = answer, body = {0};
    if (end) {
        head.size = (size_t)(end - answer.data) + 4;
        body = bytes_make(answer.data + head.size, answer.size - head.size);
    }
    linker_wants_body(exchange);
    linker_learn(linker, context, exchange, head, body);
}

static void check(const struct request *built, const struct request_rules *rules,
                  const struct exchange *exchange)
{
    struct seen seen = {0};
    struct buffer wire = {0};
    struct http1_request_line before, after;
    bool coded = false;
    struct http1_field field;
    buffer_append_bytes(&wire, buffer_bytes(&built->head));
    buffer_append_bytes(&wire, buffer_bytes(&built->body));
    uint64_t read = read_requests(buffer_bytes(&wire), &seen);
    if (seen.other_protocol)
        goto done;
    assert(read == wire.size && seen.heads == 1 && seen.complete);
    assert(http1_request_line(buffer_bytes(&exchange->request.head), &before));
    assert(http1_request_line(buffer_bytes(&seen.message.head), &after));
    assert(bytes_equal(before.method, after.method));
    coded = http1_find_field(buffer_bytes(&exchange->request.head), "Content-Encoding", &field);
    if (built->found.linked == 0 && !coded)
        assert(bytes_equal(buffer_bytes(&exchange->request.body.content),
                           buffer_bytes(&seen.message.body.content)));
    size_t base = strlen(rules->base_path);
    if (built->found.linked == 0 && before.target.data[0] == '/')
        assert(after.target.size == before.target.size + base &&
               memcmp(after.target.data + base, before.target.data, before.target.size) == 0);
done:
    message_free(&seen.message);
    buffer_free(&wire);
}

static void set_up(void)
{
    static const char *const values[PSEUDONYMS] = {"one", "user@example.org", "three", "four"};
    struct error err;
    keys = keys_random();
    rewriter = rewriter_create();
    rewriter_add_header_line(rewriter, "X-Set: new", &err);
    for (size_t i = 0; i < PSEUDONYMS; i++)
        pseudonym_make(keys, bytes_of(values[i]), &pseudonyms[i], tags[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!keys)
        set_up();
    if (size < 2 || size > 4096)
        return 0;
    const struct request_rules rules = {.host = data[0] & 1 ? NULL : "target:81",
                                        .scheme = data[0] & 1 ? NULL : "http",
                                        .base_path = data[0] & 2 ? "/base" : "",
                                        .run_id = "run1",
                                        .pooled = data[0] & 4,
                                        .verbatim = data[0] & 8,
                                        .rewriter = data[0] & 16 ? rewriter : NULL};
    struct bytes rest = bytes_make(data + 2, size - 2);
    struct buffer stream = {0}, answer = {0};
    struct exchange exchange = {.status = 200};
    struct seen seen = {0};
    struct request request = {0};
    unsigned used = 0, unused = 0;
    take_part(&rest, &stream, &unused);
    take_part(&rest, &exchange.response.head, &used);
    take_part(&rest, &answer, &unused);
    read_requests(buffer_bytes(&stream), &seen);
    exchange.request = seen.message;
    const struct linker_context context = {.session = 1, .recognition_key = keys_recognition(keys)};
    struct linker *linker = linker_create(data[0] & 32 ? 1 : 0, rules.base_path);
    learn(linker, &context, &exchange, buffer_bytes(&answer), used, data[1]);
    for (int again = 0; again < 2; again++) { /* the second in used buffers */
        bool built = UNSENT_NONE == request_build(&request, &rules, linker, &context, &exchange);
        if (built && seen.complete && judge_exchange(&exchange, NULL, NULL) == UNSENT_NONE)
            check(&request, &rules, &exchange);
    }
    linker_forgotten(linker);
    linker_free(linker);
    request_free(&request);
    exchange_free(&exchange);
    buffer_free(&stream);
    buffer_free(&answer);
    return 0;
}
