#include "capture/waiting.h"

#include "common/http1_head.h"
#include "common/mem.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SPARE_WAITING 1024              /* kept for reuse */
#define SPARE_BYTES   ((size_t)4 << 20) /* in all of them */
#define SMALL_STEP    ((size_t)512 * 1024)
#define SPARE_CONTENT ((size_t)64 * 1024) /* a buffer that grew beyond it is not kept */

static struct message *message_of(struct waiting *waiting, bool response)
{
    return response ? &waiting->exchange.response : &waiting->exchange.request;
}

static size_t message_bytes(const struct message *message)
{
    return message->head.capacity + message->trailers.capacity + message->body.content.capacity;
}

static size_t waiting_bytes(const struct waiting *waiting)
{
    size_t digests = (waiting->digest[0] != NULL) + (waiting->digest[1] != NULL);
    return sizeof *waiting + BUDGET_BLOCK_BYTES + digests * KEYS_DIGEST_BYTES +
           message_bytes(&waiting->exchange.request) + message_bytes(&waiting->exchange.response);
}

/* Counts that |waiting| takes |held| bytes by now. */
static void set_held(struct waiting_store *store, struct waiting *waiting, uint64_t held)
{
    budget_change(store->budget, waiting->held, held);
    store->held_bytes += held - waiting->held;
    waiting->held = held;
}

/* Counts what |waiting| takes by now. */
static void count_held(struct waiting_store *store, struct waiting *waiting)
{
    set_held(store, waiting, waiting_bytes(waiting));
}

/* Whether |more| bytes keep what is held within its limit. */
static bool has_room(const struct waiting_store *store, uint64_t more)
{
    return store->held_bytes + more <= store->max_held_bytes;
}

/* Begins the digest of a body that is cut, with what is kept of it. */
static void begin_digest(struct waiting_store *store, struct waiting *waiting, bool response)
{
    const struct keys *keys = store->digest_keys[response];
    if (!keys || !has_room(store, KEYS_DIGEST_BYTES))
        return;
    struct keys_digest *digest =
        store->spare_digest_count ? store->spare_digests[--store->spare_digest_count] : keys_digest_create();
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
    store->spare_count = store->spare_bytes = 0;
    while (store->spare_digest_count)
        keys_digest_free(store->spare_digests[--store->spare_digest_count]);
}

struct waiting *waiting_take(struct waiting_store *store)
{
    struct waiting *waiting = store->spare;
    if (!waiting) {
        waiting = xcalloc(1, sizeof *waiting);
        count_held(store, waiting);
        return waiting;
    }
    size_t bytes = waiting_bytes(waiting);
    store->spare = waiting->next;
    store->spare_count--;
    store->spare_bytes -= bytes;
    waiting->next = NULL;
    set_held(store, waiting, bytes);
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
    budget_release(store->budget, waiting->held);
    drop_digest(store, waiting, false);
    drop_digest(store, waiting, true);
    shrink(&waiting->exchange.request.body.content);
    shrink(&waiting->exchange.response.body.content);
    shrink(&waiting->exchange.request.head);
    shrink(&waiting->exchange.response.head);
    size_t bytes = waiting_bytes(waiting);
    if (store->spare_count >= SPARE_WAITING || store->spare_bytes + bytes > SPARE_BYTES) {
        waiting_free(waiting);
        return;
    }
    exchange_clear(&waiting->exchange);
    static_assert(offsetof(struct waiting, exchange) == 0, "all behind the exchange is zeroed");
    memset((char *)waiting + sizeof waiting->exchange, 0, sizeof *waiting - sizeof waiting->exchange);
    waiting->next = store->spare;
    store->spare = waiting;
    store->spare_count++;
    store->spare_bytes += bytes;
}

/* Whether |size| bytes more in |content|, whose memory grows twofold, keep what is held within its limit. A large step
 * must also find room in the budget; for a small one others are given up. */
static bool fits(const struct waiting_store *store, const struct buffer *content, size_t size)
{
    if (content->capacity - content->size >= size)
        return true;
    size_t more = content->capacity > size ? content->capacity : 2 * size;
    return has_room(store, more) && (more <= SMALL_STEP || budget_has_room(store->budget, more));
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
    uint64_t room = store->max_body_bytes[response] - body->content.size;
    size_t size = content.size < room ? content.size : (size_t)room;
    bool fitting = fits(store, &body->content, size);
    if (!fitting)
        size = body->content.capacity - body->content.size;
    size_t capacity = body->content.capacity;
    if (size < content.size) {
        waiting->cut[response] = true;
        body->state = BODY_CUT;
        body->reason = fitting ? BODY_REASON_TOO_LARGE : BODY_REASON_MEMORY;
        begin_digest(store, waiting, response);
        if (waiting->digest[response])
            keys_digest_add(waiting->digest[response], content);
    }
    buffer_append(&body->content, content.data, size);
    if (body->content.capacity != capacity || waiting->digest[response])
        count_held(store, waiting);
}

void waiting_trailers(struct waiting_store *store, struct waiting *waiting, bool response, struct bytes lines)
{
    buffer_append_bytes(&message_of(waiting, response)->trailers, lines);
    count_held(store, waiting);
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

void waiting_begin(struct waiting_store *store, struct waiting *waiting, bool response,
                   const struct http1_message *from, bool drop)
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
    count_held(store, waiting);
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
    body->coded = body->content.size > 0;
}
