#include "replay/report/model.h"

#include "common/clock.h"
#include "common/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERIES_MAX 600 /* points */

/* Text as JSON. Names in a run come from captured traffic or a damaged file: what is not UTF-8 is escaped. */
static json_t *text_of(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    size_t size = strlen(text), at = 0;
    char *plain = xmalloc(size * 4 + 1);
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < 0x80)
            plain[at++] = text[i];
        else
            at += (size_t)sprintf(plain + at, "\\x%02x", (unsigned char)text[i]);
    }
    plain[at] = '\0';
    value = json_string(plain);
    free(plain);
    return value;
}

static void set(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
}

static void set_count(json_t *object, const char *name, uint64_t count)
{
    set(object, name, json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count));
}

/* A number rounded to |digits| decimals, whole where it is whole. */
static json_t *number_of(double value, double scale)
{
    double rounded = round(value * scale) / scale;
    if (rounded == floor(rounded) && fabs(rounded) < 1e15)
        return json_integer((json_int_t)rounded);
    return json_real(rounded);
}

static json_t *texts_of(const struct run_texts *texts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(list, text_of(texts->items[i]));
    return list;
}

static json_t *time_of(uint64_t wall_ns)
{
    char text[CLOCK_ISO8601_SIZE];
    return wall_ns ? json_string(clock_format_iso8601(wall_ns, text)) : json_null();
}

static json_t *id_of(uint64_t exchange)
{
    char text[24];
    snprintf(text, sizeof text, "%016" PRIx64, exchange);
    return json_string(text);
}

static json_t *rules_of(const struct run_rewrites *rules, const char *count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rules->count; i++) {
        json_t *item = json_object();
        set(item, "rule", text_of(rules->items[i].rule));
        set_count(item, count, rules->items[i].touched);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *run_of(const struct run_info *run)
{
    json_t *object = json_object();
    set(object, "id", text_of(run->run_id));
    set(object, "version", text_of(run->version));
    set(object, "traffic", text_of(run->traffic));
    set(object, "target", text_of(run->target));
    set(object, "mode", json_string(run_mode_name(run->mode)));
    if (run->pace)
        set(object, "pace", text_of(run->pace));
    set(object, "speed", run->mode == RUN_MODE_RECORDED ? number_of(run->speed, 1e6) : json_null());
    set(object, "rate_per_s", run->mode == RUN_MODE_RATE ? number_of(run->rate_per_s, 1e6) : json_null());
    set(object, "throughput_only", json_boolean(run->mode == RUN_MODE_MAX));
    set(object, "session", text_of(run->session));
    if (run->sender)
        set(object, "sender", text_of(run->sender));
    set(object, "connections",
        run->connections ? json_integer((json_int_t)run->connections) : json_string("recorded"));
    set_count(object, "concurrency", run->concurrency);
    set_count(object, "sessions", run->sessions);
    set_count(object, "threads", run->threads);
    set_count(object, "timeout_us", run->timeout_ns / NS_PER_US);
    set_count(object, "loop", run->loop);
    set(object, "started", time_of(run->started_wall_ns));
    set(object, "ended", time_of(run->ended_wall_ns));
    set_count(object, "elapsed_us", run->elapsed_ns / NS_PER_US);
    set_count(object, "cpu_us", run->cpu_ns / NS_PER_US);
    set_count(object, "firing_cpu_us", run->firing_cpu_ns / NS_PER_US);
    set(object, "interrupted", json_boolean(run->interrupted));
    set(object, "aborted", text_of(run->aborted));
    set(object, "rewrites", rules_of(&run->rewrites, "touched"));
    if (run->sender)
        set(object, "deviations", rules_of(&run->deviations, "requests"));
    set(object, "notes", texts_of(&run->notes));
    return object;
}

/* One run, or the figures that hold for all with the single ones below "runs". */
static json_t *runs_of(const struct model_input *input)
{
    json_t *object = run_of(&input->runs[0]);
    if (input->run_count > 1) {
        json_t *list = json_array();
        for (size_t i = 0; i < input->run_count; i++)
            json_array_append_new(list, run_of(&input->runs[i]));
        json_object_clear(object);
        set(object, "merged", json_integer((json_int_t)input->run_count));
        set(object, "mode", json_string(run_mode_name(input->runs[0].mode)));
        set(object, "runs", list);
    }
    json_t *measured = json_object();
    set(measured, "original",
        json_string("server's network interface: first request byte to last response "
                    "byte, packet times of the capture"));
    set(measured, "service",
        json_string("client: first request byte sent to last response byte received by the replayer"));
    set(measured, "response", json_string("client: intended send time to last response byte received"));
    set(measured, "latency_over", json_string("pairs answered with the same status class on both sides"));
    set(measured, "by_ttfb",
        json_string(
            "event streams and long polls: their latencies, on both sides, end with the first byte of "
            "the response"));
    set(object, "measured", measured);
    return object;
}

static json_t *reasons_of(const uint64_t *counts)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < UNSENT_REASON_COUNT; i++)
        if (counts[i] > 0)
            set_count(object, unsent_reason_name((enum unsent_reason)i), counts[i]);
    return object;
}

static json_t *ledger_of(const struct model_input *input)
{
    const struct figures *total = stats_total(input->stats);
    uint64_t read = 0, filtered = 0, sampled_out = 0;
    bool ended = true;
    for (size_t i = 0; i < input->run_count; i++) {
        const struct run_info *run = &input->runs[i];
        read += run->read;
        filtered += run->filtered;
        sampled_out += run->sampled_out;
        ended &= run->ended_wall_ns > 0;
    }
    json_t *object = json_object();
    set_count(object, "read", read);
    set_count(object, "fired", total->sent + total->ramp_up);
    set_count(object, "filtered", filtered);
    set_count(object, "sampled_out", sampled_out);
    set(object, "unreplayable", reasons_of(total->unreplayable_reason));
    set(object, "not_sent", reasons_of(total->not_sent_reason));
    set(object, "balanced", json_boolean(read == filtered + sampled_out + total->results));
    set(object, "complete", json_boolean(ended && input->damaged == 0));
    set_count(object, "damaged_blocks", input->damaged);
    return object;
}

static json_t *quantiles_of(const struct histogram *histogram)
{
    static const struct {
        const char *name;
        uint32_t parts;
    } quantiles[] = {{"p50", 50000}, {"p90", 90000}, {"p99", 99000}, {"p999", 99900}};
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        if (histogram->count > 0)
            set_count(object, quantiles[i].name, histogram_quantile(histogram, quantiles[i].parts));
        else
            set(object, quantiles[i].name, json_null());
    }
    set(object, "max", histogram->count ? json_integer((json_int_t)histogram->max) : json_null());
    set_count(object, "count", histogram->count);
    return object;
}

static json_t *transport_of(const struct figures *figures)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < TRANSPORT_ERROR_COUNT; i++)
        if (figures->transport[i] > 0)
            set_count(object, transport_error_name((enum transport_error)i), figures->transport[i]);
    return object;
}

static json_t *status_of(uint64_t status)
{
    return status ? json_integer((json_int_t)status) : json_null();
}

static json_t *transport_name_of(enum transport_error transport)
{
    return transport == TRANSPORT_NONE ? json_null() : json_string(transport_error_name(transport));
}

static const char *judged_as(enum diff diff)
{
    switch (diff) {
    case DIFF_SAME:
        return "same";
    case DIFF_CHANGED:
        return "changed";
    case DIFF_BETTER:
        return "better";
    case DIFF_WORSE:
    case DIFF_FAILED:
        return "worse";
    case DIFF_CREDENTIALS:
        return "credentials_unknown";
    case DIFF_FILLED:
        return "filled";
    case DIFF_NO_ORIGINAL:
    case DIFF_NOT_FIRED:
        break;
    }
    return "not_compared";
}

static json_t *matrix_of(const struct figures *figures)
{
    json_t *list = json_array();
    for (size_t i = 0; i < figures->transition_count; i++) {
        const struct transition *transition = &figures->transitions[i];
        json_t *cell = json_object();
        set(cell, "original", status_of(transition->original));
        set(cell, "replayed", status_of(transition->replayed));
        set(cell, "transport", transport_name_of(transition->transport));
        set(cell, "judged", json_string(judged_as(transition->diff)));
        set_count(cell, "count", transition->count);
        json_array_append_new(list, cell);
    }
    return list;
}

static void set_totals(json_t *object, const struct figures *figures)
{
    set_count(object, "scheduled", figures->sent + figures->not_sent);
    set_count(object, "ramp_up", figures->ramp_up);
    set_count(object, "sent", figures->sent);
    set_count(object, "answered", figures->answered);
    set_count(object, "failed", figures->failed);
    set_count(object, "late", figures->late);
    set_count(object, "interim", figures->interim);
    set_count(object, "redirected", figures->redirected);
    set_count(object, "retry_after", figures->retry_after);
    set_count(object, "retried", figures->retried);
    set_count(object, "retries", figures->retries);
    set_count(object, "retried_answered", figures->retried_answered);
    set_count(object, "defective", figures->defective);
    set_count(object, "filled", figures->filled);
    set_count(object, "by_ttfb", figures->by_ttfb);
    set_count(object, "stream_ended", figures->stream_ended);
    set_count(object, "status_changed", figures->status_changed);
    set_count(object, "worse", figures->worse);
    set_count(object, "better", figures->better);
    set_count(object, "pairs", figures->pairs);
    set_count(object, "no_original", figures->no_original);
    set_count(object, "credentials_unknown", figures->credentials_unknown);
    set_count(object, "unreplayable", figures->unreplayable);
}

static void set_latencies(json_t *object, const struct figures *figures)
{
    set(object, "original", quantiles_of(&figures->original));
    set(object, "service", quantiles_of(&figures->service));
    set(object, "response", quantiles_of(&figures->response));
    set(object, "send_lag_us", quantiles_of(&figures->send_lag));
}

static const char *unjudged_name(enum unjudged unjudged)
{
    return unjudged == UNJUDGED_UNREPLAYABLE ? "more than 5 % cannot be replayed"
                                             : "most answers were credentials unknown to the target";
}

static json_t *endpoint_of(const struct endpoint_figures *endpoint, const struct judgement *judgement)
{
    const struct figures *figures = &endpoint->figures;
    bool found = false;
    for (size_t i = 0; i < judgement->finding_count; i++)
        found |= judgement->findings[i].kind != FINDING_CONTENT &&
                 strcmp(judgement->findings[i].endpoint, endpoint->name) == 0;
    enum unjudged unjudged = verdict_of_endpoint(figures);
    json_t *object = json_object();
    set(object, "endpoint", text_of(endpoint->name));
    set(object, "verdict",
        json_string(verdict_name(found                ? VERDICT_FAIL
                                 : unjudged != JUDGED ? VERDICT_INCONCLUSIVE
                                                      : VERDICT_PASS)));
    set(object, "why", unjudged != JUDGED ? json_string(unjudged_name(unjudged)) : json_null());
    set_totals(object, figures);
    set_latencies(object, figures);
    set(object, "statuses", matrix_of(figures));
    set(object, "transport_errors", transport_of(figures));
    return object;
}

static json_t *examples_of(const struct examples *examples)
{
    json_t *list = json_array();
    for (size_t i = 0; i < examples->count; i++)
        json_array_append_new(list, id_of(examples->items[i].exchange));
    return list;
}

static json_t *finding_of(const struct finding *finding)
{
    json_t *object = json_object();
    bool status = finding->kind == FINDING_STATUS, content = finding->kind == FINDING_CONTENT;
    set(object, "kind", json_string(finding_kind_name(finding->kind)));
    set(object, "endpoint", text_of(finding->endpoint));
    if (content) {
        set(object, "difference", json_string(content_difference_name(finding->difference)));
        set_count(object, "affected", finding->affected);
        set_count(object, "of", finding->of);
        set(object, "examples", examples_of(&finding->examples));
        return object;
    }
    set(object, "original",
        status ? status_of(finding->original) : json_integer((json_int_t)finding->original));
    set(object, "replayed",
        status ? status_of(finding->replayed) : json_integer((json_int_t)finding->replayed));
    set(object, "transport", status ? transport_name_of(finding->transport) : json_null());
    set(object, "unit", json_string(status ? "status" : "p50_us"));
    set_count(object, "affected", finding->affected);
    set_count(object, "of", finding->of);
    if (status) {
        char p[32];
        snprintf(p, sizeof p, "%.2g", finding->p);
        set(object, "p", json_real(strtod(p, NULL)));
    }
    set(object, "examples", examples_of(&finding->examples));
    return object;
}

/* What was planned for each second, and sent in it; of a long run for each so many seconds. */
static json_t *series_of(const struct pace *pace, uint64_t seconds)
{
    uint64_t step = (seconds + SERIES_MAX - 1) / SERIES_MAX;
    json_t *series = json_object(), *planned = json_array(), *sent = json_array();
    for (uint64_t from = 0; from < seconds; from += step) {
        uint64_t planned_there = 0, sent_there = 0;
        for (uint64_t i = from; i < from + step && i < seconds; i++) {
            planned_there += pace->seconds[i].planned;
            sent_there += pace->seconds[i].sent;
        }
        json_array_append_new(planned, json_integer((json_int_t)planned_there));
        json_array_append_new(sent, json_integer((json_int_t)sent_there));
    }
    set_count(series, "step_s", step);
    set(series, "planned", planned);
    set(series, "sent", sent);
    return series;
}

/* The replayer's account of itself: what it planned, when it sent it, and what that waited for. */
static json_t *pace_of(const struct model_input *input, const struct figures *total)
{
    uint64_t stopped_ns = 0; /* of several runs, the last */
    for (size_t i = 0; i < input->run_count; i++) {
        const struct run_info *run = &input->runs[i];
        if ((run->interrupted || run->aborted) && run->elapsed_ns > stopped_ns)
            stopped_ns = run->elapsed_ns;
    }
    struct pace_summary pace = pace_summarize(stats_pace(input->stats), stopped_ns);
    json_t *object = json_object(), *worst = json_object();
    set_count(object, "planned", pace.planned);
    set_count(object, "sent", pace.sent);
    set_count(object, "seconds", pace.seconds);
    set_count(object, "seconds_off", pace.off);
    set_count(worst, "second", pace.worst);
    set_count(worst, "planned", pace.worst_planned);
    set_count(worst, "sent", pace.worst_sent);
    set(object, "worst_second", worst);
    set(object, "series", series_of(stats_pace(input->stats), pace.seconds));
    set_count(object, "deferred", total->deferred);
    set_count(object, "blocked", total->blocked);
    set_count(object, "not_sent", total->not_sent);
    set_count(object, "not_sent_late", total->not_sent_late);
    return object;
}

static json_t *failures_of(const struct stats *stats)
{
    size_t count;
    const struct failure *failures = stats_failures(stats, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        set(object, "transport", json_string(transport_error_name(failures[i].transport)));
        set(object, "detail", failures[i].detail[0] ? text_of(failures[i].detail) : json_null());
        set_count(object, "count", failures[i].count);
        json_t *after = json_object();
        set_count(after, "min", failures[i].shortest_ns / NS_PER_US);
        set_count(after, "max", failures[i].longest_ns / NS_PER_US);
        set(object, "after_us", after);
        set(object, "examples", examples_of(&failures[i].examples));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *gate_of(const struct gate_outcome *gate)
{
    static const char *const units[] = {"count", "percent", "us", "ratio"};
    json_t *object = json_object();
    set(object, "expression", text_of(gate->expression));
    set(object, "value", gate->has_value ? number_of(gate->value, 1e4) : json_null());
    set(object, "unit", json_string(units[gate->unit]));
    set(object, "verdict", json_string(verdict_name(gate->verdict)));
    set(object, "note", gate->note[0] ? text_of(gate->note) : json_null());
    return object;
}

/* 401 and 403 that the recording did not have, by endpoint. */
static json_t *credentials_of(struct stats *stats)
{
    size_t count;
    const struct endpoint_figures *endpoints = stats_endpoints(stats, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct figures *figures = &endpoints[i].figures;
        if (figures->credentials_unknown == 0)
            continue;
        struct examples examples = {0};
        for (size_t k = 0; k < figures->transition_count; k++) {
            const struct transition *transition = &figures->transitions[k];
            for (size_t e = 0; transition->diff == DIFF_CREDENTIALS && e < transition->examples.count; e++)
                examples_offer(&examples, 0, transition->examples.items[e].exchange);
        }
        json_t *object = json_object();
        set(object, "endpoint", text_of(endpoints[i].name));
        set_count(object, "affected", figures->credentials_unknown);
        set_count(object, "of", figures->sent);
        set(object, "examples", examples_of(&examples));
        json_array_append_new(list, object);
    }
    return list;
}

/* What contents differ in, by endpoint. */
static json_t *differences_of(struct stats *stats)
{
    size_t count;
    const struct endpoint_figures *endpoints = stats_endpoints(stats, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct figures *figures = &endpoints[i].figures;
        for (unsigned k = 0; k < CONTENT_DIFFERENCE_COUNT; k++) {
            if (figures->differs[k].count == 0)
                continue;
            json_t *object = json_object();
            set(object, "kind", json_string(content_difference_name((enum content_difference)k)));
            set(object, "endpoint", text_of(endpoints[i].name));
            set_count(object, "affected", figures->differs[k].count);
            set_count(object, "of",
                      k < DIFFERS_JSON_SHAPE ? figures->content_compared : figures->json_compared);
            set(object, "examples", examples_of(&figures->differs[k].examples));
            json_array_append_new(list, object);
        }
    }
    return list;
}

/* null where contents were not compared. */
static json_t *content_of(const struct model_input *input)
{
    const struct figures *total = stats_total(input->stats);
    const char *sensitive = NULL;
    for (size_t i = 0; i < input->run_count; i++)
        if (input->runs[i].content && (!sensitive || strcmp(sensitive, input->runs[i].content) != 0))
            sensitive =
                sensitive ? "by pseudonym in some runs, else by presence and type" : input->runs[i].content;
    if (!sensitive)
        return json_null();
    json_t *object = json_object();
    set(object, "sensitive_values", text_of(sensitive));
    set_count(object, "compared", total->content_compared);
    set_count(object, "json_compared", total->json_compared);
    set_count(object, "differ", total->content_differs);
    set(object, "differences", differences_of(input->stats));
    return object;
}

json_t *model_build(const struct model_input *input)
{
    const struct judgement *judgement = input->judgement;
    const struct figures *total = stats_total(input->stats);
    size_t count;
    const struct endpoint_figures *endpoints = stats_endpoints(input->stats, &count);
    json_t *report = json_object(), *totals = json_object(), *list = json_array();
    set(report, "schema", json_string("rehearse.report/1"));
    set(report, "verdict", json_string(verdict_name(judgement->verdict)));
    set(report, "reasons", texts_of(&judgement->reasons));
    for (size_t i = 0; i < judgement->finding_count; i++)
        json_array_append_new(list, finding_of(&judgement->findings[i]));
    set(report, "findings", list);
    set(report, "credentials_unknown", credentials_of(input->stats));
    set(report, "content", content_of(input));
    list = json_array();
    for (size_t i = 0; i < judgement->gate_count; i++)
        json_array_append_new(list, gate_of(&judgement->gates[i]));
    set(report, "gates", list);
    set(report, "run", runs_of(input));
    set(report, "ledger", ledger_of(input));
    set_totals(totals, total);
    set(report, "totals", totals);
    set(report, "pace", pace_of(input, total));
    set_latencies(report, total);
    set(report, "connect", quantiles_of(&total->connect));
    set(report, "tls", quantiles_of(&total->tls));
    set(report, "statuses", matrix_of(total));
    set_count(report, "statuses_over", total->transitions_over);
    set(report, "transport_errors", transport_of(total));
    set(report, "failures", failures_of(input->stats));
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, endpoint_of(&endpoints[i], judgement));
    set(report, "endpoints", list);
    set_count(report, "endpoints_over", stats_other(input->stats));
    return report;
}
