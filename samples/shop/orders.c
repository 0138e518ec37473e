#include "samples/shop/orders.h"

#include "common/mem.h"
#include "samples/shop/lookup.h"
#include "samples/shop/service.h"

#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORDERS_MAX   65536
#define PAYMENTS_MAX 65536

struct order {
    size_t user;
    int pieces;
};

struct orders {
    struct order *ring;
    size_t next;
    struct lookup *ids;
    char (*payments)[LOOKUP_KEY_SIZE]; /* a ring: the order that each paid */
    unsigned first_payment, payment_count;
};

struct orders *orders_create_store(void)
{
    struct orders *orders = xcalloc(1, sizeof *orders);
    orders->ring = xcalloc(ORDERS_MAX, sizeof *orders->ring);
    orders->ids = lookup_create(ORDERS_MAX);
    orders->payments = xcalloc(PAYMENTS_MAX, sizeof *orders->payments);
    char digits[9];
    lookup_random_hex(digits, 4);
    orders->first_payment = 1000 + (unsigned)strtoul(digits, NULL, 16) % 8000;
    return orders;
}

void orders_free(struct orders *orders)
{
    if (!orders)
        return;
    free(orders->ring);
    lookup_free(orders->ids);
    free(orders->payments);
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

/* Finds the order |id| that the session's user made; else |answer| says why not. */
static bool find_order(struct call *call, const char *id, struct answer *answer, size_t *ret_slot)
{
    const struct session *session = login_session(call, answer);
    if (!session)
        return false;
    const struct orders *orders = call->shop->orders;
    if (!lookup_find(orders->ids, id, ret_slot) || orders->ring[*ret_slot].user != session->user) {
        answer_error(answer, 404, "no such order");
        return false;
    }
    return true;
}

void orders_read(struct call *call, struct answer *answer)
{
    size_t slot;
    if (!find_order(call, call->id, answer, &slot))
        return;
    answer->status = 200;
    answer->body = json_pack("{s:s,s:i,s:s}", "id", call->id, "pieces", call->shop->orders->ring[slot].pieces,
                             "state", "open");
}

void orders_delete(struct call *call, struct answer *answer)
{
    size_t slot;
    if (!find_order(call, call->id, answer, &slot))
        return;
    lookup_remove(call->shop->orders->ids, slot);
    answer->status = 204;
}

void orders_change(struct call *call, struct answer *answer)
{
    size_t slot;
    json_int_t quantity = json_integer_value(json_object_get(call->body, "quantity"));
    if (!find_order(call, call->id, answer, &slot))
        return;
    if (quantity < 1 || quantity > 99) {
        answer_error(answer, 400, "a quantity from 1 to 99 is needed");
        return;
    }
    call->shop->orders->ring[slot].pieces = (int)quantity;
    orders_read(call, answer);
}

void orders_pay(struct call *call, struct answer *answer)
{
    size_t slot;
    struct orders *orders = call->shop->orders;
    const char *id = json_string_value(json_object_get(call->body, "order_id"));
    if (!find_order(call, id ? id : "", answer, &slot))
        return;
    unsigned number = orders->payment_count++;
    snprintf(orders->payments[number % PAYMENTS_MAX], LOOKUP_KEY_SIZE, "%s", id);
    answer->status = 201;
    answer->body = json_pack("{s:{s:s,s:i},s:i}", "order", "order_id", id, "pieces",
                             orders->ring[slot].pieces, "id", (int)(orders->first_payment + number));
}

void orders_read_payment(struct call *call, struct answer *answer)
{
    size_t slot;
    const struct orders *orders = call->shop->orders;
    const char *id = evhttp_find_header(&call->query, "order_id");
    int number = catalogue_number(call->id) - (int)orders->first_payment;
    if (!find_order(call, id ? id : "", answer, &slot))
        return;
    if (number < 0 || (unsigned)number >= orders->payment_count ||
        strcmp(orders->payments[(unsigned)number % PAYMENTS_MAX], id) != 0) {
        answer_error(answer, 404, "no such payment");
        return;
    }
    answer->status = 200;
    answer->body = json_pack("{s:i,s:s}", "id", number + (int)orders->first_payment, "order_id", id);
}
