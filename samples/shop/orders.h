/* Orders: made from a cart, each under a random id that differs at every start, seen by their user alone; and their payments, numbered from a
 * random number on. */
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
/* PUT /orders/{id} {"quantity"}: 200, 400 where it is not from 1 to 99, or 404. */
void orders_change(struct call *call, struct answer *answer);
/* POST /payments {"order_id"}: 201 with the payment's number, short and without Location; 404 where the user has no such order. */
void orders_pay(struct call *call, struct answer *answer);
/* GET /payments/{id}?order_id=ID: 200, or 404 where the order is not the one that was paid. */
void orders_read_payment(struct call *call, struct answer *answer);

#endif
