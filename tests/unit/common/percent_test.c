#include "common/percent.h"
#include "common/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_decodes(const char *text, bool plus, const char *expected)
{
    struct buffer out = {0};
    percent_decode(bytes_of(text), plus, &out);
    buffer_append_byte(&out, 0);
    assert_string_equal((char *)out.data, expected);
    buffer_free(&out);
}

static void decoding_undoes_escapes_and_keeps_what_is_none(void **state)
{
    (void)state;
    assert_decodes("", true, "");
    assert_decodes("plain+text", false, "plain+text");
    assert_decodes("plain+text", true, "plain text");
    assert_decodes("a%40b%2B%2b+", true, "a@b++ ");
    assert_decodes("%41%4", false, "A%4");
    assert_decodes("%4g%zz%%41%", false, "%4g%zz%A%");
    assert_decodes("%2541", false, "%41"); /* once */
}

static void next_tells_how_many_bytes_it_took(void **state)
{
    (void)state;
    uint8_t byte;
    struct bytes text = BYTES_LITERAL("%7E%7");
    assert_int_equal(percent_next(text, 0, &byte), 3);
    assert_int_equal(byte, '~');
    assert_int_equal(percent_next(text, 1, &byte), 1);
    assert_int_equal(byte, '7');
    assert_int_equal(percent_next(text, 3, &byte), 1); /* cut short */
    assert_int_equal(byte, '%');
    assert_int_equal(percent_next(BYTES_LITERAL("%00"), 0, &byte), 3);
    assert_int_equal(byte, 0);
}

static void encoding_leaves_unreserved_bytes_and_those_that_are_safe(void **state)
{
    (void)state;
    struct buffer out = {0};
    percent_encode(BYTES_LITERAL("aZ0-._~ /@\0\xff"), "", &out);
    assert_true(bytes_equal(buffer_bytes(&out), BYTES_LITERAL("aZ0-._~%20%2F%40%00%FF")));
    buffer_clear(&out);
    percent_encode(BYTES_LITERAL("a/b@c\0"), "/@", &out);
    assert_true(bytes_equal(buffer_bytes(&out), BYTES_LITERAL("a/b@c%00")));
    buffer_free(&out);
}

static void every_byte_comes_back(void **state)
{
    (void)state;
    struct buffer plain = {0}, coded = {0}, again = {0};
    for (unsigned byte = 0; byte < 256; byte++)
        buffer_append_byte(&plain, (uint8_t)byte);
    percent_encode(buffer_bytes(&plain), "", &coded);
    percent_decode(buffer_bytes(&coded), true, &again);
    assert_true(bytes_equal(buffer_bytes(&plain), buffer_bytes(&again)));
    buffer_free(&plain);
    buffer_free(&coded);
    buffer_free(&again);
}

static void hexadecimal_digits_have_either_case(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        int value = hex_value((uint8_t)byte);
        if (byte >= '0' && byte <= '9')
            assert_int_equal(value, byte - '0');
        else if (byte >= 'a' && byte <= 'f')
            assert_int_equal(value, byte - 'a' + 10);
        else if (byte >= 'A' && byte <= 'F')
            assert_int_equal(value, byte - 'A' + 10);
        else
            assert_int_equal(value, -1);
    }
}

static void code_points_become_utf8(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        const char *utf8;
    } cases[] = {{0x41, "A"},
                 {0x7f, "\x7f"},
                 {0x80, "\xc2\x80"},
                 {0x7ff, "\xdf\xbf"},
                 {0x800, "\xe0\xa0\x80"},
                 {0xffff, "\xef\xbf\xbf"},
                 {0x10000, "\xf0\x90\x80\x80"},
                 {0x10ffff, "\xf4\x8f\xbf\xbf"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[UTF8_SIZE_MAX];
        assert_true(
            bytes_equal(bytes_make(bytes, utf8_encode(cases[i].code, bytes)), bytes_of(cases[i].utf8)));
    }
}

static void only_halves_that_fit_are_joined(void **state)
{
    (void)state;
    bool joined;
    assert_int_equal(utf8_join_surrogates(0xd83d, 0xde00, &joined), 0x1f600);
    assert_true(joined);
    assert_int_equal(utf8_join_surrogates(0xd83d, 0xd83d, &joined), 0xd83d);
    assert_false(joined);
    assert_int_equal(utf8_join_surrogates(0xde00, 0xd83d, &joined), 0xde00);
    assert_false(joined);
    assert_int_equal(utf8_join_surrogates(0xd83d, -1, &joined), 0xd83d);
    assert_false(joined);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding_undoes_escapes_and_keeps_what_is_none),
        cmocka_unit_test(next_tells_how_many_bytes_it_took),
        cmocka_unit_test(encoding_leaves_unreserved_bytes_and_those_that_are_safe),
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(hexadecimal_digits_have_either_case),
        cmocka_unit_test(code_points_become_utf8),
        cmocka_unit_test(only_halves_that_fit_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
