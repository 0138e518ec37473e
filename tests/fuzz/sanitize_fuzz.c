/* Property: any exchange can be sanitized, sanitizing it again changes nothing, and the secret that stands in
 * a cookie, a bearer token and a member of a body of known type is gone whatever stands around it. The input
 * is a request head, a body, a response head and a body, with a 0xff byte between; its first byte chooses the
 * states. */
#include "filters/sanitize.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "S3cr3tV4lue"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes take_part(const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size ? memchr(*data, 0xff, *size) : NULL;
    struct bytes part = bytes_make(*data, end ? (size_t)(end - *data) : *size);
    size_t taken = end ? part.size + 1 : part.size;
    *data += taken;
    *size -= taken;
    return part;
}

static void fill(struct message *message, const uint8_t **data, size_t *size, bool coded)
{
    buffer_append_bytes(&message->head, take_part(data, size));
    buffer_append_bytes(&message->body.content, take_part(data, size));
    message->body.state = message->body.content.size ? BODY_KEPT : BODY_EMPTY;
    message->body.coded = coded;
}

static void plant(struct exchange *exchange, struct bytes noise)
{
    struct buffer *head = &exchange->request.head;
    buffer_append_text(head,
                       "GET /?a=1&token=" SECRET " HTTP/1.1\r\nCookie: a=" SECRET
                       "\r\nAuthorization: Bearer " SECRET "\r\nContent-Type: application/json\r\nX-Noise: ");
    buffer_append_bytes(head, noise);
    buffer_append_text(head, "\r\nX-Api-Key: " SECRET "\r\n\r\n");
    buffer_append_text(&exchange->request.body.content, "{\"token\":\"" SECRET "\",\"noise\":");
    buffer_append_bytes(&exchange->request.body.content, noise);
    buffer_append_text(&exchange->request.body.content, ",\"secret\":[\"" SECRET "\"]}");
    exchange->request.body.state = BODY_KEPT;
}

static void flatten(const struct exchange *exchange, struct buffer *out)
{
    buffer_clear(out);
    buffer_append_bytes(out, buffer_bytes(&exchange->request.head));
    buffer_append_bytes(out, buffer_bytes(&exchange->request.body.content));
    buffer_append_bytes(out, buffer_bytes(&exchange->response.head));
    buffer_append_bytes(out, buffer_bytes(&exchange->response.body.content));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keys *keys;
    static struct sanitizer *sanitizer;
    static struct exchange exchange;
    static struct buffer once, twice;
    if (!keys) {
        keys = keys_random();
        sanitizer = sanitizer_create(policy_builtin(), keys);
    }
    if (size == 0)
        return 0;
    uint8_t choice = *data++;
    size--;
    struct bytes noise = bytes_make(data, size);
    exchange_clear(&exchange);
    fill(&exchange.request, &data, &size, choice & 1);
    fill(&exchange.response, &data, &size, choice & 2);
    exchange.flags = choice & 4 ? EXCHANGE_FLAG(REQUEST_GAP) : 0;
    sanitize_exchange(sanitizer, &exchange);
    flatten(&exchange, &once);
    sanitize_exchange(sanitizer, &exchange);
    flatten(&exchange, &twice);
    assert(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));

    if (noise.size && memmem(noise.data, noise.size, "S3", 2))
        return 0;
    exchange_clear(&exchange);
    plant(&exchange, noise);
    sanitize_exchange(sanitizer, &exchange);
    flatten(&exchange, &once);
    assert(!memmem(once.data, once.size, SECRET, strlen(SECRET)));
    return 0;
}
