/* The set of hashes: what is in it is, what is not is not, over its growth. */
#include "common/hashset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Numbers that share many bits, as hashes hardly do. */
static uint64_t nth(uint64_t n)
{
    return n % 2 ? n << 40 : n;
}

static void test_hashset_tells_what_was_added(void **state)
{
    (void)state;
    struct hashset set = {0};
    assert_false(hashset_has(&set, 5));
    for (uint64_t n = 0; n < 100000; n++) {
        assert_false(hashset_has(&set, nth(n + 2)));
        hashset_add(&set, nth(n + 2));
        hashset_add(&set, nth(n + 2));
        assert_int_equal(set.count, n + 1);
    }
    for (uint64_t n = 0; n < 100000; n++) {
        assert_true(hashset_has(&set, nth(n + 2)));
        assert_false(hashset_has(&set, nth(n + 2) + 1000001));
    }
    hashset_free(&set);
    assert_int_equal(set.capacity, 0);
}

static void test_hashset_takes_zero(void **state)
{
    (void)state;
    struct hashset set = {0};
    hashset_add(&set, 0);
    assert_true(hashset_has(&set, 0));
    assert_int_equal(set.count, 1);
    hashset_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashset_tells_what_was_added),
        cmocka_unit_test(test_hashset_takes_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
