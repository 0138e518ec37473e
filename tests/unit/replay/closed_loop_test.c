#include "replay/engine/closed_loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct job jobs[16];
static uint64_t released[16];
static size_t released_count;

static void on_release(void *arg, struct job *job)
{
    (void)arg;
    released[released_count++] = job->session * 10 + job->exchange.id;
}

static struct closed_loop *create(uint64_t concurrency)
{
    released_count = 0;
    return closed_loop_create(concurrency, on_release, NULL);
}

static struct job *admit(struct closed_loop *loop, size_t index, uint64_t session, uint64_t id)
{
    jobs[index] = (struct job){.session = session, .exchange.id = id};
    closed_loop_admit(loop, &jobs[index]);
    return &jobs[index];
}

static void test_closed_loop_begins_sessions_in_recorded_order(void **state)
{
    (void)state;
    struct closed_loop *loop = create(2);
    struct job *a1 = admit(loop, 0, 1, 1), *b1 = admit(loop, 1, 2, 1);
    struct job *c1 = admit(loop, 2, 3, 1), *a2 = admit(loop, 3, 1, 2);
    assert_int_equal(closed_loop_fill(loop, false, false, 0), 0);
    assert_int_equal(released_count, 3); /* both of the first, one of the second */
    assert_true(released[0] == 11 && released[1] == 12 && released[2] == 21);
    closed_loop_done(loop, a1);
    assert_int_equal(closed_loop_fill(loop, false, false, 2), 0);
    assert_int_equal(released_count, 3);
    closed_loop_done(loop, b1); /* its session is over: the third begins */
    assert_int_equal(closed_loop_fill(loop, false, false, 1), 0);
    assert_int_equal(released_count, 4);
    closed_loop_done(loop, a2);
    closed_loop_done(loop, c1);
    closed_loop_free(loop);
}

static void test_closed_loop_does_not_lock_up(void **state)
{
    (void)state;
    struct closed_loop *loop = create(1);
    admit(loop, 0, 1, 1); /* waits for something of the second, and the reader is blocked */
    admit(loop, 1, 2, 1);
    assert_int_equal(closed_loop_fill(loop, false, false, 0), 0);
    assert_int_equal(closed_loop_fill(loop, false, true, 1), 0); /* something is under way */
    assert_int_equal(released_count, 1);
    assert_int_equal(closed_loop_fill(loop, false, true, 0), 1);
    assert_int_equal(released_count, 2);
    closed_loop_free(loop);
    loop = create(1);
    admit(loop, 0, 1, 1); /* waits for something of the second */
    admit(loop, 1, 2, 1);
    assert_int_equal(closed_loop_fill(loop, true, false, 0), 0);
    assert_int_equal(released_count, 1);
    assert_int_equal(closed_loop_fill(loop, true, false, 0), 1);
    assert_int_equal(released_count, 2);
    closed_loop_free(loop);
}

static void test_closed_loop_a_session_read_in_parts_stands_in_line_again(void **state)
{
    (void)state;
    struct closed_loop *loop = create(1);
    struct job *a1 = admit(loop, 0, 1, 1), *b1 = admit(loop, 1, 2, 1);
    closed_loop_fill(loop, false, false, 0);
    closed_loop_done(loop, a1); /* more of the first lies beyond what was read */
    assert_int_equal(closed_loop_fill(loop, false, false, 0), 0);
    assert_true(released_count == 2 && released[1] == 21);
    struct job *a2 = admit(loop, 2, 1, 2);
    assert_int_equal(closed_loop_fill(loop, false, false, 1), 0);
    assert_int_equal(released_count, 2);
    closed_loop_done(loop, b1);
    assert_int_equal(closed_loop_fill(loop, false, false, 0), 0);
    assert_true(released_count == 3 && released[2] == 12);
    closed_loop_done(loop, a2);
    closed_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_loop_begins_sessions_in_recorded_order),
        cmocka_unit_test(test_closed_loop_a_session_read_in_parts_stands_in_line_again),
        cmocka_unit_test(test_closed_loop_does_not_lock_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
