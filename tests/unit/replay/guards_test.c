#include "replay/guards.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct target *target_at(const char *url)
{
    struct target *target;
    struct error err;
    assert_int_equal(target_parse(url, &target, &err), 0);
    assert_int_equal(target_resolve(target, &err), 0);
    return target;
}

static bool is_refused(const char *url, const char *name)
{
    struct error err = {0};
    struct target *target = target_at(url);
    int got = guard_production(target, &(struct option_texts){&name, 1}, &err);
    if (got)
        assert_int_equal(err.kind, ERROR_USAGE);
    target_free(target);
    return got != 0;
}

static void test_production_is_an_address_a_network_or_a_host(void **state)
{
    (void)state;
    static const struct {
        const char *url, *name;
        bool refused;
    } table[] = {
        {"http://192.0.2.7:8080", "192.0.2.7", true},
        {"http://192.0.2.7:8080", "192.0.2.7:8080", true},
        {"http://192.0.2.7:8080", "192.0.2.7:8081", false},
        {"http://192.0.2.7:8080", "192.0.2.0/24", true},
        {"http://192.0.2.7:8080", "192.0.2.8/29", false},
        {"http://192.0.2.7:8080", "0.0.0.0/0", true},
        {"http://[2001:db8::7]:80", "2001:db8::/32", true},
        {"http://[2001:db8::7]:80", "2001:db9::/32", false},
        {"http://[::ffff:192.0.2.7]:80", "192.0.2.7", true},
        {"http://192.0.2.7:80", "::ffff:192.0.2.7", true},
        {"http://localhost:80", "LocalHost", true},
        {"http://127.0.0.1:80", "localhost", true},
        {"http://192.0.2.7:80", "localhost", false},
        {"http://0.0.0.0:80", "127.0.0.1", true},
        {"http://0.0.0.0:80", "192.0.2.0/24", false},
        {"http://[::]:80", "::1", true},
        {"http://[::ffff:0.0.0.0]:80", "127.0.0.1:80", true},
        {"unix:/run/x.sock", "localhost", false},
        {"unix:/run/x.sock", "0.0.0.0/0", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        print_message("%s %s\n", table[i].url, table[i].name);
        assert_int_equal(is_refused(table[i].url, table[i].name), table[i].refused);
    }
}

static void test_a_name_that_says_nothing_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"", "192.0.2.0/33", "192.0.2.7:", "not.a.host.invalid", "a b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_true(is_refused("http://192.0.2.7:80", names[i]));
}

static void test_each_is_looked_at(void **state)
{
    (void)state;
    struct error err;
    const char *names[] = {"198.51.100.0/24", "192.0.2.7"};
    struct target *target = target_at("http://192.0.2.7:80");
    assert_int_equal(guard_production(target, &(struct option_texts){names, 1}, &err), 0);
    assert_int_equal(guard_production(target, &(struct option_texts){names, 2}, &err), -1);
    assert_non_null(strstr(err.text, "--production 192.0.2.7"));
    assert_non_null(strstr(err.text, "--allow-production"));
    target_free(target);
}

static void test_recorded_servers_are_refused_by_address_and_port(void **state)
{
    (void)state;
    struct error err;
    struct address servers[3] = {{.family = AF_INET, .port = 80}, {.family = AF_INET6, .port = 80}, {0}};
    memcpy(servers[0].ip, "\xc0\0\2\7", 4);
    memcpy(servers[1].ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\x8", 16);
    static const struct {
        const char *url;
        int status;
    } table[] = {{"http://192.0.2.7", -1}, {"http://192.0.2.7:81", 0}, {"http://[::ffff:192.0.2.7]", -1},
                 {"http://192.0.2.8", -1}, {"http://192.0.2.9", 0},    {"unix:/x", 0}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct target *target = target_at(table[i].url);
        int status = 0;
        for (size_t k = 0; k < 3 && status == 0; k++)
            status = guard_recorded(target, &servers[k], &err);
        assert_int_equal(status, table[i].status);
        target_free(target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_production_is_an_address_a_network_or_a_host),
        cmocka_unit_test(test_a_name_that_says_nothing_is_refused),
        cmocka_unit_test(test_each_is_looked_at),
        cmocka_unit_test(test_recorded_servers_are_refused_by_address_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
