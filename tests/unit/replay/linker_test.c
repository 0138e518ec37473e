/* What a target issues in each place, put into each place, in the coding of each. */
#include "replay/linker.h"

#include "filters/key.h"
#include "filters/pseudonym.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct keys *keys;
static struct linker *linker;
static struct linker_context context;
static struct buffer name; /* the pseudonym of "recorded" */
static uint8_t tag[PSEUDONYM_TAG_SIZE];

static int set_up(void **state)
{
    (void)state;
    keys = keys_random();
    linker = linker_create(0, "");
    context = (struct linker_context){.session = 1, .recognition_key = keys_recognition(keys)};
    pseudonym_make(keys, BYTES_LITERAL("a value that was recorded"), &name, tag);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    linker_free(linker);
    keys_free(keys);
    buffer_free(&name);
    return 0;
}

/* Learns what the answer |head| and |body| issued at |place| under |label|. */
static bool learn(enum link_place place, const char *label, const char *recorded_head, const char *head,
                  const char *body)
{
    struct exchange exchange = {0};
    buffer_append_text(&exchange.request.head, "GET /p HTTP/1.1\r\n\r\n");
    buffer_append_text(&exchange.response.head, recorded_head);
    exchange_add_link(&exchange, LINK_ISSUES, place, label, tag);
    bool issued = linker_learn(linker, &context, &exchange, bytes_of(head), bytes_of(body));
    exchange_free(&exchange);
    return issued;
}

/* Replaces the pseudonym between |before| and |after|, and compares. */
static void expect(enum link_place place, const char *before, const char *after, const char *wanted)
{
    struct buffer text = {0}, out = {0};
    struct linker_found found = {0};
    buffer_append_text(&text, before);
    buffer_append_bytes(&text, buffer_bytes(&name));
    buffer_append_text(&text, after);
    linker_replace(linker, &context, place, buffer_bytes(&text), &out, &found);
    buffer_append_byte(&out, 0);
    assert_string_equal((char *)out.data, wanted);
    assert_int_equal(found.linked, 1);
    buffer_free(&text);
    buffer_free(&out);
}

static void test_linker_json_value_stands_in_every_place(void **state)
{
    (void)state;
    assert_true(learn(LINK_PLACE_JSON, "token", "", "HTTP/1.1 200 OK\r\n\r\n",
                      "{\"tokens\":\"token\", \"a\":[{\"token\" : \"a\\/b+\\u0026\\\"=\"}]}"));
    expect(LINK_PLACE_HEADER, "Bearer ", "", "Bearer a/b+&\"=");
    expect(LINK_PLACE_QUERY, "/x?t=", "&u=1", "/x?t=a%2Fb%2B%26%22%3D&u=1");
    expect(LINK_PLACE_FORM, "t=", "", "t=a%2Fb%2B%26%22%3D");
    expect(LINK_PLACE_COOKIE, "", "", "a/b%2B&%22=");
    expect(LINK_PLACE_JSON, "{\"t\":\"", "\"}", "{\"t\":\"a\\/b+\\u0026\\\"=\"}");
    assert_true(linker_login_ok(linker, &context));
}

static void test_linker_cookie_and_header(void **state)
{
    (void)state;
    assert_true(learn(LINK_PLACE_COOKIE, "sid", "",
                      "HTTP/1.1 200 OK\r\nSet-Cookie: other=1\r\nset-cookie: sid=x%2Fy; Path=/\r\n\r\n", ""));
    expect(LINK_PLACE_COOKIE, "", "", "x%2Fy");
    expect(LINK_PLACE_JSON, "\"", "\"", "\"x/y\"");
    char recorded[256];
    snprintf(recorded, sizeof recorded, "HTTP/1.1 200 OK\r\nX-Auth: Bearer %.*s;v=1\r\n\r\n", (int)name.size,
             (char *)name.data);
    assert_true(learn(LINK_PLACE_HEADER, "X-Auth", recorded,
                      "HTTP/1.1 200 OK\r\nX-Auth: Bearer fresh;v=1\r\n\r\n", ""));
    expect(LINK_PLACE_HEADER, "Bearer ", "", "Bearer fresh");
    assert_false(learn(LINK_PLACE_HEADER, "X-Auth", recorded, "HTTP/1.1 500 No\r\n\r\n", ""));
}

static void test_linker_value_that_would_break_a_header_is_not_put_there(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct linker_found found = {0};
    learn(LINK_PLACE_JSON, "token", "", "HTTP/1.1 200 OK\r\n\r\n", "{\"token\":\"a\\r\\nX-Evil: 1\"}");
    linker_replace(linker, &context, LINK_PLACE_HEADER, buffer_bytes(&name), &out, &found);
    assert_true(bytes_equal(buffer_bytes(&out), buffer_bytes(&name)));
    assert_int_equal(found.unlinked, 1);
    buffer_free(&out);
}

/* Has a second linker hear what the first one told, and goes on with that one. */
static void hand_over(struct buffer *told)
{
    struct linker *other = linker_create(0, "");
    linker_hear(other, buffer_bytes(told));
    linker_free(linker);
    linker = other;
}

static void test_linker_tells_others_what_it_learned(void **state)
{
    (void)state;
    struct buffer told = {0};
    struct exchange created = {0};
    size_t size;
    struct bytes actual;
    linker_tell(linker, &told);
    learn(LINK_PLACE_JSON, "token", "", "HTTP/1.1 200 OK\r\n\r\n", "{\"token\":\"a\\/b\"}");
    buffer_append_text(&created.request.head, "POST /orders HTTP/1.1\r\n\r\n");
    buffer_append_text(&created.response.head, "HTTP/1.1 201 Created\r\nLocation: /orders/17\r\n\r\n");
    linker_learn(linker, &context, &created, bytes_of("HTTP/1.1 201 Created\r\nLocation: /orders/94\r\n\r\n"),
                 (struct bytes){0});
    hand_over(&told);
    expect(LINK_PLACE_HEADER, "Bearer ", "", "Bearer a/b");
    assert_true(linker_place(linker, &context, bytes_of("/orders/17/lines"), &size, &actual));
    assert_int_equal(size, strlen("/orders/17"));
    assert_true(bytes_equal(actual, bytes_of("/orders/94")));
    exchange_free(&created);
    buffer_free(&told);
}

static void test_linker_does_not_tell_what_it_heard_or_knew(void **state)
{
    (void)state;
    struct buffer told = {0}, again = {0};
    linker_tell(linker, &told);
    learn(LINK_PLACE_JSON, "token", "", "HTTP/1.1 200 OK\r\n\r\n", "{\"token\":\"x\"}");
    size_t size = told.size;
    assert_true(size > 0);
    learn(LINK_PLACE_JSON, "token", "", "HTTP/1.1 200 OK\r\n\r\n", "{\"token\":\"x\"}");
    assert_int_equal(told.size, size);
    linker_tell(linker, &again);
    linker_hear(linker, buffer_bytes(&told));
    assert_int_equal(again.size, 0);
    buffer_free(&told);
    buffer_free(&again);
}

static void test_linker_iterations_are_apart(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct linker_found found = {0};
    learn(LINK_PLACE_JSON, "token", "", "HTTP/1.1 200 OK\r\n\r\n", "{\"token\":\"first\"}");
    context.iteration = 1;
    linker_replace(linker, &context, LINK_PLACE_HEADER, buffer_bytes(&name), &out, &found);
    assert_int_equal(found.unlinked, 1);
    assert_false(linker_login_ok(linker, &context));
    buffer_free(&out);
}

static void test_linker_cookie_by_name_and_validators(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct linker_found found = {0};
    struct bytes value;
    struct exchange exchange = {0};
    buffer_append_text(&exchange.request.head, "GET /p HTTP/1.1\r\n\r\n");
    buffer_append_text(&exchange.response.head, "HTTP/1.1 200 OK\r\nETag: \"old\"\r\n\r\n");
    linker_learn(linker, &context, &exchange,
                 BYTES_LITERAL("HTTP/1.1 200 OK\r\nSet-Cookie: cart=9\r\nETag: \"new\"\r\n\r\n"),
                 (struct bytes){0});
    linker_replace_header(linker, &context, BYTES_LITERAL("cookie"), BYTES_LITERAL("a=1;  cart=7; b"), &out,
                          &found);
    assert_true(bytes_equal(buffer_bytes(&out), BYTES_LITERAL("a=1;  cart=9; b")));
    assert_true(linker_validator(linker, &context, BYTES_LITERAL("/p"), BYTES_LITERAL("\"old\""), &value));
    assert_true(bytes_equal(value, BYTES_LITERAL("\"new\"")));
    assert_false(linker_validator(linker, &context, BYTES_LITERAL("/q"), BYTES_LITERAL("\"old\""), &value));
    assert_true(
        linker_validator(linker, &context, BYTES_LITERAL("/p?x=1"), BYTES_LITERAL("W/\"old\""), &value));
    exchange_free(&exchange);
    buffer_free(&out);
}

static void learn_tag(const char *request, const char *recorded, const char *live)
{
    struct exchange exchange = {0};
    buffer_append_text(&exchange.request.head, request);
    buffer_append_text(&exchange.response.head, recorded);
    linker_learn(linker, &context, &exchange, bytes_of(live), (struct bytes){0});
    exchange_free(&exchange);
}

static void expect_validator(const char *target, const char *recorded, const char *wanted)
{
    struct bytes value;
    bool found = linker_validator(linker, &context, bytes_of(target), bytes_of(recorded), &value);
    assert_int_equal(found, wanted != NULL);
    assert_true(!found || bytes_equal(value, bytes_of(wanted)));
}

static void test_linker_long_entity_tags_are_known_on_other_paths(void **state)
{
    (void)state;
    learn_tag(
        "POST /orders HTTP/1.1\r\n\r\n",
        "HTTP/1.1 201 Created\r\nETag: \"7b2f11\"\r\nLast-Modified: Sat, 28 Nov 2026 10:00:00 GMT\r\n\r\n",
        "HTTP/1.1 201 Created\r\nETag: \"9\"\r\nLast-Modified: Sun, 29 Nov 2026 10:00:00 GMT\r\n\r\n");
    expect_validator("/orders/1", "\"7b2f11\"", "\"9\"");
    expect_validator("/orders/1", "Sat, 28 Nov 2026 10:00:00 GMT", NULL); /* may be that of many */
    expect_validator("/orders", "Sat, 28 Nov 2026 10:00:00 GMT", "Sun, 29 Nov 2026 10:00:00 GMT");
    /* What the path itself gave out counts more. */
    learn_tag("GET /orders/1?full=1 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nETag: \"7b2f11\"\r\n\r\n",
              "HTTP/1.1 200 OK\r\nETag: \"10\"\r\n\r\n");
    learn_tag("GET /orders/2 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nETag: \"7b2f11\"\r\n\r\n",
              "HTTP/1.1 200 OK\r\nETag: \"11\"\r\n\r\n");
    expect_validator("/orders/1", "\"7b2f11\"", "\"10\"");
}

static void test_linker_forgets_the_oldest_past_its_limit(void **state)
{
    (void)state;
    struct linker *small = linker_create(4, "");
    for (int i = 0; i < 10; i++) {
        struct exchange exchange = {0};
        uint8_t number[LINK_TAG_SIZE] = {(uint8_t)i};
        context.session = (uint64_t)i;
        exchange_add_link(&exchange, LINK_ISSUES, LINK_PLACE_JSON, "t", number);
        linker_learn(small, &context, &exchange, BYTES_LITERAL("HTTP/1.1 200 OK\r\n\r\n"),
                     BYTES_LITERAL("{\"t\":1}"));
        exchange_free(&exchange);
    }
    assert_int_equal(linker_forgotten(small), 12);
    linker_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_linker_json_value_stands_in_every_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_linker_cookie_and_header, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_linker_value_that_would_break_a_header_is_not_put_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_linker_tells_others_what_it_learned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_linker_does_not_tell_what_it_heard_or_knew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_linker_iterations_are_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_linker_cookie_by_name_and_validators, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_linker_long_entity_tags_are_known_on_other_paths, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_linker_forgets_the_oldest_past_its_limit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
