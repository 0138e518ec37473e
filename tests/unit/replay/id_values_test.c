/* state/id_values.h: what may be a strong id in the strings and numbers of JSON and the values of pairs; names, URLs and amounts are not. */
#include "replay/state/id_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* id_values_fn */
static void note(void *arg, struct bytes token, bool bare)
{
    struct buffer *out = arg;
    if (bare)
        buffer_append_byte(out, '#');
    buffer_append_bytes(out, token);
    buffer_append_byte(out, ' ');
}

static void check(void (*find)(struct bytes, id_values_fn *, void *), const char *text, const char *wanted)
{
    struct buffer out = {0};
    find(bytes_of(text), note, &out);
    buffer_append_byte(&out, 0);
    assert_string_equal((char *)out.data, wanted);
    buffer_free(&out);
}

static void test_id_values_in_json(void **state)
{
    (void)state;
    check(id_values_in_json, "{\"a\":\"ord-17\",\"ord-18\":{\"b\":[\"ord-19\",\"x\"]}}", "ord-17 ord-19 ");
    check(id_values_in_json, "{\"q\":\"{ a(id: \\\"ord-17\\\", b: [ord-18]) }\\nord-19\"}",
          "ord-17 ord-18 ord-19 ");
    check(id_values_in_json, "[\"12345678\",\"123456789\",\"1234567a\",\"12-45\",123456789012,true]",
          "123456789 1234567a #123456789012 ");
    check(id_values_in_json, "{\"a\":12345678,\"b\":123456789 ,\"c\":1.23456789e9,\"d\":nullnull1}",
          "#123456789 #nullnull1 ");
    check(id_values_in_json, "[\"/orders/ord-17\",\"http://h/ord-17\",\"https:ord-17\",\"\"]", "");
    check(id_values_in_json, "\"ord-17\"", "ord-17 ");
    check(id_values_in_json, "[\"ord-17\", \"ord-18", "ord-17 ");
    check(id_values_in_json, "", "");
}

static void test_id_values_in_pairs(void **state)
{
    (void)state;
    check(id_values_in_pairs, "o=ord-17&ord-18=1&ids=ord-19,ord-20%2Cord-21&n=12345678&x",
          "ord-17 ord-19 ord-20 ord-21 ");
    check(id_values_in_pairs, "next=/orders/ord-17&a=%2Forders%2Ford-17&b=http%3A%2F%2Fh%2Ford-17&c=%", "");
    check(id_values_in_pairs, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_id_values_in_json),
        cmocka_unit_test(test_id_values_in_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
