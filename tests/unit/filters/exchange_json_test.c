/* Exchanges from JSON: what inspect writes comes back as it was, what is written by hand needs few members, and what is wrong is told by line without being quoted. */
#include "filters/exchange_json.h"

#include "filters/verbs/inspect_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct exchange exchange;
static struct error err;

/* Reads the first object of |text|. */
static enum exchange_json_status read_text(const char *text)
{
    unsigned line = 0;
    FILE *file = fmemopen((void *)text, strlen(text), "r");
    assert_non_null(file);
    err = (struct error){0};
    enum exchange_json_status status = exchange_json_read(file, &line, &exchange, &err);
    fclose(file);
    return status;
}

static void assert_text(const struct buffer *buffer, const char *text)
{
    assert_int_equal(buffer->size, strlen(text));
    if (buffer->size > 0)
        assert_memory_equal(buffer->data, text, buffer->size);
}

static void test_json_by_hand_needs_few_members(void **state)
{
    (void)state;
    assert_int_equal(read_text("{}"), EXCHANGE_JSON_READ);
    assert_text(&exchange.request.head, "GET / HTTP/1.1\r\n\r\n");
    assert_int_equal(exchange.request.body.state, BODY_EMPTY);
    assert_int_equal(exchange.response.head.size, 0);
    assert_int_equal(exchange.flags, EXCHANGE_FLAG(NO_RESPONSE));
    assert_int_equal(read_text("{\"method\":\"POST\",\"host\":\"h\",\"request_headers\":[[\"A\",\"b\"]],\n"
                               "\"request_body\":{\"a\": [1]}, \"status\":404,\"response_body\":\"x\"}"),
                     EXCHANGE_JSON_READ);
    assert_text(&exchange.request.head, "POST / HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n");
    assert_text(&exchange.request.body.content, "{\"a\":[1]}");
    assert_int_equal(exchange.request.body.state, BODY_KEPT);
    assert_text(&exchange.response.head, "HTTP/1.1 404 \r\n\r\n");
    assert_text(&exchange.response.body.content, "x");
    assert_int_equal(exchange.status, 404);
}

static void test_json_of_inspect_comes_back(void **state)
{
    (void)state;
    static const uint8_t binary[] = {0xff, 0, 0xfe};
    struct exchange written = {
        .id = 0x1234567890abcdef, .connection = 7, .flags = EXCHANGE_FLAG(UNSANITIZED)};
    struct buffer out = {0}, again = {0};
    buffer_append_text(&written.request.head,
                       "PUT /\xff?a=\xc3\xa4 HTTP/1.0\r\nHost: h\r\nX: \xe4\r\nno colon\r\n\r\n");
    buffer_append(&written.request.body.content, binary, sizeof binary);
    written.request.body.state = BODY_CUT;
    written.request.body.reason = BODY_REASON_GAP;
    written.request.body.wire_bytes = sizeof binary;
    buffer_append_text(&written.response.head, "HTTP/1.1 200 \r\nContent-Encoding: gzip\r\n\r\n");
    written.status = 200;
    written.response.body.state = BODY_DROPPED;
    written.response.body.reason = BODY_REASON_TYPE;
    struct inspect_item item = {.exchange = &written, .bodies = true};
    inspect_json(&item, &out);
    buffer_append_byte(&out, 0);
    assert_int_equal(read_text((const char *)out.data), EXCHANGE_JSON_READ);
    assert_true(exchange.request.body.coded);
    assert_int_equal(exchange.request.body.reason, BODY_REASON_GAP);
    item.exchange = &exchange;
    inspect_json(&item, &again);
    buffer_append_byte(&again, 0);
    assert_string_equal((const char *)again.data, (const char *)out.data);
    assert_text(&exchange.request.head,
                "PUT /\xff?a=\xc3\xa4 HTTP/1.0\r\nHost: h\r\nX: \xe4\r\nno colon\r\n\r\n");
    buffer_free(&out);
    buffer_free(&again);
    exchange_free(&written);
}

static void test_json_objects_follow_each_other(void **state)
{
    (void)state;
    static const char text[] = "{\"id\":\"1\"}{\n\"id\":\"2\"\n}\n\n {\"id\":\"3\"}\n[\n]";
    unsigned line = 0;
    FILE *file = fmemopen((void *)text, sizeof text - 1, "r");
    for (uint64_t id = 1; id <= 3; id++) {
        assert_int_equal(exchange_json_read(file, &line, &exchange, &err), EXCHANGE_JSON_READ);
        assert_int_equal(exchange.id, id);
    }
    assert_int_equal(exchange_json_read(file, &line, &exchange, &err), EXCHANGE_JSON_FAILED);
    assert_string_equal(err.text, "line 6: not a JSON object");
    assert_int_equal(exchange_json_read(file, &line, &exchange, &err), EXCHANGE_JSON_END);
    fclose(file);
}

static void test_json_that_is_wrong_is_not_quoted(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"path\":secret}",
        "{\"path\":\"secret",
        "{\"path\":[\"secret\"]}",
        "{\"status\":\"secret\"}",
        "{\"status\":7}",
        "{\"request_headers\":[\"secret\"]}",
        "{\"request_headers\":[[\"a\",\"secret\",1]]}",
        "{\"request_headers\":{\"secret\":1}}",
        "{\"request_body\":\"!secret\",\"base64\":[\"request_body\"]}",
        "{\"request_body\":3}",
        "{\"path\":\"secret\\u0100\",\"bytes\":[\"path\"]}",
        "secret",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(read_text(wrong[i]), EXCHANGE_JSON_FAILED);
        assert_int_equal(err.kind, ERROR_USAGE);
        assert_non_null(strstr(err.text, "line 1: "));
        assert_null(strstr(err.text, "secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_by_hand_needs_few_members),
        cmocka_unit_test(test_json_of_inspect_comes_back),
        cmocka_unit_test(test_json_objects_follow_each_other),
        cmocka_unit_test(test_json_that_is_wrong_is_not_quoted),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    exchange_free(&exchange);
    return failed;
}
