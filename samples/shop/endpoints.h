/* The shop's endpoints, in one table: name, method, path template, usual working time in microseconds,
 * whether a regression may make it slow (item and search get regressions of their own; the rest carry too
 * little traffic). */
#ifndef SAMPLES_SHOP_ENDPOINTS_H
#define SAMPLES_SHOP_ENDPOINTS_H

#define SHOP_ENDPOINTS(X)                                                                                    \
    X(LIST, "GET", "/items", 2000, true)                                                                     \
    X(ITEM, "GET", "/items/{id}", 1200, false)                                                               \
    X(SEARCH, "GET", "/search", 2800, false)                                                                 \
    X(LOGIN, "POST", "/login", 3000, true)                                                                   \
    X(CART_ADD, "POST", "/cart/items", 1500, true)                                                           \
    X(CART_READ, "GET", "/cart", 1000, true)                                                                 \
    X(ORDER_CREATE, "POST", "/orders", 2500, true)                                                           \
    X(ORDER_READ, "GET", "/orders/{id}", 1200, false)                                                        \
    X(ORDER_DELETE, "DELETE", "/orders/{id}", 1400, false)                                                   \
    X(ORDER_CHANGE, "PUT", "/orders/{id}", 1300, false)                                                      \
    X(PAY, "POST", "/payments", 1600, false)                                                                 \
    X(PAYMENT_READ, "GET", "/payments/{id}", 1100, false)

enum endpoint {
#define X(name, method, path, work_us, may_slow) ENDPOINT_##name,
    SHOP_ENDPOINTS(X)
#undef X
        ENDPOINT_COUNT /* also: none of them */
};

#endif
