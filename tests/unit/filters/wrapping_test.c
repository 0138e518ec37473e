/* Codings of a run: decoded, coded again in the same manner, and back. */
#include "filters/detect/wrapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_bytes(struct bytes is, struct bytes expected)
{
    if (!bytes_equal(is, expected))
        fail_msg("\"%.*s\", not \"%.*s\"", (int)is.size, is.data, (int)expected.size, expected.data);
}

/* |run| decodes to |plain|. */
static void decodes(enum wrapping wrapping, struct bytes run, struct bytes plain)
{
    struct buffer out = {0};
    wrapping_decode(wrapping, run, &out);
    assert_bytes(buffer_bytes(&out), plain);
    buffer_free(&out);
}

/* |plain|, put in place of |like|, is coded as |run|, and that decodes to |plain|. */
static void encodes(enum wrapping wrapping, const char *like, const char *plain, const char *run)
{
    struct buffer out = {0};
    wrapping_encode(wrapping, bytes_of(like), bytes_of(plain), &out);
    assert_bytes(buffer_bytes(&out), bytes_of(run));
    decodes(wrapping, buffer_bytes(&out), bytes_of(plain));
    buffer_free(&out);
}

static void test_percent_escapes(void **state)
{
    (void)state;
    decodes(WRAPPING_PERCENT, bytes_of("a%40b%2Ec+d%"), bytes_of("a@b.c+d%"));
    decodes(WRAPPING_PERCENT, bytes_of("%4%zz%41"), bytes_of("%4%zzA"));
    decodes(WRAPPING_FORM, bytes_of("a+b%2Bc"), bytes_of("a b+c"));
    encodes(WRAPPING_PERCENT, "a%40b", "x@y z", "x%40y%20z");
    encodes(WRAPPING_PERCENT, "a%4fb", "x/y", "x%2fy");
    encodes(WRAPPING_PERCENT, "%61%40", "xy", "%78%79");
    encodes(WRAPPING_FORM, "a+b", "x y+z", "x+y%2Bz");
}

static void test_base64_with_and_without_padding(void **state)
{
    (void)state;
    decodes(WRAPPING_BASE64, bytes_of("YWI="), bytes_of("ab"));
    decodes(WRAPPING_BASE64, bytes_of("YWI"), bytes_of("ab"));
    decodes(WRAPPING_BASE64, bytes_of("YQ=="), bytes_of("a"));
    decodes(WRAPPING_BASE64, bytes_of("YWJjZ"), bytes_of("abc"));
    decodes(WRAPPING_BASE64URL, bytes_of("Pz8-"), bytes_of("\?\?>"));
    encodes(WRAPPING_BASE64, "YWI=", "a", "YQ==");
    encodes(WRAPPING_BASE64, "YWI", "a", "YQ");
    encodes(WRAPPING_BASE64, "YWJj", "ab", "YWI=");
    encodes(WRAPPING_BASE64URL, "Pz8-", "\?\?>?", "Pz8-Pw");
    encodes(WRAPPING_BASE64, "Pz8+", "\?\?>", "Pz8+");
}

static void test_hexadecimal_digits(void **state)
{
    (void)state;
    decodes(WRAPPING_HEX, bytes_of("4a4B"), bytes_of("JK"));
    encodes(WRAPPING_HEX, "4a4b", "JK", "4a4b");
    encodes(WRAPPING_HEX, "4A4B", "JK", "4A4B");
}

static void test_json_escapes(void **state)
{
    (void)state;
    decodes(WRAPPING_JSON, bytes_of("\\u0040\\n\\\\\\/\\x41\\q\\u12"), bytes_of("@\n\\/A\\q\\u12"));
    decodes(WRAPPING_JSON, bytes_of("\\u00e9\\u20ac\\ud83d\\ude00"),
            bytes_of("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
    encodes(WRAPPING_JSON, "a\\u0040b", "x@\"\n", "x@\\\"\\n");
    encodes(WRAPPING_JSON, "\\u0041\\u0042", "x@", "\\u0078\\u0040");
}

static void test_character_references(void **state)
{
    (void)state;
    decodes(WRAPPING_HTML, bytes_of("a&#64;b&#x2e;c&commat;&amp;&none;&#;&"), bytes_of("a@b.c@&&none;&#;&"));
    decodes(WRAPPING_HTML, bytes_of("&#64b&#8364;"), bytes_of("@b\xe2\x82\xac"));
    encodes(WRAPPING_HTML, "a&#64;b", "x@y<&", "x@y&#60;&#38;");
    encodes(WRAPPING_HTML, "&#x41;&#x42;", "x@", "&#x78;&#x40;");
    encodes(WRAPPING_HTML, "&#65;&#66;", "x@", "&#120;&#64;");
}

static void test_quoted_printable(void **state)
{
    (void)state;
    decodes(WRAPPING_QUOTED_PRINTABLE, bytes_of("a=40b=\r\nc=\nd=zz"), bytes_of("a@bcd=zz"));
    decodes(WRAPPING_QUOTED_PRINTABLE, bytes_of("=61=62"), bytes_of("ab"));
    decodes(WRAPPING_QUOTED_PRINTABLE, bytes_of("a=34b"), bytes_of("a=34b")); /* a parameter */
    decodes(WRAPPING_SOFT_BREAKS, bytes_of("a=40=\r\nb"), bytes_of("a=40b"));
    encodes(WRAPPING_QUOTED_PRINTABLE, "a=40b", "x@=y", "x@=3Dy");
    encodes(WRAPPING_QUOTED_PRINTABLE, "=61=62", "x@", "=78=40");
}

static void test_utf16(void **state)
{
    (void)state;
    decodes(WRAPPING_UTF16LE, BYTES_LITERAL("a\0@\0\xac\x20\x3d\xd8\x00\xde"),
            bytes_of("a@\xe2\x82\xac\xf0\x9f\x98\x80"));
    decodes(WRAPPING_UTF16BE, BYTES_LITERAL("\0a\0@\x20\xac"), bytes_of("a@\xe2\x82\xac"));
    struct buffer out = {0};
    wrapping_encode(WRAPPING_UTF16LE, (struct bytes){0}, bytes_of("a\xe2\x82\xac\xf0\x9f\x98\x80"), &out);
    assert_bytes(buffer_bytes(&out), BYTES_LITERAL("a\0\xac\x20\x3d\xd8\x00\xde"));
    buffer_clear(&out);
    wrapping_encode(WRAPPING_UTF16BE, (struct bytes){0}, bytes_of("a"), &out);
    assert_bytes(buffer_bytes(&out), BYTES_LITERAL("\0a"));
    buffer_free(&out);
}

/* Every byte, alone and with each other one after it, in every coding and manner. */
static void test_any_bytes_come_back(void **state)
{
    (void)state;
    static const char *const likes[WRAPPING_COUNT][3] = {
        [WRAPPING_NONE] = {"a"},
        [WRAPPING_PERCENT] = {"a%4ab", "%4A%4A"},
        [WRAPPING_FORM] = {"a%40b", "%40"},
        [WRAPPING_BASE64] = {"YQ==", "YQ"},
        [WRAPPING_BASE64URL] = {"YQ==", "YQ"},
        [WRAPPING_HEX] = {"4a", "4A"},
        [WRAPPING_JSON] = {"a\\u0040", "\\u0040"},
        [WRAPPING_HTML] = {"a&#64;", "&#64;", "&#x40;"},
        [WRAPPING_QUOTED_PRINTABLE] = {"a=40", "=40=40"},
        [WRAPPING_SOFT_BREAKS] = {NULL}, /* an '=' at the end of a line cannot be said */
    };
    for (int wrapping = 0; wrapping < WRAPPING_UTF16LE; wrapping++)
        for (unsigned like = 0; like < 3 && likes[wrapping][like]; like++)
            for (unsigned value = 0; value < 65536; value++) {
                uint8_t data[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
                struct bytes plain = bytes_make(data, value < 256 ? 1 : 2);
                static struct buffer coded, back;
                buffer_clear(&coded);
                buffer_clear(&back);
                wrapping_encode((enum wrapping)wrapping, bytes_of(likes[wrapping][like]), plain, &coded);
                wrapping_decode((enum wrapping)wrapping, buffer_bytes(&coded), &back);
                if (!bytes_equal(buffer_bytes(&back), plain))
                    fail_msg("%s of %02x %02x, like %s: %.*s", wrapping_name((enum wrapping)wrapping),
                             data[0], data[1], likes[wrapping][like], (int)coded.size, coded.data);
                if (value == 65535) {
                    buffer_free(&coded);
                    buffer_free(&back);
                }
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percent_escapes),
        cmocka_unit_test(test_base64_with_and_without_padding),
        cmocka_unit_test(test_hexadecimal_digits),
        cmocka_unit_test(test_json_escapes),
        cmocka_unit_test(test_character_references),
        cmocka_unit_test(test_quoted_printable),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_any_bytes_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
