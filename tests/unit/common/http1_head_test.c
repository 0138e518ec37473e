#include "common/http1_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define assert_bytes(view, text) assert_true(bytes_equal((view), BYTES_LITERAL(text)))

static void test_request_line_splits_at_first_and_last_space(void **state)
{
    (void)state;
    struct http1_request_line line;
    assert_true(http1_request_line(BYTES_LITERAL("GET /a b?c HTTP/1.1\r\nHost: x\r\n\r\n"), &line));
    assert_bytes(line.method, "GET");
    assert_bytes(line.target, "/a b?c");
    assert_bytes(line.version, "HTTP/1.1");
    assert_true(http1_request_line(BYTES_LITERAL("GET /cut HTT"), &line)); /* the capture ends there */
    assert_true(bytes_equal(line.target, bytes_of("/cut")) && bytes_equal(line.version, bytes_of("HTT")));
    assert_true(http1_request_line(BYTES_LITERAL("GET /x\r\n"), &line));
    assert_bytes(line.target, "/x");
    assert_int_equal(line.version.size, 0);
    assert_false(http1_request_line(BYTES_LITERAL("\r\n"), &line));
    assert_false(http1_request_line((struct bytes){0}, &line));
}

static void test_status_line_without_reason(void **state)
{
    (void)state;
    struct http1_status_line line;
    assert_true(http1_status_line(BYTES_LITERAL("HTTP/1.1 404\r\n\r\n"), &line));
    assert_bytes(line.status, "404");
    assert_int_equal(line.reason.size, 0);
    assert_true(http1_status_line(BYTES_LITERAL("HTTP/1.0 200 Very Good\r\n"), &line));
    assert_bytes(line.reason, "Very Good");
    assert_false(http1_status_line(BYTES_LITERAL("ICY 200 OK\r\n"), &line));
}

static void test_fields_folded_unsplit_and_bare_lf(void **state)
{
    (void)state;
    struct bytes head =
        BYTES_LITERAL("GET / HTTP/1.1\r\nA: 1\r\n\t2\r\nno colon\nB :3\n: x\r\nC:\r\n\r\nbody");
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    assert_true(http1_next_field(&fields, &field));
    assert_bytes(field.name, "A");
    assert_bytes(field.value, "1\r\n\t2");
    assert_bytes(field.line, "A: 1\r\n\t2\r\n");
    assert_true(http1_next_field(&fields, &field));
    assert_false(field.split);
    assert_bytes(field.line, "no colon\n");
    assert_true(http1_next_field(&fields, &field));
    assert_bytes(field.name, "B");
    assert_bytes(field.value, "3");
    assert_true(http1_next_field(&fields, &field));
    assert_false(field.split);
    assert_true(http1_next_field(&fields, &field));
    assert_bytes(field.name, "C");
    assert_int_equal(field.value.size, 0);
    assert_false(http1_next_field(&fields, &field));
}

/* The first field of |head| called |name|, by looking at each. */
static bool find_slowly(struct bytes head, const char *name, struct http1_field *ret_field)
{
    struct bytes fields = http1_fields(head);
    while (http1_next_field(&fields, ret_field))
        if (ret_field->split && bytes_equal_nocase(ret_field->name, bytes_of(name)))
            return true;
    return false;
}

static void test_find_field_is_the_first_of_all(void **state)
{
    (void)state;
    static const char *const lines[] = {"Host: shop.example\r\n",
                                        "etag: \"1\"\n",
                                        "ETag : 2\r\n",
                                        "ETags: none of it\r\n",
                                        "E: \r\n",
                                        "\t folded ETag: 3\r\n",
                                        "no colon, ETag\r\n",
                                        ": nothing\r\n",
                                        "Etag:\r\n",
                                        "\r\n",
                                        "Expect: 100-continue, which is longer than sixteen bytes\r\n"};
    const size_t count = sizeof lines / sizeof lines[0];
    for (unsigned turn = 0; turn < 11 * 11 * 11 * 11 * 11; turn++) {
        char text[512] = "GET / HTTP/1.1\r\n";
        for (unsigned rest = turn, i = 0; i < 5; i++, rest /= (unsigned)count)
            strcat(text, lines[rest % count]);
        struct bytes head = bytes_make(text, strlen(text) - turn % 7); /* a capture may end anywhere */
        struct http1_field field, slow;
        bool found = http1_find_field(head, "ETag", &field);
        assert_int_equal(found, find_slowly(head, "ETag", &slow));
        if (found)
            assert_ptr_equal(field.line.data, slow.line.data);
    }
}

static void test_lists(void **state)
{
    (void)state;
    assert_true(http1_list_has(BYTES_LITERAL("gzip, Chunked"), "chunked"));
    assert_true(http1_list_has(BYTES_LITERAL(",, close ;q=1"), "close"));
    assert_false(http1_list_has(BYTES_LITERAL("xchunked"), "chunked"));
    struct bytes list = BYTES_LITERAL("a=\"x, \\\"y\", b");
    struct bytes element;
    assert_true(http1_next_element(&list, &element));
    assert_bytes(element, "a=\"x, \\\"y\"");
    assert_true(http1_next_element(&list, &element));
    assert_bytes(element, "b");
    assert_false(http1_next_element(&list, &element));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_line_splits_at_first_and_last_space),
        cmocka_unit_test(test_status_line_without_reason),
        cmocka_unit_test(test_fields_folded_unsplit_and_bare_lf),
        cmocka_unit_test(test_find_field_is_the_first_of_all),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
