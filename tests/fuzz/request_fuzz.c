/* Property: whatever was recorded and whatever the target answered, building a request ends without a crash, the same
 * request is built again the same, and what the target issued brings no line into its head. The input is a recorded
 * request head, body, answer head and body, then the head and body that the target answered, with a 0xff byte between;
 * its first byte chooses the rules. */
#include "replay/request.h"

#include "filters/sanitize.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes take_part(struct bytes *rest)
{
    const uint8_t *end = rest->size ? memchr(rest->data, 0xff, rest->size) : NULL;
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    struct bytes part;
    bytes_take(rest, size, &part);
    if (end)
        bytes_take(rest, 1, &(struct bytes){0});
    return part;
}

static void fill(struct message *message, struct bytes *rest, enum body_framing framing)
{
    buffer_append_bytes(&message->head, take_part(rest));
    buffer_append_bytes(&message->body.content, take_part(rest));
    message->body.state = message->body.content.size ? BODY_KEPT : BODY_EMPTY;
    message->body.framing = framing;
}

static size_t lines(const struct buffer *head)
{
    size_t count = 0;
    for (size_t i = 0; i < head->size; i++)
        count += head->data[i] == '\n';
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keys *keys;
    static struct exchange exchange;
    if (!keys)
        keys = keys_random();
    if (size == 0)
        return 0;
    uint8_t choice = data[0];
    struct bytes rest = bytes_make(data + 1, size - 1);
    exchange_clear(&exchange);
    exchange.id = 1;
    exchange.status = choice & 32 ? 201 : 200;
    fill(&exchange.request, &rest, choice & 1 ? BODY_FRAMING_CHUNKED : BODY_FRAMING_LENGTH);
    fill(&exchange.response, &rest, BODY_FRAMING_LENGTH);
    struct bytes answer_head = take_part(&rest), answer_body = take_part(&rest);
    struct sanitizer *sanitizer = sanitizer_create(policy_builtin(), keys);
    sanitize_exchange(sanitizer, &exchange);
    sanitizer_free(sanitizer);

    const char *base = choice & 2 ? "/base" : "";
    const struct request_rules rules = {.host = choice & 4 ? "target:81" : NULL,
                                        .scheme = choice & 8 ? "https" : NULL,
                                        .base_path = base,
                                        .run_id = "run1",
                                        .pooled = choice & 16,
                                        .verbatim = true};
    const struct linker_context context = {.session = 1, .recognition_key = keys_recognition(keys)};
    struct linker *before = linker_create(4, base), *after = linker_create(4, base);
    assert(linker_wants_body(&exchange) == 0 || exchange.link_count > 0);
    struct linker_context other = context;
    for (other.session = choice & 64 ? 8 : 1; other.session > 0; other.session--) /* ours is the last */
        linker_learn(after, &other, &exchange, answer_head, answer_body);
    linker_login_ok(after, &context);
    struct request one = {0}, two = {0}, again = {0};
    bool built = UNSENT_NONE == request_build(&one, &rules, before, &context, &exchange);
    bool linked = UNSENT_NONE == request_build(&two, &rules, after, &context, &exchange);
    request_build(&again, &rules, after, &context, &exchange);
    if (built && linked) {
        assert(lines(&one.head) == lines(&two.head));
        assert(bytes_equal(buffer_bytes(&two.head), buffer_bytes(&again.head)));
        assert(bytes_equal(buffer_bytes(&two.body), buffer_bytes(&again.body)));
    }
    request_free(&one);
    request_free(&two);
    request_free(&again);
    linker_free(before);
    linker_free(after);
    return 0;
}
