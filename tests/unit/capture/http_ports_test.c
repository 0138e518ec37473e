/* http_ports.h: every request is counted once; the busiest ports are named first; the table does not grow. */
#include "capture/http_ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_http_ports_are_named_by_requests(void **state)
{
    (void)state;
    struct http_ports ports = {0};
    char text[512];
    assert_string_equal(http_ports_format(&ports, text, sizeof text), "");
    for (unsigned i = 0; i < 1234; i++) {
        http_ports_add(&ports, 8080);
        if (i % 100 == 0)
            http_ports_add(&ports, 9000);
    }
    http_ports_add(&ports, 80);
    http_ports_sort(&ports);
    http_ports_add(&ports, 8080);
    assert_string_equal(http_ports_format(&ports, text, sizeof text),
                        "8080 (1235 requests), 9000 (13 requests), 80 (1 request)");
    http_ports_format(&ports, text, 12);
    assert_int_equal(strlen(text), 11);
}

static void test_http_ports_have_a_limit(void **state)
{
    (void)state;
    struct http_ports ports = {0};
    char text[512];
    uint64_t sum = 0;
    for (unsigned i = 0; i < 65536; i++)
        http_ports_add(&ports, (uint16_t)i);
    for (size_t i = 0; i < ports.count; i++)
        sum += ports.ports[i].requests;
    assert_int_equal(ports.count, HTTP_PORTS_MAX);
    assert_int_equal(sum + ports.others, 65536);
    http_ports_sort(&ports);
    assert_non_null(
        strstr(http_ports_format(&ports, text, sizeof text), "7 (1 request) and more than 24 others"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_ports_are_named_by_requests),
        cmocka_unit_test(test_http_ports_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
