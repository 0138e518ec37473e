/* http1.h, case by case: what is recorded, flagged, stopped at, skipped or taken for another protocol, whole, byte by byte
 * and cut at every offset; and that the rows do what their verbs say. */
#include "tests/unit/common/http1_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What a transcript says in all. */
struct outcome {
    const char *mode; /* of its last line */
    unsigned long long recorded, skipped, opaque;
    bool flagged; /* a message has a defect, lacks a part, or was cut */
};

static struct outcome read_transcript(const char *text)
{
    struct outcome outcome = {.mode = text};
    const char *lf;
    while ((lf = strchr(outcome.mode, '\n')) != NULL) {
        const char *defects = strchr(strchr(outcome.mode, '|') + 1, '|');
        const char *states = strchr(defects + 1, '|');
        outcome.flagged |= states > defects + 1 || strncmp(states + 1, "complete|", 9) != 0;
        outcome.mode = lf + 1;
    }
    const char *numbers = strrchr(outcome.mode, ' ') + 1;
    assert_int_equal(sscanf(numbers, "%llu+%llu+%llu", &outcome.recorded, &outcome.skipped, &outcome.opaque),
                     3);
    return outcome;
}

static bool does(const struct outcome *outcome, char verb)
{
    bool stopped = strncmp(outcome->mode, "stopped", 7) == 0;
    switch (verb) {
    case 'R':
        return outcome->recorded > 0 && !stopped;
    case 'F':
        return outcome->recorded > 0 && outcome->flagged && !stopped;
    case 'C':
        return outcome->recorded > 0 && outcome->flagged && stopped;
    case 'S':
        return outcome->skipped > 0 && !stopped;
    default:
        return outcome->opaque > 0 && outcome->recorded == 0;
    }
}

static void check_table(const struct http1_case *cases, size_t count, struct http1_checklist *list)
{
    for (size_t i = 0; i < count; i++) {
        http1_check_case(&cases[i]);
        struct outcome outcome = read_transcript(cases[i].expected);
        char verb = http1_checklist_note(list, cases[i].name);
        if (!does(&outcome, verb))
            print_error("%s: does not\n", cases[i].name);
        assert_true(does(&outcome, verb));
    }
}

static void test_cases_give_what_the_list_says(void **state)
{
    (void)state;
    struct http1_checklist list = {0};
    check_table(http1_requests_cases, http1_requests_case_count, &list);
    check_table(http1_responses_cases, http1_responses_case_count, &list);
    check_table(http1_holes_cases, http1_holes_case_count, &list);
    http1_checklist_complete(&list, CASES_OF_FRAMING);
}

/* ---- cases that are too long for a table ---- */

static struct http1_case long_case(enum http1_side side, const struct buffer *data, const char *expected)
{
    return (struct http1_case){.name = "long",
                               .side = side,
                               .answers = HTTP1_ANSWERS_OTHER,
                               .steps = {{(const char *)data->data, data->size, 0}},
                               .expected = expected};
}

static void append_many(struct buffer *data, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buffer_append_text(data, text);
}

static void check_long(struct http1_case c)
{
    struct buffer text = {0};
    const size_t cuts[] = {CUT_NONE, CUT_BYTES, 17, 65536};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        http1_transcript(&c, cuts[i], &text);
        if (!bytes_equal(buffer_bytes(&text), bytes_of(c.expected)))
            print_error("gave\n%.*s\nnot\n%s\n", (int)text.size, (char *)text.data, c.expected);
        assert_true(bytes_equal(buffer_bytes(&text), bytes_of(c.expected)));
    }
    buffer_free(&text);
}

static void test_limits_of_the_list_keep_the_framing(void **state)
{
    (void)state;
    struct buffer data = {0};
    buffer_append_text(&data, "GET /"); /* 16: a start line over 64 KiB */
    append_many(&data, "0123456789abcdef", 5000);
    buffer_append_text(&data, " HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    check_long(long_case(HTTP1_REQUESTS, &data,
                         "[65534]|none 0|start_line_cut|complete cut|\nGET /2 HTTP/1.1|none 0||complete|\n"
                         "reading 80055+0+0"));
    buffer_clear(&data); /* 46: 1,025 fields, the length behind them */
    buffer_append_text(&data, "POST / HTTP/1.1\r\nHost: a\r\n");
    append_many(&data, "A: b\r\n", 1024);
    buffer_append_text(&data, "Content-Length: 2\r\n\r\nabGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    check_long(
        long_case(HTTP1_REQUESTS, &data,
                  "POST / HTTP/1.1|length 2|head_fields|complete cut|ab\nGET /2 HTTP/1.1|none 0||complete|\n"
                  "reading 6221+0+0"));
    buffer_clear(&data); /* 46: a head over 256 KiB */
    buffer_append_text(&data, "HTTP/1.1 200 OK\r\n");
    append_many(&data, "A: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n", 1000);
    append_many(&data, "B: 0123456789\r\n 0123456789\r\n", 7000);
    buffer_append_text(&data, "Content-Length: 2\r\n\r\nab");
    check_long(
        long_case(HTTP1_RESPONSES, &data,
                  "HTTP/1.1 200 OK|length 2|obs_fold,head_fields|complete cut|ab\nreading 271040+0+0"));
    buffer_clear(&data); /* 71: 64 KiB of chunk extension */
    buffer_append_text(&data, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;");
    append_many(&data, "x", 65536);
    buffer_append_text(&data, "\r\nhello\r\n0\r\n\r\n");
    check_long(long_case(HTTP1_RESPONSES, &data,
                         "HTTP/1.1 200 OK|chunked 5|chunk_extension|complete|hello\nreading 65599+0+0"));
    buffer_free(&data);
}

/* Feeds |size| bytes, |pattern| over and over, one at a time; all but the first are no segment's start unless
 * |segments|. Were any of them looked at again for each that follows, this would take hours. */
static void drip(enum http1_side side, bool midstream, bool segments, const char *begin, const char *pattern,
                 size_t size)
{
    const struct http1_handler handler = {0};
    struct http1 *parser = http1_create(side, &handler, NULL);
    if (midstream)
        http1_set_midstream(parser);
    size_t length = strlen(pattern), begun = strlen(begin);
    for (size_t i = 0; i < begun; i++)
        http1_feed(parser, bytes_make(begin + i, 1), 1, i == 0 || segments);
    for (size_t i = 0; i < size; i++)
        http1_feed(parser, bytes_make(pattern + i % length, 1), 1, segments);
    http1_finish(parser, true, 2);
    const struct http1_counts *counts = http1_counts(parser);
    assert_int_equal(counts->bytes_recorded + counts->bytes_skipped + counts->bytes_opaque, begun + size);
    http1_free(parser);
}

static void test_no_stream_of_single_bytes_is_quadratic(void **state)
{
    (void)state;
    const size_t size = 1024 * 1024;
    for (int segments = 0; segments < 2; segments++) {
        drip(HTTP1_REQUESTS, false, segments, "", " ", size);
        drip(HTTP1_REQUESTS, false, segments, "GET /", "x", size);
        drip(HTTP1_REQUESTS, true, segments, "GET /", "x", size);
        drip(HTTP1_REQUESTS, false, segments, "", "x", size);
        drip(HTTP1_REQUESTS, false, segments, "GET / HTTP/1.1\r\nA: ", "x", size);
        drip(HTTP1_REQUESTS, false, segments, "GET / HTTP/1.1\r\n", "A: x\r\n y\r\n", size);
        drip(HTTP1_REQUESTS, false, segments, "", "\r\n", size);
        drip(HTTP1_REQUESTS, false, segments, "", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", size);
        drip(HTTP1_RESPONSES, false, segments, "HTTP/1.1 200 ", "x", size);
        drip(HTTP1_RESPONSES, true, segments, "HTTP/1.", "x", size);
        drip(HTTP1_RESPONSES, false, segments, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
             "1\r\nx\r\n", size);
        drip(HTTP1_RESPONSES, false, segments, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
             "A: x\r\n", size);
        drip(HTTP1_RESPONSES, false, segments, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x",
             size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_give_what_the_list_says),
        cmocka_unit_test(test_limits_of_the_list_keep_the_framing),
        cmocka_unit_test(test_no_stream_of_single_bytes_is_quadratic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
