#include "replay/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NS_PER_S UINT64_C(1000000000)

static void test_schedule_rate_does_not_drift_in_an_hour(void **state)
{
    (void)state;
    struct schedule schedule;
    schedule_init(&schedule, SCHEDULE_RATE, 3333);
    for (uint64_t k = 0; k <= UINT64_C(3333) * 3600; k++) {
        uint64_t at_ns = schedule_next(&schedule, 0);
        if (k % 3333 == 0)
            assert_true(at_ns == k / 3333 * NS_PER_S);
        else
            assert_true(at_ns == (uint64_t)((unsigned __int128)k * NS_PER_S / 3333));
    }
}

static void test_schedule_rate_below_one_is_exact(void **state)
{
    (void)state;
    struct schedule schedule;
    schedule_init(&schedule, SCHEDULE_RATE, 0.25);
    for (uint64_t k = 0; k < 1000; k++)
        assert_true(schedule_next(&schedule, 12345) == k * 4 * NS_PER_S);
}

static void test_schedule_recorded_keeps_offsets(void **state)
{
    (void)state;
    struct schedule schedule;
    const uint64_t first_ns = UINT64_C(1795186412345672002);
    schedule_init(&schedule, SCHEDULE_RECORDED, 1);
    for (uint64_t k = 0; k < 3600000; k += 7)
        assert_true(schedule_next(&schedule, first_ns + k * 1000003) == k * 1000003);
}

static void test_schedule_speed_scales_from_the_start(void **state)
{
    (void)state;
    struct schedule schedule;
    schedule_init(&schedule, SCHEDULE_RECORDED, 2.5);
    assert_true(schedule_next(&schedule, 1000) == 0);
    assert_true(schedule_next(&schedule, 1000 + 3600 * NS_PER_S) == 1440 * NS_PER_S);
    assert_true(schedule_next(&schedule, 500) == 1440 * NS_PER_S); /* never back */
}

static void test_schedule_loop_goes_on_by_the_mean_gap(void **state)
{
    (void)state;
    struct schedule schedule;
    schedule_init(&schedule, SCHEDULE_RECORDED, 1);
    for (uint64_t k = 0; k < 11; k++)
        schedule_next(&schedule, 5000 + k * 100);
    schedule_loop(&schedule);
    assert_true(schedule_next(&schedule, 5000) == 1100);
    assert_true(schedule_next(&schedule, 5200) == 1300);
}

static void test_schedule_max_has_no_instants(void **state)
{
    (void)state;
    struct schedule schedule;
    schedule_init(&schedule, SCHEDULE_MAX, 0);
    assert_true(schedule_next(&schedule, 77) == 0 && schedule_next(&schedule, 770000) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_rate_does_not_drift_in_an_hour),
        cmocka_unit_test(test_schedule_rate_below_one_is_exact),
        cmocka_unit_test(test_schedule_recorded_keeps_offsets),
        cmocka_unit_test(test_schedule_speed_scales_from_the_start),
        cmocka_unit_test(test_schedule_loop_goes_on_by_the_mean_gap),
        cmocka_unit_test(test_schedule_max_has_no_instants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
