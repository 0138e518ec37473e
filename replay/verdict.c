#include "replay/verdict.h"

#include "replay/sender/failure_advice.h"

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
#define CONTENT_MIN        3
#define CONTENT_MIN_PCT    1
#define LATENCY_MIN_PAIRS  30
#define LATENCY_RATIO      2
#define LATENCY_MIN_US     5000
#define LAG_TRUSTED_US     1000 /* a send lag p99 up to this makes nothing invalid */
#define LAG_SHARE          10   /* nor does one up to this part of the difference that is judged */
#define NOT_SENT_PCT       1
#define UNREPLAYABLE_PCT   5
#define UNJUDGED_SHARE_PCT 20

static const uint32_t quantile_parts[GATE_QUANTILE_COUNT] = {50000, 90000, 99000, 99900, 100000};
static const uint64_t quantile_needs[GATE_QUANTILE_COUNT] = {10, 30, 100, 1000, 1};

const char *finding_kind_name(enum finding_kind kind)
{
    static const char *const names[FINDING_KINDS] = {
        [FINDING_STATUS] = "status", [FINDING_LATENCY] = "latency", [FINDING_CONTENT] = "content"};
    return names[kind];
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

static uint64_t lag_p99_us(const struct figures *figures)
{
    return histogram_quantile(&figures->send_lag, quantile_parts[GATE_P99]);
}

/* Whether the replayer's own delay is small enough to judge a latency that is |difference_us| from its limit. */
static bool is_trusted(const struct figures *figures, double difference_us)
{
    uint64_t lag_us = lag_p99_us(figures);
    return lag_us <= LAG_TRUSTED_US || (double)lag_us * LAG_SHARE <= difference_us;
}

/* Returns false where there would be a finding, but it cannot be trusted. */
static bool find_latency(const char *name, const struct figures *figures, struct judgement *judgement)
{
    if (figures->service.count < LATENCY_MIN_PAIRS)
        return true;
    uint64_t original = histogram_quantile(&figures->original, quantile_parts[GATE_P50]);
    uint64_t service = histogram_quantile(&figures->service, quantile_parts[GATE_P50]);
    if (service < original * LATENCY_RATIO || service < original + LATENCY_MIN_US)
        return true;
    if (!is_trusted(figures, (double)(service - original)))
        return false;
    *add_finding(judgement) = (struct finding){
        .kind = FINDING_LATENCY,
        .endpoint = name,
        .original = original,
        .replayed = service,
        .affected = figures->service.count,
        .of = figures->pairs,
        .examples = figures->slowest,
    };
    return true;
}

/* Returns the number of answers among which a difference can be. */
static uint64_t compared_for(const struct figures *figures, enum content_difference difference)
{
    return difference < DIFFERS_JSON_SHAPE ? figures->content_compared : figures->json_compared;
}

/* Values that differ are no finding: some are new by nature. */
static void find_content(const char *name, const struct figures *figures, struct judgement *judgement)
{
    for (unsigned i = 0; i <= DIFFERS_JSON_SHAPE; i++) {
        enum content_difference difference = (enum content_difference)i;
        uint64_t affected = figures->differs[i].count, of = compared_for(figures, difference);
        if (affected < CONTENT_MIN || affected * 100 <= of * CONTENT_MIN_PCT)
            continue;
        *add_finding(judgement) = (struct finding){.kind = FINDING_CONTENT,
                                                   .endpoint = name,
                                                   .difference = difference,
                                                   .affected = affected,
                                                   .of = of,
                                                   .examples = figures->differs[i].examples};
    }
}

static int by_weight(const void *a, const void *b)
{
    const struct finding *left = a, *right = b;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    if (left->affected != right->affected)
        return left->affected > right->affected ? -1 : 1;
    int order = strcmp(left->endpoint, right->endpoint);
    return order ? order : (int)left->difference - (int)right->difference;
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

/* Whether so much was not sent, for delays of the replayer's own, that what was sent does not stand for all. */
static bool lacks_requests(const struct figures *figures)
{
    return figures->not_sent_late * 100 > (figures->sent + figures->not_sent_late) * NOT_SENT_PCT;
}

/* Requests whose turn came later than --max-lag allows, or not before the run's time was over. In a closed loop nobody knows which would
 * have had theirs. */
static uint64_t given_up(const struct figures *figures, enum run_mode mode)
{
    return mode == RUN_MODE_MAX
               ? 0
               : figures->not_sent_reason[UNSENT_MAX_LAG] + figures->not_sent_reason[UNSENT_DURATION];
}

/* Those of them that waited for the target. */
static uint64_t given_up_for_target(const struct figures *figures, enum run_mode mode)
{
    uint64_t all = given_up(figures, mode), own = figures->not_sent_late;
    return all > own ? all - own : 0;
}

static void judge_default_status(struct stats *stats, uint64_t found, uint64_t pairs_most,
                                 struct judgement *judgement)
{
    struct gate_outcome *gate = add_gate(judgement, "default: status findings = 0");
    gate->has_value = true;
    gate->value = (double)found;
    gate->verdict = found ? VERDICT_FAIL : VERDICT_PASS;
    if (lacks_requests(stats_total(stats)))
        set_unjudged(gate, VERDICT_INVALID, "more than %d %% was not sent: the sender fell behind",
                     NOT_SENT_PCT);
    else if (pairs_most < STATUS_MIN_WORSE)
        set_unjudged(gate, VERDICT_INCONCLUSIVE, "no endpoint has %d pairs to compare", STATUS_MIN_WORSE);
}

static void judge_default_latency(const struct figures *total, uint64_t found, uint64_t untrusted,
                                  uint64_t comparable_most, struct judgement *judgement)
{
    uint64_t lag_us = histogram_quantile(&total->send_lag, quantile_parts[GATE_P50]);
    struct gate_outcome *gate = add_gate(judgement, "default: latency findings = 0");
    gate->has_value = !untrusted || found;
    gate->value = (double)found;
    gate->verdict = found ? VERDICT_FAIL : VERDICT_PASS;
    if (untrusted && !found)
        set_unjudged(gate, VERDICT_INVALID,
                     "at %llu endpoint%s, what may be one is too close to the sender's own delay",
                     (unsigned long long)untrusted, untrusted == 1 ? "" : "s");
    else if (lag_us > LAG_TRUSTED_US && !found)
        set_unjudged(
            gate, VERDICT_INVALID,
            "half of the requests were sent more than %.1f ms late: the load was not what was asked for",
            (double)lag_us / 1000);
    else if (comparable_most < LATENCY_MIN_PAIRS)
        set_unjudged(gate, VERDICT_INCONCLUSIVE, "no endpoint has %d pairs whose latency can be compared",
                     LATENCY_MIN_PAIRS);
}

/* The default gates: their value is the number of findings. A closed loop measures throughput only: its latencies are those of a
 * target that is kept full, and say nothing beside the recording's. */
static void judge_defaults(const struct verdict_input *input, struct judgement *judgement)
{
    size_t count;
    const struct endpoint_figures *endpoints = stats_endpoints(input->stats, &count);
    uint64_t pairs_most = 0, comparable_most = 0, untrusted = 0;
    bool throughput_only = input->mode == RUN_MODE_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct figures *figures = &endpoints[i].figures;
        find_status(endpoints[i].name, figures, judgement);
        find_content(endpoints[i].name, figures, judgement);
        if (!throughput_only)
            untrusted += !find_latency(endpoints[i].name, figures, judgement);
        if (figures->pairs > pairs_most)
            pairs_most = figures->pairs;
        if (figures->service.count > comparable_most)
            comparable_most = figures->service.count;
    }
    uint64_t found[FINDING_KINDS] = {0};
    for (size_t i = 0; i < judgement->finding_count; i++)
        found[judgement->findings[i].kind]++;
    if (judgement->finding_count > 0)
        qsort(judgement->findings, judgement->finding_count, sizeof *judgement->findings, by_weight);
    judge_default_status(input->stats, found[FINDING_STATUS], pairs_most, judgement);
    if (!throughput_only)
        judge_default_latency(stats_total(input->stats), found[FINDING_LATENCY], untrusted, comparable_most,
                              judgement);
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
        [GATE_ANSWERED] = figures->answered, [GATE_CONTENT] = figures->content_differs,
    };
    bool of_pairs = gate->metric == GATE_STATUS_CHANGED || gate->metric == GATE_WORSE,
         contents = gate->metric == GATE_CONTENT, any = gate->difference == GATE_ANY_DIFFERENCE;
    uint64_t of = contents ? figures->content_compared : of_pairs ? figures->pairs : figures->sent;
    uint64_t count = counts[gate->metric];
    if (contents && !any) {
        count = figures->differs[gate->difference].count;
        of = compared_for(figures, (enum content_difference)gate->difference);
    }
    if (lacks_requests(figures)) {
        set_unjudged(outcome, VERDICT_INVALID, "more than %d %% was not sent: the sender fell behind",
                     NOT_SENT_PCT);
        return;
    }
    if (of == 0) {
        set_unjudged(outcome, VERDICT_INCONCLUSIVE, "%s",
                     contents   ? "no contents were compared: see --compare content"
                     : of_pairs ? "there are no pairs to compare"
                                : "nothing was fired");
        return;
    }
    outcome->has_value = true;
    outcome->value = (double)count;
    if (gate->unit == GATE_UNIT_PERCENT)
        outcome->value = 100 * outcome->value / (double)of;
    outcome->verdict = holds(outcome->value, gate->op, gate->value) ? VERDICT_PASS : VERDICT_FAIL;
}

/* Returns the quantile of |histogram| with |unanswered| more values above all, in microseconds; INFINITY among those. */
static double quantile_of(const struct histogram *histogram, enum gate_quantile quantile, uint64_t unanswered)
{
    uint64_t rank = histogram_rank(histogram->count + unanswered, quantile_parts[quantile]);
    return rank <= histogram->count ? (double)histogram_at_rank(histogram, rank) : INFINITY;
}

static const struct histogram *histogram_of(const struct figures *figures, enum gate_clock clock)
{
    switch (clock) {
    case GATE_RESPONSE:
        return &figures->response;
    case GATE_ORIGINAL:
        return &figures->original;
    case GATE_SEND_LAG:
        return &figures->send_lag;
    case GATE_SERVICE:
    case GATE_CLOCK_DEFAULT:
        break;
    }
    return &figures->service;
}

/* Decides between |value_us| and |limit_us|, and whether the replayer's own delay leaves room for it: without that the value would be
 * |unlagged_us|. */
static void judge_latency(const struct gate *gate, const struct figures *figures, double value_us,
                          double unlagged_us, double limit_us, struct gate_outcome *outcome)
{
    bool passes = holds(value_us, gate->op, limit_us);
    outcome->verdict = passes ? VERDICT_PASS : VERDICT_FAIL;
    if (gate->clock == GATE_SEND_LAG || gate->clock == GATE_ORIGINAL)
        return; /* which hold no delay of another */
    if (!is_trusted(figures, fabs(value_us - limit_us)))
        set_unjudged(outcome, VERDICT_INVALID, "send lag p99 %.1f ms is more than a tenth of what it judges",
                     (double)lag_p99_us(figures) / 1000);
    else if (holds(unlagged_us, gate->op, limit_us) != passes)
        set_unjudged(outcome, VERDICT_INVALID, "without the sender's own delay it would %s",
                     passes ? "fail" : "pass");
}

static void judge_quantile(const struct gate *gate, const struct figures *figures, enum run_mode mode,
                           struct gate_outcome *outcome)
{
    enum gate_clock clock = gate->clock;
    if (clock == GATE_CLOCK_DEFAULT)
        clock = mode == RUN_MODE_RATE || mode == RUN_MODE_RAMP ? GATE_RESPONSE : GATE_SERVICE;
    const struct histogram *histogram = histogram_of(figures, clock);
    /* A request without an answer waited longer than any that has one; so would one that was given up before it was sent. */
    uint64_t unanswered = clock == GATE_SERVICE || clock == GATE_RESPONSE ? figures->failed : 0;
    uint64_t unlagged = unanswered + given_up_for_target(figures, mode);
    if (clock == GATE_RESPONSE)
        unanswered += given_up(figures, mode);
    uint64_t count = histogram->count + unanswered;
    if (count < quantile_needs[gate->quantile]) {
        set_unjudged(outcome, VERDICT_INCONCLUSIVE, "needs %llu requests, there are %llu",
                     (unsigned long long)quantile_needs[gate->quantile], (unsigned long long)count);
        return;
    }
    double value_us = quantile_of(histogram, gate->quantile, unanswered), unlagged_us = value_us, scale = 1;
    if (clock == GATE_RESPONSE)
        unlagged_us = quantile_of(&figures->response_unlagged, gate->quantile, unlagged);
    if (!isfinite(value_us))
        snprintf(outcome->note, sizeof outcome->note, "it falls among the %llu requests without an answer%s",
                 (unsigned long long)unanswered, unanswered > figures->failed ? ", or not sent" : "");
    if (gate->unit == GATE_UNIT_RATIO) {
        scale = (double)histogram_quantile(&figures->original, quantile_parts[gate->quantile]);
        if (scale == 0) {
            set_unjudged(outcome, VERDICT_INCONCLUSIVE, "the original has no latency to be a multiple of");
            return;
        }
    }
    outcome->has_value = isfinite(value_us);
    outcome->value = outcome->has_value ? value_us / scale : 0;
    judge_latency(gate, figures, value_us, unlagged_us, gate->value * scale, outcome);
}

void gate_judge(const struct gate *gate, struct stats *stats, enum run_mode mode,
                struct gate_outcome *outcome)
{
    const struct figures *figures = stats_total(stats);
    outcome->unit = gate->unit;
    if (gate->endpoint[0])
        figures = stats_endpoint(stats, gate->endpoint);
    if (!figures)
        set_unjudged(outcome, VERDICT_INCONCLUSIVE, "the run has no such endpoint");
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

/* Whether no connection ever came about; in the ramp-up neither, which is not judged otherwise. */
static bool never_connected(const struct figures *total)
{
    uint64_t unconnected = total->ramp_up_unconnected, fired = total->sent + total->ramp_up;
    for (unsigned i = 0; i < TRANSPORT_ERROR_COUNT; i++)
        if (transport_is_opening((enum transport_error)i))
            unconnected += total->transport[i];
    return fired > 0 && unconnected == fired;
}

/* Returns the failure that stands for all those for want of something on this machine; NULL where they are at most 1 %. They say nothing of
 * the target, and what was sent does not stand for all. */
static const struct failure *lacks_means(const struct stats *stats, const struct figures *total)
{
    size_t count;
    uint64_t own = 0;
    const struct failure *failures = stats_failures(stats, &count), *most = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!transport_is_opening(failures[i].transport) || !failure_is_own(failures[i].detail))
            continue;
        own += failures[i].count;
        if (!most || failures[i].count > most->count)
            most = &failures[i];
    }
    return own * 100 > (total->sent + total->ramp_up) * NOT_SENT_PCT ? most : NULL;
}

/* Whether the replayer gave up a target that had answered. */
static bool gave_up(const struct verdict_input *input)
{
    const struct figures *total = stats_total(input->stats);
    return input->aborted && total->answered + total->ramp_up_answered > 0;
}

/* Whether the target did not keep up with the schedule, and what it kept waiting was given up. */
static bool was_outrun(const struct verdict_input *input)
{
    const struct figures *total = stats_total(input->stats);
    return given_up_for_target(total, input->mode) * 100 > (total->sent + total->not_sent) * NOT_SENT_PCT;
}

/* Findings first: they are what a reader acts on. */
static void reason_fail(const struct verdict_input *input, struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->finding_count; i++) {
        const struct finding *finding = &judgement->findings[i];
        unsigned long long affected = finding->affected, of = finding->of;
        if (finding->kind == FINDING_CONTENT)
            continue; /* fails nothing by itself */
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
    const struct figures *total = stats_total(input->stats);
    if (was_outrun(input))
        add_reason(
            judgement,
            "%llu of %llu requests were not sent: they waited for the target until --max-lag or the end of "
            "the time",
            (unsigned long long)given_up_for_target(total, input->mode),
            (unsigned long long)(total->sent + total->not_sent));
    if (gave_up(input))
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
        add_reason(judgement, total->ramp_up ? "nothing was fired but the ramp-up, which is not judged"
                                             : "nothing was fired");
    for (size_t i = 0; i < judgement->gate_count && total->sent > 0; i++)
        if (judgement->gates[i].verdict == VERDICT_INCONCLUSIVE)
            add_reason(judgement, "too little data for the gate '%s': %s", judgement->gates[i].expression,
                       judgement->gates[i].note);
    bool some = judgement->reasons.count > before;
    return is_unjudged_large(input, judgement) || some;
}

static bool has_gate(const struct judgement *judgement, enum verdict verdict)
{
    for (size_t i = 0; i < judgement->gate_count; i++)
        if (judgement->gates[i].verdict == verdict)
            return true;
    return false;
}

/* Nothing was measured, as |why| says: what looks like findings is one fact. */
static void judge_nothing(struct judgement *judgement, const char *why)
{
    judgement->finding_count = 0;
    for (size_t i = 0; i < judgement->gate_count; i++) {
        judgement->gates[i].has_value = false;
        set_unjudged(&judgement->gates[i], VERDICT_INVALID, "%s", why);
    }
}

static void reason_invalid(const struct figures *total, bool lost, const struct failure *own,
                           struct judgement *judgement)
{
    if (own) {
        add_reason(judgement, "requests failed for want of something on this machine (%s)%s", own->detail,
                   failure_advice(own->detail));
        return;
    }
    if (lost) {
        add_reason(judgement, "no connection to the target ever succeeded: all %llu requests failed",
                   (unsigned long long)(total->sent + total->ramp_up));
        return;
    }
    for (size_t i = 0; i < judgement->gate_count; i++)
        if (judgement->gates[i].verdict == VERDICT_INVALID)
            add_reason(judgement, "the sender fell behind, so that the gate '%s' cannot be trusted: %s",
                       judgement->gates[i].expression, judgement->gates[i].note);
}

int verdict_judge(const struct verdict_input *input, struct judgement *ret_judgement, struct error *err)
{
    struct judgement judgement = {0};
    const struct figures *total = stats_total(input->stats);
    bool lost = never_connected(total);
    judge_defaults(input, &judgement);
    for (size_t i = 0; i < input->gate_count; i++) {
        struct gate gate;
        if (gate_parse(input->gates[i], &gate, err) != 0) {
            judgement_free(&judgement);
            return -1;
        }
        gate_judge(&gate, input->stats, input->mode, add_gate(&judgement, input->gates[i]));
    }
    bool failed = gave_up(input) || was_outrun(input) || has_gate(&judgement, VERDICT_FAIL);
    const struct failure *own = lacks_means(input->stats, total);
    if (own || lost)
        judge_nothing(&judgement,
                      own ? "this machine lacked what requests need" : "no connection ever succeeded");
    bool invalid = has_gate(&judgement, VERDICT_INVALID), none = own || lost;
    if (invalid)
        reason_invalid(total, lost, own, &judgement);
    if (!none && failed)
        reason_fail(input, &judgement);
    bool inconclusive = reason_inconclusive(input, &judgement);
    judgement.verdict = none           ? VERDICT_INVALID
                        : failed       ? VERDICT_FAIL
                        : invalid      ? VERDICT_INVALID
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
