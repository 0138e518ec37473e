#include "replay/gates.h"
#include "replay/stats/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_gates_grammar(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct gate gate;
    } table[] = {
        {"p99 < 250ms", {GATE_QUANTILE, GATE_CLOCK_DEFAULT, GATE_P99, GATE_LT, GATE_UNIT_US, 250000, ""}},
        {"p50<=1.5s", {GATE_QUANTILE, GATE_CLOCK_DEFAULT, GATE_P50, GATE_LE, GATE_UNIT_US, 1500000, ""}},
        {" response.p999 > 3us ", {GATE_QUANTILE, GATE_RESPONSE, GATE_P999, GATE_GT, GATE_UNIT_US, 3, ""}},
        {"service.p50 < 1.5x", {GATE_QUANTILE, GATE_SERVICE, GATE_P50, GATE_LT, GATE_UNIT_RATIO, 1.5, ""}},
        {"send_lag.max >= 1ms", {GATE_QUANTILE, GATE_SEND_LAG, GATE_MAX, GATE_GE, GATE_UNIT_US, 1000, ""}},
        {"original.p90 < 1m", {GATE_QUANTILE, GATE_ORIGINAL, GATE_P90, GATE_LT, GATE_UNIT_US, 6e7, ""}},
        {"errors < 1%", {GATE_ERRORS, 0, 0, GATE_LT, GATE_UNIT_PERCENT, 1, ""}},
        {"status_changed <= 0", {GATE_STATUS_CHANGED, 0, 0, GATE_LE, GATE_UNIT_COUNT, 0, ""}},
        {"worse < 0.5%", {GATE_WORSE, 0, 0, GATE_LT, GATE_UNIT_PERCENT, 0.5, ""}},
        {"failed<3", {GATE_FAILED, 0, 0, GATE_LT, GATE_UNIT_COUNT, 3, ""}},
        {"late < 5%", {GATE_LATE, 0, 0, GATE_LT, GATE_UNIT_PERCENT, 5, ""}},
        {"sent >= 1000", {GATE_SENT, 0, 0, GATE_GE, GATE_UNIT_COUNT, 1000, ""}},
        {"answered > 99%", {GATE_ANSWERED, 0, 0, GATE_GT, GATE_UNIT_PERCENT, 99, ""}},
        {"@GET /items/{id}: p90 < 80ms",
         {GATE_QUANTILE, GATE_CLOCK_DEFAULT, GATE_P90, GATE_LT, GATE_UNIT_US, 80000, "GET /items/{id}"}},
        {"content < 1%",
         {.metric = GATE_CONTENT, .unit = GATE_UNIT_PERCENT, .value = 1, .difference = GATE_ANY_DIFFERENCE}},
        {"@GET /a: content.json_shape <= 0",
         {.metric = GATE_CONTENT, .op = GATE_LE, .endpoint = "GET /a", .difference = DIFFERS_JSON_SHAPE}},
        {"@ GET /a:b : errors < 1", {GATE_ERRORS, 0, 0, GATE_LT, GATE_UNIT_COUNT, 1, "GET /a:b"}},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct gate gate;
        struct error err = {0};
        if (gate_parse(table[i].text, &gate, &err) != 0)
            fail_msg("%s", err.text);
        const struct gate *want = &table[i].gate;
        assert_int_equal(gate.metric, want->metric);
        assert_int_equal(gate.clock, want->clock);
        assert_int_equal(gate.quantile, want->quantile);
        assert_int_equal(gate.op, want->op);
        assert_int_equal(gate.unit, want->unit);
        assert_true(gate.value == want->value);
        assert_string_equal(gate.endpoint, want->endpoint);
        if (gate.metric == GATE_CONTENT)
            assert_int_equal(gate.difference, want->difference);
    }
}

static void test_gates_refuse_with_one_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "p99",
        "p99 <",
        "p99 < 250",
        "p99 < 1%",
        "p98 < 1ms",
        "errors < 1ms",
        "errors < 2x",
        "errors = 1",
        "errors < -1",
        "< 1ms",
        "p99 < 1ms2",
        "p99 < 1ms 2",
        "client.p99 < 1ms",
        "content < 1ms",
        "content.p99 < 1ms",
        "content.shape < 1",
        "content. < 1",
        "p99 << 1ms",
        "errors < 1.5",
        "errors < 101%",
        "sent > 5%",
        "original.p50 < 2x",
        "send_lag.p50 < 2x",
        "@GET /x p99 < 1ms",
        "@: p99 < 1ms",
        "p99 < x",
        "p99 < nanms",
        "service. < 1ms",
        "\x1b[31m < 1ms",
        "p99 \n< 1ms",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gate gate;
        struct error err = {0};
        if (gate_parse(bad[i], &gate, &err) == 0)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.kind, ERROR_USAGE);
        for (const char *c = err.text; *c; c++)
            assert_true(*c >= 0x20 && *c < 0x7f);
    }
    char text[2000];
    memset(text, 'p', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(gate_parse(text, &(struct gate){0}, NULL), -1);
}

static void test_gates_exit_statuses(void **state)
{
    (void)state;
    assert_int_equal(verdict_exit_status(VERDICT_PASS), 0);
    assert_int_equal(verdict_exit_status(VERDICT_FAIL), 1);
    assert_int_equal(verdict_exit_status(VERDICT_INCONCLUSIVE), 4);
    assert_int_equal(verdict_exit_status(VERDICT_INVALID), 5);
    assert_string_equal(verdict_name(VERDICT_INCONCLUSIVE), "inconclusive");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gates_grammar),
        cmocka_unit_test(test_gates_refuse_with_one_line),
        cmocka_unit_test(test_gates_exit_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
