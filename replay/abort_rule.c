#include "replay/abort_rule.h"

#include "common/units.h"
#include "replay/gates.h"

#include <stdio.h>
#include <string.h>

#define SAMPLES_A_WINDOW (ABORT_RULE_SAMPLES / 2)

static int refuse(const char *text, const char *why, struct error *err)
{
    return error_set(err, ERROR_USAGE, "'%s': %s; for example '%s', or 'off'", text, why, ABORT_RULE_DEFAULT);
}

int abort_rule_parse(const char *text, struct abort_rule *ret_rule, struct error *err)
{
    char condition[64];
    struct gate gate;
    struct error why;
    struct abort_rule rule = {.text = text};
    const char *window = strstr(text, " for ");
    if (!window || (size_t)(window - text) >= sizeof condition)
        return refuse(text, "it does not say for how long", err);
    snprintf(condition, sizeof condition, "%.*s", (int)(window - text), text);
    window += strlen(" for ");
    if (gate_parse(condition, &gate, &why) || gate.endpoint[0] ||
        (gate.metric != GATE_ERRORS && gate.metric != GATE_FAILED))
        return refuse(
            text, "the condition is not 'errors' or 'failed', > or >=, and a number or a share up to 100%",
            err);
    if (gate.op != GATE_GT && gate.op != GATE_GE)
        return refuse(text, "only > and >= are for failures", err);
    if (gate.unit != GATE_UNIT_COUNT && gate.unit != GATE_UNIT_PERCENT)
        return refuse(text, "the value is not a number of requests or a share of them", err);
    if (!units_parse_duration(window + strspn(window, " "), &rule.window_ns) || rule.window_ns == 0)
        return refuse(text, "the time is not a duration above 0", err);
    rule.failed_only = gate.metric == GATE_FAILED;
    rule.or_equal = gate.op == GATE_GE;
    rule.percent = gate.unit == GATE_UNIT_PERCENT;
    rule.value = gate.value;
    *ret_rule = rule;
    return 0;
}

/* Keeps a sample now and then, and of those before the window the last alone. */
static void keep_sample(struct abort_rule *rule, uint64_t now_ns, const struct abort_counts *counts)
{
    size_t passed = 0;
    while (passed + 1 < rule->sample_count && now_ns - rule->samples[passed + 1].at_ns >= rule->window_ns)
        passed++;
    rule->sample_count -= passed;
    memmove(rule->samples, rule->samples + passed, rule->sample_count * sizeof rule->samples[0]);
    if (rule->sample_count > 0 &&
        now_ns - rule->samples[rule->sample_count - 1].at_ns < rule->window_ns / SAMPLES_A_WINDOW)
        return;
    rule->samples[rule->sample_count].at_ns = now_ns;
    rule->samples[rule->sample_count++].counts = *counts;
}

bool abort_rule_look(struct abort_rule *rule, uint64_t now_ns, const struct abort_counts *counts,
                     struct abort_counts *ret_window)
{
    if (counts->ended == 0)
        return false; /* the time begins with the first end */
    keep_sample(rule, now_ns, counts);
    if (now_ns - rule->samples[0].at_ns < rule->window_ns)
        return false;
    const struct abort_counts *before = &rule->samples[0].counts;
    const struct abort_counts window = {counts->ended - before->ended, counts->errors - before->errors,
                                        counts->failed - before->failed};
    if (window.ended < ABORT_RULE_MIN)
        return false;
    double value = (double)(rule->failed_only ? window.failed : window.errors);
    if (rule->percent)
        value = 100 * value / (double)window.ended;
    if (ret_window)
        *ret_window = window;
    return rule->or_equal ? value >= rule->value : value > rule->value;
}
