#include "replay/plan/demand.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t recorded_ns = UINT64_C(1700000000) * NS_PER_S;

/* Adds a request at |at_ms| of recording and run that took |took_ms| (UINT64_MAX: it was not answered). */
static void add(struct demand *demand, uint64_t session, uint64_t connection, uint64_t at_ms,
                uint64_t took_ms)
{
    const struct demand_request request = {
        .session = session,
        .connection = connection,
        .intended_ns = at_ms * NS_PER_MS,
        .start_ns = recorded_ns + at_ms * NS_PER_MS,
        .end_ns = took_ms == UINT64_MAX ? UINT64_MAX : recorded_ns + (at_ms + took_ms) * NS_PER_MS,
    };
    demand_add(demand, &request);
}

static void test_what_is_not_there_demands_nothing(void **state)
{
    (void)state;
    struct demand *demand = demand_create();
    struct demand_figures figures = demand_figures(demand), none = {0};
    assert_memory_equal(&figures, &none, sizeof none);
    assert_true(demand_rate_most(&figures, 1000) == 0);
    demand_free(demand);
}

static void test_sessions_connections_and_the_busiest_second_are_counted(void **state)
{
    (void)state;
    struct demand *demand = demand_create();
    for (unsigned i = 0; i < 100; i++)
        add(demand, i % 10, i % 20, i * 100 + (i >= 50 ? 5000 : 0), 7);
    for (unsigned i = 0; i < 30; i++)
        add(demand, 0, 0, 20000 + i, 7);
    struct demand_figures figures = demand_figures(demand);
    assert_int_equal(figures.requests, 130);
    assert_int_equal(figures.sessions, 10);
    assert_int_equal(figures.connections, 20);
    assert_int_equal(figures.busiest_s, 30);
    assert_int_equal(figures.duration_ns, 20029 * NS_PER_MS);
    assert_in_range(figures.latency_p50_us, 6970, 7030);
    demand_free(demand);
}

static void test_a_chain_waits_for_what_had_ended(void **state)
{
    (void)state;
    struct demand *demand = demand_create();
    add(demand, 1, 1, 0, 10);
    add(demand, 1, 1, 5, 100); /* beside the first */
    add(demand, 1, 1, 20, 10); /* after the first */
    add(demand, 1, 1, 40, UINT64_MAX);
    assert_int_equal(demand_figures(demand).chain_most, 3);
    add(demand, 1, 1, 60, 1); /* not after what was not answered */
    assert_int_equal(demand_figures(demand).chain_most, 3);
    add(demand, 1, 1, 70, 1);
    assert_int_equal(demand_figures(demand).chain_most, 4);
    add(demand, 2, 1, 80, 1); /* nor after another session's */
    assert_int_equal(demand_figures(demand).chain_most, 4);
    add(demand, 1, 1, 200, 1);
    assert_int_equal(demand_figures(demand).chain_most, 5);
    demand_free(demand);
}

static void test_the_longest_chain_limits_the_rate(void **state)
{
    (void)state;
    struct demand *demand = demand_create();
    for (unsigned i = 0; i < 1000; i++)
        add(demand, i % 10, i % 10, i, 1); /* ten chains of a hundred */
    struct demand_figures figures = demand_figures(demand);
    assert_int_equal(figures.chain_most, 100);
    assert_true(demand_rate_most(&figures, 10000) == 1000); /* a hundred answers of 10 ms take a second */
    demand_free(demand);
}

static void test_connections_are_open_from_ahead_of_the_first_to_the_last_answer(void **state)
{
    (void)state;
    struct demand *demand = demand_create();
    for (unsigned i = 0; i < 100; i++)
        add(demand, i, i, 10000 + i * 1000, 200); /* each a second, open for 0.7 s */
    assert_int_equal(demand_figures(demand).open_most, 1);
    assert_int_equal(demand_figures(demand).opened_most, 61);
    for (unsigned i = 0; i < 100; i++)
        add(demand, i, i, 120000, 200);
    assert_int_equal(demand_figures(demand).open_most, 100);
    demand_free(demand);
}

static void test_many_requests_at_a_time_are_no_chain(void **state)
{
    (void)state;
    struct demand *demand = demand_create();
    for (unsigned i = 0; i < 1000; i++)
        add(demand, 1, i, i, 5000);
    assert_int_equal(demand_figures(demand).chain_most, 1);
    add(demand, 1, 0, 100000, 1);
    assert_int_equal(demand_figures(demand).chain_most, 2);
    assert_int_equal(demand_figures(demand).connections, 1000);
    demand_free(demand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_there_demands_nothing),
        cmocka_unit_test(test_sessions_connections_and_the_busiest_second_are_counted),
        cmocka_unit_test(test_a_chain_waits_for_what_had_ended),
        cmocka_unit_test(test_the_longest_chain_limits_the_rate),
        cmocka_unit_test(test_connections_are_open_from_ahead_of_the_first_to_the_last_answer),
        cmocka_unit_test(test_many_requests_at_a_time_are_no_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
