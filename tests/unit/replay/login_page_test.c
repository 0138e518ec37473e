/* state/login_page.h: redirects to login pages, and such as are none. */
#include "replay/state/login_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_login_pages_are_told_by_their_names(void **state)
{
    (void)state;
    static const struct {
        uint16_t status;
        const char *location;
        bool follows;
    } cases[] = {
        {302, "/login", true},
        {303, "/users/sign_in?next=/cart", true},
        {307, "https://id.shop.example/realms/shop/protocol/openid-connect/auth?client_id=x", true},
        {302, "https://login.shop.example/", false}, /* a host's name tells nothing of the page */
        {302, "http://shop.example/Account/LogOn", true},
        {301, "/Login.aspx?ReturnUrl=%2F", true},
        {308, "/sso", true},
        {302, "sign-in", true},
        {302, "/oauth2/authorize?x=1", true},
        {200, "/login", false},
        {302, "/items?from=login", false},
        {302, "/items#login", false},
        {302, "/authors/7", false},
        {302, "/session", false},
        {302, "http://shop.example", false},
        {302, "//", false},
        {302, "", false},
        {302, "/a-very-long-segment-that-goes-on-and-on-for-ever/orders", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer head = {0};
        buffer_printf(&head, "HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n", cases[i].location);
        if (login_page_follows(cases[i].status, buffer_bytes(&head)) != cases[i].follows)
            fail_msg("case %zu: %s", i, cases[i].location);
        buffer_free(&head);
    }
    assert_false(login_page_follows(302, BYTES_LITERAL("HTTP/1.1 302 Found\r\n\r\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_login_pages_are_told_by_their_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
