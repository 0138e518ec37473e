/* judge.h: what is fired, what only where it is asked for, what never; filler; and which answers are judged by their first byte. */
#include "replay/judge.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct exchange exchange_of(const char *head)
{
    struct exchange exchange = {.id = 1, .status = 200};
    buffer_append_text(&exchange.request.head, head);
    return exchange;
}

static void test_each_defect_is_fired_where_asked_for_or_never(void **state)
{
    (void)state;
    const uint64_t fired =
        MESSAGE_DEFECT(LEADING_SPACE) | MESSAGE_DEFECT(TARGET_BYTES) | MESSAGE_DEFECT(HOST_MISSING) |
        MESSAGE_DEFECT(HEADER_REPEATED) | MESSAGE_DEFECT(STATUS) | MESSAGE_DEFECT(JUNK_BEFORE) |
        MESSAGE_DEFECT(BODY_FORBIDDEN) | MESSAGE_DEFECT(EXPECT_EMPTY) | MESSAGE_DEFECT(NO_STATUS_LINE) |
        MESSAGE_DEFECT(SURPLUS) | MESSAGE_DEFECT(MAYBE_HEAD);
    const uint64_t never =
        MESSAGE_DEFECT(CODING_UNKNOWN) | MESSAGE_DEFECT(CODING_REPEATED) | MESSAGE_DEFECT(CHUNK_SIZE) |
        MESSAGE_DEFECT(CHUNK_EXTENSION) | MESSAGE_DEFECT(CHUNK_LINE) | MESSAGE_DEFECT(CHUNK_END) |
        MESSAGE_DEFECT(START_LINE_CUT) | MESSAGE_DEFECT(HEAD_FIELDS) | MESSAGE_DEFECT(HOST_AMBIGUOUS);
    const struct judge_wishes wishes = {.fire_flagged = true};
    for (unsigned bit = 0; bit < MESSAGE_DEFECT_COUNT; bit++) {
        struct exchange exchange = exchange_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        uint64_t flags = 0;
        exchange.request.defects = UINT64_C(1) << bit;
        enum unsent_reason plain = judge_exchange(&exchange, NULL, NULL),
                           asked = judge_exchange(&exchange, &wishes, &flags);
        bool is_fired = fired >> bit & 1, is_never = never >> bit & 1;
        if (plain != (is_fired   ? UNSENT_NONE
                      : is_never ? UNSENT_DEFECT_LOST
                                 : UNSENT_FLAGGED) ||
            asked != (is_never ? UNSENT_DEFECT_LOST : UNSENT_NONE) ||
            flags != (is_fired || is_never ? 0 : RESULT_FLAG(DEFECTIVE)))
            fail_msg("%s: %s, %s", message_defect_name(bit), unsent_reason_name(plain),
                     unsent_reason_name(asked));
        exchange_free(&exchange);
    }
}

static void test_what_lacks_its_body_is_filled_where_asked_for(void **state)
{
    (void)state;
    static const struct {
        enum body_state body;
        uint64_t wire_bytes, defects;
        bool fill, fire;
        enum unsent_reason reason;
        uint64_t flags;
    } cases[] = {
        {BODY_KEPT, 5, 0, true, true, UNSENT_NONE, 0},
        {BODY_CUT, 5, 0, false, true, UNSENT_BODY_CUT, 0},
        {BODY_DROPPED, 5, 0, false, false, UNSENT_BODY_DROPPED, 0},
        {BODY_DROPPED, 0, 0, false, false, UNSENT_NONE, 0},
        {BODY_CUT, 5, 0, true, false, UNSENT_NONE, RESULT_FLAG(FILLED)},
        {BODY_DROPPED, 5, 0, true, false, UNSENT_NONE, RESULT_FLAG(FILLED)},
        {BODY_CUT, JUDGE_FILL_MAX, 0, true, false, UNSENT_NONE, RESULT_FLAG(FILLED)},
        {BODY_CUT, JUDGE_FILL_MAX + 1, 0, true, false, UNSENT_BODY_CUT, 0},
        {BODY_CUT, 5, MESSAGE_DEFECT(BARE_LF), true, false, UNSENT_FLAGGED, 0},
        {BODY_CUT, 5, MESSAGE_DEFECT(BARE_LF), false, true, UNSENT_BODY_CUT, 0},
        {BODY_CUT, 5, MESSAGE_DEFECT(BARE_LF), true, true, UNSENT_NONE,
         RESULT_FLAG(FILLED) | RESULT_FLAG(DEFECTIVE)},
        {BODY_CUT, 5, MESSAGE_DEFECT(CHUNK_END), true, true, UNSENT_DEFECT_LOST, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct exchange exchange = exchange_of("POST / HTTP/1.1\r\nHost: a\r\n\r\n");
        const struct judge_wishes wishes = {.fire_flagged = cases[i].fire, .fill_bodies = cases[i].fill};
        uint64_t flags = 0;
        exchange.request.body.state = cases[i].body;
        exchange.request.body.wire_bytes = cases[i].wire_bytes;
        exchange.request.defects = cases[i].defects;
        if (judge_exchange(&exchange, &wishes, &flags) != cases[i].reason || flags != cases[i].flags)
            fail_msg("case %zu", i);
        exchange_free(&exchange);
    }
}

static void test_what_nothing_helps_against(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        uint64_t flags;
        enum unsent_reason reason;
    } cases[] = {
        {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 0, UNSENT_CONNECT},
        {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n", 0, UNSENT_UPGRADE},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", EXCHANGE_FLAG(REQUEST_GAP), UNSENT_INCOMPLETE},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", EXCHANGE_FLAG(REQUEST_INCOMPLETE), UNSENT_INCOMPLETE},
        {"", 0, UNSENT_INCOMPLETE},
    };
    const struct judge_wishes wishes = {.fire_flagged = true, .fill_bodies = true};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct exchange exchange = exchange_of(cases[i].head);
        exchange.flags = cases[i].flags;
        exchange.request.body.state = BODY_CUT;
        exchange.request.defects = MESSAGE_DEFECT(BARE_LF);
        assert_int_equal(judge_exchange(&exchange, &wishes, NULL), cases[i].reason);
        exchange_free(&exchange);
    }
}

static void test_filler_has_the_length_that_was_transferred(void **state)
{
    (void)state;
    struct exchange exchange = exchange_of("POST / HTTP/1.1\r\nHost: a\r\n\r\n");
    struct body *body = &exchange.request.body;
    buffer_append_text(&body->content, "beginning");
    body->state = BODY_CUT;
    body->wire_bytes = 4;
    judge_fill(&exchange);
    assert_true(bytes_equal(buffer_bytes(&body->content), BYTES_LITERAL("xxxx")));
    assert_true(body->state == BODY_KEPT && body->coded);
    exchange_free(&exchange);
    exchange = exchange_of("POST / HTTP/1.1\r\nContent-Type: application/problem+json\r\n\r\n");
    for (size_t size = 1; size <= 4; size++) {
        static const char *const texts[] = {"x", "\"\"", "\"x\"", "\"xx\""};
        body->wire_bytes = size;
        judge_fill(&exchange);
        assert_true(bytes_equal(buffer_bytes(&body->content), bytes_of(texts[size - 1])));
    }
    exchange_free(&exchange);
}

static void test_answers_that_last_are_told_by_the_recording(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum body_framing framing;
        uint16_t status;
        uint64_t ttfb_ms, body_ms, bytes;
        bool by_ttfb;
    } cases[] = {
        {"text/event-stream", BODY_FRAMING_CHUNKED, 200, 5, 0, 100, true},
        {"Text/Event-Stream; charset=utf-8", BODY_FRAMING_CLOSE, 200, 5, 60000, 100, true},
        {"text/event-stream", BODY_FRAMING_LENGTH, 200, 5, 60000, 100,
         false}, /* its length was known ahead */
        {"text/event-stream", BODY_FRAMING_CHUNKED, 503, 5, 0, 100, false},
        {"text/event", BODY_FRAMING_CHUNKED, 200, 5, 0, 100, false},
        {"application/json", BODY_FRAMING_CHUNKED, 200, 100, 1000, 16000, true},
        {"application/json", BODY_FRAMING_CHUNKED, 200, 100, 999, 16000, false},
        {"application/json", BODY_FRAMING_CHUNKED, 200, 101, 1000, 16000, false},
        {"application/json", BODY_FRAMING_CHUNKED, 200, 100, 1000, 17000, false}, /* a download */
        {"application/json", BODY_FRAMING_LENGTH, 200, 100, 1000, 100, false},
        {"application/json", BODY_FRAMING_CHUNKED, 200, 30000, 1, 100,
         false}, /* slow, or waiting: not to be told */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct exchange exchange = exchange_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        struct message *response = &exchange.response;
        buffer_printf(&response->head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n", cases[i].type);
        exchange.status = cases[i].status;
        exchange.request.first_ns = exchange.request.last_ns = NS_PER_S;
        response->first_ns = NS_PER_S + cases[i].ttfb_ms * NS_PER_MS;
        response->last_ns = response->first_ns + cases[i].body_ms * NS_PER_MS;
        response->body.framing = cases[i].framing;
        response->body.wire_bytes = cases[i].bytes;
        if (judge_by_ttfb(&exchange) != cases[i].by_ttfb)
            fail_msg("case %zu", i);
        exchange_free(&exchange);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_defect_is_fired_where_asked_for_or_never),
        cmocka_unit_test(test_what_lacks_its_body_is_filled_where_asked_for),
        cmocka_unit_test(test_what_nothing_helps_against),
        cmocka_unit_test(test_filler_has_the_length_that_was_transferred),
        cmocka_unit_test(test_answers_that_last_are_told_by_the_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
