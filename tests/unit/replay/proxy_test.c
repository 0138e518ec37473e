/* Which proxies are understood. */
#include "replay/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_proxy_is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host, *user, *password, *shown;
        enum proxy_kind kind;
        uint16_t port;
        bool resolves;
    } cases[] = {
        {"proxy.example:3128", "proxy.example", NULL, NULL, "http://proxy.example:3128", PROXY_HTTP, 3128,
         true},
        {"HTTP://10.0.0.1/", "10.0.0.1", NULL, NULL, "http://10.0.0.1:1080", PROXY_HTTP, 1080, true},
        {"https://p", "p", NULL, NULL, "https://p:443", PROXY_HTTPS, 443, true},
        {"socks4://p:9", "p", NULL, NULL, "socks4://p:9", PROXY_SOCKS4, 9, false},
        {"socks4a://p:9", "p", NULL, NULL, "socks4a://p:9", PROXY_SOCKS4A, 9, true},
        {"socks5://u%40x:p%3Aw@[::1]:9", "::1", "u@x", "p:w", "socks5://[::1]:9", PROXY_SOCKS5, 9, false},
        {"socks5h://u@p:9", "p", "u", "", "socks5h://p:9", PROXY_SOCKS5H, 9, true},
        {"a:b@c@p:80", "p", "a", "b@c", "http://p:80", PROXY_HTTP, 80, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct proxy *proxy = NULL;
        struct error err = {0};
        if (proxy_parse(cases[i].url, &proxy, &err))
            fail_msg("%s: %s", cases[i].url, err.text);
        assert_int_equal(proxy->kind, cases[i].kind);
        assert_string_equal(proxy->place->host, cases[i].host);
        assert_int_equal(proxy->place->port, cases[i].port);
        assert_string_equal(proxy->place->url, cases[i].shown);
        assert_int_equal(proxy_resolves(proxy), cases[i].resolves);
        if (cases[i].user) {
            assert_string_equal(proxy->user, cases[i].user);
            assert_string_equal(proxy->password, cases[i].password);
        } else {
            assert_null(proxy->user);
        }
        proxy_free(proxy);
    }
}

static void test_proxy_refuses_what_is_none_and_tells_no_password(void **state)
{
    (void)state;
    static const char *const urls[] = {"ftp://p",
                                       "",
                                       "http://",
                                       "http://u:secret%zz@p",
                                       "http://u:secret%00@p",
                                       "u:secret%2@p:1",
                                       "http://p/path",
                                       "http://p:0",
                                       "http://u:secret@p:x"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct proxy *proxy = NULL;
        struct error err = {0};
        assert_int_equal(proxy_parse(urls[i], &proxy, &err), -1);
        assert_int_equal(err.kind, ERROR_USAGE);
        assert_null(strstr(err.text, "secret"));
        assert_null(proxy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proxy_is_taken_apart),
        cmocka_unit_test(test_proxy_refuses_what_is_none_and_tells_no_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
