/* Orders: made from a cart, each under a random id that differs at every start, seen by their user alone. */
#ifndef SAMPLES_SHOP_ORDERS_H
#define SAMPLES_SHOP_ORDERS_H

struct orders;
struct call;
struct answer;

struct orders *orders_create_store(void);
void orders_free(struct orders *orders);

/* POST /orders: 201 with Location and the order's id, 409 where the cart is empty. The cart is empty
 * afterwards. */
void orders_create(struct call *call, struct answer *answer);
/* GET /orders/{id}: 200, or 404. */
void orders_read(struct call *call, struct answer *answer);
/* DELETE /orders/{id}: 204, or 404. */
void orders_delete(struct call *call, struct answer *answer);

#endif
