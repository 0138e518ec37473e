/* What is gathered of an answer that libcurl hands out line by line. */
#include "replay/sender/curl_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static bool line(struct curl_answer *answer, const char *text, uint64_t now)
{
    return curl_answer_line(answer, bytes_of(text), now);
}

static void test_answer_passes_over_interim_responses(void **state)
{
    (void)state;
    struct curl_answer answer = {0};
    struct sender_outcome outcome = {0};
    curl_answer_begin(&answer, 3);
    assert_true(line(&answer, "HTTP/1.1 103 Early\r\n", 5) && line(&answer, "Link: x\r\n", 0) &&
                line(&answer, "\r\n", 0));
    curl_answer_fill(&answer, &outcome);
    assert_int_equal(outcome.first_byte_mono_ns, 0);
    assert_int_equal(outcome.status, 0);
    assert_true(line(&answer, "HTTP/2 200 \r\n", 7) && line(&answer, "a: b\r\n", 0) &&
                line(&answer, "\r\n", 0));
    curl_answer_body(&answer, BYTES_LITERAL("hello"));
    assert_true(line(&answer, "trailer: 1\r\n", 0));
    curl_answer_fill(&answer, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(outcome.interim_count, 1);
    assert_int_equal(outcome.first_byte_mono_ns, 7);
    assert_int_equal(outcome.body_bytes, 5);
    assert_true(bytes_equal(outcome.body, BYTES_LITERAL("hel")));
    assert_true(bytes_equal(outcome.head, BYTES_LITERAL("HTTP/2 200 \r\na: b\r\n\r\n")));
    curl_answer_free(&answer);
}

static void test_answer_is_held_to_its_limits(void **state)
{
    (void)state;
    struct curl_answer answer = {.max_head_bytes = 30};
    curl_answer_begin(&answer, 0);
    assert_true(line(&answer, "HTTP/1.1 200 OK\r\n", 1));
    assert_false(line(&answer, "X: 0123456789\r\n", 0));
    assert_string_equal(answer.refused, "response head over the limit");
    curl_answer_begin(&answer, 0);
    assert_false(line(&answer, "HTTP/1.1 2x0 OK\r\n", 1));
    assert_string_equal(answer.refused, "not a status code");
    curl_answer_begin(&answer, 0);
    for (int i = 0; i < 100; i++)
        assert_true(line(&answer, "HTTP/1.1 102 On\r\n", 1) && line(&answer, "\r\n", 0));
    assert_true(line(&answer, "HTTP/1.1 102 On\r\n", 1));
    assert_false(line(&answer, "\r\n", 0));
    curl_answer_free(&answer);
}

static void test_answer_without_its_end_has_no_status(void **state)
{
    (void)state;
    struct curl_answer answer = {0};
    struct sender_outcome outcome = {0};
    curl_answer_begin(&answer, 0);
    assert_true(line(&answer, "HTTP/1.1 200 OK\r\n", 1));
    curl_answer_fill(&answer, &outcome);
    assert_int_equal(outcome.status, 0);
    assert_int_equal(outcome.first_byte_mono_ns, 1);
    assert_int_equal(outcome.head.size, 0);
    curl_answer_free(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_passes_over_interim_responses),
        cmocka_unit_test(test_answer_is_held_to_its_limits),
        cmocka_unit_test(test_answer_without_its_end_has_no_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
