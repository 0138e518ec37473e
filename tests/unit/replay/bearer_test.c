/* What a file or a command may say of a token, and what is said of what they may not; a file that changes and a token that ends. */
#include "replay/state/bearer.h"

#include "common/clock.h"
#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void expect(const char *text, const char *token, uint64_t life_ns)
{
    struct buffer got = {0};
    uint64_t life = 1;
    assert_null(bearer_parse(bytes_of(text), &got, &life));
    assert_true(bytes_equal(buffer_bytes(&got), bytes_of(token)));
    assert_int_equal(life, life_ns);
    buffer_free(&got);
}

static void refuse(const char *text, const char *wrong)
{
    struct buffer got = {0};
    uint64_t life;
    const char *said = bearer_parse(bytes_of(text), &got, &life);
    assert_non_null(said);
    assert_non_null(strstr(said, wrong));
    assert_int_equal(got.size, 0);
}

static void test_bearer_texts(void **state)
{
    (void)state;
    expect("abc", "abc", 0);
    expect("\n abc.d-e_f~+/= \r\n\n", "abc.d-e_f~+/=", 0);
    expect("Bearer abc\n900\n", "abc", 900 * NS_PER_S);
    expect("abc\r\n15m\r\n\n", "abc", 900 * NS_PER_S);
    expect(" {\"access_token\":\"abc\",\"expires_in\":900,\"token_type\":\"Bearer\"}\n", "abc",
           900 * NS_PER_S);
    expect("{\"token\":\"abc\"}", "abc", 0);
    refuse("", "holds no token");
    refuse(" \n\n", "holds no token");
    refuse("a b", "blanks");
    refuse("a\x01", "control");
    refuse("abc\nsoon", "no lifetime");
    refuse("abc\n0", "no lifetime");
    refuse("abc\n1\nx", "more than two lines");
    refuse("{\"access_token\":\"abc\"", "is none");
    refuse("{\"access_token\":7}", "without a text");
    refuse("{\"access_token\":\"a\\nb\"}", "without a text");
    refuse("{\"access_token\":\"a\",\"expires_in\":\"x\"}", "no number of seconds");
    struct buffer got = {0};
    assert_non_null(bearer_parse(bytes_of("abc\n900"), &got, NULL)); /* a file has one line */
}

static void test_bearer_file_is_read_again(void **state)
{
    (void)state;
    char path[] = "/tmp/rehearse-bearer.XXXXXX";
    struct error err = {0};
    struct bearer *bearer;
    struct buffer value = {0};
    uint64_t version = 0, now_ns = clock_mono_ns();
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "one\n", 4), 4);
    assert_int_equal(bearer_open(path, NULL, &bearer, &err), 0);
    bearer_value(bearer, &version, &value);
    assert_true(bytes_equal(buffer_bytes(&value), bytes_of("Bearer one")));
    assert_int_equal(write(fd, "two\n", 4), 4); /* two lines: refused, and said */
    bearer_tick(bearer, now_ns += 2 * NS_PER_S);
    assert_int_equal(bearer_failures(bearer), 1);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, "three", 5, 0), 5);
    bearer_tick(bearer, now_ns += 2 * NS_PER_S);
    bearer_value(bearer, &version, &value);
    assert_true(bytes_equal(buffer_bytes(&value), bytes_of("Bearer three")));
    assert_int_equal(bearer_renewals(bearer), 1);
    bearer_tick(bearer, now_ns += 2 * NS_PER_S);
    unlink(path);
    bearer_tick(bearer, now_ns += 2 * NS_PER_S);
    assert_int_equal(bearer_renewals(bearer) + bearer_failures(bearer), 2);
    close(fd);
    bearer_free(bearer);
    buffer_free(&value);
    assert_int_equal(bearer_open("/nowhere/token", NULL, &bearer, &err), -1);
    assert_non_null(strstr(err.text, "--bearer-file /nowhere/token"));
}

static void fails(const char *command, const char *wrong)
{
    struct error err = {0};
    struct bearer *bearer;
    assert_int_equal(bearer_open(NULL, command, &bearer, &err), -1);
    assert_non_null(strstr(err.text, wrong));
}

static void test_bearer_command_is_run_before_the_token_ends(void **state)
{
    (void)state;
    struct error err = {0};
    struct bearer *bearer;
    struct buffer value = {0};
    uint64_t version = 0, start_ns = clock_mono_ns(), now_ns = start_ns;
    char path[] = "/tmp/rehearse-bearer.XXXXXX";
    close(mkstemp(path));
    char *command = xasprintf("echo x >>%s; echo t$(wc -l <%s); echo 100", path, path);
    assert_int_equal(bearer_open(NULL, command, &bearer, &err), 0);
    bearer_tick(bearer, start_ns + 60 * NS_PER_S);
    assert_int_equal(bearer_renewals(bearer), 0);
    for (int i = 0; i < 2000 && bearer_renewals(bearer) == 0; i++, usleep(5000))
        bearer_tick(bearer, now_ns = start_ns + 85 * NS_PER_S);
    bearer_value(bearer, &version, &value);
    assert_true(bytes_equal(buffer_bytes(&value), bytes_of("Bearer t2")));
    bearer_tick(bearer, now_ns + 85 * NS_PER_S); /* one under way is ended */
    bearer_free(bearer);
    buffer_free(&value);
    unlink(path);
    free(command);
    fails("exit 3", "exit status 3");
    fails("kill -9 $$", "signal 9");
    fails("true", "holds no token");
    fails("yes", "more than a token");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bearer_texts),
        cmocka_unit_test(test_bearer_file_is_read_again),
        cmocka_unit_test(test_bearer_command_is_run_before_the_token_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
