/* What an observer of the sanitizer is told: each value with its place, why it was decided on and what became of it; lines and bodies that are left out;
 * and every time anew, whatever the sanitizer remembers for itself. */
#include "filters/policy/policy_yaml.h"
#include "filters/sanitize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct keys *keys;
static struct exchange exchange;
static struct buffer told; /* a line an event */

static void append_view(struct bytes text)
{
    buffer_append_byte(&told, ' ');
    if (text.size == 0)
        buffer_append_byte(&told, '-');
    buffer_append_bytes(&told, text);
}

static void observe(void *arg, const struct sanitize_event *event)
{
    static const char *const steps[] = {"value", "line", "removed", "body"};
    static const char *const parts[] = {"start", "header", "body", "trailer"};
    (void)arg;
    buffer_printf(&told, "%s %s.%s", steps[event->step], event->side == LINK_USES ? "request" : "response",
                  parts[event->part]);
    append_view(event->field);
    if (event->step == SANITIZE_LINE) {
        append_view(bytes_make(event->value.data, event->value.size - 2)); /* CRLF */
    } else if (event->step == SANITIZE_BODY) {
        buffer_printf(&told, " %s", body_reason_name(event->reason));
        append_view(event->value);
    } else {
        append_view(event->name);
        append_view(event->value);
        buffer_printf(&told, " %s%s%s%s", strategy_kind_name(event->strategy), event->found ? " " : "",
                      event->found ? detect_class_name(event->found->class) : "",
                      event->unclear ? " unclear" : "");
        if (event->step == SANITIZE_VALUE && bytes_equal(event->value, event->replacement))
            buffer_append_text(&told, " stays");
    }
    buffer_append_byte(&told, '\n');
}

/* Returns what is told of a request with |head|, |body| and |trailers| under |yaml|; it is sanitized |times| times as it is. */
static const char *watch(const char *yaml, const char *head, const char *body, const char *trailers,
                         int times)
{
    struct policy *policy = NULL;
    struct error err = {0};
    assert_int_equal(policy_yaml_read("test", bytes_of(yaml), &policy, &err), 0);
    struct sanitizer *sanitizer = sanitizer_create(policy, keys);
    sanitizer_observe(sanitizer, observe, NULL);
    buffer_clear(&told);
    exchange_clear(&exchange);
    buffer_append_text(&exchange.request.head, head);
    buffer_append_text(&exchange.request.body.content, body);
    buffer_append_text(&exchange.request.trailers, trailers);
    exchange.request.body.state = *body ? BODY_KEPT : BODY_EMPTY;
    for (int i = 0; i < times; i++)
        sanitize_links_only(sanitizer, &exchange);
    assert_string_equal((buffer_append_byte(&exchange.request.head, 0), (char *)exchange.request.head.data),
                        head);
    sanitizer_free(sanitizer);
    policy_free(policy);
    buffer_append_byte(&told, 0);
    return (const char *)told.data;
}

static void test_observer_is_told_of_values_by_name_look_and_rule(void **state)
{
    (void)state;
    assert_string_equal(watch("version: 1\nsanitize:\n  - {locate: query.q, strategy: mask, keep_first: 1}\n"
                              "  - {locate: 'json:$.keep', strategy: preserve}\n",
                              "POST /a?q=word&token=abc HTTP/1.1\r\nX-Note: me@host.org\r\n"
                              "Referer: http://h/?token=xyz\r\nContent-Type: application/json\r\n\r\n",
                              "{\"keep\":\"me@host.org\",\"n\":[\"4111 1111 1111 1111\"],\"cvv\":123}", "",
                              1),
                        "value request.start - q word mask\n"
                        "value request.start - token abc hash\n"
                        "value request.header X-Note X-Note me@host.org fake email\n"
                        "value request.header Referer token xyz hash\n"
                        "value request.body - keep me@host.org preserve stays\n"
                        "value request.body - n 4111 1111 1111 1111 fake card\n"
                        "value request.body - cvv 123 null\n"
                        "body request.body - none "
                        "{\"keep\":\"me@host.org\",\"n\":[\"4111 1111 1111 1111\"],\"cvv\":123}\n");
}

static void test_observer_is_told_of_what_is_left_out(void **state)
{
    (void)state;
    assert_string_equal(watch("version: 1\nsanitize:\n  - {locate: header.X-Gone, strategy: remove}\n",
                              "GET / HTTP/1.1\r\nno colon\r\nX-Gone: a\r\nContent-Type: text/html\r\n\r\n",
                              "<p>", "X-Token: secret\r\n", 1),
                        "line request.header - no colon\n"
                        "removed request.header X-Gone X-Gone a remove\n"
                        "body request.body - type <p>\n"
                        "value request.trailer X-Token X-Token secret hash\n");
}

static void test_observer_is_told_where_nothing_can_be_told_apart(void **state)
{
    (void)state;
    assert_string_equal(watch("version: 1\n", "GET /?a=%7B%22 HTTP/1.1\r\n\r\n", "", "", 1),
                        "value request.start - a {\" hash unclear\n");
}

static void test_observer_sees_lines_that_are_remembered(void **state)
{
    (void)state;
    const char *text = watch("version: 1\nsanitize:\n  - {locate: query.keep, strategy: preserve}\n",
                             "GET / HTTP/1.1\r\nReferer: http://h/?keep=1\r\n\r\n", "", "", 3);
    assert_string_equal(text, "value request.header Referer keep 1 preserve stays\n"
                              "value request.header Referer keep 1 preserve stays\n"
                              "value request.header Referer keep 1 preserve stays\n");
}

int main(void)
{
    keys = keys_random();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_observer_is_told_of_values_by_name_look_and_rule),
        cmocka_unit_test(test_observer_is_told_of_what_is_left_out),
        cmocka_unit_test(test_observer_is_told_where_nothing_can_be_told_apart),
        cmocka_unit_test(test_observer_sees_lines_that_are_remembered),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    keys_free(keys);
    exchange_free(&exchange);
    buffer_free(&told);
    return failed;
}
