/* Strings come out as well-formed JSON that does nothing to a terminal; other bytes as U+0000 to U+00FF. */
#include "common/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>

static void expect(void (*append)(struct buffer *, struct bytes), struct bytes text, const char *wanted)
{
    struct buffer out = {0};
    append(&out, text);
    assert_true(bytes_equal(buffer_bytes(&out), bytes_of(wanted)));
    buffer_free(&out);
}

static void test_utf8_is_told_from_other_bytes(void **state)
{
    (void)state;
    const struct bytes good[] = {BYTES_LITERAL(""),
                                 BYTES_LITERAL("a"),
                                 BYTES_LITERAL("\xc3\xa9"),
                                 BYTES_LITERAL("\xe2\x82\xac"),
                                 BYTES_LITERAL("\xf0\x9f\x98\x80"),
                                 BYTES_LITERAL("\xf4\x8f\xbf\xbf"),
                                 BYTES_LITERAL("\0")};
    const struct bytes bad[] = {BYTES_LITERAL("\x80"),
                                BYTES_LITERAL("\xc0\xaf"),
                                BYTES_LITERAL("\xc1\xbf"),
                                BYTES_LITERAL("\xe0\x80\xaf"),
                                BYTES_LITERAL("\xed\xa0\x80"),
                                BYTES_LITERAL("\xf0\x80\x80\x80"),
                                BYTES_LITERAL("\xf4\x90\x80\x80"),
                                BYTES_LITERAL("\xf5\x80\x80\x80"),
                                BYTES_LITERAL("\xe2\x82"),
                                BYTES_LITERAL("a\xff"),
                                BYTES_LITERAL("\xc3(")};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(json_text_is_utf8(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(json_text_is_utf8(bad[i]));
}

static void test_strings_are_escaped(void **state)
{
    (void)state;
    expect(json_text_append, BYTES_LITERAL("a\"\\\n\r\t\0\x1b\x7f"),
           "\"a\\\"\\\\\\n\\r\\t\\u0000\\u001b\\u007f\"");
    expect(json_text_append, BYTES_LITERAL("\xc3\xa9\xc2\x9b"), "\"\xc3\xa9\\u009b\"");
    expect(json_text_append, BYTES_LITERAL("\xff"), "\"\\u00ff\"");
    expect(json_text_append_bytes, BYTES_LITERAL("\xff\x80z\0"), "\"\xc3\xbf\\u0080z\\u0000\"");
}

static void test_every_byte_is_read_back_by_another_parser(void **state)
{
    (void)state;
    uint8_t all[256];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    struct buffer out = {0};
    json_text_append_bytes(&out, bytes_make(all, sizeof all));
    json_t *value = json_loadb((const char *)out.data, out.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(value);
    assert_int_equal(json_string_length(value), 128 + 2 * 128); /* two bytes each from U+0080 on */
    json_decref(value);
    buffer_free(&out);
}

static void test_base64_vectors_of_rfc_4648(void **state)
{
    (void)state;
    expect(json_text_append_base64, BYTES_LITERAL(""), "");
    expect(json_text_append_base64, BYTES_LITERAL("f"), "Zg==");
    expect(json_text_append_base64, BYTES_LITERAL("fo"), "Zm8=");
    expect(json_text_append_base64, BYTES_LITERAL("foo"), "Zm9v");
    expect(json_text_append_base64, BYTES_LITERAL("foob"), "Zm9vYg==");
    expect(json_text_append_base64, BYTES_LITERAL("\xff\xfe\xfd\x00"), "//79AA==");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_is_told_from_other_bytes),
        cmocka_unit_test(test_strings_are_escaped),
        cmocka_unit_test(test_every_byte_is_read_back_by_another_parser),
        cmocka_unit_test(test_base64_vectors_of_rfc_4648),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
