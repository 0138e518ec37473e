#include "replay/verdict.h"

#include "common/mem.h"
#include "replay/stats/binomial.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_MIN_WORSE   3
#define STATUS_MIN_PCT     1
#define STATUS_P           0.001
#define STATUS_OWN_FLOOR   0.001
#define LATENCY_MIN_PAIRS  30
#define LATENCY_RATIO      2
#define LATENCY_MIN_US     5000
#define LAG_LIMIT_US       10000
#define UNREPLAYABLE_PCT   5
#define UNJUDGED_SHARE_PCT 20

static const uint32_t quantile_parts[GATE_QUANTILE_COUNT] = {50000, 90000, 99000, 99900, 100000};
static const uint64_t quantile_needs[GATE_QUANTILE_COUNT] = {10, 30, 100, 1000, 1};

const char *finding_kind_name(enum finding_kind kind)
{
    return kind == FINDING_STATUS ? "status" : "latency";
}

enum unjudged verdict_of_endpoint(const struct figures *figures)
{
    if (figures->unreplayable * 100 > figures->results * UNREPLAYABLE_PCT)
        return UNJUDGED_UNREPLAYABLE;
    if (figures->credentials_unknown * 2 > figures->sent)
        return UNJUDGED_CREDENTIALS;
    return JUDGED;
}

static struct finding *add_finding(struct judgement *judgement)
{
    judgement->findings =
        xrealloc(judgement->findings, (judgement->finding_count + 1) * sizeof *judgement->findings);
    struct finding *finding = &judgement->findings[judgement->finding_count++];
    memset(finding, 0, sizeof *finding);
    return finding;
}

static void find_status(const char *name, const struct figures *figures, struct judgement *judgement)
{
    uint64_t pairs = figures->pairs, worse = figures->worse;
    if (worse < STATUS_MIN_WORSE || worse * 100 <= pairs * STATUS_MIN_PCT)
        return;
    double own = figures->better ? (double)(figures->better + 1) / (double)pairs : 0;
    double p = binomial_tail(pairs, worse, own > STATUS_OWN_FLOOR ? own : STATUS_OWN_FLOOR);
    if (p >= STATUS_P)
        return;
    struct finding *finding = add_finding(judgement);
    *finding =
        (struct finding){.kind = FINDING_STATUS, .endpoint = name, .affected = worse, .of = pairs, .p = p};
    uint64_t most = 0;
    for (size_t i = 0; i < figures->transition_count; i++) {
        const struct transition *transition = &figures->transitions[i];
        if (!diff_is_worse(transition->diff) || transition->count <= most)
            continue;
        most = transition->count;
        finding->original = transition->original;
        finding->replayed = transition->replayed;
        finding->transport = transition->transport;
        finding->examples = transition->examples;
    }
}

static void find_latency(const char *name, const struct figures *figures, struct judgement *judgement)
{
    if (figures->service.count < LATENCY_MIN_PAIRS)
        return;
    uint64_t original = histogram_quantile(&figures->original, quantile_parts[GATE_P50]);
    uint64_t service = histogram_quantile(&figures->service, quantile_parts[GATE_P50]);
    if (service < original * LATENCY_RATIO || service < original + LATENCY_MIN_US)
        return;
    *add_finding(judgement) = (struct finding){
        .kind = FINDING_LATENCY,
        .endpoint = name,
        .original = original,
        .replayed = service,
        .affected = figures->service.count,
        .of = figures->pairs,
        .examples = figures->slowest,
    };
}

static int by_weight(const void *a, const void *b)
{
    const struct finding *left = a, *right = b;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    if (left->affected != right->affected)
        return left->affected > right->affected ? -1 : 1;
    return strcmp(left->endpoint, right->endpoint);
}

static struct gate_outcome *add_gate(struct judgement *judgement, const char *expression)
{
    judgement->gates = xrealloc(judgement->gates, (judgement->gate_count + 1) * sizeof *judgement->gates);
    struct gate_outcome *outcome = &judgement->gates[judgement->gate_count++];
    *outcome = (struct gate_outcome){.expression = xstrdup(expression)};
    return outcome;
}

static void set_unjudged(struct gate_outcome *outcome, enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void set_unjudged(struct gate_outcome *outcome, enum verdict verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(outcome->note, sizeof outcome->note, format, arguments);
    va_end(arguments);
    outcome->verdict = verdict;
}

/* The default gates: their value is the number of findings. A closed loop measures throughput only: its latencies are those of a
 * target that is kept full, and say nothing beside the recording's. */
static void judge_defaults(const struct verdict_input *input, bool lagging, struct judgement *judgement)
{
    size_t count;
    const struct endpoint_figures *endpoints = stats_endpoints(input->stats, &count);
    uint64_t pairs_most = 0, comparable_most = 0;
    bool throughput_only = input->mode == RUN_MODE_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct figures *figures = &endpoints[i].figures;
        find_status(endpoints[i].name, figures, judgement);
        if (!lagging && !throughput_only)
            find_latency(endpoints[i].name, figures, judgement);
        if (figures->pairs > pairs_most)
            pairs_most = figures->pairs;
        if (figures->service.count > comparable_most)
            comparable_most = figures->service.count;
    }
    uint64_t found[2] = {0, 0};
    for (size_t i = 0; i < judgement->finding_count; i++)
        found[judgement->findings[i].kind]++;
    if (judgement->finding_count > 0)
        qsort(judgement->findings, judgement->finding_count, sizeof *judgement->findings, by_weight);

    struct gate_outcome *gate = add_gate(judgement, "default: status findings = 0");
    gate->has_value = true;
    gate->value = (double)found[FINDING_STATUS];
    gate->verdict = found[FINDING_STATUS] ? VERDICT_FAIL : VERDICT_PASS;
    if (pairs_most < STATUS_MIN_WORSE)
        set_unjudged(gate, VERDICT_INCONCLUSIVE, "no endpoint has %d pairs to compare", STATUS_MIN_WORSE);
    if (throughput_only)
        return;
    gate = add_gate(judgement, "default: latency findings = 0");
    gate->has_value = !lagging;
    gate->value = (double)found[FINDING_LATENCY];
    gate->verdict = found[FINDING_LATENCY] ? VERDICT_FAIL : VERDICT_PASS;
    if (lagging)
        set_unjudged(gate, VERDICT_INVALID, "the sender fell behind");
    else if (comparable_most < LATENCY_MIN_PAIRS)
        set_unjudged(gate, VERDICT_INCONCLUSIVE, "no endpoint has %d pairs whose latency can be compared",
                     LATENCY_MIN_PAIRS);
}

static bool holds(double value, enum gate_op op, double limit)
{
    switch (op) {
    case GATE_LT:
        return value < limit;
    case GATE_LE:
        return value <= limit;
    case GATE_GT:
        return value > limit;
    case GATE_GE:
        break;
    }
    return value >= limit;
}

static void judge_count(const struct gate *gate, const struct figures *figures, struct gate_outcome *outcome)
{
    const uint64_t counts[] = {
        [GATE_ERRORS] = figures->errors,     [GATE_FAILED] = figures->failed,
        [GATE_WORSE] = figures->worse,       [GATE_STATUS_CHANGED] = figures->status_changed,
        [GATE_LATE] = figures->late,         [GATE_SENT] = figures->sent,
        [GATE_ANSWERED] = figures->answered,
    };
    bool of_pairs = gate->metric == GATE_STATUS_CHANGED || gate->metric == GATE_WORSE;
    uint64_t of = of_pairs ? figures->pairs : figures->sent;
    if (of == 0) {
        set_unjudged(outcome, VERDICT_INCONCLUSIVE, "%s",
                     of_pairs ? "there are no pairs to compare" : "nothing was fired");
        return;
    }
    outcome->has_value = true;
    outcome->value = (double)counts[gate->metric];
    if (gate->unit == GATE_UNIT_PERCENT)
        outcome->value = 100 * outcome->value / (double)of;
    outcome->verdict = holds(outcome->value, gate->op, gate->value) ? VERDICT_PASS : VERDICT_FAIL;
}

static void judge_quantile(const struct gate *gate, const struct figures *figures, enum run_mode mode,
                           struct gate_outcome *outcome)
{
    enum gate_clock clock = gate->clock;
    if (clock == GATE_CLOCK_DEFAULT)
        clock = mode == RUN_MODE_RATE || mode == RUN_MODE_RAMP ? GATE_RESPONSE : GATE_SERVICE;
    const struct histogram *histogram = clock == GATE_SERVICE    ? &figures->service
                                        : clock == GATE_RESPONSE ? &figures->response
                                        : clock == GATE_ORIGINAL ? &figures->original
                                                                 : &figures->send_lag;
    /* A request without an answer waited longer than any that has one. */
    uint64_t unanswered = clock == GATE_SERVICE || clock == GATE_RESPONSE ? figures->failed : 0;
    uint64_t count = histogram->count + unanswered;
    if (count < quantile_needs[gate->quantile]) {
        set_unjudged(outcome, VERDICT_INCONCLUSIVE, "needs %llu requests, there are %llu",
                     (unsigned long long)quantile_needs[gate->quantile], (unsigned long long)count);
        return;
    }
    uint64_t rank = histogram_rank(count, quantile_parts[gate->quantile]);
    double value = INFINITY;
    if (rank <= histogram->count)
        value = (double)histogram_at_rank(histogram, rank);
    else
        snprintf(outcome->note, sizeof outcome->note, "it falls among the %llu requests without an answer",
                 (unsigned long long)unanswered);
    if (gate->unit == GATE_UNIT_RATIO) {
        uint64_t original = histogram_quantile(&figures->original, quantile_parts[gate->quantile]);
        if (original == 0) {
            set_unjudged(outcome, VERDICT_INCONCLUSIVE, "the original has no latency to be a multiple of");
            return;
        }
        value /= (double)original;
    }
    outcome->has_value = isfinite(value);
    outcome->value = outcome->has_value ? value : 0;
    outcome->verdict = holds(value, gate->op, gate->value) ? VERDICT_PASS : VERDICT_FAIL;
}

void gate_judge(const struct gate *gate, struct stats *stats, enum run_mode mode, bool lagging,
                struct gate_outcome *outcome)
{
    const struct figures *figures = stats_total(stats);
    outcome->unit = gate->unit;
    if (gate->endpoint[0])
        figures = stats_endpoint(stats, gate->endpoint);
    bool own_delay = gate->clock == GATE_SEND_LAG || gate->clock == GATE_ORIGINAL;
    if (!figures)
        set_unjudged(outcome, VERDICT_INCONCLUSIVE, "the run has no such endpoint");
    else if (lagging && gate->metric == GATE_QUANTILE && !own_delay)
        set_unjudged(outcome, VERDICT_INVALID, "the sender fell behind");
    else if (gate->metric == GATE_QUANTILE)
        judge_quantile(gate, figures, mode, outcome);
    else
        judge_count(gate, figures, outcome);
}

static void add_reason(struct judgement *judgement, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add_reason(struct judgement *judgement, const char *format, ...)
{
    va_list arguments;
    char *text;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    va_end(arguments);
    run_texts_add(&judgement->reasons, text);
    free(text);
}

static bool never_connected(const struct figures *total)
{
    uint64_t refused = total->transport[TRANSPORT_CONNECT_REFUSED] +
                       total->transport[TRANSPORT_CONNECT_TIMEOUT] +
                       total->transport[TRANSPORT_CONNECT_FAILED] + total->transport[TRANSPORT_TLS];
    return total->sent > 0 && refused == total->sent;
}

static uint32_t lag_parts(enum run_mode mode)
{
    return quantile_parts[mode == RUN_MODE_RATE || mode == RUN_MODE_RAMP ? GATE_P99 : GATE_P90];
}

static bool fell_behind(const struct figures *total, enum run_mode mode)
{
    return histogram_quantile(&total->send_lag, lag_parts(mode)) > LAG_LIMIT_US;
}

/* Findings first: they are what a reader acts on. */
static void reason_fail(const struct verdict_input *input, struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->finding_count; i++) {
        const struct finding *finding = &judgement->findings[i];
        unsigned long long affected = finding->affected, of = finding->of;
        if (finding->kind == FINDING_LATENCY)
            add_reason(judgement, "%s: service p50 went from %.1f ms to %.1f ms", finding->endpoint,
                       (double)finding->original / 1000, (double)finding->replayed / 1000);
        else
            add_reason(judgement, "%s: %llu of %llu answered worse than recorded", finding->endpoint,
                       affected, of);
    }
    for (size_t i = 2; i < judgement->gate_count; i++)
        if (judgement->gates[i].verdict == VERDICT_FAIL)
            add_reason(judgement, "gate failed: %s", judgement->gates[i].expression);
    if (input->aborted && stats_total(input->stats)->answered > 0)
        add_reason(judgement, "the replayer gave the target up: %s", input->aborted);
}

static bool is_unjudged_large(const struct verdict_input *input, struct judgement *judgement)
{
    size_t count, unjudged = 0;
    uint64_t requests = 0, all = stats_total(input->stats)->results;
    const struct endpoint_figures *endpoints = stats_endpoints(input->stats, &count);
    for (size_t i = 0; i < count; i++) {
        if (verdict_of_endpoint(&endpoints[i].figures) == JUDGED)
            continue;
        unjudged++;
        requests += endpoints[i].figures.results;
    }
    if (unjudged > 0)
        add_reason(judgement, "%zu endpoint%s with %.1f %% of the requests could not be judged", unjudged,
                   unjudged == 1 ? "" : "s", 100 * (double)requests / (double)all);
    return requests * 100 > all * UNJUDGED_SHARE_PCT;
}

static bool reason_inconclusive(const struct verdict_input *input, struct judgement *judgement)
{
    size_t before = judgement->reasons.count;
    const struct figures *total = stats_total(input->stats);
    if (input->interrupted)
        add_reason(judgement, "the run was interrupted");
    if (input->unfinished)
        add_reason(judgement, "the run did not end: its figures are those that reached the disk");
    if (input->damaged > 0)
        add_reason(judgement, "%llu damaged blocks of the run could not be read",
                   (unsigned long long)input->damaged);
    if (total->sent == 0)
        add_reason(judgement, "nothing was fired");
    for (size_t i = 0; i < judgement->gate_count && total->sent > 0; i++)
        if (judgement->gates[i].verdict == VERDICT_INCONCLUSIVE)
            add_reason(judgement, "too little data for the gate '%s': %s", judgement->gates[i].expression,
                       judgement->gates[i].note);
    bool some = judgement->reasons.count > before;
    return is_unjudged_large(input, judgement) || some;
}

static void reason_invalid(const struct figures *total, enum run_mode mode, struct judgement *judgement)
{
    if (never_connected(total))
        add_reason(judgement, "no connection to the target ever succeeded: all %llu requests failed",
                   (unsigned long long)total->sent);
    else
        add_reason(judgement,
                   "the sender fell behind: %s of its send lag is %.1f ms, at most %d ms is trusted",
                   lag_parts(mode) == quantile_parts[GATE_P99] ? "p99" : "p90",
                   (double)histogram_quantile(&total->send_lag, lag_parts(mode)) / 1000, LAG_LIMIT_US / 1000);
}

int verdict_judge(const struct verdict_input *input, struct judgement *ret_judgement, struct error *err)
{
    struct judgement judgement = {0};
    const struct figures *total = stats_total(input->stats);
    bool lost = never_connected(total), lagging = fell_behind(total, input->mode);
    judge_defaults(input, lagging, &judgement);
    for (size_t i = 0; i < input->gate_count; i++) {
        struct gate gate;
        if (gate_parse(input->gates[i], &gate, err) != 0) {
            judgement_free(&judgement);
            return -1;
        }
        gate_judge(&gate, input->stats, input->mode, lagging, add_gate(&judgement, input->gates[i]));
    }
    bool failed = input->aborted && total->answered > 0;
    for (size_t i = 0; i < judgement.gate_count; i++)
        failed |= judgement.gates[i].verdict == VERDICT_FAIL;
    if (lost) { /* nothing was measured: what looks like findings is one fact */
        judgement.finding_count = 0;
        for (size_t i = 0; i < judgement.gate_count; i++) {
            judgement.gates[i].has_value = false;
            set_unjudged(&judgement.gates[i], VERDICT_INVALID, "no connection ever succeeded");
        }
    }
    if (lost || lagging)
        reason_invalid(total, input->mode, &judgement);
    if (!lost && failed)
        reason_fail(input, &judgement);
    bool inconclusive = reason_inconclusive(input, &judgement);
    judgement.verdict = lost           ? VERDICT_INVALID
                        : failed       ? VERDICT_FAIL
                        : lagging      ? VERDICT_INVALID
                        : inconclusive ? VERDICT_INCONCLUSIVE
                                       : VERDICT_PASS;
    *ret_judgement = judgement;
    return 0;
}

void judgement_free(struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->gate_count; i++)
        free(judgement->gates[i].expression);
    for (size_t i = 0; i < judgement->reasons.count; i++)
        free(judgement->reasons.items[i]);
    free(judgement->reasons.items);
    free(judgement->gates);
    free(judgement->findings);
    memset(judgement, 0, sizeof *judgement);
}
