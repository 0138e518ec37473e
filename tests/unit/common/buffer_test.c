#include "common/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_buffer_append_and_consume(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    for (int i = 0; i < 1000; i++)
        buffer_append_text(&buffer, "0123456789");
    assert_int_equal(buffer.size, 10000);
    buffer_consume(&buffer, 9995);
    assert_true(bytes_equal(buffer_bytes(&buffer), BYTES_LITERAL("56789")));
    buffer_consume(&buffer, 100);
    assert_int_equal(buffer.size, 0);
    buffer_free(&buffer);
}

static void test_buffer_printf_grows_past_the_small_case(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    char wide[1001];
    memset(wide, 'x', 1000);
    wide[1000] = '\0';
    buffer_printf(&buffer, "%d:%s", 7, wide);
    assert_int_equal(buffer.size, 1002);
    assert_memory_equal(buffer.data, "7:xxx", 5);
    buffer_free(&buffer);
}

static void test_buffer_that_borrows_copies_before_it_changes(void **state)
{
    (void)state;
    const uint8_t text[] = "borrowed bytes, more than the first sixty-four that a buffer gets when it grows";
    const struct bytes view = {text, sizeof text - 1};
    struct buffer buffer = {0};
    buffer_append_text(&buffer, "its own");
    buffer_borrow(&buffer, view);
    assert_ptr_equal(buffer.data, text);
    assert_int_equal(buffer.size, view.size);
    buffer_consume(&buffer, 9);
    assert_true(bytes_equal(bytes_make(buffer.data, 5), BYTES_LITERAL("bytes")));
    buffer_append_text(&buffer, "!");
    assert_ptr_not_equal(buffer.data, text + 9);
    assert_int_equal(buffer.size, view.size - 9 + 1);
    assert_memory_equal(buffer.data, text + 9, view.size - 9);
    buffer_borrow(&buffer, view);
    buffer_clear(&buffer);
    buffer_append_text(&buffer, "new");
    assert_true(bytes_equal(buffer_bytes(&buffer), BYTES_LITERAL("new")));
    buffer_borrow(&buffer, view);
    buffer_free(&buffer);
    assert_null(buffer.data);
}

static void test_varint_round_trip_and_cuts(void **state)
{
    (void)state;
    const uint64_t values[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct buffer buffer = {0};
        buffer_append_varint(&buffer, values[i]);
        struct bytes view = buffer_bytes(&buffer);
        uint64_t back = 42;
        for (size_t cut = 0; cut < buffer.size; cut++) {
            struct bytes part = {buffer.data, cut};
            assert_false(bytes_take_varint(&part, &back));
            assert_int_equal(part.size, cut);
        }
        assert_true(bytes_take_varint(&view, &back));
        assert_true(back == values[i]);
        assert_int_equal(view.size, 0);
        buffer_free(&buffer);
    }
    struct bytes over = BYTES_LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
    uint64_t value;
    assert_false(bytes_take_varint(&over, &value));
}

static void test_bytes_to_u64_refuses_what_is_no_length(void **state)
{
    (void)state;
    uint64_t value = 0;
    assert_true(bytes_to_u64(BYTES_LITERAL("18446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_false(bytes_to_u64(BYTES_LITERAL("18446744073709551616"), &value));
    assert_false(bytes_to_u64(BYTES_LITERAL(""), &value));
    assert_false(bytes_to_u64(BYTES_LITERAL("-1"), &value));
    assert_false(bytes_to_u64(BYTES_LITERAL("+5"), &value));
    assert_false(bytes_to_u64(BYTES_LITERAL("5 "), &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffer_append_and_consume),
        cmocka_unit_test(test_buffer_printf_grows_past_the_small_case),
        cmocka_unit_test(test_buffer_that_borrows_copies_before_it_changes),
        cmocka_unit_test(test_varint_round_trip_and_cuts),
        cmocka_unit_test(test_bytes_to_u64_refuses_what_is_no_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
