#include "common/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_durations(void **state)
{
    (void)state;
    uint64_t ns;
    assert_true(units_parse_duration("250ms", &ns));
    assert_int_equal(ns, 250000000);
    assert_true(units_parse_duration("1.5s", &ns));
    assert_int_equal(ns, 1500000000);
    assert_true(units_parse_duration("2m", &ns));
    assert_true(ns == UINT64_C(120000000000));
    assert_true(units_parse_duration("3", &ns));
    assert_true(ns == UINT64_C(3000000000));
    const char *const bad[] = {"", "s", "-1s", "1 s", "1d", "0x10s", "nan", "1e40h", "1ms2"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(units_parse_duration(bad[i], &ns));
}

static void test_sizes(void **state)
{
    (void)state;
    uint64_t bytes;
    assert_true(units_parse_size("1M", &bytes));
    assert_int_equal(bytes, 1048576);
    assert_true(units_parse_size("512", &bytes));
    assert_int_equal(bytes, 512);
    assert_false(units_parse_size("", &bytes));
    assert_false(units_parse_size("M", &bytes));
    assert_false(units_parse_size("1MB", &bytes));
    assert_false(units_parse_size("99999999999999999G", &bytes));
}

static void test_percent_and_number(void **state)
{
    (void)state;
    double value;
    assert_true(units_parse_percent("0.5%", &value));
    assert_true(value == 0.5);
    assert_false(units_parse_percent("101%", &value));
    assert_true(units_parse_number("2.5", &value));
    assert_false(units_parse_number("2.5x", &value));
    assert_false(units_parse_number("-2", &value));
    assert_false(units_parse_number("inf", &value));
}

static void test_formatting_keeps_three_digits(void **state)
{
    (void)state;
    char text[UNITS_TEXT_SIZE];
    assert_string_equal(units_format_duration(812345, text), "812 us");
    assert_string_equal(units_format_duration(1212000, text), "1.21 ms");
    assert_string_equal(units_format_size(812, text), "812 B");
    assert_string_equal(units_format_size(1229, text), "1.20 KiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_percent_and_number),
        cmocka_unit_test(test_formatting_keeps_three_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
