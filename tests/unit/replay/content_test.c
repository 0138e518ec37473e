/* Contents of answers: what is the same under another value of the same kind is the same; with the traffic's key sensitive values
 * compare by pseudonym, without it by presence and type; numbers are compared as they are written. */
#include "replay/content.h"

#include "filters/sanitize.h"
#include "replay/json_outline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

static struct exchange exchange_of(const char *head, const char *body)
{
    struct exchange exchange = {.id = 1, .status = 200};
    buffer_append_text(&exchange.response.head, head);
    buffer_append_text(&exchange.response.head, "\r\n");
    buffer_append_text(&exchange.response.body.content, body);
    exchange.response.body.framing = BODY_FRAMING_LENGTH;
    exchange.response.body.wire_bytes = strlen(body);
    exchange.response.body.state = body[0] ? BODY_KEPT : BODY_EMPTY;
    return exchange;
}

/* Records the first answer under |keys| and compares the second with it, under |judging|. Returns the differences. */
static uint64_t compare_under(const struct keys *keys, const struct content_settings *settings,
                              const char *head, const char *body, const char *other_head,
                              const char *other_body)
{
    struct exchange exchange = exchange_of(head, body);
    if (keys) {
        struct sanitizer *sanitizer = sanitizer_create(policy_builtin(), keys);
        sanitize_exchange(sanitizer, &exchange);
        sanitizer_free(sanitizer);
    }
    struct content_judge *judge = content_judge_create(settings);
    struct buffer live = {0};
    buffer_append_text(&live, other_head);
    buffer_append_text(&live, "\r\n");
    uint64_t flags = 0;
    for (int again = 0; again < 2; again++) /* the second with used memory */
        flags = content_compare(judge, &exchange, buffer_bytes(&live), bytes_of(other_body), true,
                                (struct bytes){0});
    assert_true(flags & RESULT_FLAG(CONTENT_COMPARED));
    content_judge_free(judge);
    buffer_free(&live);
    exchange_free(&exchange);
    return flags & ~(RESULT_FLAG(CONTENT_COMPARED) | RESULT_FLAG(JSON_COMPARED));
}

static uint64_t compare(bool keyed, const char *head, const char *body, const char *other_head,
                        const char *other_body)
{
    struct keys *keys = keys_random();
    struct keys *known = keys_of_recognition(keys_recognition(keys));
    const struct content_settings settings = {.policy = policy_builtin(),
                                              .keys = keyed ? keys : known,
                                              .sensitive =
                                                  keyed ? CONTENT_BY_PSEUDONYM : CONTENT_BY_PRESENCE};
    uint64_t flags = compare_under(keys, &settings, head, body, other_head, other_body);
    keys_free(keys);
    keys_free(known);
    return flags;
}

static void test_content_of_equal_answers_is_equal(void **state)
{
    (void)state;
    const char *head = HEAD "Set-Cookie: sid=0123456789abcdef0123; Path=/\r\nLocation: /orders/17\r\n";
    const char *body =
        "{\"token\":\"0123456789abcdef-secret\",\"mail\":\"a@shop.example\",\"n\":[1,2.50,null,true]}";
    for (int keyed = 0; keyed < 2; keyed++) {
        assert_int_equal(compare(keyed, head, body, head, body), 0);
        assert_int_equal(
            compare(keyed, HEAD, "{\"a\":1,\"b\":\"x\"}", HEAD, "{ \"b\":\"\\u0078\", \"a\":1 }"), 0);
    }
}

static void test_content_sensitive_values_compare_by_pseudonym_or_presence(void **state)
{
    (void)state;
    const char *one = "{\"token\":\"0123456789abcdef-secret\",\"email\":\"alice@shop.example\"}";
    const char *two = "{\"token\":\"0123456789abcdef-secret\",\"email\":\"bob@shop.example\"}";
    const char *gone = "{\"token\":\"0123456789abcdef-secret\",\"email\":null}";
    assert_int_equal(compare(true, HEAD, one, HEAD, two), RESULT_FLAG(JSON_SENSITIVE));
    assert_int_equal(compare(false, HEAD, one, HEAD, two), 0);
    assert_true(compare(false, HEAD, one, HEAD, gone) & RESULT_FLAG(JSON_SHAPE));
    assert_true(compare(true, HEAD, one, HEAD, gone) & RESULT_FLAG(JSON_SHAPE));
    assert_int_equal(compare(true, HEAD "Set-Cookie: sid=0123456789abcdef0123\r\n", "",
                             HEAD "Set-Cookie: sid=other56789abcdef0123\r\n", ""),
                     0);
}

static void test_content_differences_have_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *head, *body, *other_head, *other_body;
        uint64_t flags;
    } cases[] = {
        {HEAD, "{}", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", "<p>", RESULT_FLAG(CONTENT_TYPE)},
        {HEAD, "{}", "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\n", "{}", 0},
        {HEAD "Location: http://prod/orders/17\r\n", "", HEAD "Location: http://stage:81/orders/99\r\n", "",
         0},
        {HEAD "Location: /orders/17\r\n", "", HEAD "Location: /login\r\n", "", RESULT_FLAG(LOCATION)},
        {HEAD "Location: /orders/17\r\n", "", HEAD, "", RESULT_FLAG(LOCATION)},
        {HEAD "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", "", HEAD "Set-Cookie: b=2\r\nSet-Cookie: a=1\r\n", "",
         0},
        {HEAD "Set-Cookie: a=1\r\n", "", HEAD "Set-Cookie: a=1\r\nSet-Cookie: c=3\r\n", "",
         RESULT_FLAG(COOKIES)},
        {HEAD "Set-Cookie: a=1\r\n", "", HEAD, "", RESULT_FLAG(COOKIES)},
        {HEAD, "{\"n\":1.0}", HEAD, "{\"n\":1.00}", RESULT_FLAG(JSON_VALUES)},
        {HEAD, "{\"n\":12345678901234567890}", HEAD, "{\"n\":12345678901234567891}",
         RESULT_FLAG(JSON_VALUES)},
        {HEAD, "{\"n\":\"1\"}", HEAD, "{\"n\":1}", RESULT_FLAG(JSON_SHAPE) | RESULT_FLAG(JSON_VALUES)},
        {HEAD, "{\"n\":1}", HEAD, "{\"n\":1,\"m\":{}}", RESULT_FLAG(JSON_SHAPE)},
        {HEAD, "[{\"n\":1}]", HEAD, "[{\"n\":1},{\"n\":1}]", RESULT_FLAG(JSON_VALUES)},
        {HEAD, "[1,2]", HEAD, "[2,1]", RESULT_FLAG(JSON_VALUES)},
        {HEAD, "{\"a\":{\"b\":1}}", HEAD, "{\"a\":1,\"b\":1}",
         RESULT_FLAG(JSON_SHAPE) | RESULT_FLAG(JSON_VALUES)},
        {HEAD, "{\"n\":1}", HEAD, "{\"n\":", 0}, /* no JSON: not compared */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t flags =
            compare(true, cases[i].head, cases[i].body, cases[i].other_head, cases[i].other_body);
        if (flags != cases[i].flags)
            fail_msg("case %zu: %llx instead of %llx", i, (unsigned long long)flags,
                     (unsigned long long)cases[i].flags);
    }
}

static void test_content_of_unsanitized_traffic_is_compared_under_keys_of_the_run(void **state)
{
    (void)state;
    struct keys *keys = keys_random();
    const struct content_settings settings = {.policy = policy_builtin(), .keys = keys, .unsanitized = true};
    const char *one = "{\"email\":\"alice@shop.example\"}", *two = "{\"email\":\"bob@shop.example\"}";
    assert_int_equal(compare_under(NULL, &settings, HEAD, one, HEAD, one), 0);
    assert_int_equal(compare_under(NULL, &settings, HEAD, one, HEAD, two), RESULT_FLAG(JSON_SENSITIVE));
    keys_free(keys);
}

static enum json_outline_value all_plain(void *arg, struct bytes value)
{
    (void)arg;
    (void)value;
    return JSON_OUTLINE_PLAIN;
}

static void test_json_outline_is_bounded(void **state)
{
    (void)state;
    struct json_outline outline = {0};
    struct buffer text = {0};
    for (int i = 0; i < 100000; i++)
        buffer_append_byte(&text, '[');
    assert_false(json_outline_take(&outline, buffer_bytes(&text), all_plain, NULL));
    buffer_clear(&text);
    for (int i = 0; i <= JSON_OUTLINE_VALUES_MAX; i++)
        buffer_append_text(&text, i ? ",1" : "[1");
    buffer_append_byte(&text, ']');
    assert_false(json_outline_take(&outline, buffer_bytes(&text), all_plain, NULL));
    assert_true(json_outline_take(&outline, BYTES_LITERAL("{\"a\":[1,{}]} 2\n"), all_plain, NULL));
    assert_false(json_outline_take(&outline, BYTES_LITERAL("{\"a\" 1}"), all_plain, NULL));
    assert_false(json_outline_take(&outline, BYTES_LITERAL("[1,]"), all_plain, NULL));
    buffer_free(&text);
    json_outline_free(&outline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_of_equal_answers_is_equal),
        cmocka_unit_test(test_content_sensitive_values_compare_by_pseudonym_or_presence),
        cmocka_unit_test(test_content_differences_have_kinds),
        cmocka_unit_test(test_content_of_unsanitized_traffic_is_compared_under_keys_of_the_run),
        cmocka_unit_test(test_json_outline_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
