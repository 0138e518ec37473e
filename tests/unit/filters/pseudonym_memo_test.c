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

static struct line_memo lines;

/* Returns whether the line at the front of |text| is known, and learns it. */
static bool known(const char *text, bool noted)
{
    struct line_memo_look look;
    bool is_known = line_memo_find(&lines, bytes_of(text), &look);
    if (is_known)
        assert_int_equal(look.slot->noted, noted);
    else
        line_memo_learn(&lines, &look, noted);
    return is_known;
}

static void test_lines_are_known_only_whole(void **state)
{
    (void)state;
    char line[400];
    memset(&lines, 0, sizeof lines);
    memset(line, 'l', sizeof line);
    for (size_t size = 1; size <= LINE_MEMO_LINE_SIZE + 1; size++) {
        struct line_memo_look look;
        line[size - 1] = '\n';
        struct bytes view = bytes_make(line, size);
        line_memo_begin(&lines);
        assert_false(line_memo_find(&lines, view, &look));
        line_memo_learn(&lines, &look, false);
        assert_int_equal(line_memo_find(&lines, view, &look), size <= LINE_MEMO_LINE_SIZE);
        if (size > 1) {
            line[size - 2] = 'x';
            assert_false(line_memo_find(&lines, view, &look));
            line[size - 2] = 'l';
        }
        line[size - 1] = 'l';
    }
    struct line_memo_look look;
    assert_false(line_memo_find(&lines, (struct bytes){0}, &look));
    assert_null(look.slot);
}

static void test_lines_with_folds_are_never_known(void **state)
{
    (void)state;
    memset(&lines, 0, sizeof lines);
    line_memo_begin(&lines);
    assert_false(known("A: b\r\nC: d\r\n", false));
    for (int i = 0; i < 2; i++) {
        line_memo_begin(&lines); /* expected, and then looked for */
        assert_true(known("A: b\r\nC: d\r\n", false));
        line_memo_begin(&lines);
        assert_false(known("A: b\r\n C: d\r\n", false));
        assert_false(known("A: b\r\n\tC: d\r\n", false));
    }
}

static void test_lines_are_known_in_any_order(void **state)
{
    (void)state;
    static const char *const texts[] = {"A: a\r\n", "B: bb\n", "C: 7\r\n", "D:12\r\n", "Long: dddddddd\r\n"};
    enum { COUNT = sizeof texts / sizeof texts[0] };
    memset(&lines, 0, sizeof lines);
    for (unsigned round = 0; round < 200; round++) {
        line_memo_begin(&lines);
        for (unsigned i = 0; i < COUNT; i++) {
            unsigned which = (i * (round % 4 + 1) + round / 4) % COUNT;
            assert_int_equal(known(texts[which], which % 2), round > 0);
        }
    }
}

static void test_of_short_numbers_all_are_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool known;
    } cases[] = {
        {"Age: 7\r\n", true},
        {"Age: 12345678901\r\n", true},
        {"Age: 123456789012\r\n", false},
        {"Age: 1 2\r\n", false},
        {"Age: a1\r\n", false},
        {"Age: 1a\r\n", false},
        {"Age:1\r\n", false},
        {"age: 1\r\n", false},
        {"Age: 1 \r\n", false},
        {"Age: 1\n", false},
        {"Age: -1\r\n", false},
        {"X-Age: 1\r\n", false},
        {"Age: 1\r\n 2\r\n", false},
        {"Age: 1: 1\r\n", false},
        {"Age: \r\n", false},
        {"Age: 1\r1\n", false},
        {"Age: 1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int expects = 0; expects < 2; expects++) {
            memset(&lines, 0, sizeof lines);
            line_memo_begin(&lines);
            assert_false(known("Age: 0\r\n", false));
            line_memo_begin(&lines);
            if (!expects)
                known("Other: x\r\n", false);
            assert_int_equal(known(cases[i].line, false), cases[i].known);
        }
}

static void test_start_lines_are_no_header_lines(void **state)
{
    (void)state;
    struct line_memo_look look;
    struct bytes line = BYTES_LITERAL("HTTP/1.1 200 OK\r\n");
    memset(&lines, 0, sizeof lines);
    assert_false(line_memo_find_start(&lines, line, &look));
    line_memo_learn(&lines, &look, false);
    assert_true(line_memo_find_start(&lines, line, &look));
    line_memo_begin(&lines);
    assert_false(line_memo_find(&lines, line, &look));
    assert_false(known("A: b\r\n", false));
    assert_false(line_memo_find_start(&lines, BYTES_LITERAL("A: b\r\n"), &look));
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
        cmocka_unit_test(test_lines_with_folds_are_never_known),
        cmocka_unit_test(test_lines_are_known_in_any_order),
        cmocka_unit_test(test_of_short_numbers_all_are_one_line),
        cmocka_unit_test(test_start_lines_are_no_header_lines),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
