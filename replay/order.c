#include "replay/order.h"

#include "common/keymap.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct order_session {
    struct keymap_key key;
    struct order_node *frontier;
    size_t nodes; /* unfinished */
    struct order_session *next_spare;
};

struct order_tag {
    struct keymap_key key;
    struct order_node *issuer;
    struct order_tag *next; /* of the same issuer */
};

struct order {
    struct keymap sessions;
    struct keymap tags;          /* of unfinished issuers */
    struct order_session *spare; /* to be used again */
};

struct order *order_create(void)
{
    return xcalloc(1, sizeof(struct order));
}

void order_free(struct order *order)
{
    if (!order)
        return;
    assert(order->sessions.count == 0 && order->tags.count == 0);
    for (struct order_session *spare = order->spare, *next; spare; spare = next) {
        next = spare->next_spare;
        free(spare);
    }
    keymap_free(&order->sessions);
    keymap_free(&order->tags);
    free(order);
}

static void wait_for(struct order_node *node, struct order_node *cause)
{
    /* The same pair may be named twice (a session's order and a link): both count, both are undone. */
    if (cause->dependent_count == cause->dependent_capacity) {
        cause->dependent_capacity = cause->dependent_capacity ? cause->dependent_capacity * 2 : 4;
        cause->dependents =
            xrealloc(cause->dependents, cause->dependent_capacity * sizeof(struct order_node *));
    }
    cause->dependents[cause->dependent_count++] = node;
    node->waiting++;
}

static void frontier_remove(struct order_node *node)
{
    if (!node->in_frontier)
        return;
    if (node->previous)
        node->previous->next = node->next;
    else
        node->session->frontier = node->next;
    if (node->next)
        node->next->previous = node->previous;
    node->in_frontier = false;
}

static void frontier_add(struct order_node *node)
{
    node->next = node->session->frontier;
    node->previous = NULL;
    if (node->next)
        node->next->previous = node;
    node->session->frontier = node;
    node->in_frontier = true;
}

static void wait_in_session(struct order_node *node)
{
    struct order_node *next;
    for (struct order_node *cause = node->session->frontier; cause; cause = next) {
        next = cause->next;
        if (cause->covered_ns <= node->start_ns) {
            frontier_remove(cause);
            continue;
        }
        if (cause->end_ns > node->start_ns)
            continue;
        wait_for(node, cause);
        if (node->end_ns < cause->covered_ns)
            cause->covered_ns = node->end_ns;
    }
}

static void note_source(struct order_node *node, struct order_node *source)
{
    for (size_t i = 0; i < node->source_count; i++)
        if (node->sources[i] == source)
            return;
    if (node->source_count < ORDER_SOURCES_MAX)
        node->sources[node->source_count++] = source;
}

static void forget_source(struct order_node *node, const struct order_node *source)
{
    for (size_t i = 0; i < node->source_count; i++)
        if (node->sources[i] == source) {
            node->sources[i] = node->sources[--node->source_count];
            return;
        }
}

size_t order_release(struct order_node *node)
{
    for (size_t i = 0; i < node->source_count; i++) {
        struct order_node *source = node->sources[i];
        size_t kept = 0;
        for (size_t k = 0; k < source->dependent_count; k++)
            if (source->dependents[k] != node)
                source->dependents[kept++] = source->dependents[k];
        node->waiting -= source->dependent_count - kept;
        source->dependent_count = kept;
    }
    node->source_count = 0;
    return node->waiting;
}

static void wait_for_links(struct order *order, struct order_node *node, const struct exchange *exchange,
                           uint32_t iteration)
{
    for (size_t i = 0; i < exchange->link_count; i++) {
        if (exchange->links[i].kind != LINK_USES && exchange->links[i].kind != LINK_REFERS)
            continue;
        struct order_tag *tag = keymap_get(&order->tags, keymap_tag_key(exchange->links[i].tag, iteration));
        if (!tag || tag->issuer->answer_ns > node->start_ns)
            continue;
        wait_for(node, tag->issuer);
        note_source(node, tag->issuer);
    }
}

static void issue(struct order *order, struct order_node *node, const struct exchange *exchange,
                  uint32_t iteration)
{
    if (node->answer_ns == UINT64_MAX)
        return;
    for (size_t i = 0; i < exchange->link_count; i++) {
        if (exchange->links[i].kind != LINK_ISSUES && exchange->links[i].kind != LINK_CREATES)
            continue;
        struct keymap_key key = keymap_tag_key(exchange->links[i].tag, iteration);
        if (keymap_get(&order->tags, key))
            continue;
        struct order_tag *tag = xmalloc(sizeof *tag);
        *tag = (struct order_tag){.key = key, .issuer = node, .next = node->tags};
        node->tags = tag;
        keymap_set(&order->tags, key, tag);
    }
}

/* Returns the session of |key|, a new one where it has no unfinished node. */
static struct order_session *session_of(struct order *order, struct keymap_key key)
{
    struct order_session *session = keymap_get(&order->sessions, key);
    if (session)
        return session;
    session = order->spare;
    if (session)
        order->spare = session->next_spare;
    else
        session = xmalloc(sizeof *session);
    *session = (struct order_session){.key = key};
    keymap_set(&order->sessions, key, session);
    return session;
}

static void end_session(struct order *order, struct order_session *session)
{
    keymap_remove(&order->sessions, session->key);
    session->next_spare = order->spare;
    order->spare = session;
}

size_t order_add(struct order *order, struct order_node *node, const struct exchange *exchange,
                 uint64_t session, uint32_t iteration)
{
    bool answered = exchange_has_response(exchange) && exchange->response.last_ns;
    *node = (struct order_node){
        .start_ns = exchange->request.first_ns,
        .answer_ns = answered ? exchange->response.first_ns : UINT64_MAX,
        .end_ns = answered ? exchange->response.last_ns : UINT64_MAX,
        .covered_ns = UINT64_MAX,
        .dependents = node->dependents,
        .dependent_capacity = node->dependent_capacity,
    };
    node->session = session_of(order, keymap_key(session, iteration));
    node->session->nodes++;
    wait_in_session(node);
    wait_for_links(order, node, exchange, iteration);
    if (answered)
        frontier_add(node);
    issue(order, node, exchange, iteration);
    return node->waiting;
}

void order_done(struct order *order, struct order_node *node, order_ready_fn ready, void *arg)
{
    frontier_remove(node);
    while (node->tags) {
        struct order_tag *tag = node->tags;
        node->tags = tag->next;
        keymap_remove(&order->tags, tag->key);
        free(tag);
    }
    if (--node->session->nodes == 0)
        end_session(order, node->session);
    node->session = NULL;
    for (size_t i = 0; i < node->dependent_count; i++) {
        struct order_node *dependent = node->dependents[i];
        if (dependent->source_count)
            forget_source(dependent, node);
        if (--dependent->waiting == 0)
            ready(dependent, arg);
    }
    node->dependent_count = 0;
}
