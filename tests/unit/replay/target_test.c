/* Targets: what is understood, what is refused and how. */
#include "replay/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct target *parsed(const char *url)
{
    struct target *target = NULL;
    struct error err = {0};
    if (target_parse(url, &target, &err) < 0)
        fail_msg("%s: %s", url, err.text);
    return target;
}

static void expect(const char *url, const char *host, unsigned port, const char *authority, const char *base,
                   const char *address)
{
    struct target *target = parsed(url);
    char text[TARGET_ADDRESS_TEXT_SIZE];
    assert_string_equal(target->host, host);
    assert_int_equal(target->port, port);
    assert_string_equal(target->authority, authority);
    assert_string_equal(target->base_path, base);
    if (address) {
        assert_int_equal(target->address_count, 1);
        assert_string_equal(target_address_text(&target->addresses[0], text), address);
    } else {
        assert_int_equal(target->address_count, 0);
    }
    target_free(target);
}

static void test_target_reads_every_form(void **state)
{
    (void)state;
    expect("http://127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080", "", "127.0.0.1:8080");
    expect("http://127.0.0.1", "127.0.0.1", 80, "127.0.0.1", "", "127.0.0.1:80");
    expect("HTTP://shop.example/", "shop.example", 80, "shop.example", "", NULL);
    expect("http://shop.example:80/a/b//", "shop.example", 80, "shop.example", "/a/b", NULL);
    expect("https://shop.example:443/api", "shop.example", 443, "shop.example", "/api", NULL);
    expect("https://shop.example:80", "shop.example", 80, "shop.example:80", "", NULL);
    expect("http://shop.example:/x", "shop.example", 80, "shop.example", "/x", NULL);
    expect("http://[::1]:81/x", "::1", 81, "[::1]:81", "/x", "[::1]:81");
    expect("https://[2001:db8::1]", "2001:db8::1", 443, "[2001:db8::1]", "", "[2001:db8::1]:443");
    expect("http://[fe80::1%25lo]:80", "fe80::1%lo", 80, "[fe80::1]", "", "[fe80::1%lo]:80");
    expect("unix:/run/app.sock", "localhost", 0, "localhost", "", "unix:/run/app.sock");
}

static void test_target_knows_its_scheme(void **state)
{
    (void)state;
    struct target *target = parsed("https://a");
    assert_true(target->tls && !target->is_unix);
    target_free(target);
    target = parsed("unix:/a");
    assert_true(!target->tls && target->is_unix);
    target_free(target);
}

static void refuse(const char *url, const char *hint)
{
    struct target *target = NULL;
    struct error err = {0};
    assert_int_equal(target_parse(url, &target, &err), -1);
    assert_null(target);
    assert_int_equal(err.kind, ERROR_USAGE);
    if (!strstr(err.text, hint))
        fail_msg("%s: \"%s\" does not say %s", url, err.text, hint);
}

static void test_target_refuses_with_a_reason(void **state)
{
    (void)state;
    char path[300] = "unix:/", host[400] = "http://";
    memset(path + 6, 'a', sizeof path - 7);
    memset(host + 7, 'a', sizeof host - 8);
    refuse("", "http://");
    refuse("localhost:8080", "http://");
    refuse("ftp://a", "http://");
    refuse("http://", "host is missing");
    refuse("http://:80", "host is missing");
    refuse("http://a:0", "port");
    refuse("http://a:65536", "port");
    refuse("http://a:99999999999999999999", "port");
    refuse("http://a:8x", "port");
    refuse("http://::1/", "brackets");
    refuse("http://[::1", "brackets");
    refuse("http://[]", "brackets");
    refuse("http://[shop]", "IPv6");
    refuse("http://[::1]x", "PORT");
    refuse("http://a/x?y", "query");
    refuse("http://a#y", "fragment");
    refuse("http://a b/", "percent-encoded");
    refuse("http://a/\n", "percent-encoded");
    refuse("http://a<b/", "host name");
    refuse("unix:run", "absolute");
    refuse(path, "at most");
    refuse(host, "more than");
}

static void test_target_never_repeats_a_password(void **state)
{
    (void)state;
    struct target *target = NULL;
    struct error err = {0};
    assert_int_equal(target_parse("http://me:sesame@shop/", &target, &err), -1);
    assert_null(strstr(err.text, "sesame"));
    assert_non_null(strstr(err.text, "password"));
}

static void test_target_resolves_names_and_says_what_failed(void **state)
{
    (void)state;
    struct error err = {0};
    struct target *target = parsed("http://localhost:8080");
    assert_int_equal(target_resolve(target, &err), 0);
    assert_true(target->address_count >= 1);
    char text[TARGET_ADDRESS_TEXT_SIZE];
    target_address_text(&target->addresses[0], text);
    assert_true(strcmp(text, "127.0.0.1:8080") == 0 || strcmp(text, "[::1]:8080") == 0);
    target_free(target);

    target = parsed("http://no-such-host.invalid");
    assert_int_equal(target_resolve(target, &err), -1);
    assert_int_equal(err.kind, ERROR_IO);
    assert_non_null(strstr(err.text, "no-such-host.invalid"));
    target_free(target);
}

static void test_target_sources_take_turns_by_family(void **state)
{
    (void)state;
    struct target *target;
    struct error err;
    size_t turn = 0;
    assert_int_equal(target_parse("http://127.0.0.1:80", &target, &err), 0);
    assert_int_equal(target_ways(target), 1);
    assert_null(target_source(target, &target->addresses[0], &turn));
    assert_int_equal(target_add_source(target, "127.0.0.2", &err), 0);
    assert_int_equal(target_add_source(target, "127.0.0.3", &err), 0);
    assert_int_equal(target_ways(target), 2);
    const struct target_address *first = target_source(target, &target->addresses[0], &turn);
    const struct target_address *second = target_source(target, &target->addresses[0], &turn);
    assert_true(first && second && first != second);
    assert_ptr_equal(target_source(target, &target->addresses[0], &turn), first);
    assert_int_equal(target_add_source(target, "203.0.113.9", &err), -1); /* of the documentation */
    assert_int_equal(target_add_source(target, "localhost", &err), -1);
    target_free(target);
    assert_int_equal(target_parse("unix:/x", &target, &err), 0);
    assert_int_equal(target_add_source(target, "127.0.0.2", &err), -1);
    target_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target_reads_every_form),
        cmocka_unit_test(test_target_knows_its_scheme),
        cmocka_unit_test(test_target_refuses_with_a_reason),
        cmocka_unit_test(test_target_never_repeats_a_password),
        cmocka_unit_test(test_target_resolves_names_and_says_what_failed),
        cmocka_unit_test(test_target_sources_take_turns_by_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
