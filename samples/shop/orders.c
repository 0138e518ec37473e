#include "samples/shop/orders.h"

#include "common/mem.h"
#include "samples/shop/lookup.h"
#include "samples/shop/service.h"

#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>

#define ORDERS_MAX 65536

struct order {
    size_t user;
    int pieces;
};

struct orders {
    struct order *ring;
    size_t next;
    struct lookup *ids;
};

struct orders *orders_create_store(void)
{
    struct orders *orders = xcalloc(1, sizeof *orders);
    orders->ring = xcalloc(ORDERS_MAX, sizeof *orders->ring);
    orders->ids = lookup_create(ORDERS_MAX);
    return orders;
}

void orders_free(struct orders *orders)
{
    if (!orders)
        return;
    free(orders->ring);
    lookup_free(orders->ids);
    free(orders);
}

void orders_create(struct call *call, struct answer *answer)
{
    struct session *session = login_session(call, answer);
    if (!session)
        return;
    if (session->cart_lines == 0) {
        answer_error(answer, 409, "the cart is empty");
        return;
    }
    struct orders *orders = call->shop->orders;
    size_t slot = orders->next++ % ORDERS_MAX;
    char id[LOOKUP_KEY_SIZE], location[LOOKUP_KEY_SIZE + 16];
    lookup_random_uuid(id);
    lookup_put(orders->ids, slot, id);
    orders->ring[slot] = (struct order){.user = session->user};
    for (size_t i = 0; i < session->cart_lines; i++)
        orders->ring[slot].pieces += session->cart[i].quantity;
    session->cart_lines = 0;
    snprintf(location, sizeof location, "/orders/%s", id);
    evhttp_add_header(evhttp_request_get_output_headers(call->request), "Location", location);
    answer->status = 201;
    answer->body = json_pack("{s:s,s:i}", "id", id, "pieces", orders->ring[slot].pieces);
}

/* Finds the order that the path names and the session's user made; else |answer| says why not. */
static bool find_order(struct call *call, struct answer *answer, size_t *ret_slot)
{
    const struct session *session = login_session(call, answer);
    if (!session)
        return false;
    const struct orders *orders = call->shop->orders;
    if (!lookup_find(orders->ids, call->id, ret_slot) || orders->ring[*ret_slot].user != session->user) {
        answer_error(answer, 404, "no such order");
        return false;
    }
    return true;
}

void orders_read(struct call *call, struct answer *answer)
{
    size_t slot;
    if (!find_order(call, answer, &slot))
        return;
    answer->status = 200;
    answer->body = json_pack("{s:s,s:i,s:s}", "id", call->id, "pieces", call->shop->orders->ring[slot].pieces,
                             "state", "open");
}

void orders_delete(struct call *call, struct answer *answer)
{
    size_t slot;
    if (!find_order(call, answer, &slot))
        return;
    lookup_remove(call->shop->orders->ids, slot);
    answer->status = 204;
}
