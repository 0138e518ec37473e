/* Ids: what is like one by name and by value, and where they stand in paths, pairs and JSON. */
#include "common/id_like.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_names_of_ids_end_in_a_word_of_their_own(void **state)
{
    (void)state;
    static const char *const are[] = {
        "id",        "ID",   "_id",        "order_id",  "orderId", "orderID", "order-id",   "user.id",
        "order[id]", "uuid", "order_uuid", "orderUuid", "guid",    "uid",     "X-Order-Id", "item2Id"};
    static const char *const are_not[] = {"",     "d",       "paid", "valid", "grid",     "PAID",
                                          "void", "android", "ids",  "idle",  "identity", "order"};
    for (size_t i = 0; i < sizeof are / sizeof are[0]; i++)
        if (!id_like_name(bytes_of(are[i])))
            fail_msg("%s", are[i]);
    for (size_t i = 0; i < sizeof are_not / sizeof are_not[0]; i++)
        if (id_like_name(bytes_of(are_not[i])))
            fail_msg("%s", are_not[i]);
    assert_true(id_like_header(bytes_of("X-Order-Id")));
    assert_false(id_like_header(bytes_of("X-Request-Id")));
    assert_false(id_like_header(bytes_of("x-correlation-id")));
    assert_false(id_like_header(bytes_of("X-B3-TraceId")));
}

static void test_values_of_ids_are_words_with_a_digit(void **state)
{
    (void)state;
    static const char *const are[] = {
        "1", "17", "ord_8f3k", "01HV7Z9Q6J", "5f0f7c1e-9c1b-4b1e-8a54-6c3f0b1d2e3f", "a-1"};
    static const char *const are_not[] = {"", "orders", "a b1", "a@1", "1.5", "%31", "app.3f2a.js", "a/1"};
    for (size_t i = 0; i < sizeof are / sizeof are[0]; i++)
        assert_true(id_like_value(bytes_of(are[i])));
    for (size_t i = 0; i < sizeof are_not / sizeof are_not[0]; i++)
        assert_false(id_like_value(bytes_of(are_not[i])));
    char text[ID_LIKE_SIZE_MAX + 2];
    memset(text, '1', sizeof text);
    assert_true(id_like_value(bytes_make(text, ID_LIKE_SIZE_MAX)));
    assert_false(id_like_value(bytes_make(text, ID_LIKE_SIZE_MAX + 1)));
    assert_false(id_like_segment(bytes_of("v1")));
    assert_false(id_like_segment(bytes_of("V12")));
    assert_true(id_like_segment(bytes_of("v1a")));
    assert_true(id_like_segment(bytes_of("v123")));
}

static void test_a_path_is_taken_apart(void **state)
{
    (void)state;
    struct bytes path = bytes_of("/orders/17//x?a/b"), segment;
    static const char *const segments[] = {"orders", "17", "", "x"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(id_like_next_segment(&path, &segment));
        assert_true(bytes_equal(segment, bytes_of(segments[i])));
    }
    assert_false(id_like_next_segment(&path, &segment));
    assert_true(bytes_equal(path, bytes_of("?a/b")));
}

static void test_the_path_of_a_location(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"/orders/17", "/orders/17"},
        {"https://h:8/orders/17?x#y", "/orders/17"},
        {"http://h", NULL},
        {"/", NULL},
        {"/orders/", "/orders"},
        {"/orders/17/?x", "/orders/17"},
        {"/orders//", NULL},
        {"//h/orders", NULL},
        {"orders/17", NULL},
        {"/a b", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes path;
        bool found = id_like_location_path(bytes_of(rows[i][0]), &path);
        assert_int_equal(found, rows[i][1] != NULL);
        if (found)
            assert_true(bytes_equal(path, bytes_of(rows[i][1])));
    }
}

static void test_the_id_in_a_location(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"/orders/17", "17"},           {"/orders/17/", "17"}, {"https://h:8/v1/jobs/a8/status?x=5", "a8"},
        {"/users/4/orders/17#9", "17"}, {"/v1/home", NULL},    {"17", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes path, id;
        bool found = id_like_in_location(bytes_of(rows[i][0]), &path, &id);
        assert_int_equal(found, rows[i][1] != NULL);
        if (found)
            assert_true(bytes_equal(id, bytes_of(rows[i][1])));
    }
}

static void test_pairs_are_taken_apart(void **state)
{
    (void)state;
    struct bytes pairs = bytes_of("a=1&&b&order_id=17&c="), name, value;
    static const char *const rows[][2] = {{"a", "1"}, {"order_id", "17"}, {"c", ""}};
    for (size_t i = 0; i < 3; i++) {
        assert_true(id_like_next_pair(&pairs, &name, &value));
        assert_true(bytes_equal(name, bytes_of(rows[i][0])) && bytes_equal(value, bytes_of(rows[i][1])));
    }
    assert_false(id_like_next_pair(&pairs, &name, &value));
}

/* Each document is also looked at from a copy without a byte after it, and cut at each place. */
static void test_members_of_json_that_are_ids(void **state)
{
    (void)state;
    static const struct {
        const char *json, *found;
    } rows[] = {
        {"{\"id\":17}", "id=17;"},
        {"{\"id\" : \"a1\", \"paid\":1,\"x\":{\"orderId\":[1],\"item_id\":23,\"uuid\":\"5f0f-1\"}}",
         "id=a1;item_id=23;uuid=5f0f-1;"},
        {"{\"id\":17.5,\"a_id\":1e3,\"b_id\":-1,\"c_id\":\"x y1\",\"d_id\":null,\"e_id\":\"none\"}", ""},
        {"{\"a\\\"id\":17}", ""},
        {"[\"id\",17]", ""},
        {"{\"id\":17", ""},
        {"id\":17}", ""},
        {"\"id\":1 ", "id=1;"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t size = strlen(rows[i].json);
        for (size_t cut = size;; cut--) {
            struct buffer copy = {0}, found = {0};
            struct bytes name, value;
            buffer_append(&copy, rows[i].json, cut);
            for (size_t at = 0; (at = id_like_next_member(buffer_bytes(&copy), at, &name, &value)) != 0;)
                buffer_printf(&found, "%.*s=%.*s;", (int)name.size, name.data, (int)value.size, value.data);
            buffer_append_byte(&found, 0);
            if (cut == size)
                assert_string_equal((char *)found.data, rows[i].found);
            else
                assert_int_equal(strncmp((char *)found.data, rows[i].found, found.size - 1), 0);
            buffer_free(&copy);
            buffer_free(&found);
            if (cut == 0)
                break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_ids_end_in_a_word_of_their_own),
        cmocka_unit_test(test_values_of_ids_are_words_with_a_digit),
        cmocka_unit_test(test_a_path_is_taken_apart),
        cmocka_unit_test(test_the_path_of_a_location),
        cmocka_unit_test(test_the_id_in_a_location),
        cmocka_unit_test(test_pairs_are_taken_apart),
        cmocka_unit_test(test_members_of_json_that_are_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
