/* Golden files below tests/data/report; REHEARSE_UPDATE=1 in the environment writes them anew. */
#include "replay/report/model.h"
#include "replay/report/text.h"

#include "common/mem.h"
#include "tests/unit/replay/run_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RESULTS_MAX 4000

static struct result results[RESULTS_MAX];
static size_t result_count;

static void add(struct result result)
{
    assert_true(result_count < RESULTS_MAX);
    results[result_count++] = result;
}

static void add_many(unsigned count, const char *endpoint, unsigned original, unsigned replayed,
                     uint64_t original_us, uint64_t service_us)
{
    for (unsigned i = 0; i < count; i++) /* times spread by a tenth */
        add(make_result(0x1000 + result_count, endpoint, original, replayed,
                        original_us + original_us * (i % 11) / 100,
                        service_us + service_us * (i % 11) / 100));
}

/* One of everything that a report shows. */
static void make_results(void)
{
    result_count = 0;
    add_many(571, "GET /items/{id}", 200, 200, 900, 1100);
    add_many(41, "GET /items/{id}", 200, 500, 900, 300);
    add_many(7, "GET /items/{id}", 404, 404, 500, 500);
    add_many(300, "GET /search", 200, 200, 2000, 24000);
    add_many(60, "POST /orders", 201, 201, 3000, 3100);
    add_many(4, "POST /orders", 201, 200, 3000, 3100);
    add_many(5, "POST /orders", 201, 0, 3000, 0);
    add_many(50, "GET /evil/%1B%5B31m", 200, 200, 10, 10);
    add_many(40, "GET /bad\x1b[31m\xff", 200, 200, 10, 10);
    for (unsigned i = 0; i < 9; i++) {
        struct result result = make_result(0x9000 + i, "GET /account", 200, 401, 700, 200);
        result.flags = RESULT_FLAG(CREDENTIALS_UNKNOWN);
        add(result);
    }
    for (unsigned i = 0; i < 12; i++)
        add(make_unfired(0xa000 + i, "POST /upload", RESULT_UNREPLAYABLE,
                         i < 10 ? UNSENT_BODY_DROPPED : UNSENT_UPGRADE));
    add(make_unfired(0xb000, "GET /items/{id}", RESULT_NOT_SENT, UNSENT_DURATION));
    add(make_result(0xb001, "GET /health", 0, 200, 0, 100));
    const uint64_t marks[] = {RESULT_FLAG(BY_TTFB) | RESULT_FLAG(STREAM_ENDED), RESULT_FLAG(FILLED),
                              RESULT_FLAG(DEFECTIVE)};
    for (unsigned i = 0; i < 3; i++) {
        struct result result = make_result(0xc000 + i, "GET /events", 200, 200, 9000000, 9000000);
        result.original_ttfb_ns = 4000000;
        result.flags = marks[i];
        add(result);
    }
}

static struct run_info make_run(void)
{
    static struct run_rewrite rewrite = {.rule = (char *)"rewrite path s#^/v1#/v2#", .touched = 120};
    return (struct run_info){.run_id = (char *)"7f3a",
                             .version = (char *)"0.1.0",
                             .traffic = (char *)"traffic",
                             .target = (char *)"http://127.0.0.1:8081",
                             .session = (char *)"auto",
                             .mode = RUN_MODE_RECORDED,
                             .speed = 2,
                             .sessions = 12,
                             .threads = 1,
                             .timeout_ns = 30 * NS_PER_S,
                             .loop = 1,
                             .started_wall_ns = UINT64_C(1763629200123456789),
                             .ended_wall_ns = UINT64_C(1763629220123456789),
                             .elapsed_ns = 20 * NS_PER_S,
                             .cpu_ns = 4 * NS_PER_S,
                             .firing_cpu_ns = 3 * NS_PER_S,
                             .read = result_count + 25,
                             .filtered = 20,
                             .sampled_out = 5,
                             .rewrites = {.items = &rewrite, .count = 1}};
}

static struct stats *stats_of(size_t from, size_t step, bool backwards)
{
    struct stats *stats = stats_create(0);
    for (size_t i = from; i < result_count; i += step)
        stats_add(stats, &results[backwards ? result_count - 1 - i : i]);
    return stats;
}

static json_t *report_of(struct stats *stats)
{
    static const char *const gates[] = {"p99 < 250ms", "errors < 1%", "@GET /search: p50 < 1.5x", "p999 < 1s",
                                        "@GET /nothing: errors < 1"};
    struct judgement judgement;
    assert_int_equal(verdict_judge(&(struct verdict_input){.stats = stats, .gates = gates, .gate_count = 5},
                                   &judgement, NULL),
                     0);
    struct run_info run = make_run();
    json_t *report = model_build(
        &(struct model_input){.runs = &run, .run_count = 1, .stats = stats, .judgement = &judgement});
    judgement_free(&judgement);
    stats_free(stats);
    return report;
}

static void check_golden(const char *name, const char *text)
{
    const char *source = getenv("REHEARSE_SOURCE");
    char *path = xasprintf("%s/tests/data/report/%s.golden", source ? source : ".", name);
    if (getenv("REHEARSE_UPDATE")) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
    }
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot read %s", path);
    char *golden = xcalloc(1, 1 << 20);
    assert_true(fread(golden, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    if (strcmp(golden, text) != 0)
        fail_msg("differs from %s:\n%s", path, text);
    free(golden);
    free(path);
}

static void test_report_json_golden(void **state)
{
    (void)state;
    make_results();
    json_t *report = report_of(stats_of(0, 1, false));
    char *text = json_dumps(report, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    check_golden("json", text);
    free(text);
    json_decref(report);
}

static void test_report_text_golden_is_ascii_and_narrow(void **state)
{
    (void)state;
    make_results();
    json_t *report = report_of(stats_of(0, 1, false));
    struct buffer out = {0};
    text_render(report, &out);
    buffer_append_byte(&out, '\0');
    size_t column = 0;
    for (size_t i = 0; i + 1 < out.size; i++) {
        assert_true(out.data[i] == '\n' || (out.data[i] >= 0x20 && out.data[i] < 0x7f));
        column = out.data[i] == '\n' ? 0 : column + 1;
        assert_true(column <= 100);
    }
    check_golden("text", (const char *)out.data);
    buffer_free(&out);
    json_decref(report);
}

static void test_report_two_runs_merged_equal_one_in_any_order(void **state)
{
    (void)state;
    make_results();
    json_t *whole = report_of(stats_of(0, 1, false));
    for (int backwards = 0; backwards < 2; backwards++) {
        struct stats *stats = stats_of(0, 2, backwards), *other = stats_of(1, 2, backwards);
        stats_merge(stats, other);
        stats_free(other);
        json_t *merged = report_of(stats);
        char *first = json_dumps(whole, 0), *second = json_dumps(merged, 0);
        assert_string_equal(first, second);
        free(first);
        free(second);
        json_decref(merged);
    }
    json_decref(whole);
}

static void test_report_series_of_a_long_run_has_few_points_and_all_requests(void **state)
{
    (void)state;
    struct stats *stats = stats_create(0);
    for (unsigned i = 0; i < 2000; i++) { /* one a second, the first in second 1 */
        struct result result = make_result(i * 1000, "GET /a", 200, 200, 10, 10);
        stats_add(stats, &result);
    }
    json_t *report = report_of(stats);
    const json_t *series = json_object_get(json_object_get(report, "pace"), "series");
    assert_int_equal(json_integer_value(json_object_get(series, "step_s")), 4);
    static const char *const sides[] = {"planned", "sent"};
    for (size_t i = 0; i < 2; i++) {
        const json_t *side = json_object_get(series, sides[i]);
        assert_int_equal(json_array_size(side), 501);
        assert_int_equal(json_integer_value(json_array_get(side, 0)), 3);
        for (size_t k = 1; k < 500; k++)
            assert_int_equal(json_integer_value(json_array_get(side, k)), 4);
        assert_int_equal(json_integer_value(json_array_get(side, 500)), 1);
    }
    json_decref(report);
}

static void test_report_endpoints_past_the_limit_are_other(void **state)
{
    (void)state;
    struct stats *stats = stats_create(3);
    char names[6][16];
    for (unsigned i = 0; i < 6; i++) {
        snprintf(names[i], sizeof names[i], "GET /%u", i);
        struct result result = make_result(i, names[i], 200, 200, 10, 10);
        stats_add(stats, &result);
    }
    size_t count;
    const struct endpoint_figures *endpoints = stats_endpoints(stats, &count);
    assert_int_equal(count, 4);
    assert_string_equal(endpoints[0].name, "(other)");
    assert_int_equal(endpoints[0].figures.sent, 3);
    assert_int_equal(stats_other(stats), 3);
    assert_false(stats_is_whole(stats)); /* others come together in another order */
    assert_int_equal(stats_endpoint(stats, "GET /1")->sent, 1);
    assert_null(stats_endpoint(stats, "GET /5"));
    stats_free(stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_json_golden),
        cmocka_unit_test(test_report_text_golden_is_ascii_and_narrow),
        cmocka_unit_test(test_report_two_runs_merged_equal_one_in_any_order),
        cmocka_unit_test(test_report_series_of_a_long_run_has_few_points_and_all_requests),
        cmocka_unit_test(test_report_endpoints_past_the_limit_are_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
