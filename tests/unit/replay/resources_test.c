#include "replay/plan/resources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static const struct resources plenty = {
    .files = 20000, .files_kept = 64, .ports = 28232, .ways = 1, .memory_bytes = UINT64_C(1) << 33};

static unsigned checked(const struct resources *resources, struct resource_needs needs, const char *advice)
{
    struct buffer text = {0};
    unsigned count = resources_check(resources, &needs, &text);
    buffer_append_byte(&text, '\0');
    if (!strstr((const char *)text.data, advice))
        fail_msg("'%s' is not in '%s'", advice, (const char *)text.data);
    buffer_free(&text);
    return count;
}

static void test_what_suffices_needs_no_advice(void **state)
{
    (void)state;
    assert_int_equal(checked(&plenty, (struct resource_needs){19936, 28232, UINT64_C(1) << 33}, ""), 0);
}

static void test_each_shortage_has_its_advice(void **state)
{
    (void)state;
    assert_int_equal(checked(&plenty, (struct resource_needs){.connections = 19937}, "ulimit -n 20001"), 1);
    assert_int_equal(checked(&plenty, (struct resource_needs){.opened = 28233}, "--source-ip"), 1);
    assert_int_equal(checked(&plenty, (struct resource_needs){.memory_bytes = UINT64_C(1) << 34}, "16 GiB"),
                     1);
    assert_int_equal(
        checked(&plenty, (struct resource_needs){99999, 99999, UINT64_C(1) << 34}, "--max-in-flight"), 3);
}

static void test_more_addresses_have_more_ports_and_a_unix_socket_needs_none(void **state)
{
    (void)state;
    struct resources some = plenty;
    some.ways = 2;
    assert_int_equal(checked(&some, (struct resource_needs){.opened = 56464}, ""), 0);
    assert_int_equal(checked(&some, (struct resource_needs){.opened = 56465}, "56464"), 1);
    some.ports = 0;
    assert_int_equal(checked(&some, (struct resource_needs){.opened = 999999}, ""), 0);
}

static void test_this_machine_is_read(void **state)
{
    (void)state;
    struct rlimit limit;
    struct resources here = {.ways = 7, .files_kept = 3};
    resources_read(&here);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(here.files == limit.rlim_max);
    assert_in_range(here.ports, 1, 65536);
    assert_true(here.memory_bytes > 0);
    assert_int_equal(here.ways, 7);
    assert_int_equal(here.files_kept, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_suffices_needs_no_advice),
        cmocka_unit_test(test_each_shortage_has_its_advice),
        cmocka_unit_test(test_more_addresses_have_more_ports_and_a_unix_socket_needs_none),
        cmocka_unit_test(test_this_machine_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
