/* The same spot in another document, whatever stands before it; damaged text and deep nesting end the search and nothing else. */
#include "replay/state/json_spot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The spot of |value| in |from| holds |wanted| (NULL: nothing) in |to|. */
static void expect(const char *from, const char *value, const char *to, const char *wanted)
{
    struct bytes found;
    uint64_t spot = json_spot_at(bytes_of(from), (size_t)(strstr(from, value) - from));
    assert_true(spot != 0);
    assert_int_equal(json_spot_find(bytes_of(to), spot, &found), wanted != NULL);
    if (wanted)
        assert_true(bytes_equal(found, bytes_of(wanted)));
}

static void test_json_spot_is_found_by_names_and_numbers(void **state)
{
    (void)state;
    expect("{\"a\":1,\"id\":17}", "17", "{ \"id\" : \"x-9\", \"a\":2}", "x-9");
    expect("{\"item\":{\"id\":23},\"id\":17}", "17",
           "{\"item\":{\"id\":5},\"more\":[1,{\"id\":2}],\"id\":94 }", "94");
    expect("{\"item\":{\"id\":23},\"id\":17}", "23", "{\"id\":94,\"item\":{\"id\":5}}", "5");
    expect("[{\"id\":1},{\"id\":2}]", "2}", "[{\"id\":\"a\"},{\"x\":[],\"id\":\"b\"}]", "b");
    expect("[{\"id\":1},{\"id\":2}]", "2}", "[{\"id\":\"a\"}]", NULL);
    expect("{\"a\":{\"b\":7}}", "7", "{\"a\":{\"c\":7},\"b\":7}", NULL);
    expect("17", "17", " \"x\"", "x");
    expect("{\"a\\\"\":\"q\\\"r\"}", "\"q", "{\"a\\\"\":\"s\\\\\"}", "s\\\\");
    expect("{\"a\":{},\"b\":[],\"c\":true}", "true", "{\"a\":{\"x\":1},\"b\":[2],\"c\":null}", "null");
}

static void test_json_spot_of_a_path(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[{\"b c\":1},{\"b c\":\"x\"}],\"d\":2}";
    struct bytes found;
    assert_true(json_spot_find(bytes_of(text), json_spot_of_path(bytes_of("$.a[1].b c")), &found));
    assert_true(bytes_equal(found, bytes_of("x")));
    assert_true(json_spot_find(bytes_of(text), json_spot_of_path(bytes_of("$.d")), &found));
    assert_true(bytes_equal(found, bytes_of("2")));
    assert_false(json_spot_find(bytes_of(text), json_spot_of_path(bytes_of("$.a[2].b c")), &found));
    assert_true(json_spot_find(bytes_of("[7,8]"), json_spot_of_path(bytes_of("$[1]")), &found));
    static const char *const wrong[] = {"",   "$",   "a",   "$a",   "$.",      "$..a",
                                        "$[", "$[1", "$[]", "$[x]", "$.a[1]b", "$[99999999999]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(json_spot_of_path(bytes_of(wrong[i])), 0);
}

static void test_json_spot_survives_what_is_no_json(void **state)
{
    (void)state;
    struct bytes found;
    assert_int_equal(json_spot_at((struct bytes){0}, 0), 0);
    assert_int_equal(json_spot_at(bytes_of("{\"a\":1}"), 3), 0);
    assert_false(json_spot_find(bytes_of("{\"a\":\"cut"), 1, &found));
    assert_false(json_spot_find(bytes_of("}]}],:,\"\"::{"), 1, &found));
    char deep[4096];
    memset(deep, '[', sizeof deep);
    deep[sizeof deep - 1] = '1';
    assert_int_equal(json_spot_at(bytes_make(deep, sizeof deep), sizeof deep - 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_spot_is_found_by_names_and_numbers),
        cmocka_unit_test(test_json_spot_of_a_path),
        cmocka_unit_test(test_json_spot_survives_what_is_no_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
