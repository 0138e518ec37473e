#include "replay/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t ready_count;

static void on_ready(struct order_node *node, void *arg)
{
    (void)node;
    (void)arg;
    ready_count++;
}

/* Adds a request recorded from |start| to |end| (0: no answer); |issues| and |uses| name values, 0 none. */
static size_t add(struct order *order, struct order_node *node, uint64_t session, uint64_t start,
                  uint64_t end, uint8_t issues, uint8_t uses)
{
    struct exchange exchange = {.request.first_ns = start, .request.last_ns = start};
    uint8_t tag[LINK_TAG_SIZE] = {0};
    if (end) {
        exchange.status = 200;
        exchange.response.first_ns = exchange.response.last_ns = end;
    }
    tag[0] = issues;
    if (issues)
        exchange_add_link(&exchange, LINK_ISSUES, LINK_PLACE_JSON, "token", tag);
    tag[0] = uses;
    if (uses)
        exchange_add_link(&exchange, LINK_USES, LINK_PLACE_HEADER, "authorization", tag);
    size_t waits = order_add(order, node, &exchange, session, 0);
    exchange_free(&exchange);
    return waits;
}

static size_t done(struct order *order, struct order_node *node)
{
    ready_count = 0;
    order_done(order, node, on_ready, NULL);
    free(node->dependents);
    node->dependents = NULL;
    return ready_count;
}

static void test_order_sequence_waits_for_the_one_before_only(void **state)
{
    (void)state;
    struct order *order = order_create();
    struct order_node a = {0}, b = {0}, c = {0};
    assert_int_equal(add(order, &a, 1, 10, 20, 0, 0), 0);
    assert_int_equal(add(order, &b, 1, 30, 40, 0, 0), 1);
    assert_int_equal(add(order, &c, 1, 50, 60, 0, 0), 1); /* b covers a */
    assert_int_equal(done(order, &a), 1);
    assert_int_equal(b.waiting, 0);
    assert_int_equal(c.waiting, 1);
    assert_int_equal(done(order, &b), 1);
    assert_int_equal(done(order, &c), 0);
    order_free(order);
}

static void test_order_released_waits_for_its_session_alone(void **state)
{
    (void)state;
    struct order *order = order_create();
    struct order_node login = {0}, a = {0}, b = {0}, both = {0};
    assert_int_equal(add(order, &login, 1, 10, 20, 7, 0), 0);
    assert_int_equal(add(order, &a, 2, 15, 25, 0, 0), 0);
    assert_int_equal(add(order, &b, 2, 30, 40, 0, 7), 2);    /* a, and the login */
    assert_int_equal(add(order, &both, 1, 30, 40, 0, 7), 2); /* the login, for two reasons */
    assert_int_equal(order_release(&b), 1);
    assert_int_equal(order_release(&both), 0);
    assert_int_equal(order_release(&both), 0);
    assert_int_equal(done(order, &both), 0);
    assert_int_equal(done(order, &a), 1);
    assert_int_equal(done(order, &b), 0);
    assert_int_equal(done(order, &login), 0);
    order_free(order);
}

static void test_order_source_that_ended_is_released_from_nobody(void **state)
{
    (void)state;
    struct order *order = order_create();
    struct order_node login = {0}, use = {0}, before = {0};
    assert_int_equal(add(order, &before, 2, 5, 15, 0, 0), 0);
    assert_int_equal(add(order, &login, 1, 10, 20, 7, 0), 0);
    assert_int_equal(add(order, &use, 2, 30, 40, 0, 7), 2);
    assert_int_equal(done(order, &login), 0);
    assert_int_equal(use.source_count, 0);
    assert_int_equal(order_release(&use), 1);
    assert_int_equal(done(order, &before), 1);
    assert_int_equal(done(order, &use), 0);
    order_free(order);
}

static void test_order_parallel_requests_do_not_wait(void **state)
{
    (void)state;
    struct order *order = order_create();
    struct order_node a = {0}, b = {0}, c = {0}, d = {0};
    assert_int_equal(add(order, &a, 1, 10, 100, 0, 0), 0);
    assert_int_equal(add(order, &b, 1, 20, 30, 0, 0), 0);
    assert_int_equal(add(order, &c, 1, 40, 50, 0, 0), 1);   /* b; a still ran */
    assert_int_equal(add(order, &d, 1, 110, 120, 0, 0), 2); /* a and c */
    assert_int_equal(done(order, &b), 1);
    assert_int_equal(done(order, &c), 0);
    assert_int_equal(done(order, &a), 1);
    assert_int_equal(done(order, &d), 0);
    order_free(order);
}

static void test_order_covered_node_is_needed_by_one_that_began_earlier_than_its_cover_ended(void **state)
{
    (void)state;
    struct order *order = order_create();
    struct order_node a = {0}, b = {0}, c = {0};
    add(order, &a, 1, 10, 20, 0, 0);
    assert_int_equal(add(order, &b, 1, 30, 90, 0, 0), 1);
    assert_int_equal(add(order, &c, 1, 40, 50, 0, 0), 1); /* b ran beside it, so a is its own cause */
    assert_int_equal(done(order, &a), 2);
    done(order, &b);
    done(order, &c);
    order_free(order);
}

static void test_order_sessions_are_apart_and_iterations_too(void **state)
{
    (void)state;
    struct order *order = order_create();
    struct order_node a = {0}, b = {0}, c = {0};
    struct exchange later = {.request.first_ns = 90};
    add(order, &a, 1, 10, 20, 0, 0);
    assert_int_equal(add(order, &b, 2, 30, 40, 0, 0), 0);
    assert_int_equal(order_add(order, &c, &later, 1, 1), 0);
    done(order, &a);
    done(order, &b);
    done(order, &c);
    order_free(order);
}

static void test_order_nobody_waits_for_what_was_not_answered(void **state)
{
    (void)state;
    struct order *order = order_create();
    struct order_node a = {0}, b = {0};
    add(order, &a, 1, 10, 0, 5, 0);
    assert_int_equal(add(order, &b, 1, 1000, 1010, 0, 5), 0);
    done(order, &a);
    done(order, &b);
    order_free(order);
}

static void test_order_user_of_a_value_waits_for_its_issuer_across_sessions(void **state)
{
    (void)state;
    struct order *order = order_create();
    struct order_node a = {0}, b = {0}, c = {0}, d = {0};
    add(order, &a, 1, 10, 20, 7, 0);
    assert_int_equal(add(order, &b, 2, 15, 25, 0, 7), 0); /* began before the answer: cannot stem from it */
    assert_int_equal(add(order, &c, 3, 30, 40, 0, 7), 1);
    assert_int_equal(done(order, &a), 1);
    assert_int_equal(add(order, &d, 4, 50, 60, 0, 7), 0);
    done(order, &b);
    done(order, &c);
    done(order, &d);
    order_free(order);
}

static void test_order_long_session_keeps_a_short_frontier(void **state)
{
    (void)state;
    struct order *order = order_create();
    struct order_node *nodes = calloc(10000, sizeof *nodes);
    for (uint64_t i = 0; i < 10000; i++)
        assert_int_equal(add(order, &nodes[i], 1, i * 10 + 1, i * 10 + 5, 0, 0), i > 0);
    for (uint64_t i = 0; i < 10000; i++)
        assert_int_equal(done(order, &nodes[i]), i < 9999);
    free(nodes);
    order_free(order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_sequence_waits_for_the_one_before_only),
        cmocka_unit_test(test_order_released_waits_for_its_session_alone),
        cmocka_unit_test(test_order_source_that_ended_is_released_from_nobody),
        cmocka_unit_test(test_order_parallel_requests_do_not_wait),
        cmocka_unit_test(test_order_covered_node_is_needed_by_one_that_began_earlier_than_its_cover_ended),
        cmocka_unit_test(test_order_sessions_are_apart_and_iterations_too),
        cmocka_unit_test(test_order_nobody_waits_for_what_was_not_answered),
        cmocka_unit_test(test_order_user_of_a_value_waits_for_its_issuer_across_sessions),
        cmocka_unit_test(test_order_long_session_keeps_a_short_frontier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
