/* address_range.h: what people write for addresses, and what lies in it. */
#include "common/address_range.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct address address(const char *ip, uint16_t port)
{
    struct address made = {.family = strchr(ip, ':') ? AF_INET6 : AF_INET, .port = port};
    assert_int_equal(inet_pton(made.family, ip, made.ip), 1);
    return made;
}

static void test_address_range_holds_what_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *range;
        const char *ip;
        uint16_t port;
        bool inside;
    } table[] = {
        {"192.0.2.7", "192.0.2.7", 80, true},
        {"192.0.2.7", "192.0.2.8", 80, false},
        {"192.0.2.7:80", "192.0.2.7", 80, true},
        {"192.0.2.7:80", "192.0.2.7", 81, false},
        {"192.0.2.7/24", "192.0.2.250", 1, true},
        {"192.0.2.0/24", "192.0.3.1", 1, false},
        {"192.0.2.128/25:80", "192.0.2.200", 80, true},
        {"192.0.2.128/25", "192.0.2.100", 80, false},
        {"0.0.0.0/0", "203.0.113.9", 80, true},
        {"0.0.0.0/0", "2001:db8::1", 80, false},
        {"2001:db8::1", "2001:db8::1", 80, true},
        {"2001:db8::/33", "2001:db8:7fff::", 80, true},
        {"2001:db8::/33", "2001:db8:8000::", 80, false},
        {"[2001:db8::1]", "2001:db8::1", 80, true},
        {"[2001:db8::1]:80", "2001:db8::1", 81, false},
        {"[2001:db8::]/32:80", "2001:db8::9", 80, true},
        {"::/0", "2001:db8::1", 80, true},
        {"::ffff:192.0.2.7", "192.0.2.7", 80, true},
        {"192.0.2.7", "::ffff:192.0.2.7", 80, true},
        {"::ffff:192.0.2.0/120", "192.0.2.9", 80, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct address_range range;
        struct address one = address(table[i].ip, table[i].port);
        assert_true(address_range_parse(bytes_of(table[i].range), &range));
        if (address_range_holds(&range, &one) != table[i].inside)
            fail_msg("%s and %s", table[i].range, table[i].ip);
    }
}

static void test_address_range_refuses_what_is_none(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        "shop",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.7/33",
        "192.0.2.7/",
        "192.0.2.7:",
        "192.0.2.7:0",
        "192.0.2.7:a",
        "192.0.2.7:65536",
        "2001:db8::/129",
        "[2001:db8::1",
        "[",
        "[]",
        "[192.0.2.7]",
        "[::1]:",
        ":80",
        "/8",
        "::1/x",
        "192.0.2.7/-1",
        "192.0.2.7/24/8",
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct address_range range;
        if (address_range_parse(bytes_of(table[i]), &range))
            fail_msg("'%s' was taken", table[i]);
    }
    struct address_range range;
    assert_false(address_range_parse(bytes_make("192.0.2.7\0x", 11), &range));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_range_holds_what_it_says),
        cmocka_unit_test(test_address_range_refuses_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
