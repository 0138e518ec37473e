/* Places: what a target issued is found under its name, and a value takes the coding of the place it is put into. */
#include "replay/places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect(struct bytes got, const char *wanted)
{
    assert_int_equal(got.size, strlen(wanted));
    assert_memory_equal(got.data, wanted, got.size);
}

static void test_places_finds_headers_and_set_cookies_by_number(void **state)
{
    (void)state;
    struct bytes head = BYTES_LITERAL("HTTP/1.1 200 OK\r\nX-Token: one\r\nSet-Cookie: a=1; Path=/\r\n"
                                      "set-cookie: nothing\r\nSet-Cookie: b = 2\r\nx-token: two\r\n"
                                      "Set-Cookie: a=3\r\n\r\n");
    struct bytes value;
    assert_true(places_find_header(head, BYTES_LITERAL("x-TOKEN"), 1, &value));
    expect(value, "two");
    assert_false(places_find_header(head, BYTES_LITERAL("X-Token"), 2, &value));
    assert_true(places_find_set_cookie(head, BYTES_LITERAL("a"), 1, &value));
    expect(value, "3");
    assert_true(places_find_set_cookie(head, BYTES_LITERAL("b"), 0, &value));
    expect(value, "2");
    assert_false(places_find_set_cookie(head, BYTES_LITERAL("A"), 0, &value));
    assert_false(places_find_set_cookie(head, BYTES_LITERAL("Path"), 0, &value));
}

static void test_places_takes_cookies_one_by_one(void **state)
{
    (void)state;
    struct bytes cookies = BYTES_LITERAL("a=1; flag; b=x=y ;; =z"), name, value;
    assert_true(places_next_cookie(&cookies, &name, &value));
    expect(name, "a");
    expect(value, "1");
    assert_true(places_next_cookie(&cookies, &name, &value));
    expect(name, "b");
    expect(value, "x=y");
    assert_true(places_next_cookie(&cookies, &name, &value));
    expect(name, "");
    assert_false(places_next_cookie(&cookies, &name, &value));
}

static void test_places_finds_form_fields(void **state)
{
    (void)state;
    struct bytes body = BYTES_LITERAL("a=1&token=x%20y&flag&token=&token=z"), value;
    assert_true(places_find_form(body, BYTES_LITERAL("token"), 0, &value));
    expect(value, "x%20y");
    assert_true(places_find_form(body, BYTES_LITERAL("token"), 2, &value));
    expect(value, "z");
    assert_false(places_find_form(body, BYTES_LITERAL("flag"), 0, &value));
}

static void test_places_finds_json_members_at_any_depth(void **state)
{
    (void)state;
    struct bytes body =
        BYTES_LITERAL("{\"a\":\"token\",\"x\":\"\\\"token\\\":1\",\"in\":[{\"token\" : 12},{\"token\":{}},"
                      "{\"token\":\n\"q\\\"r\"}],\"token\":true,\"token\":");
    struct bytes value, name = BYTES_LITERAL("token");
    assert_true(places_find_json(body, name, 0, &value));
    expect(value, "12");
    assert_true(places_find_json(body, name, 1, &value));
    expect(value, "q\\\"r");
    assert_true(places_find_json(body, name, 2, &value));
    expect(value, "true");
    assert_false(places_find_json(body, name, 3, &value));
    assert_false(places_find_json(BYTES_LITERAL("{\"token\":\"open"), name, 0, &value));
    assert_false(places_find_json(BYTES_LITERAL("{\"open"), name, 0, &value));
}

static void check_decoded(enum link_place place, const char *raw, const char *wanted)
{
    struct buffer out = {0};
    places_decode(place, bytes_of(raw), &out);
    expect(buffer_bytes(&out), wanted);
    buffer_free(&out);
}

static void test_places_undoes_the_coding_of_a_place(void **state)
{
    (void)state;
    check_decoded(LINK_PLACE_QUERY, "a+b%2Bc%zz%4", "a b+c%zz%4");
    check_decoded(LINK_PLACE_COOKIE, "a+b%2bc", "a+b+c");
    check_decoded(LINK_PLACE_HEADER, "a+b%2b\\n", "a+b%2b\\n");
    check_decoded(LINK_PLACE_JSON, "\\\"\\/\\b\\f\\n\\r\\t\\\\", "\"/\b\f\n\r\t\\");
    check_decoded(LINK_PLACE_JSON, "\\u0041\\u00e9\\u20AC\\ud83d\\ude00",
                  "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    check_decoded(LINK_PLACE_JSON, "\\u12\\uzzzz\\", "u12uzzzz\\");
}

static void check_encoded(enum link_place place, const char *plain, const char *wanted)
{
    struct buffer out = {0};
    assert_int_equal(places_encode(place, bytes_of(plain), &out), wanted != NULL);
    expect(buffer_bytes(&out), wanted ? wanted : "");
    buffer_free(&out);
}

static void test_places_puts_a_value_into_the_coding_of_a_place(void **state)
{
    (void)state;
    check_encoded(LINK_PLACE_QUERY, "a b/+&=%\xc3\xa9", "a%20b%2F%2B%26%3D%25%C3%A9");
    check_encoded(LINK_PLACE_PATH, "a/b", "a%2Fb");
    check_encoded(LINK_PLACE_COOKIE, "a/b=;,\" \r\n", "a/b=%3B%2C%22%20%0D%0A");
    check_encoded(LINK_PLACE_JSON, "a\"\\\n\x01/", "a\\\"\\\\\\u000a\\u0001/");
    check_encoded(LINK_PLACE_HEADER, "a b\t\"", "a b\t\"");
    check_encoded(LINK_PLACE_HEADER, "a\r\nX-Forged: 1", NULL);
    check_encoded(LINK_PLACE_HEADER, "a\x7f", NULL);
}

static void test_places_param_of_a_url_in_an_answer(void **state)
{
    (void)state;
    static const struct {
        const char *head, *body;
        size_t nth;
        const char *wanted;
    } table[] = {
        {"HTTP/1.1 302 x\r\nLocation: /cb?a=1&code=c%201#x\r\n\r\n", "", 0, "c%201"},
        {"HTTP/1.1 302 x\r\nLocation: /cb#code=c1\r\n\r\n", "", 0, "c1"},
        {"HTTP/1.1 302 x\r\nX: /cb?code=c1\r\n\r\n", "", 0, NULL},
        {"", "{\"u\":\"/cb?x=1\\u0026code=c1\",\"v\":\"/cb?code=c1&\",\"w\":\"/cb?code=c2\\/\"}", 0, "c1"},
        {"", "{\"u\":\"/cb?x=1\\u0026code=c1\",\"v\":\"/cb?code=c1&\",\"w\":\"/cb?code=c2\\/\"}", 1, "c2"},
        {"", "<a href='/cb?x=1&amp;code=c1'>code=c2</a>", 0, "c1"},
        {"", "code=c1&barcode=c2&?code=&?code", 0, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct bytes value;
        bool found = places_find_param(bytes_of(table[i].head), bytes_of(table[i].body), bytes_of("code"),
                                       table[i].nth, &value);
        assert_int_equal(found, table[i].wanted != NULL);
        assert_true(!found || bytes_equal(value, bytes_of(table[i].wanted)));
    }
    struct bytes value;
    assert_false(places_find_param(bytes_of(""), bytes_of("?=x"), (struct bytes){0}, 0, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_param_of_a_url_in_an_answer),
        cmocka_unit_test(test_places_finds_headers_and_set_cookies_by_number),
        cmocka_unit_test(test_places_takes_cookies_one_by_one),
        cmocka_unit_test(test_places_finds_form_fields),
        cmocka_unit_test(test_places_finds_json_members_at_any_depth),
        cmocka_unit_test(test_places_undoes_the_coding_of_a_place),
        cmocka_unit_test(test_places_puts_a_value_into_the_coding_of_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
