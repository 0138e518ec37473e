#include "replay/stats/pace.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Adds |planned| and |sent| requests in |second|, spread over it. */
static void add(struct pace *pace, uint64_t second, unsigned planned, unsigned sent)
{
    for (unsigned i = 0; i < planned; i++)
        pace_plan(pace, second * NS_PER_S + i * NS_PER_US);
    for (unsigned i = 0; i < sent; i++)
        pace_send(pace, second * NS_PER_S + NS_PER_S - 1 - i * NS_PER_US);
}

static void test_seconds_are_judged_by_one_request_and_one_percent(void **state)
{
    (void)state;
    static const struct {
        unsigned planned, sent;
        bool off;
    } table[] = {{0, 0, false},      {1, 0, false},      {0, 2, true},      {100, 99, false},
                 {100, 98, true},    {1000, 990, false}, {1000, 989, true}, {1000, 1010, false},
                 {1000, 1011, true}, {3, 3, false}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct pace pace = {0};
        add(&pace, 0, 5, 5);
        add(&pace, 1, table[i].planned, table[i].sent);
        add(&pace, 2, 5, 5);
        struct pace_summary summary = pace_summarize(&pace, 0);
        assert_int_equal(summary.off, table[i].off);
        assert_int_equal(summary.planned, 10 + table[i].planned);
        assert_int_equal(summary.sent, 10 + table[i].sent);
        assert_int_equal(summary.seconds, 3);
        pace_free(&pace);
    }
}

static void test_the_worst_second_is_named_but_for_the_first_and_last(void **state)
{
    (void)state;
    struct pace pace = {0};
    add(&pace, 0, 50, 1);
    add(&pace, 1, 50, 48);
    add(&pace, 2, 50, 53);
    add(&pace, 3, 50, 47);
    add(&pace, 4, 50, 9);
    struct pace_summary summary = pace_summarize(&pace, 0);
    assert_int_equal(summary.worst, 2);
    assert_int_equal(summary.worst_planned, 50);
    assert_int_equal(summary.worst_sent, 53);
    assert_int_equal(summary.off, 3);
    pace_free(&pace);
}

static void test_merging_adds_second_by_second(void **state)
{
    (void)state;
    struct pace one = {0}, other = {0}, none = {0};
    add(&one, 1, 10, 9);
    add(&other, 1, 5, 6);
    add(&other, 900, 1, 1);
    pace_merge(&one, &other);
    pace_merge(&one, &none);
    pace_merge(&none, &one);
    struct pace_summary summary = pace_summarize(&none, 0);
    assert_int_equal(summary.planned, 16);
    assert_int_equal(summary.sent, 16);
    assert_int_equal(summary.seconds, 901);
    assert_int_equal(summary.off, 0);
    pace_free(&one);
    pace_free(&other);
    pace_free(&none);
}

static void test_what_never_ends_is_kept_in_the_last_second(void **state)
{
    (void)state;
    struct pace pace = {0};
    pace_plan(&pace, UINT64_MAX);
    pace_send(&pace, UINT64_MAX);
    struct pace_summary summary = pace_summarize(&pace, 0);
    assert_int_equal(summary.seconds, PACE_SECONDS_MAX);
    assert_int_equal(summary.planned, 1);
    pace_free(&pace);
    assert_int_equal(pace_summarize(&pace, 0).seconds, 0);
}

static void test_what_was_planned_for_after_the_stop_is_not_behind(void **state)
{
    (void)state;
    struct pace pace = {0};
    for (unsigned second = 0; second < 4; second++)
        add(&pace, second, 10, 10);
    for (unsigned second = 4; second < 9; second++)
        add(&pace, second, 10, 0);
    assert_int_equal(pace_summarize(&pace, 0).off, 4);
    struct pace_summary summary = pace_summarize(&pace, 3 * NS_PER_S + NS_PER_S / 2);
    assert_int_equal(summary.off, 0);
    assert_int_equal(summary.seconds, 4);
    assert_int_equal(summary.planned, 90);
    assert_int_equal(summary.worst_planned, summary.worst_sent);
    pace_free(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seconds_are_judged_by_one_request_and_one_percent),
        cmocka_unit_test(test_the_worst_second_is_named_but_for_the_first_and_last),
        cmocka_unit_test(test_what_was_planned_for_after_the_stop_is_not_behind),
        cmocka_unit_test(test_merging_adds_second_by_second),
        cmocka_unit_test(test_what_never_ends_is_kept_in_the_last_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
