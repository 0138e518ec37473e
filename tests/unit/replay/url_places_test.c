/* state/url_places.h: URLs that are the whole of a value lead to what was created; nothing else is touched. */
#include "replay/state/url_places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Knows one place, "/orders/17", which is "/o/9 4" at the target. */
static bool find(void *arg, struct bytes path, size_t *ret_size, struct bytes *ret_actual)
{
    static const char place[] = "/orders/17";
    size_t size = sizeof place - 1;
    (void)arg;
    if (path.size < size || memcmp(path.data, place, size) != 0 ||
        (path.size > size && !memchr("/?#", path.data[size], 3)))
        return false;
    *ret_size = size;
    *ret_actual = BYTES_LITERAL("/o/94");
    return true;
}

static const struct url_places places = {find, NULL, BYTES_LITERAL("shop.example")};

static void check(size_t (*put)(const struct url_places *, struct bytes, struct buffer *), const char *text,
                  size_t count, const char *wanted)
{
    struct buffer out = {0};
    assert_int_equal(put(&places, bytes_of(text), &out), count);
    buffer_append_byte(&out, 0);
    assert_string_equal((char *)out.data, count ? wanted : "");
    buffer_free(&out);
}

static void test_url_places_in_json(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        size_t count;
        const char *wanted;
    } cases[] = {
        {"{\"a\":\"/orders/17\"}", 1, "{\"a\":\"/o/94\"}"},
        {"[\"/orders/17/lines?x=1\", \"http://shop.example/orders/17#top\"]", 2,
         "[\"/o/94/lines?x=1\", \"http://shop.example/o/94#top\"]"},
        {"{\"a\":\"https://SHOP.example:443/orders/17\"}", 1, "{\"a\":\"https://SHOP.example:443/o/94\"}"},
        {"{\"a\":\"https://other.example/orders/17\"}", 0, NULL},
        {"{\"a\":\"//shop.example/orders/17\"}", 0, NULL},
        {"{\"a\":\"ftp://shop.example/orders/17\"}", 0, NULL},
        {"{\"a\":\"see /orders/17\"}", 0, NULL},
        {"{\"a\":\"/orders/170\",\"b\":\"/items/17\",\"c\":17,\"d\":\"17\"}", 0, NULL},
        {"{\"/orders/17\" : 1}", 0, NULL},
        {"{\"a\\\"/orders/17\":\"x\\\\\",\"b\":\"/orders/17\"}", 1,
         "{\"a\\\"/orders/17\":\"x\\\\\",\"b\":\"/o/94\"}"},
        {"\"/orders/17", 0, NULL},
        {"\"/orders/17\\", 0, NULL},
        {"", 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(url_places_in_json, cases[i].json, cases[i].count, cases[i].wanted);
}

static void test_url_places_in_pairs(void **state)
{
    (void)state;
    static const struct {
        const char *pairs;
        size_t count;
        const char *wanted;
    } cases[] = {
        {"next=%2Forders%2f17%3Fa&b=1", 1, "next=%2Fo%2F94%3Fa&b=1"},
        {"next=/orders/17&n=17", 1, "next=/o/94&n=17"},
        {"u=http%3A%2F%2Fshop.example%2Forders%2F17&u=/orders/17/x+y", 2,
         "u=http%3A%2F%2Fshop.example%2Fo%2F94&u=/o/94/x+y"},
        {"u=http%3A%2F%2Fother.example%2Forders%2F17", 0, NULL},
        {"q=a%2Forders%2F17&/orders/17=1&/orders/17", 0, NULL},
        {"q=%2Forders%2F17%", 0, NULL},
        {"q=%", 0, NULL},
        {"", 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(url_places_in_pairs, cases[i].pairs, cases[i].count, cases[i].wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_places_in_json),
        cmocka_unit_test(test_url_places_in_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
