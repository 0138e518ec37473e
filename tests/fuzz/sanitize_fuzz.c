/* Property: any exchange can be sanitized, sanitizing it again changes nothing, noting its links alone changes nothing
 * and notes the same; and the secret that stands in a cookie, a bearer token and a member of a body of known type is
 * gone whatever stands around it, with one pseudonym in its places, which is recognised. The input is a request head,
 * a body, a response head, a body and the trailers of both, with a 0xff byte between; its first byte chooses the
 * states, and whether the policy has rules that remove. */
#include "filters/policy/policy_yaml.h"
#include "filters/pseudonym.h"
#include "filters/sanitize.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "S3cr3tV4lue"
#define REMOVING                                                                                             \
    "version: 1\nsanitize:\n- {locate: [field.gone, cookie.gone, header.X-Gone, 'json:$.deep.*'], "          \
    "strategy: remove}\n"

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

static void fill(struct message *message, const uint8_t **data, size_t *size, bool coded, bool cut)
{
    buffer_append_bytes(&message->head, take_part(data, size));
    buffer_append_bytes(&message->body.content, take_part(data, size));
    message->body.state = cut ? BODY_CUT : message->body.content.size ? BODY_KEPT : BODY_EMPTY;
    message->body.reason = cut ? BODY_REASON_TOO_LARGE : BODY_REASON_NONE;
    message->body.coded = coded;
}

/* A multipart body with the secret in a field, in JSON and in a nested one, and the noise as another part. */
static void plant_parts(struct exchange *exchange, struct bytes noise)
{
    struct buffer *content = &exchange->request.body.content;
    buffer_append_text(&exchange->request.head, "POST /?token=" SECRET " HTTP/1.1\r\nCookie: a=" SECRET
                                                "\r\nAuthorization: Bearer " SECRET
                                                "\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n");
    buffer_append_text(content,
                       "--B\r\nContent-Disposition: form-data; name=token\r\n\r\n" SECRET "\r\n--B\r\n");
    buffer_append_bytes(content, noise);
    buffer_append_text(content, "\r\n--B\r\nContent-Type: application/json\r\n\r\n{\"token\":\"" SECRET
                                "\"}\r\n--B\r\nContent-Type: multipart/x; boundary=C\r\n\r\n--C\r\n"
                                "Content-Disposition: x; name=pwd; filename=" SECRET "\r\n\r\n" SECRET
                                "\r\n--C--\r\n--B--\r\n");
}

static void plant(struct exchange *exchange, struct bytes noise, uint8_t choice)
{
    exchange->request.body.state = choice & 16 ? BODY_CUT : BODY_KEPT;
    if (choice & 64) {
        plant_parts(exchange, noise);
        return;
    }
    struct buffer *head = &exchange->request.head;
    buffer_append_text(head,
                       "GET /?a=1&token=" SECRET " HTTP/1.1\r\nCookie: a=" SECRET
                       "\r\nAuthorization: Bearer " SECRET "\r\nContent-Type: application/json\r\nX-Noise: ");
    buffer_append_bytes(head, noise);
    buffer_append_text(head, "\r\nX-Api-Key: " SECRET "\r\n\r\n");
    buffer_append_text(&exchange->request.body.content, "{\"token\":\"" SECRET "\",\"noise\":");
    buffer_append_bytes(&exchange->request.body.content, noise);
    buffer_append_text(&exchange->request.body.content, ",\"secret\":[\"" SECRET "\"]}");
}

static void fill_exchange(struct exchange *exchange, uint8_t choice, const uint8_t *data, size_t size)
{
    exchange_clear(exchange);
    fill(&exchange->request, &data, &size, choice & 1, choice & 16);
    fill(&exchange->response, &data, &size, choice & 2, choice & 32);
    buffer_append_bytes(&exchange->request.trailers, take_part(&data, &size));
    buffer_append_bytes(&exchange->response.trailers, take_part(&data, &size));
    exchange->flags =
        (choice & 4 ? EXCHANGE_FLAG(REQUEST_GAP) : 0) | (choice & 8 ? EXCHANGE_FLAG(RESPONSE_INCOMPLETE) : 0);
}

static void flatten(const struct exchange *exchange, struct buffer *out)
{
    const struct message *const messages[] = {&exchange->request, &exchange->response};
    buffer_clear(out);
    for (unsigned i = 0; i < 2; i++) {
        buffer_append_bytes(out, buffer_bytes(&messages[i]->head));
        buffer_append_bytes(out, buffer_bytes(&messages[i]->body.content));
        buffer_append_bytes(out, buffer_bytes(&messages[i]->trailers));
    }
}

static bool same_links(const struct exchange *a, const struct exchange *b)
{
    bool same = a->link_count == b->link_count;
    for (size_t i = 0; same && i < a->link_count; i++)
        same = a->links[i].kind == b->links[i].kind && a->links[i].place == b->links[i].place &&
               memcmp(a->links[i].tag, b->links[i].tag, LINK_TAG_SIZE) == 0 &&
               strcmp(a->links[i].name, b->links[i].name) == 0;
    return same;
}

/* The pseudonym of the secret stands in |text| as often as the secret did. */
static void check_pseudonyms(const struct keys *keys, struct bytes text, unsigned places)
{
    struct buffer expected = {0};
    uint8_t tag[PSEUDONYM_TAG_SIZE];
    struct pseudonym_found found;
    pseudonym_make(keys, bytes_of(SECRET), &expected, tag);
    unsigned count = 0;
    for (size_t at = 0; pseudonym_find(keys_recognition(keys), text, at, &found);
         at = found.offset + found.size)
        if (memcmp(found.tag, tag, sizeof tag) == 0) {
            assert(memcmp(text.data + found.offset, expected.data, expected.size) == 0);
            count++;
        }
    assert(count >= places);
    buffer_free(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keys *keys;
    static struct exchange exchange, linked;
    static struct buffer once, twice;
    static struct policy *removing;
    struct error err;
    if (!keys) {
        keys = keys_random();
        int read = policy_yaml_read("p", BYTES_LITERAL(REMOVING), &removing, &err);
        assert(read == 0);
    }
    if (size == 0)
        return 0;
    uint8_t choice = *data++;
    struct sanitizer *sanitizer = sanitizer_create(choice & 128 ? removing : policy_builtin(), keys);
    size--;
    struct bytes noise = bytes_make(data, size);

    fill_exchange(&linked, choice, data, size);
    flatten(&linked, &once);
    sanitize_links_only(sanitizer, &linked);
    flatten(&linked, &twice);
    assert(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));

    fill_exchange(&exchange, choice, data, size);
    sanitize_exchange(sanitizer, &exchange);
    assert(same_links(&exchange, &linked));
    flatten(&exchange, &once);
    sanitize_exchange(sanitizer, &exchange);
    flatten(&exchange, &twice);
    assert(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));

    if (!noise.size || !memmem(noise.data, noise.size, "S3", 2)) {
        exchange_clear(&exchange);
        plant(&exchange, noise, choice);
        sanitize_exchange(sanitizer, &exchange);
        flatten(&exchange, &once);
        assert(!memmem(once.data, once.size, SECRET, strlen(SECRET)));
        check_pseudonyms(keys, buffer_bytes(&once), 3); /* query, cookie, bearer: before the noise */
    }
    sanitizer_free(sanitizer);
    return 0;
}
