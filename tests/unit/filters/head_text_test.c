/* Request lines: what can be told apart is kept and sanitized as any other, odd as it may be; all else is withheld. */
#include "filters/head_text.h"

#include "filters/sanitize.h"
#include "tests/unit/filters/sanitize_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "S3cr3t-Value+0123/45="

/* Returns the sanitized request with |head|, borrowed until the next call. */
static const struct message *request(const char *head)
{
    exchange_clear(&exchange);
    buffer_append_text(&exchange.request.head, head);
    sanitize_exchange(sanitizer, &exchange);
    return &exchange.request;
}

static bool holds(const struct buffer *buffer, const char *text)
{
    return buffer->size > 0 && memmem(buffer->data, buffer->size, text, strlen(text));
}

static void assert_text(const struct buffer *buffer, const char *text)
{
    assert_int_equal(buffer->size, strlen(text));
    assert_memory_equal(buffer->data, text, buffer->size);
}

/* A method that everybody knows, in small letters, and blanks in what is a path all the same: the line is kept, and looked at as any other. */
static void test_odd_request_lines_are_kept_and_sanitized(void **state)
{
    (void)state;
    static const char *const same[] = {"get /a HTTP/1.1\r\n\r\n", "Patch /a b\tc HTTP/1.1\r\n\r\n",
                                       "GET /a?b=c d\x01&e=f HTTP/1.1\r\n\r\n"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_true(holds(&request(same[i])->head, same[i]));
    static const char *const secret[] = {"get /a?token=" SECRET " HTTP/1.1\r\n\r\n",
                                         "GET /a b?token=x " SECRET " HTTP/1.1\r\n\r\n",
                                         "GET /a \x02x;password=" SECRET "?b c HTTP/1.1\r\n\r\n"};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        const struct message *message = request(secret[i]);
        assert_false(holds(&message->head, "S3cr3t"));
        assert_int_equal(message->withheld_lines, 0);
    }
    static const char *const gone[] = {"gett /S3cr3t HTTP/1.1\r\n\r\n", "get S3cr3t x HTTP/1.1\r\n\r\n",
                                       "GET /a b=S3cr3t\r\n\r\n", "FOO /S3cr3t b HTTP/1.1\r\n\r\n"};
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        assert_false(holds(&request(gone[i])->head, "S3cr3t"));
        assert_int_equal(exchange.request.withheld_lines, 1);
    }
}

/* A body that is longer than its head says leaves its rest before the next request line. */
static void test_a_rest_of_a_body_before_a_request_line_is_withheld(void **state)
{
    (void)state;
    static const char *const rests[] = {"-END RSA PRIVATE KEY-----\\n\"],\"secret\":\"hunter2\"}",
                                        "hunter2",
                                        "HUNTER",
                                        "X hunter2&a=1",
                                        "b hunter2 ",
                                        "GET /hunter2 ",
                                        "get /b?a=hunter2"};
    static const char *const lines[] = {"GET /a HTTP/1.1\r\n", "M-SEARCH * HTTP/1.1\r\n",
                                        "PROPPATCH /a HTTP/1.0\n", "RPC_IN_DATA /a?b HTTP/1.1\r\n",
                                        "BREW /a\r\n"};
    char text[256];
    for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++) {
        snprintf(text, sizeof text, "%sGET /x HTTP/1.1\r\nHost: h\r\n\r\n", rests[i]);
        const struct message *message = request(text);
        assert_text(&message->head, "\r\nHost: h\r\n\r\n");
        assert_int_equal(message->withheld_lines, 1);
    }
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        snprintf(text, sizeof text, "%sHost: h\r\n\r\n", lines[i]);
        assert_text(&request(text)->head, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_odd_request_lines_are_kept_and_sanitized),
        cmocka_unit_test(test_a_rest_of_a_body_before_a_request_line_is_withheld),
    };
    return cmocka_run_group_tests(tests, sanitize_kit_set_up, sanitize_kit_tear_down);
}
