/* The pacer: never early, once for each arming, nothing after disarm or free. */
#include "replay/pacer.h"

#include "common/clock.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define INSTANTS 50

/* A schedule that is played, and what came of it. */
struct play {
    struct event_base *base;
    struct pacer *pacer;
    uint64_t at_ns[INSTANTS];
    size_t next;
    size_t calls;
    size_t early;
    bool free_at_end;
};

static void on_due(uint64_t now_mono_ns, void *arg)
{
    struct play *play = arg;
    play->calls++;
    if (now_mono_ns < play->at_ns[play->next])
        play->early++;
    while (play->next < INSTANTS && play->at_ns[play->next] <= now_mono_ns)
        play->next++;
    if (play->next < INSTANTS) {
        pacer_arm(play->pacer, play->at_ns[play->next]);
        return;
    }
    if (play->free_at_end) {
        pacer_free(play->pacer);
        play->pacer = NULL;
    }
}

static void set_up(struct play *play, uint64_t first_ns, uint64_t gap_ns)
{
    struct error err = {0};
    *play = (struct play){.base = pacer_base_create(&err)};
    assert_non_null(play->base);
    assert_int_equal(pacer_create(play->base, on_due, play, &play->pacer, &err), 0);
    for (size_t i = 0; i < INSTANTS; i++)
        play->at_ns[i] = first_ns + i * gap_ns;
    pacer_arm(play->pacer, play->at_ns[0]);
}

static void tear_down(struct play *play)
{
    pacer_free(play->pacer);
    event_base_free(play->base);
}

/* Turns the loop until the schedule is done, at most |turns| times. */
static void turn(struct play *play, int turns)
{
    for (int i = 0; i < turns && play->next < INSTANTS; i++)
        event_base_loop(play->base, EVLOOP_ONCE);
}

static void test_pacer_is_never_early(void **state)
{
    (void)state;
    struct play play;
    set_up(&play, clock_mono_ns() + 2 * NS_PER_MS, 137 * NS_PER_US);
    turn(&play, 1000);
    assert_int_equal(play.next, INSTANTS);
    assert_int_equal(play.early, 0);
    assert_in_range(play.calls, 1, INSTANTS);
    tear_down(&play);
}

static void test_pacer_takes_instants_that_have_passed(void **state)
{
    (void)state;
    struct play play;
    set_up(&play, 0, 1);
    turn(&play, 2);
    assert_int_equal(play.next, INSTANTS);
    assert_int_equal(play.calls, 1);
    event_base_loop(play.base, EVLOOP_NONBLOCK);
    assert_int_equal(play.calls, 1); /* it rests until it is armed again */
    play.next = INSTANTS - 1;
    pacer_arm(play.pacer, 1);
    turn(&play, 2);
    assert_int_equal(play.calls, 2);
    tear_down(&play);
}

static void test_pacer_forgets_when_disarmed(void **state)
{
    (void)state;
    struct play play;
    set_up(&play, 1, 0);
    pacer_disarm(play.pacer);
    event_base_loop(play.base, EVLOOP_NONBLOCK);
    assert_int_equal(play.calls, 0);
    tear_down(&play);
}

static void test_pacer_may_be_freed_by_its_callback(void **state)
{
    (void)state;
    struct play play;
    set_up(&play, 1, 0);
    play.free_at_end = true;
    turn(&play, 2);
    assert_null(play.pacer);
    event_base_loop(play.base, EVLOOP_NONBLOCK);
    assert_int_equal(play.calls, 1);
    tear_down(&play);
}

static void always_due(uint64_t now_mono_ns, void *arg)
{
    struct play *play = arg;
    play->calls++;
    pacer_arm(play->pacer, now_mono_ns);
}

static void on_other(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    *(bool *)arg = true;
}

static void test_pacer_that_is_always_due_starves_nobody(void **state)
{
    (void)state;
    struct play play;
    struct error err = {0};
    bool ran = false;
    play = (struct play){.base = pacer_base_create(&err)};
    assert_int_equal(pacer_create(play.base, always_due, &play, &play.pacer, &err), 0);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    struct event *other = event_new(play.base, ends[0], EV_READ, on_other, &ran);
    event_add(other, NULL);
    pacer_arm(play.pacer, 1);
    for (int i = 0; i < 20; i++)
        event_base_loop(play.base, EVLOOP_ONCE);
    assert_true(ran);
    assert_true(play.calls > 0);
    event_free(other);
    close(ends[0]);
    close(ends[1]);
    tear_down(&play);
}

static void test_pacer_that_spins_is_never_early_and_needs_no_loop(void **state)
{
    (void)state;
    struct play play = {0};
    struct error err = {0};
    play.base = pacer_base_create(&err);
    assert_int_equal(pacer_create(play.base, on_due, &play, &play.pacer, &err), 0);
    assert_int_equal(pacer_spin(play.pacer), PACER_OFF);
    pacer_set_spinning(play.pacer);
    assert_int_equal(pacer_spin(play.pacer), PACER_OFF);
    for (size_t i = 0; i < INSTANTS; i++)
        play.at_ns[i] = clock_mono_ns() + NS_PER_MS + i * 137 * NS_PER_US;
    pacer_arm(play.pacer, clock_mono_ns() + 3600 * NS_PER_S);
    assert_int_equal(pacer_spin(play.pacer), PACER_AHEAD);
    pacer_arm(play.pacer, play.at_ns[0]);
    while (play.next < INSTANTS)
        pacer_spin(play.pacer);
    assert_int_equal(play.early, 0);
    assert_int_equal(pacer_spin(play.pacer), PACER_OFF); /* nothing was armed again */
    pacer_arm(play.pacer, 1);
    pacer_disarm(play.pacer);
    assert_int_equal(pacer_spin(play.pacer), PACER_OFF);
    pacer_arm(play.pacer, 1);
    play.next = INSTANTS - 1;
    play.free_at_end = true;
    assert_int_equal(pacer_spin(play.pacer), PACER_FIRED);
    assert_null(play.pacer);
    tear_down(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pacer_is_never_early),
        cmocka_unit_test(test_pacer_that_spins_is_never_early_and_needs_no_loop),
        cmocka_unit_test(test_pacer_that_is_always_due_starves_nobody),
        cmocka_unit_test(test_pacer_takes_instants_that_have_passed),
        cmocka_unit_test(test_pacer_forgets_when_disarmed),
        cmocka_unit_test(test_pacer_may_be_freed_by_its_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
