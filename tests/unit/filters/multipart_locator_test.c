/* Multipart bodies, whole, cut at every byte, and malformed. The replacement can be read: "R" and the value. In the tables
 * '|' stands for CRLF and the boundary is "b". */
#include "filters/locate/multipart_locator.h"

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

static enum body_reason locate(enum body_extent extent, struct bytes text, struct buffer *out)
{
    buffer_clear(out);
    enum body_reason reason = multipart_locate(&locator, BYTES_LITERAL("b"), extent, text, out);
    assert_int_equal(locator.pool_used, 0);
    assert_int_equal(locator.depth, 0);
    return reason;
}

static void append_lines(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buffer_append_text(out, "\r\n");
        else
            buffer_append_byte(out, (uint8_t)*text);
    }
}

static void check_extent(enum body_extent extent, const char *before, const char *after,
                         enum body_reason reason)
{
    struct buffer in = {0}, expected = {0}, out = {0}, again = {0};
    append_lines(&in, before);
    append_lines(&expected, after);
    assert_int_equal(locate(extent, buffer_bytes(&in), &out), reason);
    buffer_append_byte(&out, 0);
    buffer_append_byte(&expected, 0);
    assert_string_equal((char *)out.data, (char *)expected.data);
    out.size--;
    assert_int_equal(locate(extent, buffer_bytes(&out), &again), BODY_REASON_NONE);
    assert_true(bytes_equal(buffer_bytes(&out), buffer_bytes(&again)));
    buffer_free(&in);
    buffer_free(&expected);
    buffer_free(&out);
    buffer_free(&again);
}

static void check(const char *before, const char *after)
{
    check_extent(BODY_WHOLE, before, after, BODY_REASON_NONE);
}

static void check_left_out(const char *before, const char *after)
{
    check_extent(BODY_WHOLE, before, after, BODY_REASON_PARTS);
}

#define FIELD(name, value) "--b|Content-Disposition: form-data; name=\"" name "\"||" value "|"
#define TYPED(name, type, value)                                                                             \
    "--b|Content-Disposition: form-data; name=\"" name "\"|Content-Type: " type "||" value "|"
#define SAME(text) check(text, text)

static void test_fields_are_replaced_by_their_names(void **state)
{
    (void)state;
    SAME("--b--");
    SAME("--b--|");
    SAME("|--b-- \t|  |");
    SAME(FIELD("a", "1") "--b--|");
    SAME(FIELD("a", "") FIELD("b", "two|lines||") "--b  |Content-Disposition:form-data;name=c||x|--b--");
    check(FIELD("a", "1") FIELD("token", "ab") FIELD("user[password]", "p\xc3\xa9|q") "--b--|",
          FIELD("a", "1") FIELD("token", "Rab") FIELD("user[password]", "Rp\xc3\xa9|q") "--b--|");
    check(FIELD("cvv", "123") "--b--", FIELD("cvv", "") "--b--");
    check("--b|CONTENT-disposition: Form-Data ; x=\"y;z\"; NAME=token||ab|--b--",
          "--b|CONTENT-disposition: Form-Data ; x=\"Ry;z\"; NAME=token||Rab|--b--");
    check(FIELD("%74oken", "ab") "--b--", FIELD("%74oken", "Rab") "--b--");
    check(TYPED("token", "text/plain; charset=\"UTF-8\"", "ab") "--b--",
          TYPED("token", "text/plain; charset=\"UTF-8\"", "Rab") "--b--");
    check(FIELD("q", "https://u:p@h/?token=x") FIELD("r", "{\"pwd\":\"x\"}") FIELD("s", "a=1&code=2") "--b--",
          FIELD("q", "https://Ru:Rp@h/?token=Rx") FIELD("r", "{\"pwd\":\"Rx\"}")
              FIELD("s", "a=1&code=R2") "--b--");
}

static void test_parts_with_a_locator_are_looked_into(void **state)
{
    (void)state;
    check(TYPED("a", "application/json", "{\"pwd\":\"x\",\"n\":1}")
              TYPED("c", "application/x-www-form-urlencoded", "token=x&a=1")
                  TYPED("d", "application/x-ndjson", "{\"pin\":1}|{}|") "--b--",
          TYPED("a", "application/json", "{\"pwd\":\"Rx\",\"n\":1}")
              TYPED("c", "application/x-www-form-urlencoded", "token=Rx&a=1")
                  TYPED("d", "application/x-ndjson", "{\"pin\":\"\"}|{}|") "--b--");
    check("--b|Content-Type: application/json||{\"pwd\":\"x\"}|--b--",
          "--b|Content-Type: application/json||{\"pwd\":\"Rx\"}|--b--");
    check(TYPED("user", "application/json", "{\"id\":7,\"email\":\"x\"}") "--b--",
          TYPED("user", "application/json", "{\"id\":7,\"email\":\"Rx\"}") "--b--");
    check("--b|Content-Disposition: form-data; name=\"j\"; filename=\"blob\"|Content-Type: "
          "application/json||{\"pwd\":\"x\"}|--b--",
          "--b|Content-Disposition: form-data; name=\"j\"; filename=\"Rblob\"|Content-Type: "
          "application/json||{\"pwd\":\"Rx\"}|--b--");
    check(
        TYPED("a", "multipart/mixed; boundary=i", "--i|Content-Disposition: x; name=token||ab|--i--") "--b--",
        TYPED("a", "multipart/mixed; boundary=i",
              "--i|Content-Disposition: x; name=token||Rab|--i--") "--b--");
}

static void test_what_has_no_locator_is_left_out(void **state)
{
    (void)state;
    check_left_out(FIELD("a", "1") "--b|Content-Disposition: form-data; name=\"f\"; filename=\"my "
                                   "cv.pdf\"|Content-Type: application/pdf||%PDF|--b--|",
                   FIELD("a", "1") "--b|Content-Disposition: form-data; name=\"f\"; filename=\"Rmy "
                                   "cv.pdf\"|Content-Type: application/pdf|||--b--|");
    SAME("--b|Content-Disposition: form-data; name=\"f\"; filename=\"\"|Content-Type: "
         "application/octet-stream|||--b--");
    check_left_out("--b|Content-Disposition: form-data; name=\"f\"; filename=\"\"||x|--b--",
                   "--b|Content-Disposition: form-data; name=\"f\"; filename=\"\"|||--b--");
    check_left_out("--b|Content-Disposition: form-data; name=f; filename*=utf-8''my%2Dcv||x|--b--",
                   "--b|Content-Disposition: form-data; name=f; filename*=utf-8''Rmy-cv|||--b--");
    check_left_out("--b||text without a name|--b--", "--b||"
                                                     "|--b--");
    check_left_out("--b|Content-Type: text/plain||text|--b--", "--b|Content-Type: text/plain|||--b--");
    check_left_out(TYPED("a", "text/html", "<p>") "--b--", TYPED("a", "text/html", "") "--b--");
    check_left_out(TYPED("a", "text/plain; charset=utf-16", "x") "--b--",
                   TYPED("a", "text/plain; charset=utf-16", "") "--b--");
    check_left_out(FIELD("a", "\x01") "--b--", FIELD("a", "") "--b--");
    check_left_out(TYPED("a", "application/json", "{\"pwd\":") "--b--",
                   TYPED("a", "application/json", "") "--b--");
    check_left_out(TYPED("secret", "application/json", "[1]") "--b--",
                   TYPED("secret", "application/json", "") "--b--");
    check_left_out(
        "--b|Content-Disposition: form-data; name=token|Content-Transfer-Encoding: base64||YWI=|--b--",
        "--b|Content-Disposition: form-data; name=token|Content-Transfer-Encoding: base64|||--b--");
    check_left_out("--b|Content-Disposition: form-data; name=token|Content-Encoding: gzip||x|--b--",
                   "--b|Content-Disposition: form-data; name=token|Content-Encoding: gzip|||--b--");
    check_left_out(TYPED("a", "multipart/mixed; boundary=i", "--i||x|--i--") FIELD("token", "y") "--b--",
                   TYPED("a", "multipart/mixed; boundary=i", "--i|||--i--") FIELD("token", "Ry") "--b--");
    check_left_out(TYPED("a", "multipart/mixed", "--i||x|--i--") "--b--",
                   TYPED("a", "multipart/mixed", "") "--b--");
}

static void test_header_lines_of_parts(void **state)
{
    (void)state;
    check("--b|Content-Disposition: form-data; name=a|Authorization: Bearer x|X-Note: a|Content-ID: "
          "<1>||v|--b--",
          "--b|Content-Disposition: form-data; name=a|Authorization: Bearer Rx|X-Note: a|Content-ID: "
          "<1>||v|--b--");
    check("--b|Content-Disposition: form-data; name=token|Content-Length: 2||ab|--b--",
          "--b|Content-Disposition: form-data; name=token|Content-Length: 3||Rab|--b--");
    SAME("--b|Content-Disposition: form-data; name=a|Content-Length: 2|content-transfer-encoding: "
         "8BIT||ab|--b--");
    check_left_out("--b|Content-Disposition: attachment; filename=x|Content-Length: 2||ab|--b--",
                   "--b|Content-Disposition: attachment; filename=Rx|Content-Length: 2|||--b--");
    check("--b|Content-Disposition: form-data; name=a|Content-Type: text/plain; name=\"cv\"||v|--b--",
          "--b|Content-Disposition: form-data; name=a|Content-Type: text/plain; name=\"Rcv\"||v|--b--");
}

static void test_malformed_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "x",
        "--b",
        "--b|",
        "--b||x",
        "--c||x|--c--",
        "-b--",
        "preamble|--b||x|--b--",
        FIELD("a", "1") "--b--|epilogue",
        FIELD("a", "1") "--b--x",
        FIELD("a", "1"),
        FIELD("a", "1") "--b",
        FIELD("a", "1") "--b-",
        FIELD("a", "1") "--b x|" FIELD("a", "1") "--b--",
        FIELD("a", "1") "--bb|" FIELD("a", "1") "--b--", /* "b" to some readers */
        "--b\n\nx|--b--",
        "--b||x\n--b--",
        "--b||x\r--b--", /* other line ends */
        "--b|--b--",
        "--b||--b--",
        "--b|A: c|--b--", /* no empty line, or no end of the content */
        "--b|A: c\n||x|--b--",
        "--b|A: c| d||x|--b--",
        "--b|A c||x|--b--",
        "--b|: c||x|--b--",
        "--b|A : c||x|--b--",
        "--b|A: c\rd||x|--b--",
        "--b|Content-Disposition: form-data; name=a; name=c||x|--b--",
        "--b|Content-Disposition: form-data; name=a|Content-Disposition: form-data; name=c||x|--b--",
        "--b|Content-Disposition: form-data; name=\"a\\\"; filename=\"c\"||x|--b--",
        "--b|Content-Disposition: form-data; name=\"a||x|--b--",
        "--b|Content-Disposition: form-data; name||x|--b--",
        "--b|Content-Disposition: form-data name=a||x|--b--",
        "--b|Content-Disposition: form-data; name*=utf-8''a||x|--b--",
        "--b|Content-Disposition: form-data; name*0=a||x|--b--",
        "--b|Content-Disposition:||x|--b--",
        "--b|Content-Type: text/plain|Content-Type: text/plain||x|--b--",
        "--b|Content-Type: text/plain charset||x|--b--",
        "--b|Content-Type: ||x|--b--",
        "--b|Content-Transfer-Encoding: odd||x|--b--",
        "--b|Content-Length: x||x|--b--",
        "--b|Content-Length: 1|Content-Length: 1||x|--b--",
    };
    struct buffer in = {0}, out = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        buffer_clear(&in);
        append_lines(&in, bad[i]);
        assert_int_equal(locate(BODY_WHOLE, buffer_bytes(&in), &out), BODY_REASON_SYNTAX);
    }
    assert_int_equal(locate(BODY_WHOLE, bytes_make("--b\r\nA: \0\r\n\r\nx\r\n--b--", 21), &out),
                     BODY_REASON_SYNTAX);
    buffer_free(&in);
    buffer_free(&out);
}

static void test_limits(void **state)
{
    (void)state;
    struct buffer in = {0}, out = {0};
    for (int i = 0; i < MULTIPART_PARTS_MAX; i++)
        append_lines(&in, "--b||"
                          "|");
    append_lines(&in, "--b--");
    assert_int_equal(locate(BODY_WHOLE, buffer_bytes(&in), &out), BODY_REASON_NONE);
    in.size -= 5;
    append_lines(&in, "--b||"
                      "|--b--");
    assert_int_equal(locate(BODY_WHOLE, buffer_bytes(&in), &out), BODY_REASON_LIMIT);
    /* five inside each other: the innermost is left out */
    static const char boundaries[] = "bcdefg";
    buffer_clear(&in);
    for (int i = 0; i < 5; i++)
        buffer_printf(&in, "--%c\r\nContent-Type: multipart/mixed; boundary=%c\r\n\r\n", boundaries[i],
                      boundaries[i + 1]);
    append_lines(&in, "--g|Content-Disposition: x; name=token||secret|--g--");
    for (int i = 4; i >= 0; i--)
        buffer_printf(&in, "\r\n--%c--", boundaries[i]);
    assert_int_equal(locate(BODY_WHOLE, buffer_bytes(&in), &out), BODY_REASON_PARTS);
    assert_null(memmem(out.data, out.size, "secret", 6));
    assert_non_null(memmem(out.data, out.size, "--f--", 5));
    buffer_clear(&in);
    append_lines(&in, "--b|");
    for (int i = 0; i < 65; i++)
        append_lines(&in, "A: c|");
    append_lines(&in, "||--b--");
    assert_int_equal(locate(BODY_WHOLE, buffer_bytes(&in), &out), BODY_REASON_SYNTAX);
    buffer_free(&in);
    buffer_free(&out);
}

/* A replacement must not make a delimiter. */
static void test_replacement_that_looks_like_a_delimiter_is_left_out(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct bytes text = BYTES_LITERAL(
        "--Rx\r\nContent-Disposition: x; name=u\r\n\r\nhttp://h/?a=\r\n--R&token=--x\r\n--Rx--");
    assert_int_equal(multipart_locate(&locator, BYTES_LITERAL("Rx"), BODY_WHOLE, text, &out),
                     BODY_REASON_NONE);
    buffer_clear(&out);
    text = BYTES_LITERAL("--Rx\r\nContent-Disposition: x; name=u\r\n\r\na--&token=x\r\n--Rx--");
    assert_int_equal(multipart_locate(&locator, BYTES_LITERAL("Rx"), BODY_WHOLE, text, &out),
                     BODY_REASON_NONE);
    buffer_clear(&out);
    text = BYTES_LITERAL("--=Rx\r\nContent-Disposition: x; name=u\r\n\r\na=--&--token=x\r\n--=Rx--");
    assert_int_equal(multipart_locate(&locator, BYTES_LITERAL("=Rx"), BODY_WHOLE, text, &out),
                     BODY_REASON_NONE);
    buffer_clear(&out);
    text = BYTES_LITERAL("--n=Rx\r\nContent-Disposition: x; name=u\r\n\r\n--pin--n=x&token--n=x\r\n--n=Rx--");
    enum body_reason reason = multipart_locate(&locator, BYTES_LITERAL("n=Rx"), BODY_WHOLE, text, &out);
    assert_int_equal(reason, BODY_REASON_PARTS);
    assert_int_equal(out.size, text.size - strlen("--pin--n=x&token--n=x"));
    buffer_free(&out);
}

static void test_beginning_keeps_whole_parts(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"--b", ""},
        {"--b--", ""},
        {"--b|Content-Dis", "--b|"},
        {"--b|Content-Disposition: form-data; name=\"token\"|", "--b|"},
        {"--b|Content-Disposition: form-data; name=\"token\"||a",
         "--b|Content-Disposition: form-data; name=\"token\"||"},
        {FIELD("token", "ab") "--b", "--b|Content-Disposition: form-data; name=\"token\"||"},
        {FIELD("token", "ab") "--b-", "--b|Content-Disposition: form-data; name=\"token\"||"},
        {FIELD("token", "ab") "--b--", "--b|Content-Disposition: form-data; name=\"token\"||"},
        {FIELD("token", "ab") "--b\r", "--b|Content-Disposition: form-data; name=\"token\"||"},
        {FIELD("token", "ab") "--b|", FIELD("token", "Rab") "--b|"},
        {FIELD("token", "ab") "--b--|", FIELD("token", "Rab") "--b--|"},
        {FIELD("a", "1") "--b|Content-Disposition: form-data; name=f; filename=cv||%PDF",
         FIELD("a", "1") "--b|Content-Disposition: form-data; name=f; filename=Rcv||"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_extent(BODY_BEGINNING, rows[i][0], rows[i][1], BODY_REASON_NONE);
    struct buffer in = {0}, out = {0};
    append_lines(&in, FIELD("token", "ab") "--bb|");
    assert_int_equal(locate(BODY_BEGINNING, buffer_bytes(&in), &out), BODY_REASON_SYNTAX);
    buffer_free(&in);
    buffer_free(&out);
}

static void test_every_cut_gives_a_beginning_of_the_whole(void **state)
{
    (void)state;
    struct buffer in = {0}, whole = {0}, out = {0}, again = {0};
    append_lines(&in,
                 FIELD("a", "1") FIELD("token", "secret1")
                     TYPED("j", "application/json",
                           "{\"pwd\":\"secret2\"}") "--b|Content-Disposition: form-data; name=\"f\"; "
                                                    "filename=\"secret3\"|Content-Type: "
                                                    "x/y||secret4|" TYPED("m", "multipart/mixed; boundary=i",
                                                                          "--i|Content-Disposition: x; "
                                                                          "name=token||secret5|--i--")
                                                        FIELD("z", "") "--b--|");
    assert_int_equal(locate(BODY_WHOLE, buffer_bytes(&in), &whole), BODY_REASON_PARTS);
    size_t before = 0;
    for (size_t size = 1; size <= in.size; size++) {
        uint8_t *copy = malloc(size); /* so that a read beyond it is seen */
        memcpy(copy, in.data, size);
        enum body_reason reason = locate(BODY_BEGINNING, bytes_make(copy, size), &out);
        free(copy);
        assert_int_equal(reason, size == in.size ? BODY_REASON_PARTS : BODY_REASON_NONE);
        assert_true(out.size >= before && out.size <= whole.size);
        assert_true(out.size == 0 || memcmp(out.data, whole.data, out.size) == 0);
        before = out.size;
        locate(BODY_BEGINNING, buffer_bytes(&out), &again);
        assert_true(bytes_equal(buffer_bytes(&out), buffer_bytes(&again)));
    }
    assert_int_equal(before, whole.size);
    buffer_free(&in);
    buffer_free(&whole);
    buffer_free(&out);
    buffer_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_replaced_by_their_names),
        cmocka_unit_test(test_parts_with_a_locator_are_looked_into),
        cmocka_unit_test(test_what_has_no_locator_is_left_out),
        cmocka_unit_test(test_header_lines_of_parts),
        cmocka_unit_test(test_malformed_is_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_replacement_that_looks_like_a_delimiter_is_left_out),
        cmocka_unit_test(test_beginning_keeps_whole_parts),
        cmocka_unit_test(test_every_cut_gives_a_beginning_of_the_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
