/* steady_clock.h: packets keep their distances while the wall clock is set forward or back, whichever of them came before the step. */
#include "capture/live/steady_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS    INT64_C(1000000)
#define HOUR  (3600 * 1000 * MS)
#define START (UINT64_C(1700000000) * 1000 * 1000000)

/* The two clocks; |wall| = START + |mono| + |step|. */
static uint64_t wall(int64_t mono_ns, int64_t step_ns)
{
    return START + (uint64_t)(mono_ns + step_ns);
}

static void look(struct steady_clock *clock, int64_t mono_ns, int64_t step_ns, bool idle)
{
    steady_clock_look(clock, wall(mono_ns, step_ns), (uint64_t)mono_ns, idle);
}

static void expect(struct steady_clock *clock, int64_t mono_ns, int64_t step_ns)
{
    assert_int_equal(steady_clock_take(clock, wall(mono_ns, step_ns)), wall(mono_ns, 0));
}

static void test_steady_clock_leaves_a_steady_clock_alone(void **state)
{
    (void)state;
    struct steady_clock clock = {0};
    int64_t slewed = 0;
    for (int64_t at = 0; at < 100000; at += 100) {
        slewed += MS / 20; /* 500 ppm */
        steady_clock_look(&clock, wall(at * MS, slewed), (uint64_t)(at * MS), at % 1000 == 0);
        assert_int_equal(steady_clock_take(&clock, wall(at * MS, slewed)), wall(at * MS, slewed));
    }
    assert_int_equal(clock.steps, 0);
    assert_int_equal(steady_clock_now(&clock, START), START);
}

static void check_step_inside_a_block(int64_t step)
{
    struct steady_clock clock = {0};
    look(&clock, 0, 0, true);
    for (int64_t at = 1; at <= 50; at++)
        expect(&clock, at * MS, 0);
    look(&clock, 100 * MS, step, false); /* the block from 51 to 99 ms is read; the clock was set at 75 ms */
    for (int64_t at = 51; at < 100; at++)
        expect(&clock, at * MS, at < 75 ? 0 : step);
    look(&clock, 200 * MS, step, false);
    for (int64_t at = 100; at < 200; at++)
        expect(&clock, at * MS, step);
    assert_int_equal(clock.steps, 1);
    assert_int_equal(steady_clock_now(&clock, wall(200 * MS, step)), wall(200 * MS, 0));
}

static void test_steady_clock_finds_the_packet_that_a_step_came_before(void **state)
{
    (void)state;
    check_step_inside_a_block(HOUR);
    check_step_inside_a_block(-HOUR);
    check_step_inside_a_block(130 * MS);
    check_step_inside_a_block(-130 * MS);
}

static void test_steady_clock_step_between_packets(void **state)
{
    (void)state;
    struct steady_clock clock = {0};
    look(&clock, 0, 0, true);
    expect(&clock, 5 * MS, 0);
    for (int64_t at = 100; at < 5000; at += 100)
        look(&clock, at * MS, at < 2000 ? 0 : -HOUR, true);
    assert_int_equal(clock.steps, 1);
    look(&clock, 5050 * MS, -HOUR, false);
    expect(&clock, 5020 * MS, -HOUR);
    expect(&clock, 5021 * MS, -HOUR);
}

static void test_steady_clock_first_packet_after_silence_is_stamped_before_the_step(void **state)
{
    (void)state;
    struct steady_clock clock = {0};
    look(&clock, 0, 0, true);
    look(&clock, 50 * MS, HOUR, false);
    expect(&clock, 10 * MS, 0);
    expect(&clock, 40 * MS, HOUR);
}

static void test_steady_clock_two_steps_add_up(void **state)
{
    (void)state;
    struct steady_clock clock = {0};
    look(&clock, 0, 0, true);
    look(&clock, 100 * MS, HOUR, false);
    expect(&clock, 50 * MS, HOUR);
    look(&clock, 200 * MS, -2 * HOUR, false);
    expect(&clock, 150 * MS, -2 * HOUR);
    expect(&clock, 151 * MS, -2 * HOUR);
    assert_int_equal(clock.steps, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady_clock_leaves_a_steady_clock_alone),
        cmocka_unit_test(test_steady_clock_finds_the_packet_that_a_step_came_before),
        cmocka_unit_test(test_steady_clock_step_between_packets),
        cmocka_unit_test(test_steady_clock_first_packet_after_silence_is_stamped_before_the_step),
        cmocka_unit_test(test_steady_clock_two_steps_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
