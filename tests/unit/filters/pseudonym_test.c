#include "filters/pseudonym.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct keys *keys;

static int set_up(void **state)
{
    (void)state;
    keys = keys_random();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    keys_free(keys);
    return 0;
}

static struct buffer make(struct bytes value, uint8_t *tag)
{
    struct buffer out = {0};
    pseudonym_make(keys, value, &out, tag);
    return out;
}

static void test_pseudonym_made_again_is_unchanged(void **state)
{
    (void)state;
    static const char *const values[] = {"a", "hunter2", "alice@shop.example", "rhx", "\xff\xfe", "1234.50"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint8_t one[PSEUDONYM_TAG_SIZE], two[PSEUDONYM_TAG_SIZE], found[PSEUDONYM_TAG_SIZE];
        struct buffer first = make(bytes_of(values[i]), one), second = make(buffer_bytes(&first), two);
        assert_true(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
        assert_memory_equal(one, two, sizeof one);
        bool email = strchr(values[i], '@') != NULL;
        assert_int_equal(first.size, PSEUDONYM_CORE_SIZE + (email ? strlen("@example.com") : 0));
        size_t offset;
        assert_true(pseudonym_find(keys_recognition(keys), buffer_bytes(&first), 0, &offset, found));
        assert_int_equal(offset, 0);
        assert_memory_equal(one, found, sizeof one);
        buffer_free(&first);
        buffer_free(&second);
    }
    struct buffer empty = make((struct bytes){0}, NULL);
    assert_int_equal(empty.size, 0);
}

static void test_forged_pseudonym_is_replaced(void **state)
{
    (void)state;
    struct buffer real = make(bytes_of("secret"), NULL);
    for (size_t at = 0; at < real.size; at++) {
        struct buffer forged = {0};
        buffer_append_bytes(&forged, buffer_bytes(&real));
        forged.data[at] = forged.data[at] == 'b' ? 'c' : 'b';
        struct buffer out = make(buffer_bytes(&forged), NULL);
        assert_false(bytes_equal(buffer_bytes(&out), buffer_bytes(&forged)));
        size_t offset;
        uint8_t tag[PSEUDONYM_TAG_SIZE];
        assert_false(pseudonym_find(keys_recognition(keys), buffer_bytes(&forged), 0, &offset, tag));
        buffer_free(&out);
        buffer_free(&forged);
    }
    /* A valid core with anything beside it is a value like any other. */
    buffer_append_text(&real, "S3cret");
    struct buffer out = make(buffer_bytes(&real), NULL);
    assert_int_equal(out.size, PSEUDONYM_CORE_SIZE);
    buffer_free(&out);
    real.size = PSEUDONYM_CORE_SIZE;
    buffer_append_text(&real, "@secret.example");
    out = make(buffer_bytes(&real), NULL);
    assert_memory_not_equal(out.data, real.data, PSEUDONYM_CORE_SIZE);
    buffer_free(&out);
    /* So is one of another key. */
    struct keys *other = keys_random();
    struct buffer foreign = {0};
    pseudonym_make(other, bytes_of("secret"), &foreign, NULL);
    out = make(buffer_bytes(&foreign), NULL);
    assert_false(bytes_equal(buffer_bytes(&out), buffer_bytes(&foreign)));
    keys_free(other);
    buffer_free(&foreign);
    buffer_free(&out);
    buffer_free(&real);
}

static void test_find_passes_over_what_only_begins_like_one(void **state)
{
    (void)state;
    uint8_t one[PSEUDONYM_TAG_SIZE], two[PSEUDONYM_TAG_SIZE], tag[PSEUDONYM_TAG_SIZE];
    struct buffer first = make(bytes_of("one"), one), second = make(bytes_of("two"), two), text = {0};
    buffer_append_text(&text, "rhxrhx=");
    size_t first_at = text.size;
    buffer_append_bytes(&text, buffer_bytes(&first));
    buffer_append_text(&text, "/rhxrh");
    size_t second_at = text.size;
    buffer_append_bytes(&text, buffer_bytes(&second));
    size_t offset;
    assert_true(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), 0, &offset, tag));
    assert_int_equal(offset, first_at);
    assert_memory_equal(tag, one, sizeof tag);
    assert_true(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), first_at + 1, &offset, tag));
    assert_int_equal(offset, second_at);
    assert_memory_equal(tag, two, sizeof tag);
    assert_false(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), second_at + 1, &offset, tag));
    assert_false(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), text.size + 9, &offset, tag));
    buffer_free(&first);
    buffer_free(&second);
    buffer_free(&text);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, PSEUDONYM_CORE_SIZE);
}

static void test_no_collisions_and_plain_characters(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    char *all = malloc((size_t)COUNT * PSEUDONYM_CORE_SIZE);
    for (unsigned i = 0; i < COUNT; i++) {
        char value[16];
        snprintf(value, sizeof value, "%u", i);
        struct buffer out = make(bytes_of(value), NULL);
        for (size_t at = 0; at < out.size; at++)
            assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz234567", out.data[at]));
        memcpy(all + (size_t)i * PSEUDONYM_CORE_SIZE, out.data, PSEUDONYM_CORE_SIZE);
        buffer_free(&out);
    }
    qsort(all, COUNT, PSEUDONYM_CORE_SIZE, by_bytes);
    for (size_t i = 1; i < COUNT; i++)
        assert_true(by_bytes(all + (i - 1) * PSEUDONYM_CORE_SIZE, all + i * PSEUDONYM_CORE_SIZE) < 0);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pseudonym_made_again_is_unchanged),
        cmocka_unit_test(test_forged_pseudonym_is_replaced),
        cmocka_unit_test(test_find_passes_over_what_only_begins_like_one),
        cmocka_unit_test(test_no_collisions_and_plain_characters),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
