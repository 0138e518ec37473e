#include "replay/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S UINT64_C(1000000000)

static struct schedule rated(double per_s)
{
    struct schedule_plan plan = {0};
    struct schedule schedule;
    schedule_plan_rate(&plan, per_s);
    schedule_init(&schedule, &plan);
    return schedule;
}

static struct schedule recorded(double speed, uint64_t max_gap_ns)
{
    const struct schedule_plan plan = {.mode = SCHEDULE_RECORDED, .speed = speed, .max_gap_ns = max_gap_ns};
    struct schedule schedule;
    schedule_init(&schedule, &plan);
    return schedule;
}

/* A profile, as --ramp or --steps have it. */
static struct schedule profile(const char *text)
{
    struct schedule_plan plan = {0};
    struct schedule schedule;
    struct error err = {0};
    int failed =
        strstr(text, "..") ? schedule_plan_ramp(&plan, text, &err) : schedule_plan_steps(&plan, text, &err);
    if (failed)
        fail_msg("%s: %s", text, err.text);
    schedule_init(&schedule, &plan);
    return schedule;
}

static void test_schedule_rate_does_not_drift_in_an_hour(void **state)
{
    (void)state;
    struct schedule schedule = rated(3333);
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
    struct schedule schedule = rated(0.25);
    for (uint64_t k = 0; k < 1000; k++)
        assert_true(schedule_next(&schedule, 12345) == k * 4 * NS_PER_S);
}

static void test_schedule_recorded_keeps_offsets(void **state)
{
    (void)state;
    const uint64_t first_ns = UINT64_C(1795186412345672002);
    struct schedule schedule = recorded(1, 0);
    for (uint64_t k = 0; k < 3600000; k += 7)
        assert_true(schedule_next(&schedule, first_ns + k * 1000003) == k * 1000003);
}

static void test_schedule_speed_scales_from_the_start(void **state)
{
    (void)state;
    struct schedule schedule = recorded(2.5, 0);
    assert_true(schedule_next(&schedule, 1000) == 0);
    assert_true(schedule_next(&schedule, 1000 + 3600 * NS_PER_S) == 1440 * NS_PER_S);
    assert_true(schedule_next(&schedule, 500) == 1440 * NS_PER_S); /* never back */
}

static void test_schedule_loop_goes_on_by_the_mean_gap(void **state)
{
    (void)state;
    struct schedule schedule = recorded(1, 0);
    for (uint64_t k = 0; k < 11; k++)
        schedule_next(&schedule, 5000 + k * 100);
    schedule_loop(&schedule);
    assert_true(schedule_next(&schedule, 5000) == 1100);
    assert_true(schedule_next(&schedule, 5200) == 1300);
}

static void test_schedule_max_has_no_instants(void **state)
{
    (void)state;
    const struct schedule_plan plan = {.mode = SCHEDULE_MAX};
    struct schedule schedule;
    schedule_init(&schedule, &plan);
    assert_true(schedule_next(&schedule, 77) == 0 && schedule_next(&schedule, 770000) == 0);
}

/* At most max(1 %, 1) off in each second, at most 0.01 % over the run, at any rate. */
static void test_schedule_rate_is_kept_in_each_second_and_over_the_run(void **state)
{
    (void)state;
    static const double rates[] = {0.3, 1, 7, 99.9, 333.333333, 1000, 12345.678, 20000, 999999};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct schedule schedule = rated(rates[i]);
        uint64_t count = rates[i] < 1000 ? (uint64_t)(rates[i] * 600) + 2 : (uint64_t)(rates[i] * 3);
        uint64_t in_second = 0, second = 0, at_ns = 0;
        double allowed = rates[i] * 0.01 > 1 ? rates[i] * 0.01 : 1;
        for (uint64_t k = 0; k < count; k++) {
            at_ns = schedule_next(&schedule, 0);
            if (at_ns / NS_PER_S == second) {
                in_second++;
                continue;
            }
            assert_true(fabs((double)in_second - rates[i]) <= allowed);
            in_second = 1;
            second++;
            assert_true(at_ns / NS_PER_S == second || rates[i] < 1);
            second = at_ns / NS_PER_S;
        }
        double meant_s = (double)(count - 1) / rates[i];
        assert_true(fabs((double)at_ns / 1e9 - meant_s) <= meant_s * 1e-4);
    }
}

/* From 100/s to 300/s in 10 s: 100 t + 10 t^2 requests after t seconds. */
static void test_schedule_ramp_follows_the_integral_of_its_rate(void **state)
{
    (void)state;
    struct schedule schedule = profile("100..300/10s");
    for (uint64_t k = 0; k < 2000; k++) {
        double at_s = (double)schedule_next(&schedule, 0) / 1e9;
        double due = 100 * at_s + 10 * at_s * at_s;
        assert_true(fabs(due - (double)k) < 1e-5);
    }
    for (uint64_t k = 0; k < 3000; k++) /* an hour later it is still exact */
        assert_true(schedule_next(&schedule, 0) == 10 * NS_PER_S + k * NS_PER_S / 300);
}

static void test_schedule_ramp_goes_down_and_from_nothing(void **state)
{
    (void)state;
    struct schedule down = profile("300..100/10s"), up = profile("0..50/1m"), slow = profile("0..1/1000h");
    uint64_t before_ns = 0;
    for (uint64_t k = 0; k < 2000; k++) {
        uint64_t at_ns = schedule_next(&down, 0);
        double at_s = (double)at_ns / 1e9;
        assert_true(fabs(300 * at_s - 10 * at_s * at_s - (double)k) < 1e-5);
        assert_true(at_ns >= before_ns);
        before_ns = at_ns;
    }
    assert_true(schedule_next(&down, 0) == 10 * NS_PER_S);
    assert_true(schedule_next(&up, 0) == 0);
    for (uint64_t k = 1; k < 1500; k++)
        assert_true(fabs(sqrt((double)k * 2 * 60 / 50) - (double)schedule_next(&up, 0) / 1e9) < 1e-6);
    assert_true(schedule_next(&up, 0) == 60 * NS_PER_S);
    assert_true(schedule_next(&slow, 0) == 0);
    assert_true(fabs(sqrt(2.0 * 3600000) - (double)schedule_next(&slow, 0) / 1e9) < 1e-5);
}

static void test_schedule_steps_stay_exact_over_their_borders(void **state)
{
    (void)state;
    struct schedule schedule = profile("10,1000,3/2s");
    for (uint64_t k = 0; k < 20; k++)
        assert_true(schedule_next(&schedule, 0) == k * NS_PER_S / 10);
    for (uint64_t k = 0; k < 2000; k++)
        assert_true(schedule_next(&schedule, 0) == 2 * NS_PER_S + k * NS_PER_S / 1000);
    for (uint64_t k = 0; k < 3 * 3600; k++)
        assert_true(schedule_next(&schedule, 0) == 4 * NS_PER_S + k * NS_PER_S / 3);
}

static void test_schedule_poisson_has_the_rate_and_gaps_of_one(void **state)
{
    (void)state;
    struct schedule_plan plan = {.poisson = true, .seed = 7};
    struct schedule first, again, other;
    const uint64_t count = 200000;
    uint64_t before_ns = 0, longer = 0, much_longer = 0, equal = 0;
    schedule_plan_rate(&plan, 500);
    schedule_init(&first, &plan);
    schedule_init(&again, &plan);
    plan.seed = 8;
    schedule_init(&other, &plan);
    for (uint64_t k = 0; k < count; k++) {
        uint64_t at_ns = schedule_next(&first, 0), gap_ns = at_ns - before_ns;
        assert_true(at_ns >= before_ns && at_ns == schedule_next(&again, 0));
        equal += at_ns == schedule_next(&other, 0);
        longer += gap_ns > NS_PER_S / 500;
        much_longer += gap_ns > 3 * NS_PER_S / 500;
        before_ns = at_ns;
    }
    assert_true(equal < 10);
    /* 5 standard deviations of the mean, and of the shares e^-1 and e^-3 */
    assert_true(fabs((double)before_ns / 1e9 - 400) < 5 * 400 / sqrt((double)count));
    assert_true(fabs((double)longer / (double)count - exp(-1)) < 5 * sqrt(exp(-1) / (double)count));
    assert_true(fabs((double)much_longer / (double)count - exp(-3)) < 5 * sqrt(exp(-3) / (double)count));
}

static void test_schedule_cuts_silences_short(void **state)
{
    (void)state;
    struct schedule schedule = recorded(2, 3 * NS_PER_S);
    const uint64_t first_ns = UINT64_C(1795186412345672002);
    assert_true(schedule_next(&schedule, first_ns) == 0);
    assert_true(schedule_next(&schedule, first_ns + 6 * NS_PER_S) == 3 * NS_PER_S); /* as long as allowed */
    assert_true(schedule_next(&schedule, first_ns + 3600 * NS_PER_S) == 6 * NS_PER_S);
    assert_true(schedule_next(&schedule, first_ns + 3601 * NS_PER_S) == 6 * NS_PER_S + NS_PER_S / 2);
    schedule_loop(&schedule);
    uint64_t base_ns = schedule_next(&schedule, first_ns); /* the next iteration cuts anew */
    assert_true(schedule_next(&schedule, first_ns + 6 * NS_PER_S) == base_ns + 3 * NS_PER_S);
    assert_true(schedule_next(&schedule, first_ns + 3600 * NS_PER_S) == base_ns + 6 * NS_PER_S);
}

static void test_schedule_plans_are_read_and_said(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",         "5",      "1..2",  "1..0/5s", "x..2/5s", "1..2/0s", "1..2/five", "../5s",
        "-1..2/5s", "1/2..3", "1,/5s", ",1/5s",   "1,0/5s",  "1,2/",    "1,2e10/5s", "1..2/99999999h"};
    struct error err = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct schedule_plan ramp = {0}, steps = {0};
        assert_int_equal(schedule_plan_ramp(&ramp, wrong[i], &err), -1);
        if (!strstr(wrong[i], "..") || wrong[i][0] == '.')
            assert_int_equal(schedule_plan_steps(&steps, wrong[i], &err), -1);
    }
    char many[512] = "1";
    for (size_t i = 1; i <= SCHEDULE_PHASES_MAX; i++)
        strcat(many, ",2");
    struct schedule_plan plan = {0};
    assert_int_equal(schedule_plan_steps(&plan, strcat(many, "/1s"), &err), -1);
    static const char *const said[][2] = {
        {"0.5..100/5m", "0.5 to 100 requests/s in 300 s, then 100"},
        {"10,20/30s", "10 requests/s in 30 s, 20 requests/s in 30 s, then 20"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct schedule schedule = profile(said[i][0]);
        struct buffer text = {0};
        schedule_plan_describe(&schedule.plan, &text);
        if (!bytes_equal(buffer_bytes(&text), bytes_of(said[i][1])))
            fail_msg("%s is said as %.*s", said[i][0], (int)text.size, (const char *)text.data);
        buffer_free(&text);
    }
}

static void test_schedule_that_ends_says_so_and_how_long_it_is(void **state)
{
    (void)state;
    struct schedule_plan plan = {0};
    struct error err;
    struct buffer text = {0};
    assert_int_equal(schedule_plan_steps(&plan, "10,20/30s", &err), 0);
    assert_int_equal(schedule_plan_length_ns(&plan), 60 * NS_PER_S);
    plan.ends = true;
    schedule_plan_describe(&plan, &text);
    buffer_append_byte(&text, '\0');
    assert_string_equal((const char *)text.data,
                        "10 requests/s in 30 s, 20 requests/s in 30 s, then the end");
    schedule_plan_ramp_up(&plan, 5 * NS_PER_S);
    assert_int_equal(schedule_plan_length_ns(&plan), 65 * NS_PER_S);
    buffer_free(&text);
}

static void test_schedule_ramp_up_comes_before_a_profile(void **state)
{
    (void)state;
    struct schedule_plan plan = {0};
    struct schedule schedule, plain;
    struct error err;
    assert_int_equal(schedule_plan_steps(&plan, "1000,500/10s", &err), 0);
    assert_true(schedule_plan_first_rate(&plan) == 1000);
    schedule_init(&plain, &plan);
    schedule_plan_ramp_up(&plan, 10 * NS_PER_S);
    schedule_init(&schedule, &plan);
    uint64_t before = 0;
    for (uint64_t at_ns = 0; (at_ns = schedule_next(&schedule, 0)) < 10 * NS_PER_S;)
        before++;
    assert_in_range(before, 5499, 5501); /* from 100 to 1000 in ten seconds */
    for (unsigned i = 1; i < 15000; i++) {
        schedule_next(&plain, 0);
        uint64_t at_ns = schedule_next(&schedule, 0);
        assert_in_range(at_ns, 10 * NS_PER_S + plain.last_ns, 10 * NS_PER_S + plain.last_ns + 3000000);
    }
    struct buffer text = {0};
    schedule_plan_describe(&plan, &text);
    buffer_append_byte(&text, '\0');
    assert_string_equal((const char *)text.data,
                        "1000 requests/s in 10 s, 500 requests/s in 10 s, then 500, after a ramp-up of 10 s");
    buffer_free(&text);
}

static void test_schedule_ramp_up_slows_recorded_timing_down(void **state)
{
    (void)state;
    const uint64_t first_ns = UINT64_C(1700000000) * NS_PER_S;
    struct schedule_plan plan = {.mode = SCHEDULE_RECORDED, .speed = 2};
    struct schedule schedule;
    schedule_plan_ramp_up(&plan, 10 * NS_PER_S);
    schedule_init(&schedule, &plan);
    uint64_t before_ns = 0;
    for (uint64_t i = 0; i <= 100000; i++) { /* each millisecond of 100 s */
        uint64_t at_ns = schedule_next(&schedule, first_ns + i * 1000000);
        double t = (double)at_ns / 1e9, recorded = (double)i / 1000;
        double due = t < 10 ? 2 * (0.1 * t + 0.9 * t * t / 20) : 2 * (t - 4.5);
        assert_true(fabs(due - recorded) < 1e-7);
        assert_true(at_ns >= before_ns);
        before_ns = at_ns;
    }
    assert_true(before_ns == 54500 * UINT64_C(1000000));
    schedule_loop(&schedule); /* the next iteration goes on at full speed */
    uint64_t base_ns = schedule_next(&schedule, first_ns);
    assert_true(base_ns == before_ns + 500000);
    assert_true(schedule_next(&schedule, first_ns + 10 * NS_PER_S) == base_ns + 5 * NS_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_rate_does_not_drift_in_an_hour),
        cmocka_unit_test(test_schedule_rate_below_one_is_exact),
        cmocka_unit_test(test_schedule_recorded_keeps_offsets),
        cmocka_unit_test(test_schedule_speed_scales_from_the_start),
        cmocka_unit_test(test_schedule_loop_goes_on_by_the_mean_gap),
        cmocka_unit_test(test_schedule_rate_is_kept_in_each_second_and_over_the_run),
        cmocka_unit_test(test_schedule_ramp_follows_the_integral_of_its_rate),
        cmocka_unit_test(test_schedule_ramp_goes_down_and_from_nothing),
        cmocka_unit_test(test_schedule_steps_stay_exact_over_their_borders),
        cmocka_unit_test(test_schedule_poisson_has_the_rate_and_gaps_of_one),
        cmocka_unit_test(test_schedule_cuts_silences_short),
        cmocka_unit_test(test_schedule_plans_are_read_and_said),
        cmocka_unit_test(test_schedule_that_ends_says_so_and_how_long_it_is),
        cmocka_unit_test(test_schedule_ramp_up_comes_before_a_profile),
        cmocka_unit_test(test_schedule_ramp_up_slows_recorded_timing_down),
        cmocka_unit_test(test_schedule_max_has_no_instants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
