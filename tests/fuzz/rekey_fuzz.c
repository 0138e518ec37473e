/* Property: an exchange that was sanitized under one key can be carried over to another and sanitized once more; no pseudonym of the former key is left in it then, and doing
 * both again changes nothing. An audit of any exchange, as seen or sanitized, ends, changes nothing in it, and after sanitizing finds no value that has a sensitive name. The
 * input is as that of sanitize_fuzz: a byte that chooses the states, then a request head, a body, a response head and a body, with a 0xff byte between. */
#include "filters/auditor.h"
#include "filters/pseudonym.h"
#include "filters/rekey.h"
#include "filters/sanitize.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

static void fill(struct message *message, const uint8_t **data, size_t *size, bool cut)
{
    buffer_append_bytes(&message->head, take_part(data, size));
    buffer_append_bytes(&message->body.content, take_part(data, size));
    message->body.state = cut ? BODY_CUT : message->body.content.size ? BODY_KEPT : BODY_EMPTY;
    message->body.reason = cut ? BODY_REASON_TOO_LARGE : BODY_REASON_NONE;
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

/* audit_fn */
static void see(void *arg, const struct audit_finding *finding)
{
    bool sanitized = *(bool *)arg;
    assert(!sanitized || finding->in_name || strcmp(finding->by, "name") != 0);
}

static void audit(const struct keys *keys, struct exchange *exchange, bool sanitized)
{
    struct segment_header header = {.kind = SEGMENT_EXCHANGES, .sanitized = sanitized};
    struct buffer before = {0}, after = {0};
    bool understood;
    memcpy(header.recognition_key, keys_recognition(keys), SEGMENT_KEY_SIZE);
    memcpy(header.policy_hash, policy_hash(policy_builtin()), SEGMENT_HASH_SIZE);
    struct auditor *auditor = auditor_create(&header, policy_builtin(), &understood);
    flatten(exchange, &before);
    auditor_look(auditor, exchange, see, &sanitized);
    flatten(exchange, &after);
    assert(bytes_equal(buffer_bytes(&before), buffer_bytes(&after)));
    auditor_free(auditor);
    buffer_free(&before);
    buffer_free(&after);
}

/* Carries |exchange| over to |keys| and sanitizes it under them. */
static void move(const struct keys *former, const struct keys *keys, struct sanitizer *sanitizer,
                 struct exchange *exchange)
{
    struct buffer scratch = {0};
    rekey_exchange(keys_recognition(former), keys, true, exchange, &scratch);
    sanitizer_set_former(sanitizer, keys_recognition(former));
    sanitize_exchange(sanitizer, exchange);
    sanitizer_set_former(sanitizer, NULL);
    buffer_free(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keys *former, *keys;
    static struct exchange exchange;
    static struct buffer once, twice;
    struct pseudonym_found found;
    if (!former) {
        former = keys_random();
        keys = keys_random();
    }
    if (size == 0)
        return 0;
    struct sanitizer *first = sanitizer_create(policy_builtin(), former);
    struct sanitizer *second = sanitizer_create(policy_builtin(), keys);
    uint8_t choice = *data++;
    size--;
    exchange_clear(&exchange);
    fill(&exchange.request, &data, &size, choice & 1);
    fill(&exchange.response, &data, &size, choice & 2);
    audit(former, &exchange, false);
    sanitize_exchange(first, &exchange);
    audit(former, &exchange, true);
    move(former, keys, second, &exchange);
    flatten(&exchange, &once);
    assert(!pseudonym_find(keys_recognition(former), buffer_bytes(&once), 0, &found));
    audit(keys, &exchange, true);
    move(former, keys, second, &exchange);
    flatten(&exchange, &twice);
    assert(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));
    sanitizer_free(first);
    sanitizer_free(second);
    return 0;
}
