/* What libcurl's remarks about HTTP/2 tell, and that others tell nothing. */
#include "replay/sender/http2_remark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_http2_remarks_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum http2_remark remark;
        uint64_t number;
    } table[] = {
        {"Connected to 127.0.0.1 (127.0.0.1) port 18445 (#87)\n", HTTP2_REMARK_CONNECTION, 87},
        {"Re-using existing connection #51 with host 127.0.0.1\n", HTTP2_REMARK_CONNECTION, 51},
        {"Using Stream ID: 39 (easy handle 0x622000039100)\n", HTTP2_REMARK_STREAM, 39},
        {"recveived GOAWAY, error=0, last_stream=9\n", HTTP2_REMARK_GOAWAY, 9},
        {"received GOAWAY, error=11, last_stream=2147483647\n", HTTP2_REMARK_GOAWAY, 2147483647},
        {"REFUSED_STREAM, retrying a fresh connect\n", HTTP2_REMARK_REFUSED, 0},
        {"Connection died, retrying a fresh connect (retry count: 5)\n", HTTP2_REMARK_NONE, 0},
        {"recveived GOAWAY, error=0, last_stream=\n", HTTP2_REMARK_NONE, 0},
        {"Using Stream ID: x\n", HTTP2_REMARK_NONE, 0},
        {"Connected to unix socket\n", HTTP2_REMARK_NONE, 0},
        {"h2h3 [x: recveived GOAWAY, error=0, last_stream=9]\n", HTTP2_REMARK_NONE, 0},
        {"", HTTP2_REMARK_NONE, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint64_t number = 77;
        enum http2_remark remark = http2_remark_read(bytes_of(table[i].text), &number);
        if (remark != table[i].remark || (remark != HTTP2_REMARK_NONE && number != table[i].number))
            fail_msg("%s: %d, %llu", table[i].text, (int)remark, (unsigned long long)number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http2_remarks_are_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
