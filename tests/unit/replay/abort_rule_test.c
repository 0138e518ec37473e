#include "common/clock.h"
#include "replay/abort_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct abort_rule parsed(const char *text)
{
    struct abort_rule rule;
    struct error err;
    assert_int_equal(abort_rule_parse(text, &rule, &err), 0);
    return rule;
}

static void test_rules_are_parsed_and_mistakes_are_named(void **state)
{
    (void)state;
    struct error err;
    struct abort_rule rule = parsed("errors > 50% for 5s");
    assert_true(rule.percent && !rule.failed_only && !rule.or_equal);
    assert_true(rule.value == 50 && rule.window_ns == 5 * NS_PER_S);
    rule = parsed("failed>=100 for 500ms");
    assert_true(!rule.percent && rule.failed_only && rule.or_equal && rule.value == 100);
    static const char *const wrong[] = {"",
                                        "errors > 50%",
                                        "errors > 50% for",
                                        "errors > 50% for 0s",
                                        "errors > 50% for ever",
                                        "errors < 50% for 5s",
                                        "p99 > 1s for 5s",
                                        "@GET /: errors > 1 for 5s",
                                        "errors > 1.5x for 5s",
                                        " for 5s"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(abort_rule_parse(wrong[i], &rule, &err), -1);
        assert_int_equal(err.kind, ERROR_USAGE);
        assert_non_null(strstr(err.text, "errors > 50% for 5s"));
    }
}

/* Looks each 50 ms from |from_ms| to |to_ms|, with 10 more ended each time, of them |errors| and |failed|. Returns when the rule held
 * first, or 0. */
static uint64_t watch(struct abort_rule *rule, struct abort_counts *counts, uint64_t from_ms, uint64_t to_ms,
                      uint64_t errors, uint64_t failed)
{
    for (uint64_t at_ms = from_ms; at_ms < to_ms; at_ms += 50) {
        counts->ended += 10, counts->errors += errors, counts->failed += failed;
        if (abort_rule_look(rule, at_ms * NS_PER_MS, counts, NULL))
            return at_ms;
    }
    return 0;
}

static void test_a_rule_holds_over_its_window_alone(void **state)
{
    (void)state;
    struct abort_rule rule = parsed(ABORT_RULE_DEFAULT);
    struct abort_counts counts = {0};
    assert_int_equal(watch(&rule, &counts, 1000, 21000, 5, 5), 0); /* half is not more than half */
    uint64_t at_ms = watch(&rule, &counts, 21000, 40000, 10, 0);
    assert_in_range(at_ms, 21000, 21100); /* the share over five seconds passes 50 % at once */

    rule = parsed("errors > 90% for 5s");
    counts = (struct abort_counts){0};
    assert_int_equal(watch(&rule, &counts, 1000, 21000, 0, 0), 0);
    at_ms = watch(&rule, &counts, 21000, 40000, 10, 0);
    assert_in_range(at_ms, 25400, 26000); /* 90 % of five seconds later */
}

static void test_nothing_holds_before_the_window_was_watched(void **state)
{
    (void)state;
    struct abort_rule rule = parsed(ABORT_RULE_DEFAULT);
    struct abort_counts counts = {0}, window;
    assert_false(abort_rule_look(&rule, 90 * NS_PER_S, &counts, NULL));
    assert_int_equal(watch(&rule, &counts, 100000, 120000, 10, 10), 105000);
    assert_true(abort_rule_look(&rule, 105 * NS_PER_S, &counts, &window));
    assert_int_equal(window.ended, 1000);
    assert_int_equal(window.failed, 1000);
}

static void test_few_requests_say_nothing(void **state)
{
    (void)state;
    struct abort_rule rule = parsed("errors > 50% for 1s");
    struct abort_counts counts = {0};
    for (uint64_t s = 1; s < 100; s++) {
        counts.ended++, counts.errors++;
        assert_false(abort_rule_look(&rule, s * NS_PER_S, &counts, NULL));
    }
    counts.ended += 30, counts.errors += 30;
    assert_true(abort_rule_look(&rule, 100 * NS_PER_S, &counts, NULL));
}

static void test_failed_leaves_answers_with_5xx_out(void **state)
{
    (void)state;
    struct abort_rule rule = parsed("failed >= 20 for 2s");
    struct abort_counts counts = {0};
    assert_int_equal(watch(&rule, &counts, 1000, 9000, 10, 0), 0);
    assert_in_range(watch(&rule, &counts, 9000, 19000, 10, 10), 9050, 9100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_are_parsed_and_mistakes_are_named),
        cmocka_unit_test(test_a_rule_holds_over_its_window_alone),
        cmocka_unit_test(test_nothing_holds_before_the_window_was_watched),
        cmocka_unit_test(test_few_requests_say_nothing),
        cmocka_unit_test(test_failed_leaves_answers_with_5xx_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
