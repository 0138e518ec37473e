#include "filters/pseudonym.h"

#include "filters/detect/wrapping.h"

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
        uint8_t one[PSEUDONYM_TAG_SIZE], two[PSEUDONYM_TAG_SIZE];
        struct buffer first = make(bytes_of(values[i]), one), second = make(buffer_bytes(&first), two);
        assert_true(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
        assert_memory_equal(one, two, sizeof one);
        bool email = strchr(values[i], '@') != NULL;
        assert_int_equal(first.size, PSEUDONYM_CORE_SIZE + (email ? strlen("@example.com") : 0));
        struct pseudonym_found found;
        assert_true(pseudonym_find(keys_recognition(keys), buffer_bytes(&first), 0, &found));
        assert_int_equal(found.offset, 0);
        assert_int_equal(found.size, first.size);
        assert_memory_equal(one, found.tag, sizeof one);
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
        struct pseudonym_found found;
        assert_false(pseudonym_find(keys_recognition(keys), buffer_bytes(&forged), 0, &found));
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
    uint8_t one[PSEUDONYM_TAG_SIZE], two[PSEUDONYM_TAG_SIZE];
    struct buffer first = make(bytes_of("one"), one), second = make(bytes_of("two"), two), text = {0};
    buffer_append_text(&text, "rhxrhx=");
    size_t first_at = text.size;
    buffer_append_bytes(&text, buffer_bytes(&first));
    buffer_append_text(&text, "/rhxrh");
    size_t second_at = text.size;
    buffer_append_bytes(&text, buffer_bytes(&second));
    struct pseudonym_found found;
    assert_true(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), 0, &found));
    assert_int_equal(found.offset, first_at);
    assert_memory_equal(found.tag, one, sizeof one);
    assert_true(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), first_at + 1, &found));
    assert_int_equal(found.offset, second_at);
    assert_memory_equal(found.tag, two, sizeof two);
    assert_false(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), second_at + 1, &found));
    assert_false(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), text.size + 9, &found));
    buffer_free(&first);
    buffer_free(&second);
    buffer_free(&text);
}

#define JWT_HEAD   "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." /* {"alg":"none","typ":"JWT"} */
#define JWT_BEFORE (36 + 71 + 1)
#define JWT_SIZE   (JWT_BEFORE + PSEUDONYM_CORE_SIZE + 2)

static void test_jwt_stays_a_jwt(void **state)
{
    (void)state;
    static const char *const tokens[] = {
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_"
        "XgL0n3I9PlFUP0T"
        "HsR8U",
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ.", /* RFC 7519 6.1: no signature */
    };
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        uint8_t one[PSEUDONYM_TAG_SIZE], two[PSEUDONYM_TAG_SIZE];
        struct pseudonym_found found;
        struct buffer first = make(bytes_of(tokens[i]), one), second = make(buffer_bytes(&first), two);
        struct buffer text = {0}, payload = {0}, wanted = {0};
        assert_int_equal(first.size, JWT_SIZE);
        assert_memory_equal(first.data, JWT_HEAD, strlen(JWT_HEAD));
        wrapping_decode(WRAPPING_BASE64URL, bytes_make(first.data + strlen(JWT_HEAD), 71), &payload);
        buffer_printf(&wanted, "{ \"sub\":\"%.42s\"}", (const char *)first.data + JWT_BEFORE);
        assert_true(bytes_equal(buffer_bytes(&payload), buffer_bytes(&wanted)));
        assert_true(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
        assert_memory_equal(one, two, sizeof one);
        buffer_append_text(&text, "Bearer ");
        buffer_append_bytes(&text, buffer_bytes(&first));
        buffer_append_text(&text, ";x");
        assert_true(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), 0, &found));
        assert_int_equal(found.offset, 7);
        assert_int_equal(found.size, first.size);
        assert_memory_equal(found.tag, one, sizeof one);
        /* What begins after the head of it is its core alone. */
        assert_true(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), 8, &found));
        assert_int_equal(found.offset, 7 + JWT_BEFORE);
        assert_int_equal(found.size, PSEUDONYM_CORE_SIZE);
        /* Forged at any byte: another payload, another core, another end. */
        for (size_t at = 0; at < first.size; at++) {
            first.data[at] ^= 1;
            struct buffer out = make(buffer_bytes(&first), two);
            assert_false(bytes_equal(buffer_bytes(&out), buffer_bytes(&first)));
            buffer_free(&out);
            first.data[at] ^= 1;
        }
        buffer_free(&first);
        buffer_free(&second);
        buffer_free(&text);
        buffer_free(&payload);
        buffer_free(&wanted);
    }
}

static void test_what_is_no_jwt_is_opaque(void **state)
{
    (void)state;
    static const char *const values[] = {
        "eyJhbGciOiJIUzI1NiJ9.e30",               /* two parts */
        "eyJhbGciOiJIUzI1NiJ9..c2ln",             /* no claims */
        "eyJhbGciOiJIUzI1NiJ9.e30.c2ln.e30.c2ln", /* JWE */
        "eyJ0eXAiOiJKV1QifQ.e30.c2lnc2lnc2ln",    /* no alg */
        "eyJhbGciOiJIUzI1NiJ9.e30.c2ln!",         /* not base64url */
        "ZXhhbXBsZQ.ZXhhbXBsZQ.ZXhhbXBsZQ",       /* not JSON */
        "example.example.example",
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct buffer out = make(bytes_of(values[i]), NULL);
        assert_int_equal(out.size, PSEUDONYM_CORE_SIZE);
        buffer_free(&out);
    }
}

static void test_find_gives_the_whole_look_of_an_email(void **state)
{
    (void)state;
    static const char *const tails[] = {"@example.com", "%40example.com"};
    struct buffer name = make(bytes_of("alice@shop.example"), NULL);
    for (size_t i = 0; i < 2; i++) {
        struct buffer text = {0};
        struct pseudonym_found found;
        buffer_append_text(&text, "a=");
        buffer_append(&text, name.data, PSEUDONYM_CORE_SIZE);
        buffer_append_text(&text, tails[i]);
        buffer_append_text(&text, "&b=1");
        assert_true(pseudonym_find(keys_recognition(keys), buffer_bytes(&text), 0, &found));
        assert_int_equal(found.offset, 2);
        assert_int_equal(found.size, PSEUDONYM_CORE_SIZE + strlen(tails[i]));
        buffer_free(&text);
    }
    buffer_free(&name);
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
        cmocka_unit_test(test_jwt_stays_a_jwt),
        cmocka_unit_test(test_what_is_no_jwt_is_opaque),
        cmocka_unit_test(test_find_gives_the_whole_look_of_an_email),
        cmocka_unit_test(test_find_passes_over_what_only_begins_like_one),
        cmocka_unit_test(test_no_collisions_and_plain_characters),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
