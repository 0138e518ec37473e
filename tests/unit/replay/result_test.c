#include "replay/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct result sample(void)
{
    return (struct result){
        .exchange = UINT64_MAX,
        .session = 7,
        .iteration = UINT32_MAX,
        .method = BYTES_LITERAL("GET"),
        .target = BYTES_LITERAL("/a?b=\x00\xff"),
        .endpoint = BYTES_LITERAL("GET /a"),
        .original_status = 200,
        .original_service_ns = 1000,
        .original_ttfb_ns = 900,
        .outcome = RESULT_ANSWERED,
        .flags = RESULT_FLAG(LINKED) | RESULT_FLAG(CONDITIONAL_EQUAL),
        .status = 599,
        .response_bytes = UINT64_C(1) << 40,
        .intended_ns = 100,
        .eligible_ns = 130,
        .slot_ns = 120,
        .connect_ns = 5,
        .tls_ns = 6,
        .sent_first_ns = 150,
        .sent_last_ns = 160,
        .first_byte_ns = 200,
        .done_ns = 260,
    };
}

static void check_round_trip(struct result first)
{
    struct result back;
    struct buffer meta = {0}, again = {0};
    result_encode(&first, &meta);
    assert_true(result_decode(buffer_bytes(&meta), &back));
    assert_true(back.exchange == first.exchange && back.iteration == first.iteration);
    assert_true(back.done_ns == 260 && back.flags == first.flags && back.status == 599);
    assert_true(bytes_equal(back.target, first.target));
    result_encode(&back, &again);
    assert_true(bytes_equal(buffer_bytes(&meta), buffer_bytes(&again)));
    for (size_t cut = 0; cut < meta.size; cut++) {
        struct result untouched = {.session = 99};
        assert_false(result_decode((struct bytes){meta.data, cut}, &untouched));
        assert_int_equal(untouched.session, 99);
    }
    assert_true(back.retries == first.retries && back.first_sent_ns == first.first_sent_ns);
    assert_true(back.first_transport == first.first_transport && back.first_status == first.first_status);
    buffer_append_byte(&meta, 0);
    assert_false(result_decode(buffer_bytes(&meta), &back));
    buffer_free(&meta);
    buffer_free(&again);
}

static void test_result_round_trip_and_cuts(void **state)
{
    (void)state;
    struct result result = sample();
    check_round_trip(result);
    result.detail = BYTES_LITERAL("closed by the target");
    check_round_trip(result);
    result.retries = 3;
    result.first_sent_ns = 77;
    result.first_transport = TRANSPORT_RESET;
    result.first_status = 503;
    check_round_trip(result);
    result.detail = (struct bytes){0};
    check_round_trip(result);
}

static void test_result_keeps_what_is_known_of_a_failure(void **state)
{
    (void)state;
    struct result failed = sample(), back;
    struct buffer meta = {0};
    failed.outcome = RESULT_FAILED;
    failed.transport = TRANSPORT_TLS;
    failed.detail = BYTES_LITERAL("certificate has expired");
    result_encode(&failed, &meta);
    assert_true(result_decode(buffer_bytes(&meta), &back));
    assert_true(back.transport == TRANSPORT_TLS && bytes_equal(back.detail, failed.detail));
    assert_true(bytes_equal(back.endpoint, failed.endpoint) && back.done_ns == failed.done_ns);
    for (size_t cut = 0; cut < meta.size; cut++)
        assert_false(result_decode((struct bytes){meta.data, cut}, &back));
    buffer_free(&meta);
}

/* Runs that were stored before instants were told by their distances. */
static void test_result_reads_the_first_version(void **state)
{
    (void)state;
    static const uint8_t record[] = {1,  7,  1,  0, 0, 0,  0,  0,  0xc8, 1, 90,  80, 0xc8, 1, 5,
                                     50, 60, 61, 0, 0, 62, 63, 70, 80,   1, 'G', 1,  '/',  1, 'e'};
    struct result back;
    assert_true(result_decode(bytes_make(record, sizeof record), &back));
    assert_true(back.exchange == 7 && back.original_status == 200 && back.status == 200);
    assert_true(back.intended_ns == 50 && back.eligible_ns == 60 && back.slot_ns == 61);
    assert_true(back.sent_first_ns == 62 && back.sent_last_ns == 63 && back.first_byte_ns == 70);
    assert_true(back.done_ns == 80 && bytes_equal(back.endpoint, BYTES_LITERAL("e")));
}

/* Any order, and any that did not happen. */
static void test_result_keeps_every_instant(void **state)
{
    (void)state;
    const uint64_t instants[] = {0, 1, 2, 1000, UINT64_C(1) << 40, UINT64_C(1) << 61};
    struct buffer meta = {0};
    for (size_t i = 0; i < 6 * 6 * 6; i++) {
        struct result result = sample(), back;
        result.intended_ns = instants[i % 6];
        result.slot_ns = instants[i / 6 % 6];
        result.done_ns = instants[i / 36];
        buffer_clear(&meta);
        result_encode(&result, &meta);
        assert_true(result_decode(buffer_bytes(&meta), &back));
        assert_true(back.intended_ns == result.intended_ns && back.eligible_ns == result.eligible_ns);
        assert_true(back.slot_ns == result.slot_ns && back.sent_first_ns == result.sent_first_ns);
        assert_true(back.first_byte_ns == result.first_byte_ns && back.done_ns == result.done_ns);
    }
    buffer_free(&meta);
}

static void test_result_decode_refuses_numbers_out_of_range(void **state)
{
    (void)state;
    struct result wrong = sample(), back;
    struct buffer meta = {0};
    wrong.outcome = RESULT_OUTCOME_COUNT;
    result_encode(&wrong, &meta);
    assert_false(result_decode(buffer_bytes(&meta), &back));
    wrong = sample();
    wrong.reason = UNSENT_REASON_COUNT;
    buffer_clear(&meta);
    result_encode(&wrong, &meta);
    assert_false(result_decode(buffer_bytes(&meta), &back));
    buffer_free(&meta);
}

static void test_result_clocks(void **state)
{
    (void)state;
    struct result result = sample();
    assert_int_equal(result_service_ns(&result), 110);
    assert_int_equal(result_response_ns(&result), 160);
    assert_int_equal(result_ttfb_ns(&result), 40);
    assert_int_equal(result_send_lag_ns(&result), 20);
    result.sent_last_ns = 230; /* an early response */
    assert_int_equal(result_ttfb_ns(&result), 0);
    result.outcome = RESULT_FAILED;
    assert_int_equal(result_service_ns(&result), 0);
    assert_int_equal(result_response_ns(&result), 0);
}

static void test_result_names(void **state)
{
    (void)state;
    assert_string_equal(result_outcome_name(RESULT_NOT_SENT), "not_sent");
    assert_string_equal(transport_error_name(TRANSPORT_TIMEOUT), "timeout");
    assert_string_equal(unsent_reason_name(UNSENT_ABORTED), "aborted");
    assert_string_equal(result_flag_name(RESULT_FLAG_BIT_CONDITIONAL_EQUAL), "conditional_equal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result_round_trip_and_cuts),
        cmocka_unit_test(test_result_keeps_what_is_known_of_a_failure),
        cmocka_unit_test(test_result_reads_the_first_version),
        cmocka_unit_test(test_result_keeps_every_instant),
        cmocka_unit_test(test_result_decode_refuses_numbers_out_of_range),
        cmocka_unit_test(test_result_clocks),
        cmocka_unit_test(test_result_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
