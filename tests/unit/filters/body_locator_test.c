/* Bodies by their media type, whole and cut at every byte. The replacement can be read: "R" and the value. */
#include "filters/locate/body_locator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct locator locator;

static void replace(void *arg, const struct atom *atom, struct buffer *out)
{
    (void)arg;
    assert_int_not_equal(atom->decision.class, POLICY_PUBLIC);
    if (atom->decision.class == POLICY_EMPTIED || atom->value.size == 0)
        return;
    if (atom->value.data[0] != 'R')
        buffer_append_byte(out, 'R');
    buffer_append_bytes(out, atom->value);
}

static int set_up(void **state)
{
    (void)state;
    locator = (struct locator){.policy = policy_builtin(), .replace = replace};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    locator_done(&locator);
    return 0;
}

static enum body_reason locate(enum media media, enum body_extent extent, struct bytes text,
                               struct buffer *out)
{
    buffer_clear(out);
    enum body_reason reason = body_locate(&locator, (struct body_type){.media = media}, extent, text, out);
    assert_int_equal(locator.pool_used, 0);
    assert_int_equal(locator.depth, 0);
    return reason;
}

static void check_beginning(enum media media, const char *before, const char *after)
{
    struct buffer out = {0}, again = {0};
    assert_int_equal(locate(media, BODY_BEGINNING, bytes_of(before), &out), BODY_REASON_NONE);
    buffer_append_byte(&out, 0);
    assert_string_equal((char *)out.data, after);
    out.size--;
    assert_int_equal(locate(media, BODY_BEGINNING, buffer_bytes(&out), &again), BODY_REASON_NONE);
    assert_true(bytes_equal(buffer_bytes(&out), buffer_bytes(&again)));
    buffer_free(&out);
    buffer_free(&again);
}

static void test_beginning_of_json_keeps_what_is_whole(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{\"a\":1,\"token\":\"ab", "{\"a\":1,\"token\":"},
        {"{\"a\":1,\"token\":\"ab\"", "{\"a\":1,\"token\":\"Rab\""},
        {"{\"a\":1,\"tok", "{\"a\":1,"},
        {"{\"a\":1,\"token\"", "{\"a\":1,"},
        {"{\"a\":1,\"token\" :", "{\"a\":1,\"token\" :"},
        {"{\"a\":12", "{\"a\":"}, /* 123 may come */
        {"{\"a\":12 ", "{\"a\":12 "},
        {"{\"a\":-", "{\"a\":"},
        {"{\"a\":1.", "{\"a\":"},
        {"{\"a\":1e+", "{\"a\":"},
        {"{\"pin\":12", "{\"pin\":"},
        {"{\"secret\":12,", "{\"secret\":\"R12\","},
        {"[true,fal", "[true,"},
        {"[nul", "["},
        {"[\"a\\", "["},
        {"[\"a\\u00", "["},
        {"{\"s\":\"{\\\"token\\\":\\\"ab\\\"", "{\"s\":"},
        {"{\"s\":\"a=1&token=ab\",", "{\"s\":\"a=1&token=Rab\","},
        {"\"0123456789abcdef", ""},
        {"123456", ""},
        {"  ", "  "},
        {"{\"a\":[]}", "{\"a\":[]}"},
        {"[[[", "[[["},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_beginning(MEDIA_JSON, rows[i][0], rows[i][1]);
    check_beginning(MEDIA_JSON_LINES, "{\"pwd\":1}\n{\"pwd\":2}\n{\"pwd\":3",
                    "{\"pwd\":\"R1\"}\n{\"pwd\":\"R2\"}\n{\"pwd\":");
    check_beginning(MEDIA_JSON_LINES, "{} 1-2\"a", "{} ");
    check_beginning(MEDIA_JSON_LINES, "1\"a\"true\"b", "1\"a\"true");
    check_beginning(MEDIA_JSON_LINES, "12 \"b", "12 ");
    check_beginning(MEDIA_NONE, "{\"pwd\":\"x\",\"y", "{\"pwd\":\"Rx\",");
}

static void test_beginning_of_a_form_keeps_whole_pairs(void **state)
{
    (void)state;
    check_beginning(MEDIA_FORM, "a=1&token=ab&password=c", "a=1&token=Rab&");
    check_beginning(MEDIA_FORM, "token=ab&", "token=Rab&");
    check_beginning(MEDIA_FORM, "token=ab", "");
    check_beginning(MEDIA_FORM, "a=1&tok", "a=1&");
}

static void test_beginning_of_what_is_no_such_body_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum media media;
        const char *text;
        enum body_reason reason;
    } rows[] = {
        {MEDIA_JSON, "token=ab", BODY_REASON_SYNTAX},
        {MEDIA_JSON, "{\"a\":1}x", BODY_REASON_SYNTAX},
        {MEDIA_JSON, "{\"a\" 1", BODY_REASON_SYNTAX},
        {MEDIA_JSON, "[01,", BODY_REASON_SYNTAX},
        {MEDIA_JSON, "[\"\\x", BODY_REASON_SYNTAX},
        {MEDIA_JSON, "[\"\\u12g4\"", BODY_REASON_SYNTAX},
        {MEDIA_JSON, "[\"\n", BODY_REASON_SYNTAX},
        {MEDIA_JSON, "[trux", BODY_REASON_SYNTAX},
        {MEDIA_JSON_LINES, "{}\n<html>", BODY_REASON_SYNTAX},
        {MEDIA_FORM, "{\"token\":\"a&b", BODY_REASON_SYNTAX},
        {MEDIA_FORM, "my words&a=1", BODY_REASON_SYNTAX},
        {MEDIA_NONE, "token=ab", BODY_REASON_TYPE},
        {MEDIA_NONE, "{token", BODY_REASON_TYPE},
        {MEDIA_OTHER, "{}", BODY_REASON_TYPE},
        {MEDIA_TEXT, "{}", BODY_REASON_TYPE},
        {MEDIA_MULTIPART, "--b\r\n\r\n", BODY_REASON_SYNTAX}, /* without a boundary */
    };
    struct buffer out = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(locate(rows[i].media, BODY_BEGINNING, bytes_of(rows[i].text), &out), rows[i].reason);
    for (int i = 0; i < 65; i++)
        buffer_append_byte(&out, '[');
    struct buffer located = {0};
    assert_int_equal(locate(MEDIA_JSON, BODY_BEGINNING, buffer_bytes(&out), &located), BODY_REASON_LIMIT);
    buffer_free(&out);
    buffer_free(&located);
}

/* What is kept of any beginning is a beginning of what is kept of the whole, and grows with it. */
static void check_every_cut(enum media media, struct bytes text)
{
    struct buffer whole = {0}, out = {0}, again = {0};
    assert_int_equal(locate(media, BODY_WHOLE, text, &whole), BODY_REASON_NONE);
    size_t before = 0;
    for (size_t size = 1; size <= text.size; size++) {
        uint8_t *copy = malloc(size); /* so that a read beyond it is seen */
        memcpy(copy, text.data, size);
        assert_int_equal(locate(media, BODY_BEGINNING, bytes_make(copy, size), &out), BODY_REASON_NONE);
        free(copy);
        assert_true(out.size >= before && out.size <= whole.size);
        assert_true(out.size == 0 || memcmp(out.data, whole.data, out.size) == 0);
        before = out.size;
        assert_int_equal(locate(media, BODY_BEGINNING, buffer_bytes(&out), &again), BODY_REASON_NONE);
        assert_true(bytes_equal(buffer_bytes(&out), buffer_bytes(&again)));
    }
    buffer_free(&whole);
    buffer_free(&out);
    buffer_free(&again);
}

static void test_every_cut_gives_a_beginning_of_the_whole(void **state)
{
    (void)state;
    check_every_cut(
        MEDIA_JSON,
        BYTES_LITERAL(
            "\xef\xbb\xbf {\"a\" : [1, -2.50e+3,true,null,{}],\"tok\\u0065n\":\"a\\n\\ud83d\\ude00\","
            "\"secret\":{\"x\":[1,{\"y\":\"z\"}]},\"s\":\"{\\\"token\\\":\\\"v\\\"}\",\"cvv\":123,"
            "\"u\":\"https://u:p@h/?token=x\",\"\xc3\xa9\":false}  "));
    check_every_cut(MEDIA_JSON_LINES,
                    BYTES_LITERAL("{\"pwd\":1}\r\n{\"pwd\":\"x\",\"b\":2}\n[12]\n\"0123456789abcdef\"\n7\n"));
    check_every_cut(MEDIA_FORM,
                    BYTES_LITERAL("a=1&token=xy&b=c+d%20&&password=&u=https%3A%2F%2Fh%3Fcode%3D1&z=2"));
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum media media;
        const char *boundary;
    } rows[] = {
        {"application/json", MEDIA_JSON, ""},
        {"Application/Problem+JSON ; charset=utf-8", MEDIA_JSON, ""},
        {"application/x-ndjson", MEDIA_JSON_LINES, ""},
        {"application/x-www-form-urlencoded", MEDIA_FORM, ""},
        {"text/plain;charset=utf-8", MEDIA_TEXT, ""},
        {"application/json;charset=\"Windows-1252\"; x=y", MEDIA_JSON, ""},
        {"application/x-www-form-urlencoded; charset=utf-7", MEDIA_OTHER, ""},
        {"application/json; charset=utf-8; Charset=\"utf-16\"", MEDIA_OTHER, ""},
        {"application/json; charset=shift_jis", MEDIA_OTHER, ""},
        {"text/html", MEDIA_OTHER, ""},
        {"", MEDIA_OTHER, ""},
        {"multipart/", MEDIA_OTHER, ""},
        {"multipart/form-data", MEDIA_MULTIPART, ""},
        {"multipart/form-data; boundary=b", MEDIA_MULTIPART, "b"},
        {"Multipart/Mixed; charset=x ;BOUNDARY=\"a b'()+_,-./:=?\"; x=y;", MEDIA_MULTIPART,
         "a b'()+_,-./:=?"},
        {"multipart/form-data; boundary=a=b/c", MEDIA_MULTIPART, "a=b/c"},
        {"multipart/form-data; boundary=", MEDIA_MULTIPART, ""},
        {"multipart/form-data; boundary=\"a \"", MEDIA_MULTIPART, ""},
        {"multipart/form-data; boundary=\"a", MEDIA_MULTIPART, ""},
        {"multipart/form-data; boundary=\"a\\\"b\"", MEDIA_MULTIPART, ""},
        {"multipart/form-data; boundary=a\"b", MEDIA_MULTIPART, ""},
        {"multipart/form-data; boundary=a{b", MEDIA_MULTIPART, ""},
        {"multipart/form-data; boundary=a; boundary=b", MEDIA_MULTIPART, ""},
        {"multipart/form-data; boundary=a b", MEDIA_MULTIPART, ""},
        {"multipart/form-data; "
         "boundary=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg",
         MEDIA_MULTIPART, "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg"},
        {"multipart/form-data; "
         "boundary=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggggggggh",
         MEDIA_MULTIPART, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct body_type type = body_type_of(bytes_of(rows[i].type));
        assert_int_equal(type.media, rows[i].media);
        assert_true(bytes_equal(type.boundary, bytes_of(rows[i].boundary)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_beginning_of_json_keeps_what_is_whole),
        cmocka_unit_test(test_beginning_of_a_form_keeps_whole_pairs),
        cmocka_unit_test(test_beginning_of_what_is_no_such_body_is_refused),
        cmocka_unit_test(test_every_cut_gives_a_beginning_of_the_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
