/* courtesy.h: the fuller what waits, the more a capture insists, down to the weight of anybody else and never beyond; in the
 * kernel, too, for a process that leads a session of its own, and not for others. */
#include "capture/courtesy.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_courtesy_ends_step_by_step_as_buffers_fill(void **state)
{
    (void)state;
    assert_int_equal(courtesy_nice(0), 19);
    for (unsigned eighths = 1; eighths <= COURTESY_FULL; eighths++) {
        assert_true(courtesy_nice(eighths) <= courtesy_nice(eighths - 1));
        assert_true(courtesy_nice(eighths) >= 0);
    }
    assert_int_equal(courtesy_nice(COURTESY_FULL / 2), 0);
    assert_int_equal(courtesy_nice(99), 0);
}

static unsigned long yields(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (unsigned long)usage.ru_nvcsw + (unsigned long)usage.ru_nivcsw;
}

/* Spins as the other of two on one processor, until it is killed. */
static pid_t start_rival(void)
{
    pid_t rival = fork();
    if (rival == 0)
        for (;;)
            ;
    return rival;
}

static void test_courtesy_gives_way_unless_something_waits(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    pid_t rival = start_rival();
    struct courtesy courtesy = {.fd = -1};
    courtesy_look(&courtesy, 0);
    unsigned long begun = yields();
    for (unsigned i = 0; i < 200 && yields() - begun < 3; i++)
        courtesy_give_way(&courtesy);
    assert_true(yields() - begun >= 3);
    courtesy_look(&courtesy, 1);
    assert_true(courtesy.insists);
    kill(rival, SIGKILL);
    waitpid(rival, NULL, 0);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

/* Reads "/autogroup-NUMBER nice NICE" of this process. Returns false where the kernel has no autogroups. */
static bool read_group(unsigned *ret_number, int *ret_nice)
{
    FILE *file = fopen("/proc/self/autogroup", "r");
    if (!file)
        return false;
    bool read = fscanf(file, "/autogroup-%u nice %d", ret_number, ret_nice) == 2;
    fclose(file);
    return read;
}

/* In a process of its own: 0, or the number of the claim that does not hold. */
static int be_courteous(unsigned before)
{
    struct courtesy courtesy;
    unsigned number;
    int nice;
    courtesy_begin(&courtesy);
    if (courtesy.fd < 0 || !read_group(&number, &nice))
        return 1;
    if (number == before)
        return 2;
    /* All processes together may change it ten times a second: what was refused comes with a later call. */
    for (unsigned i = 0; i < 50 && nice != 19; i++) {
        usleep(100000);
        courtesy_look(&courtesy, 0);
        (void)read_group(&number, &nice);
    }
    if (nice != 19 || courtesy.nice != 19)
        return 3;
    for (unsigned i = 0; i < 50 && nice != 0; i++) {
        usleep(100000);
        courtesy_look(&courtesy, COURTESY_FULL);
        (void)read_group(&number, &nice);
    }
    courtesy_end(&courtesy);
    return nice != 0 ? 4 : 0;
}

static void test_courtesy_is_the_processs_own(void **state)
{
    (void)state;
    unsigned before, after;
    int nice_before, nice_after;
    if (!read_group(&before, &nice_before)) {
        print_message("the kernel has no autogroups: not looked at\n");
        skip();
    }
    pid_t child = fork();
    if (child == 0)
        _exit(be_courteous(before));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(read_group(&after, &nice_after));
    assert_int_equal(before, after);
    assert_int_equal(nice_before, nice_after);
}

static void test_courtesy_of_a_group_leader_changes_nothing(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct courtesy courtesy;
        setpgid(0, 0);
        courtesy_begin(&courtesy);
        courtesy_look(&courtesy, COURTESY_FULL);
        courtesy_end(&courtesy);
        _exit(courtesy.fd == -1 && courtesy.nice == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_courtesy_ends_step_by_step_as_buffers_fill),
        cmocka_unit_test(test_courtesy_gives_way_unless_something_waits),
        cmocka_unit_test(test_courtesy_is_the_processs_own),
        cmocka_unit_test(test_courtesy_of_a_group_leader_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
