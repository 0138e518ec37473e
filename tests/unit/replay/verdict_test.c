#include "replay/verdict.h"

#include "replay/stats/binomial.h"
#include "tests/unit/replay/run_maker.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define A "GET /a"

static uint64_t next_id;

static void add(struct stats *stats, unsigned count, unsigned original, unsigned replayed,
                uint64_t original_us, uint64_t service_us)
{
    for (unsigned i = 0; i < count; i++) {
        struct result result = make_result(++next_id, A, original, replayed, original_us, service_us);
        stats_add(stats, &result);
    }
}

static struct judgement judged(struct stats *stats, enum run_mode mode, const char *gate)
{
    struct judgement judgement;
    struct error err = {0};
    const struct verdict_input input = {
        .stats = stats, .mode = mode, .gates = &gate, .gate_count = gate ? 1 : 0};
    assert_int_equal(verdict_judge(&input, &judgement, &err), 0);
    return judgement;
}

static void test_binomial_tail_known_values(void **state)
{
    (void)state;
    /* computed with Python's fractions, exactly */
    static const struct {
        uint64_t n, k;
        double p, tail;
    } table[] = {
        {10, 0, 0.5, 1},
        {10, 10, 0.5, 0x1p-10},
        {10, 9, 0.5, 11.0 / 1024},
        {3, 3, 0.001, 1e-9},
        {100, 3, 0.001, 1.503763659e-4},
        {1, 1, 0.25, 0.25},
        {5, 6, 0.5, 0},
        {5, 3, 0, 0},
        {5, 3, 1, 1},
        {20, 5, 0.5, 0.994091034},
        {1000, 11, 0.001, 9.59995519e-9},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        double got = binomial_tail(table[i].n, table[i].k, table[i].p);
        if (fabs(got - table[i].tail) > 1e-8 * table[i].tail)
            fail_msg("n %d k %d: %.9g, not %.9g", (int)table[i].n, (int)table[i].k, got, table[i].tail);
    }
    double far = binomial_tail(10000000, 11000, 0.001);
    assert_true(far > 0 && far < 1e-20);
}

static void test_binomial_tail_against_plain_sum(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 60; n += 7) {
        for (double p = 0.01; p < 1; p += 0.13) {
            double tail = 0, mass = pow(p, n);
            for (unsigned k = n; k > 0; k--) { /* from the top down */
                tail += mass;
                double got = binomial_tail(n, k, p);
                assert_true(fabs(got - tail) <= 1e-9 * tail + 1e-15);
                mass *= (double)k / (n - k + 1) * (1 - p) / p;
            }
        }
    }
}

static void test_verdict_status_rule_borders(void **state)
{
    (void)state;
    static const struct {
        unsigned pairs, worse, better;
        bool found;
    } table[] =
        {
            {100, 0, 0, false},   {100, 2, 0, false},   {100, 3, 0, true},   {300, 3, 0, false},
            {300, 4, 0, true},    {1000, 10, 0, false}, {1000, 11, 0, true}, {3, 3, 0, true},
            {200, 10, 10, false}, /* the recording is as flaky as the replay */
            {200, 40, 10, true},
        };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct stats *stats = stats_create(0);
        add(stats, table[i].worse, 200, 500, 100, 100);
        add(stats, table[i].better, 500, 200, 100, 100);
        add(stats, table[i].pairs - table[i].worse - table[i].better, 200, 200, 100, 100);
        struct judgement judgement = judged(stats, RUN_MODE_RECORDED, NULL);
        if ((judgement.finding_count == 1) != table[i].found)
            fail_msg("row %zu", i);
        assert_int_equal(judgement.gates[0].verdict, table[i].found ? VERDICT_FAIL : VERDICT_PASS);
        judgement_free(&judgement);
        stats_free(stats);
    }
}

static void test_verdict_deterministic_errors_of_the_recording_hide_nothing(void **state)
{
    (void)state;
    struct stats *stats = stats_create(0);
    add(stats, 20, 404, 404, 100, 100); /* answered 404 on both sides */
    add(stats, 10, 200, 404, 100, 100);
    add(stats, 70, 200, 200, 100, 100);
    struct judgement judgement = judged(stats, RUN_MODE_RECORDED, NULL);
    assert_int_equal(judgement.verdict, VERDICT_FAIL);
    assert_int_equal(judgement.finding_count, 1);
    assert_int_equal(judgement.findings[0].original, 200);
    assert_int_equal(judgement.findings[0].replayed, 404);
    assert_int_equal(judgement.findings[0].affected, 10);
    assert_int_equal(judgement.findings[0].of, 100);
    assert_int_equal(judgement.findings[0].examples.count, STATS_EXAMPLES);
    judgement_free(&judgement);
    stats_free(stats);
}

/* |answered| and |failed| (as |transport| says) in the ramp-up, and nothing after it: the target was given up. */
static enum verdict of_ramp_up(unsigned answered, unsigned failed, enum transport_error transport)
{
    struct stats *stats = stats_create(0);
    for (unsigned i = 0; i < answered + failed; i++) {
        struct result result = make_result(++next_id, A, 200, i < answered ? 200 : 0, 100, 100);
        result.flags |= RESULT_FLAG(RAMP_UP);
        if (i >= answered)
            result.transport = transport;
        stats_add(stats, &result);
    }
    struct judgement judgement;
    struct error err = {0};
    const struct verdict_input input = {
        .stats = stats, .mode = RUN_MODE_RATE, .aborted = "it fails", .gates = NULL};
    assert_int_equal(verdict_judge(&input, &judgement, &err), 0);
    enum verdict verdict = judgement.verdict;
    judgement_free(&judgement);
    stats_free(stats);
    return verdict;
}

static void test_verdict_a_target_given_up_in_the_ramp_up(void **state)
{
    (void)state;
    assert_int_equal(of_ramp_up(16, 37, TRANSPORT_CLOSED), VERDICT_FAIL);
    assert_int_equal(of_ramp_up(16, 37, TRANSPORT_CONNECT_REFUSED), VERDICT_FAIL);
    assert_int_equal(of_ramp_up(0, 50, TRANSPORT_CONNECT_REFUSED), VERDICT_INVALID);
    assert_int_equal(of_ramp_up(0, 50, TRANSPORT_TIMEOUT), VERDICT_INCONCLUSIVE);
}

static void test_verdict_latency_rule_borders(void **state)
{
    (void)state;
    static const struct {
        unsigned count;
        uint64_t original_us, service_us;
        bool found;
    } table[] = {
        {30, 5000, 10100, true}, {29, 5000, 10100, false},  {30, 100, 5000, false},
        {30, 100, 5200, true},   {30, 20000, 39000, false}, {30, 20000, 41000, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct stats *stats = stats_create(0);
        add(stats, table[i].count, 200, 200, table[i].original_us, table[i].service_us);
        add(stats, 100, 500, 200, 1, 1); /* another class on each side: not compared */
        struct judgement judgement = judged(stats, RUN_MODE_RECORDED, NULL);
        if ((judgement.finding_count == 1) != table[i].found)
            fail_msg("row %zu", i);
        judgement_free(&judgement);
        stats_free(stats);
    }
}

static void test_verdict_fast_errors_do_not_better_a_quantile(void **state)
{
    (void)state;
    struct stats *stats = stats_create(0);
    add(stats, 60, 200, 500, 1000, 10);
    add(stats, 60, 200, 200, 1000, 300000);
    struct judgement judgement = judged(stats, RUN_MODE_RECORDED, "p50 < 250ms");
    assert_int_equal(judgement.gates[2].verdict, VERDICT_FAIL);
    judgement_free(&judgement);
    stats_free(stats);
}

static void test_verdict_timeouts_count_as_slowest(void **state)
{
    (void)state;
    struct stats *stats = stats_create(0);
    add(stats, 5, 200, 0, 1000, 0);
    add(stats, 195, 200, 200, 1000, 1000);
    struct judgement judgement = judged(stats, RUN_MODE_RECORDED, "p99 < 250ms");
    assert_int_equal(judgement.gates[2].verdict, VERDICT_FAIL);
    assert_false(judgement.gates[2].has_value);
    judgement_free(&judgement);
    judgement = judged(stats, RUN_MODE_RECORDED, "p90 < 250ms");
    assert_int_equal(judgement.gates[2].verdict, VERDICT_PASS);
    judgement_free(&judgement);
    stats_free(stats);
}

static void test_verdict_gates_table(void **state)
{
    (void)state;
    static const struct {
        const char *gate;
        enum run_mode mode;
        enum verdict verdict;
    } table[] = {
        {"p99 < 3ms", RUN_MODE_RECORDED, VERDICT_PASS},
        {"p99 < 2ms", RUN_MODE_RECORDED, VERDICT_FAIL},
        {"p99 < 3ms", RUN_MODE_RATE, VERDICT_FAIL}, /* means response there */
        {"service.p99 < 3ms", RUN_MODE_RATE, VERDICT_PASS},
        {"response.p99 < 3ms", RUN_MODE_RECORDED, VERDICT_FAIL},
        {"p50 < 2.1x", RUN_MODE_RECORDED, VERDICT_PASS},
        {"p50 < 1.9x", RUN_MODE_RECORDED, VERDICT_FAIL},
        {"p999 < 1s", RUN_MODE_RECORDED, VERDICT_INCONCLUSIVE},
        {"max < 1s", RUN_MODE_RECORDED, VERDICT_PASS},
        {"errors < 1%", RUN_MODE_RECORDED, VERDICT_PASS},
        {"errors < 1", RUN_MODE_RECORDED, VERDICT_FAIL},
        {"status_changed <= 0.5%", RUN_MODE_RECORDED, VERDICT_PASS},
        {"worse < 0.5%", RUN_MODE_RECORDED, VERDICT_FAIL},
        {"sent >= 200", RUN_MODE_RECORDED, VERDICT_PASS},
        {"@GET /a: errors <= 1", RUN_MODE_RECORDED, VERDICT_PASS},
        {"@GET /b: errors <= 1", RUN_MODE_RECORDED, VERDICT_INCONCLUSIVE},
    };
    struct stats *stats = stats_create(0);
    for (unsigned i = 0; i < 199; i++) {
        struct result result = make_result(i, A, 200, 200, 1000, 2000);
        result.intended_ns -= 5 * NS_PER_MS; /* the target kept the connection busy */
        result.slot_ns = result.sent_first_ns;
        stats_add(stats, &result);
    }
    add(stats, 1, 200, 503, 1000, 2000);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct judgement judgement = judged(stats, table[i].mode, table[i].gate);
        if (judgement.gates[2].verdict != table[i].verdict || judgement.verdict != table[i].verdict)
            fail_msg("%s gave %s", table[i].gate, verdict_name(judgement.gates[2].verdict));
        assert_true(judgement.reasons.count > 0 || judgement.verdict == VERDICT_PASS);
        judgement_free(&judgement);
    }
    stats_free(stats);
}

/* Of 200 answers whose contents were compared, all JSON, five have another shape and values, two another type. */
static void test_verdict_contents_are_findings_and_gated_only_if_asked(void **state)
{
    (void)state;
    static const struct {
        const char *gate;
        enum verdict verdict;
    } table[] = {
        {NULL, VERDICT_PASS},
        {"content <= 7", VERDICT_PASS},
        {"content < 3.5%", VERDICT_FAIL},
        {"content.json_shape < 3%", VERDICT_PASS},
        {"content.json_shape < 5", VERDICT_FAIL},
        {"content.content_type <= 1%", VERDICT_PASS},
        {"content.cookies <= 0", VERDICT_PASS},
        {"@GET /a: content < 1%", VERDICT_FAIL},
        {"@GET /b: content < 1%", VERDICT_INCONCLUSIVE},
    };
    struct stats *stats = stats_create(0), *none = stats_create(0);
    for (unsigned i = 0; i < 200; i++) {
        struct result result = make_result(i, A, 200, 200, 1000, 1000);
        stats_add(none, &result);
        result.flags |= RESULT_FLAG(CONTENT_COMPARED) | RESULT_FLAG(JSON_COMPARED);
        if (i < 5)
            result.flags |= RESULT_FLAG(JSON_SHAPE) | RESULT_FLAG(JSON_VALUES);
        else if (i < 7)
            result.flags |= RESULT_FLAG(CONTENT_TYPE);
        stats_add(stats, &result);
    }
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct judgement judgement = judged(stats, RUN_MODE_RECORDED, table[i].gate);
        if (judgement.verdict != table[i].verdict)
            fail_msg("%s gave %s", table[i].gate, verdict_name(judgement.verdict));
        assert_int_equal(judgement.finding_count, 1);
        assert_int_equal(judgement.findings[0].kind, FINDING_CONTENT);
        assert_int_equal(judgement.findings[0].difference, DIFFERS_JSON_SHAPE);
        assert_int_equal(judgement.findings[0].affected, 5);
        assert_int_equal(judgement.findings[0].of, 200);
        judgement_free(&judgement);
    }
    struct judgement judgement = judged(none, RUN_MODE_RECORDED, "content < 1%");
    assert_int_equal(judgement.verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(judgement.finding_count, 0);
    judgement_free(&judgement);
    stats_free(stats);
    stats_free(none);
}

static void test_verdict_no_connection_is_invalid(void **state)
{
    (void)state;
    struct stats *stats = stats_create(0);
    for (unsigned i = 0; i < 50; i++) {
        struct result result = make_result(i, A, 200, 0, 1000, 0);
        result.transport = TRANSPORT_CONNECT_REFUSED;
        result.sent_first_ns = 0;
        stats_add(stats, &result);
    }
    struct judgement judgement = judged(stats, RUN_MODE_RECORDED, "errors < 1%");
    assert_int_equal(judgement.verdict, VERDICT_INVALID);
    assert_int_equal(judgement.finding_count, 0);
    assert_int_equal(judgement.gates[2].verdict, VERDICT_INVALID);
    judgement_free(&judgement);
    /* a target that answered and then stopped has failed */
    add(stats, 60, 200, 200, 1000, 1000);
    judgement = judged(stats, RUN_MODE_RECORDED, NULL);
    assert_int_equal(judgement.verdict, VERDICT_FAIL);
    judgement_free(&judgement);
    stats_free(stats);
}

/* 200 pairs: originally 1 ms, now |service_us|; the first |late| are sent |lag_us| late, the first |worse| answer 500. */
static struct stats *late_stats(unsigned late, uint64_t lag_us, unsigned worse, uint64_t service_us)
{
    struct stats *stats = stats_create(0);
    for (unsigned i = 0; i < 200; i++) {
        struct result result = make_result(i, A, 200, i < worse ? 500 : 200, 1000, service_us);
        result.intended_ns -= i < late ? lag_us * NS_PER_US : 0;
        stats_add(stats, &result);
    }
    return stats;
}

static void test_verdict_wants_of_this_machine_are_not_the_targets(void **state)
{
    (void)state;
    for (unsigned wants = 5; wants < 9; wants++) { /* of 607 at most: 1 % is 6 */
        struct stats *stats = stats_create(0);
        add(stats, 600, 200, 200, 1000, 1000);
        for (unsigned i = 0; i < wants; i++) {
            struct result result = make_result(5000 + i, A, 200, 0, 1000, 0);
            result.transport = TRANSPORT_CONNECT_FAILED;
            result.detail = bytes_of("Cannot assign requested address");
            result.sent_first_ns = 0;
            stats_add(stats, &result);
        }
        struct judgement judgement = judged(stats, RUN_MODE_RECORDED, "failed < 1");
        bool invalid = wants > 6;
        assert_int_equal(judgement.verdict, invalid ? VERDICT_INVALID : VERDICT_FAIL);
        if (invalid) {
            assert_int_equal(judgement.finding_count, 0);
            assert_non_null(strstr(judgement.reasons.items[0], "--source-ip"));
        }
        judgement_free(&judgement);
        stats_free(stats);
    }
}

static void test_verdict_latency_needs_a_sender_in_time(void **state)
{
    (void)state;
    const struct {
        unsigned late;
        uint64_t lag_us;
        unsigned worse;
        uint64_t service_us;
        const char *gate;
        enum verdict verdict, latency, gated;
    } cases[] = {
        /* 1 ms is trusted whatever it judges; under one in a hundred is below p99 */
        {200, 970, 0, 1000, "service.p99 < 1100us", VERDICT_PASS, VERDICT_PASS, VERDICT_PASS},
        {1, 50000, 0, 1000, "service.p99 < 1100us", VERDICT_PASS, VERDICT_PASS, VERDICT_PASS},
        /* 5 ms may judge differences of 50 ms */
        {20, 5000, 0, 1000, "service.p99 < 40ms", VERDICT_INVALID, VERDICT_PASS, VERDICT_INVALID},
        {20, 5000, 0, 1000, "service.p99 < 60ms", VERDICT_PASS, VERDICT_PASS, VERDICT_PASS},
        {20, 5000, 0, 1000, "service.p99 < 40x", VERDICT_INVALID, VERDICT_PASS, VERDICT_INVALID},
        {20, 5000, 0, 1000, "service.p99 < 60x", VERDICT_PASS, VERDICT_PASS, VERDICT_PASS},
        {20, 5000, 0, 70000, "service.p99 < 10ms", VERDICT_FAIL, VERDICT_FAIL, VERDICT_FAIL},
        /* of lags that size, a response time of 11 ms is half the replayer's */
        {200, 5500, 0, 55000, "response.p50 < 0.5ms", VERDICT_FAIL, VERDICT_INVALID, VERDICT_FAIL},
        {200, 900, 0, 4500, "response.p50 < 5ms", VERDICT_INVALID, VERDICT_PASS, VERDICT_INVALID},
        {200, 900, 0, 4500, "service.p50 < 5ms", VERDICT_PASS, VERDICT_PASS, VERDICT_PASS},
        /* a finding of latency needs the same */
        {20, 5000, 0, 30000, "errors < 1%", VERDICT_INVALID, VERDICT_INVALID, VERDICT_PASS},
        {20, 5000, 0, 60000, "errors < 1%", VERDICT_FAIL, VERDICT_FAIL, VERDICT_PASS},
        /* the lag itself can be judged, and a status is a status */
        {20, 5000, 0, 1000, "send_lag.p99 < 1ms", VERDICT_FAIL, VERDICT_PASS, VERDICT_FAIL},
        {200, 90000, 20, 1000, "worse < 1%", VERDICT_FAIL, VERDICT_INVALID, VERDICT_FAIL},
        /* where half of it is late, the load is not what was asked for */
        {100, 5000, 0, 1000, "errors < 1%", VERDICT_PASS, VERDICT_PASS, VERDICT_PASS},
        {101, 5000, 0, 1000, "errors < 1%", VERDICT_INVALID, VERDICT_INVALID, VERDICT_PASS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stats *stats = late_stats(cases[i].late, cases[i].lag_us, cases[i].worse, cases[i].service_us);
        struct judgement judgement = judged(stats, RUN_MODE_RECORDED, cases[i].gate);
        if (judgement.verdict != cases[i].verdict || judgement.gates[1].verdict != cases[i].latency ||
            judgement.gates[2].verdict != cases[i].gated)
            fail_msg("case %zu: %s, %s, %s", i, verdict_name(judgement.verdict),
                     verdict_name(judgement.gates[1].verdict), verdict_name(judgement.gates[2].verdict));
        assert_true(judgement.reasons.count > 0 || judgement.verdict == VERDICT_PASS);
        judgement_free(&judgement);
        stats_free(stats);
    }
}

/* A target that keeps requests waiting, for connections or for answers to others, fails; the run stays valid. */
static void test_verdict_waiting_for_the_target_is_the_targets(void **state)
{
    (void)state;
    struct stats *stats = stats_create(0);
    for (unsigned i = 0; i < 200; i++) {
        struct result result = make_result(i, A, 200, 200, 1000, 300000);
        result.intended_ns -= 400 * NS_PER_MS;
        result.eligible_ns = result.sent_first_ns - (i % 2 ? 300 * NS_PER_MS : 0);
        result.slot_ns = result.sent_first_ns;
        stats_add(stats, &result);
    }
    for (unsigned i = 0; i < 100; i++) {
        struct result result = make_unfired(1000 + i, A, RESULT_NOT_SENT, UNSENT_DURATION);
        stats_add(stats, &result);
    }
    struct judgement judgement = judged(stats, RUN_MODE_RATE, "response.p99 < 250ms");
    assert_int_equal(judgement.verdict, VERDICT_FAIL);
    for (size_t i = 0; i < judgement.gate_count; i++)
        assert_int_not_equal(judgement.gates[i].verdict, VERDICT_INVALID);
    assert_int_equal(stats_total(stats)->deferred, 200);
    assert_int_equal(stats_total(stats)->blocked, 100);
    judgement_free(&judgement);
    stats_free(stats);
}

/* What is given up because the target kept it waiting betters nothing: it is slower than all, and too much of it is a failure. */
static void test_verdict_what_a_slow_target_leaves_unsent_counts_against_it(void **state)
{
    (void)state;
    const struct {
        unsigned waited, own;
        enum unsent_reason reason;
        enum run_mode mode;
        enum verdict verdict, gated;
    } cases[] = {
        {0, 0, UNSENT_MAX_LAG, RUN_MODE_RATE, VERDICT_PASS, VERDICT_PASS},
        {3, 0, UNSENT_MAX_LAG, RUN_MODE_RATE, VERDICT_PASS, VERDICT_PASS},
        {6, 0, UNSENT_MAX_LAG, RUN_MODE_RATE, VERDICT_FAIL, VERDICT_FAIL},
        {6, 0, UNSENT_DURATION, RUN_MODE_RECORDED, VERDICT_FAIL, VERDICT_FAIL},
        {6, 0, UNSENT_INTERRUPTED, RUN_MODE_RATE, VERDICT_PASS, VERDICT_PASS},
        {400, 0, UNSENT_DURATION, RUN_MODE_MAX, VERDICT_PASS, VERDICT_PASS},
        {0, 6, UNSENT_MAX_LAG, RUN_MODE_RATE, VERDICT_INVALID, VERDICT_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stats *stats = stats_create(0);
        add(stats, 500, 200, 200, 1000, 1000);
        for (unsigned k = 0; k < cases[i].waited + cases[i].own; k++) {
            struct result result = make_unfired(5000 + k, A, RESULT_NOT_SENT, cases[i].reason);
            result.flags = k < cases[i].own ? RESULT_FLAG(LATE) : 0;
            stats_add(stats, &result);
        }
        struct judgement judgement = judged(stats, cases[i].mode, "response.p99 < 250ms");
        enum verdict gated = judgement.gates[judgement.gate_count - 1].verdict;
        if (judgement.verdict != cases[i].verdict || gated != cases[i].gated)
            fail_msg("case %zu: %s, %s", i, verdict_name(judgement.verdict), verdict_name(gated));
        judgement_free(&judgement);
        stats_free(stats);
    }
}

static void test_verdict_counts_need_requests_that_were_sent(void **state)
{
    (void)state;
    for (unsigned late = 0; late < 8; late++) {
        struct stats *stats = stats_create(0);
        add(stats, 500, 200, 200, 1000, 1000);
        for (unsigned i = 0; i < late; i++) {
            struct result result = make_unfired(5000 + i, A, RESULT_NOT_SENT, UNSENT_DURATION);
            result.flags = RESULT_FLAG(LATE); /* given up for the replayer's own delay */
            stats_add(stats, &result);
        }
        struct judgement judgement = judged(stats, RUN_MODE_RATE, "errors < 1%");
        enum verdict expected = late * 100 > 500 + late ? VERDICT_INVALID : VERDICT_PASS;
        assert_int_equal(judgement.verdict, expected);
        assert_int_equal(judgement.gates[0].verdict, expected);
        assert_int_equal(judgement.gates[2].verdict, expected);
        judgement_free(&judgement);
        stats_free(stats);
    }
}

static void test_verdict_inconclusive_cases(void **state)
{
    (void)state;
    struct stats *stats = stats_create(0);
    struct judgement judgement = judged(stats, RUN_MODE_RECORDED, NULL);
    assert_int_equal(judgement.verdict, VERDICT_INCONCLUSIVE); /* nothing was fired */
    judgement_free(&judgement);
    add(stats, 29, 200, 200, 1000, 1000);
    judgement = judged(stats, RUN_MODE_RECORDED, NULL);
    assert_int_equal(judgement.verdict, VERDICT_INCONCLUSIVE);
    judgement_free(&judgement);
    add(stats, 71, 200, 200, 1000, 1000);
    judgement = judged(stats, RUN_MODE_RECORDED, NULL);
    assert_int_equal(judgement.verdict, VERDICT_PASS);
    judgement_free(&judgement);

    for (uint64_t i = 0; i < 20; i++) {
        struct result result = make_unfired(5000 + i, "POST /up", RESULT_UNREPLAYABLE, UNSENT_BODY_DROPPED);
        stats_add(stats, &result);
    }
    judgement = judged(stats, RUN_MODE_RECORDED, NULL);
    assert_int_equal(judgement.verdict, VERDICT_PASS); /* a sixth, said in the reasons */
    assert_int_equal(judgement.reasons.count, 1);
    judgement_free(&judgement);
    for (uint64_t i = 0; i < 10; i++) {
        struct result result = make_unfired(6000 + i, "POST /up", RESULT_UNREPLAYABLE, UNSENT_BODY_DROPPED);
        stats_add(stats, &result);
    }
    judgement = judged(stats, RUN_MODE_RECORDED, NULL);
    assert_int_equal(judgement.verdict, VERDICT_INCONCLUSIVE);
    judgement_free(&judgement);

    struct verdict_input input = {.stats = stats, .interrupted = true};
    assert_int_equal(verdict_judge(&input, &judgement, NULL), 0);
    assert_int_equal(judgement.verdict, VERDICT_INCONCLUSIVE);
    judgement_free(&judgement);
    add(stats, 50, 200, 500, 1000, 1000); /* fail comes before inconclusive */
    assert_int_equal(verdict_judge(&input, &judgement, NULL), 0);
    assert_int_equal(judgement.verdict, VERDICT_FAIL);
    judgement_free(&judgement);
    stats_free(stats);
}

static void test_verdict_unknown_credentials_are_set_apart(void **state)
{
    (void)state;
    struct stats *stats = stats_create(0);
    add(stats, 100, 200, 200, 1000, 1000);
    for (unsigned i = 0; i < 20; i++) {
        struct result result = make_result(9000 + i, A, 200, 401, 1000, 10);
        result.flags = RESULT_FLAG(CREDENTIALS_UNKNOWN);
        stats_add(stats, &result);
    }
    struct judgement judgement = judged(stats, RUN_MODE_RECORDED, "worse <= 0");
    assert_int_equal(judgement.verdict, VERDICT_PASS);
    assert_int_equal(stats_total(stats)->credentials_unknown, 20);
    assert_int_equal(stats_total(stats)->pairs, 100);
    judgement_free(&judgement);
    stats_free(stats);
}

/* Of what lasts because the server waits, the first byte tells; what was fired with filler tells nothing. */
static void test_verdict_judges_streams_by_their_first_byte(void **state)
{
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        struct stats *stats = stats_create(0);
        for (unsigned i = 0; i < 40; i++) {
            struct result result = make_result(++next_id, A, 200, 200, 2000000, 9000000);
            result.flags |= RESULT_FLAG(BY_TTFB);
            result.original_ttfb_ns = 1000000;
            result.sent_last_ns = result.sent_first_ns;
            result.first_byte_ns = result.sent_last_ns + (slow ? 7000000 : 1500000);
            stats_add(stats, &result);
            result = make_result(++next_id, A, 200, 400, 1000, 9000000);
            result.flags |= RESULT_FLAG(FILLED);
            stats_add(stats, &result);
        }
        struct judgement judgement = judged(stats, RUN_MODE_RECORDED, "p50 < 10ms");
        const struct figures *total = stats_total(stats);
        assert_int_equal(judgement.finding_count, slow);
        assert_int_equal(judgement.gates[2].verdict, VERDICT_PASS);
        assert_int_equal(total->by_ttfb, 40);
        assert_int_equal(total->filled, 40);
        assert_int_equal(total->pairs, 40);
        assert_int_equal(total->sent, 80);
        assert_true(histogram_quantile(&total->response, 50000) < 100000);
        judgement_free(&judgement);
        stats_free(stats);
    }
}

static void test_verdict_closed_loop_has_no_latency_finding(void **state)
{
    (void)state;
    struct stats *stats = stats_create(0);
    add(stats, 200, 200, 200, 100, 30000);
    struct judgement judgement = judged(stats, RUN_MODE_MAX, "p50 < 20ms");
    assert_int_equal(judgement.finding_count, 0);
    assert_int_equal(judgement.gate_count, 2); /* status, and the one that was asked for */
    assert_int_equal(judgement.gates[0].verdict, VERDICT_PASS);
    assert_int_equal(judgement.gates[1].verdict, VERDICT_FAIL);
    judgement_free(&judgement);
    judgement = judged(stats, RUN_MODE_RECORDED, NULL);
    assert_int_equal(judgement.finding_count, 1);
    judgement_free(&judgement);
    stats_free(stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binomial_tail_known_values),
        cmocka_unit_test(test_binomial_tail_against_plain_sum),
        cmocka_unit_test(test_verdict_status_rule_borders),
        cmocka_unit_test(test_verdict_deterministic_errors_of_the_recording_hide_nothing),
        cmocka_unit_test(test_verdict_a_target_given_up_in_the_ramp_up),
        cmocka_unit_test(test_verdict_latency_rule_borders),
        cmocka_unit_test(test_verdict_fast_errors_do_not_better_a_quantile),
        cmocka_unit_test(test_verdict_timeouts_count_as_slowest),
        cmocka_unit_test(test_verdict_gates_table),
        cmocka_unit_test(test_verdict_contents_are_findings_and_gated_only_if_asked),
        cmocka_unit_test(test_verdict_no_connection_is_invalid),
        cmocka_unit_test(test_verdict_wants_of_this_machine_are_not_the_targets),
        cmocka_unit_test(test_verdict_latency_needs_a_sender_in_time),
        cmocka_unit_test(test_verdict_waiting_for_the_target_is_the_targets),
        cmocka_unit_test(test_verdict_what_a_slow_target_leaves_unsent_counts_against_it),
        cmocka_unit_test(test_verdict_counts_need_requests_that_were_sent),
        cmocka_unit_test(test_verdict_inconclusive_cases),
        cmocka_unit_test(test_verdict_unknown_credentials_are_set_apart),
        cmocka_unit_test(test_verdict_judges_streams_by_their_first_byte),
        cmocka_unit_test(test_verdict_closed_loop_has_no_latency_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
