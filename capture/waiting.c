#include "capture/waiting.h"

#include "common/http1_head.h"
#include "common/mem.h"

#include <stdlib.h>

#define SPARE_WAITING 1024        /* kept for reuse */
#define SPARE_CONTENT (64 * 1024) /* a buffer that grew beyond it is not kept */

static struct message *message_of(struct waiting *waiting, bool response)
{
    return response ? &waiting->exchange.response : &waiting->exchange.request;
}

/* Begins the digest of a body that is cut, with what is kept of it. It counts as held. */
static void begin_digest(struct waiting_store *store, struct waiting *waiting, bool response)
{
    const struct keys *keys = store->digest_keys[response];
    if (!keys || store->max_held_bytes - store->held_bytes < KEYS_DIGEST_BYTES)
        return;
    struct keys_digest *digest =
        store->spare_digest_count ? store->spare_digests[--store->spare_digest_count] : keys_digest_create();
    store->held_bytes += KEYS_DIGEST_BYTES;
    keys_digest_begin(digest, keys);
    keys_digest_add(digest, buffer_bytes(&message_of(waiting, response)->body.content));
    waiting->digest[response] = digest;
}

static void drop_digest(struct waiting_store *store, struct waiting *waiting, bool response)
{
    struct keys_digest *digest = waiting->digest[response];
    if (!digest)
        return;
    waiting->digest[response] = NULL;
    store->held_bytes -= KEYS_DIGEST_BYTES;
    if (store->spare_digest_count < WAITING_SPARE_DIGESTS)
        store->spare_digests[store->spare_digest_count++] = digest;
    else
        keys_digest_free(digest);
}

static void waiting_free(struct waiting *waiting)
{
    exchange_free(&waiting->exchange);
    free(waiting);
}

void waiting_store_done(struct waiting_store *store)
{
    while (store->spare) {
        struct waiting *waiting = store->spare;
        store->spare = waiting->next;
        waiting_free(waiting);
    }
    store->spare_count = 0;
    while (store->spare_digest_count)
        keys_digest_free(store->spare_digests[--store->spare_digest_count]);
}

struct waiting *waiting_take(struct waiting_store *store)
{
    struct waiting *waiting = store->spare;
    if (!waiting)
        return xcalloc(1, sizeof *waiting);
    store->spare = waiting->next;
    store->spare_count--;
    waiting->next = NULL;
    return waiting;
}

static void shrink(struct buffer *buffer)
{
    if (buffer->capacity > SPARE_CONTENT)
        buffer_free(buffer);
}

void waiting_give_back(struct waiting_store *store, struct waiting *waiting)
{
    store->held_bytes -= waiting->held;
    drop_digest(store, waiting, false);
    drop_digest(store, waiting, true);
    if (store->spare_count >= SPARE_WAITING) {
        waiting_free(waiting);
        return;
    }
    shrink(&waiting->exchange.request.body.content);
    shrink(&waiting->exchange.response.body.content);
    shrink(&waiting->exchange.request.head);
    shrink(&waiting->exchange.response.head);
    exchange_clear(&waiting->exchange);
    *waiting = (struct waiting){.exchange = waiting->exchange, .next = store->spare};
    store->spare = waiting;
    store->spare_count++;
}

void waiting_content(struct waiting_store *store, struct waiting *waiting, bool response,
                     struct bytes content)
{
    struct body *body = &message_of(waiting, response)->body;
    body->wire_bytes += content.size;
    if (waiting->cut[response]) {
        if (waiting->digest[response])
            keys_digest_add(waiting->digest[response], content);
        return;
    }
    uint64_t room = store->max_body_bytes - body->content.size;
    uint64_t pool_room =
        store->max_held_bytes > store->held_bytes ? store->max_held_bytes - store->held_bytes : 0;
    if (room > pool_room)
        room = pool_room;
    size_t size = content.size;
    if (size > room) {
        size = (size_t)room;
        waiting->cut[response] = true;
        body->state = BODY_CUT;
        body->reason = BODY_REASON_TOO_LARGE;
        begin_digest(store, waiting, response);
        if (waiting->digest[response])
            keys_digest_add(waiting->digest[response], content);
    }
    buffer_append(&body->content, content.data, size);
    waiting->held += size;
    store->held_bytes += size;
}

void waiting_lose(struct waiting_store *store, struct waiting *waiting, bool response, uint64_t bytes)
{
    struct body *body = &message_of(waiting, response)->body;
    body->wire_bytes += bytes;
    if (!waiting->cut[response]) {
        body->state = BODY_CUT;
        body->reason = BODY_REASON_GAP;
    }
    waiting->cut[response] = true;
    drop_digest(store, waiting, response);
}

static bool is_coded(struct bytes head)
{
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    while (http1_next_field(&fields, &field)) {
        struct bytes element;
        if (!field.split || !bytes_equal_nocase(field.name, BYTES_LITERAL("Content-Encoding")))
            continue;
        while (http1_next_element(&field.value, &element)) {
            if (!bytes_equal_nocase(element, BYTES_LITERAL("identity")))
                return true;
        }
    }
    return false;
}

void waiting_begin(struct waiting *waiting, bool response, const struct http1_message *from, bool drop)
{
    struct message *message = message_of(waiting, response);
    buffer_clear(&message->head);
    buffer_append_bytes(&message->head, from->head);
    message->first_ns = from->first_ns;
    message->last_ns = from->last_ns;
    message->body.framing = from->framing;
    if (drop) {
        waiting->cut[response] = true;
        message->body.state = BODY_DROPPED;
        message->body.reason = BODY_REASON_NOT_WANTED;
    }
}

static void end_digest(struct waiting_store *store, struct waiting *waiting, bool response, bool whole)
{
    struct body *body = &message_of(waiting, response)->body;
    if (waiting->digest[response] && whole && body->wire_bytes >= BODY_DIGEST_MIN) {
        keys_digest_end(waiting->digest[response], body->digest);
        body->digested = true;
    }
    drop_digest(store, waiting, response);
}

void waiting_end(struct waiting_store *store, struct waiting *waiting, bool response,
                 const struct http1_message *from)
{
    struct exchange *exchange = &waiting->exchange;
    bool request = !response;
    struct message *message = message_of(waiting, response);
    message->last_ns = from->last_ns;
    message->defects |= from->defects;
    message->body.framing = from->framing;
    if (from->gap)
        exchange->flags |= request ? EXCHANGE_FLAG(REQUEST_GAP) : EXCHANGE_FLAG(RESPONSE_GAP);
    if (!from->complete)
        exchange->flags |= request ? EXCHANGE_FLAG(REQUEST_INCOMPLETE) : EXCHANGE_FLAG(RESPONSE_INCOMPLETE);
    if (from->head_cut)
        exchange->flags |= EXCHANGE_FLAG(HEAD_CUT);
    struct body *body = &message->body;
    if (body->wire_bytes == 0 && from->complete) {
        body->state = BODY_EMPTY;
        body->reason = BODY_REASON_NONE;
    } else if (body->state == BODY_EMPTY) {
        body->state = from->complete ? BODY_KEPT : BODY_CUT;
        body->reason = from->complete ? BODY_REASON_NONE
                       : from->gap    ? BODY_REASON_GAP
                                      : BODY_REASON_INCOMPLETE;
    }
    end_digest(store, waiting, response, from->complete && !from->gap);
    body->coded = body->content.size > 0 && is_coded(buffer_bytes(&message->head));
}
