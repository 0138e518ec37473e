/* What is remembered of header lines and pseudonyms gives what would be made anew. */
#include "filters/line_memo.h"
#include "filters/pseudonym_memo.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct pseudonym_memo memo;

static void assert_same(const struct keys *keys, struct bytes value)
{
    struct buffer made = {0}, remembered = {0};
    uint8_t tag[PSEUDONYM_TAG_SIZE], remembered_tag[PSEUDONYM_TAG_SIZE];
    pseudonym_make(keys, value, &made, tag);
    for (int round = 0; round < 2; round++) {
        buffer_clear(&remembered);
        buffer_append_text(&remembered, "before");
        pseudonym_memo_make(&memo, keys, value, &remembered, remembered_tag);
        assert_int_equal(remembered.size, made.size + 6);
        if (made.size > 0)
            assert_memory_equal(remembered.data + 6, made.data, made.size);
        assert_memory_equal(remembered_tag, tag, sizeof tag);
    }
    /* A pseudonym stays itself, remembered or not. */
    if (value.size > 0) {
        buffer_clear(&remembered);
        pseudonym_memo_make(&memo, keys, buffer_bytes(&made), &remembered, remembered_tag);
        assert_true(bytes_equal(buffer_bytes(&remembered), buffer_bytes(&made)));
        assert_memory_equal(remembered_tag, tag, sizeof tag);
    }
    buffer_free(&made);
    buffer_free(&remembered);
}

static void test_pseudonyms_are_the_same_first_and_again(void **state)
{
    (void)state;
    struct keys *keys = keys_random();
    char value[300];
    memset(value, 'v', sizeof value);
    for (size_t size = 0; size < sizeof value; size++)
        assert_same(keys, bytes_make(value, size));
    for (int i = 0; i < 5000; i++) { /* many more than slots; every other looks like an email */
        int size = snprintf(value, sizeof value, i % 2 ? "user%d@shop.example" : "token-%d", i / 2);
        assert_same(keys, bytes_make(value, (size_t)size));
    }
    keys_free(keys);
}

static void test_pseudonyms_wiped_leave_nothing(void **state)
{
    (void)state;
    static const struct pseudonym_memo empty;
    struct keys *keys = keys_random();
    assert_same(keys, BYTES_LITERAL("secret"));
    pseudonym_memo_wipe(&memo);
    assert_memory_equal(&memo, &empty, sizeof memo);
    keys_free(keys);
}

static void test_lines_are_known_only_whole(void **state)
{
    (void)state;
    static struct line_memo lines;
    char line[400];
    memset(line, 'l', sizeof line);
    assert_null(line_memo_slot(&lines, (struct bytes){0}));
    assert_null(line_memo_slot(&lines, bytes_make(line, LINE_MEMO_LINE_SIZE + 1)));
    assert_false(line_memo_holds(NULL, bytes_make(line, 3)));
    line_memo_learn(NULL, bytes_make(line, 3));
    for (size_t size = 1; size <= LINE_MEMO_LINE_SIZE; size++) {
        struct bytes view = bytes_make(line, size);
        struct line_memo_entry *entry = line_memo_slot(&lines, view);
        assert_false(line_memo_holds(entry, view));
        line_memo_learn(entry, view);
        assert_true(line_memo_holds(line_memo_slot(&lines, view), view));
        line[size - 1] = 'x';
        assert_false(line_memo_holds(entry, view));
        line[size - 1] = 'l';
    }
}

static int start(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pseudonyms_are_the_same_first_and_again),
        cmocka_unit_test(test_pseudonyms_wiped_leave_nothing),
        cmocka_unit_test(test_lines_are_known_only_whole),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
