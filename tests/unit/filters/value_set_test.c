/* The set of values: what is put in is in, nothing else is, and it grows and empties. */
#include "filters/value_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct bytes number(const uint32_t *value)
{
    return bytes_make(value, sizeof *value);
}

static void test_set_holds_what_was_added_and_nothing_else(void **state)
{
    (void)state;
    struct value_set *set = value_set_create();
    for (int round = 0; round < 2; round++) {
        assert_false(value_set_has(set, (struct bytes){0}));
        assert_true(value_set_add(set, (struct bytes){0}));
        assert_false(value_set_add(set, (struct bytes){0}));
        for (uint32_t i = 0; i < 10000; i++)
            assert_true(value_set_add(set, number(&i)));
        for (uint32_t i = 0; i < 20000; i++)
            assert_int_equal(value_set_has(set, number(&i)), i < 10000);
        value_set_clear(set);
    }
    value_set_free(set);
    value_set_free(NULL);
}

static void test_full_set_remembers_no_more(void **state)
{
    (void)state;
    struct value_set *set = value_set_create();
    for (uint32_t i = 0; i < VALUE_SET_MAX; i++)
        value_set_add(set, number(&i));
    uint32_t more = VALUE_SET_MAX, first = 0;
    assert_true(value_set_add(set, number(&more)));
    assert_false(value_set_has(set, number(&more)));
    assert_true(value_set_has(set, number(&first)));
    value_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_holds_what_was_added_and_nothing_else),
        cmocka_unit_test(test_full_set_remembers_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
