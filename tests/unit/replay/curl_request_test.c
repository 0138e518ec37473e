/* What libcurl is told of a request, and what is noted of what it will do otherwise. */
#include "replay/sender/curl_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct curl_way direct = {0}, http2 = {.http2 = true}, proxied = {.absolute = "http://shop:81"};

/* Joins the lines of |list| with '|'. */
static const char *lines_of(const struct curl_slist *list)
{
    static struct buffer text;
    buffer_clear(&text);
    for (; list; list = list->next) {
        buffer_append_text(&text, list->data);
        buffer_append_byte(&text, list->next ? '|' : '\0');
    }
    buffer_append_byte(&text, '\0');
    return (const char *)text.data;
}

static void build(struct curl_request *built, const char *head, const char *body, const struct curl_way *way)
{
    const struct sender_request request = {
        .head = bytes_of(head), .body = bytes_of(body), .method_is_head = strncmp(head, "HEAD ", 5) == 0};
    curl_request_build(built, &request, way);
}

static void test_request_keeps_lines_as_they_are(void **state)
{
    (void)state;
    struct curl_request built = {0};
    build(&built,
          "geT /a/../b?%zz HTTP/1.1\r\nHost: a\r\naCCept:x\r\nAccept:\t y \r\nExpect: 100-continue\r\n\r\n",
          "", &direct);
    assert_string_equal(built.method, "geT");
    assert_string_equal(built.target, "/a/../b?%zz");
    assert_string_equal(lines_of(built.fields), "Host: a|aCCept:x|Accept:\t y |Expect: 100-continue");
    assert_false(built.has_body || built.chunked || built.http10);
    assert_int_equal(built.deviations, 0);
    curl_request_free(&built);
}

static void test_request_keeps_libcurl_from_adding_fields(void **state)
{
    (void)state;
    struct curl_request built = {0};
    build(&built, "GET / HTTP/1.0\r\n\r\n", "", &direct);
    assert_string_equal(lines_of(built.fields), "Host:|Accept:|Expect:");
    assert_true(built.http10);
    assert_int_equal(built.deviations, 0);
    curl_request_free(&built);
}

static void test_request_notes_what_becomes_of_lines(void **state)
{
    (void)state;
    static const struct {
        const char *fields, *lines;
        uint32_t deviations;
    } cases[] = {
        {"X: 1\r\nHost: a\r\n", "X: 1|Host: a|Accept:|Expect:", DEVIATION(HOST_MOVED)},
        {"hOST: a\r\n", "hOST: a|Accept:|Expect:", DEVIATION(HOST_MOVED)},
        {"Host: a\r\nX:\r\n", "Host: a|X;|Accept:|Expect:", 0},
        {"Host: a\r\nX: \t\r\n", "Host: a|X;|Accept:|Expect:", DEVIATION(EMPTY_VALUE)},
        {"Host: a\r\nno colon\r\n", "Host: a|Accept:|Expect:", DEVIATION(FIELD_LEFT_OUT)},
        {"Host: a\nX: 1\r\n", "Host: a|X: 1|Accept:|Expect:", DEVIATION(LINE_ENDS)},
        {"Host: a\r\nX: 1\r\n  2\r\n", "Host: a|X: 1\r\n  2|Accept:|Expect:", 0},
    };
    struct curl_request built = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char head[256] = "GET / HTTP/1.1\r\n";
        build(&built, strcat(strcat(head, cases[i].fields), "\r\n"), "", &direct);
        assert_string_equal(lines_of(built.fields), cases[i].lines);
        assert_int_equal(built.deviations, cases[i].deviations);
    }
    curl_request_free(&built);
}

static void test_request_takes_chunks_apart(void **state)
{
    (void)state;
#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    struct curl_request built = {0};
    build(&built, CHUNKED, "5\r\nhello\r\n0\r\n\r\n", &direct);
    assert_true(built.has_body && built.chunked && bytes_equal(built.content, BYTES_LITERAL("hello")));
    assert_int_equal(built.deviations, DEVIATION(CHUNKS));
    assert_null(built.trailers);
    build(&built, CHUNKED, "5;x=y\r\nhello\r\nC\r\n beautiful, \r\n2\r\nw!\r\n0\r\nA: 1\r\nB:2\r\n\r\n",
          &direct);
    assert_true(bytes_equal(built.content, BYTES_LITERAL("hello beautiful, w!")));
    assert_string_equal(lines_of(built.trailers), "A: 1|B: 2");
    assert_int_equal(built.deviations, DEVIATION(CHUNKS) | DEVIATION(TRAILER_SPACE));
    build(&built, CHUNKED, "0\r\n\r\n", &direct);
    assert_true(built.has_body && built.chunked && built.content.size == 0);
    assert_int_equal(built.deviations, 0);
    build(&built, CHUNKED, "FFFFFFFFFFFFFFFF\r\nhello", &direct); /* lies */
    assert_int_equal(built.content.size, 0);
    curl_request_free(&built);
}

static void test_request_of_http2_leaves_out_what_is_the_connections(void **state)
{
    (void)state;
    struct curl_request built = {0};
    build(&built,
          "POST / HTTP/1.1\r\nhost: a\r\nconnection: x\r\ntransfer-encoding: chunked\r\nx: 1\r\n\t2\r\n\r\n",
          "1\r\na\r\n0\r\nT: 1\r\n\r\n", &http2);
    assert_string_equal(lines_of(built.fields), "host: a|connection: x|x: 1 2|Accept:|Expect:");
    assert_true(bytes_equal(built.content, BYTES_LITERAL("a")));
    assert_null(built.trailers);
    assert_int_equal(built.deviations, DEVIATION(PSEUDO_FIELDS) | DEVIATION(HOP_BY_HOP) | DEVIATION(FOLDED) |
                                           DEVIATION(TRAILERS_LEFT_OUT) | DEVIATION(CHUNKS));
    build(&built, "GET / HTTP/1.1\r\nHost: a\r\nX-Y: 1\r\n\r\n", "", &http2);
    assert_int_equal(built.deviations, DEVIATION(PSEUDO_FIELDS) | DEVIATION(LOWER_CASE));
    curl_request_free(&built);
}

static void test_request_for_a_proxy_is_in_absolute_form(void **state)
{
    (void)state;
    struct curl_request built = {0};
    build(&built, "GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n", "", &proxied);
    assert_string_equal(built.target, "http://shop:81/x?y");
    assert_int_equal(built.deviations, DEVIATION(ABSOLUTE_TARGET));
    build(&built, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "", &proxied);
    assert_string_equal(built.target, "http://shop:81");
    curl_request_free(&built);
}

static void test_request_leaves_out_the_body_of_a_head(void **state)
{
    (void)state;
    struct curl_request built = {0};
    build(&built, "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n", "hi", &direct);
    assert_true(built.is_head && !built.has_body);
    assert_string_equal(lines_of(built.fields), "Host: a|Accept:|Expect:");
    assert_int_equal(built.deviations, DEVIATION(HEAD_BODY));
    curl_request_free(&built);
}

static void test_request_with_many_fields_is_linked_whole(void **state)
{
    (void)state;
    struct curl_request built = {0};
    struct buffer head = {0};
    buffer_append_text(&head, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 500; i++)
        buffer_append_text(&head, "X:\r\n");
    buffer_append_text(&head, "\r\n");
    curl_request_build(&built, &(struct sender_request){.head = buffer_bytes(&head)}, &direct);
    size_t count = 0;
    for (const struct curl_slist *one = built.fields; one; one = one->next)
        count++;
    assert_int_equal(count, 503);
    buffer_free(&head);
    curl_request_free(&built);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_keeps_lines_as_they_are),
        cmocka_unit_test(test_request_keeps_libcurl_from_adding_fields),
        cmocka_unit_test(test_request_notes_what_becomes_of_lines),
        cmocka_unit_test(test_request_takes_chunks_apart),
        cmocka_unit_test(test_request_of_http2_leaves_out_what_is_the_connections),
        cmocka_unit_test(test_request_for_a_proxy_is_in_absolute_form),
        cmocka_unit_test(test_request_leaves_out_the_body_of_a_head),
        cmocka_unit_test(test_request_with_many_fields_is_linked_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
