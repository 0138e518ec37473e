#include "replay/gates.h"

#include "common/clock.h"
#include "common/units.h"
#include "replay/stats/stats.h"

#include <ctype.h>
#include <string.h>

#define EXAMPLES "for example 'p99 < 250ms', 'errors < 1%', 'service.p50 < 1.5x' or '@GET /cart: p90 < 80ms'"

static const char *const verdict_names[] = {
#define X(name, text) text,
    VERDICTS(X)
#undef X
};

const char *verdict_name(enum verdict verdict)
{
    return verdict_names[verdict];
}

int verdict_exit_status(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_PASS:
        return 0;
    case VERDICT_FAIL:
        return 1;
    case VERDICT_INCONCLUSIVE:
        return 4;
    case VERDICT_INVALID:
    case VERDICT_COUNT:
        break;
    }
    return 5;
}

static const char *const metric_names[] = {
    [GATE_ERRORS] = "errors",     [GATE_FAILED] = "failed",   [GATE_STATUS_CHANGED] = "status_changed",
    [GATE_WORSE] = "worse",       [GATE_LATE] = "late",       [GATE_SENT] = "sent",
    [GATE_ANSWERED] = "answered", [GATE_CONTENT] = "content",
};
static const char *const clock_names[] = {
    [GATE_SERVICE] = "service",
    [GATE_RESPONSE] = "response",
    [GATE_ORIGINAL] = "original",
    [GATE_SEND_LAG] = "send_lag",
};
static const char *const quantile_names[] = {"p50", "p90", "p99", "p999", "max"};

/* Returns the index of the |size| bytes at |text| in |names|, or -1. */
static int find_name(const char *const *names, size_t count, const char *text, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (names[i] && strlen(names[i]) == size && strncmp(names[i], text, size) == 0)
            return (int)i;
    return -1;
}
#define FIND_NAME(names, text, size) find_name(names, sizeof(names) / sizeof((names)[0]), text, size)

static const char *skip_space(const char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

/* Takes "@ENDPOINT:" from the front of |text|. An endpoint's path may hold colons: the last one before the
 * metric counts. */
static bool parse_scope(const char **text, struct gate *gate)
{
    const char *from = skip_space(*text);
    if (*from != '@')
        return true;
    const char *end = strrchr(from, ':');
    if (!end)
        return false;
    from = skip_space(from + 1);
    const char *after = end + 1;
    while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (end <= from || (size_t)(end - from) >= sizeof gate->endpoint)
        return false;
    memcpy(gate->endpoint, from, (size_t)(end - from));
    gate->endpoint[end - from] = '\0';
    *text = after;
    return true;
}

/* Parses what follows "content.". */
static bool parse_difference(const char *text, size_t size, struct gate *gate)
{
    for (int i = 0; i < CONTENT_DIFFERENCE_COUNT; i++) {
        const char *name = content_difference_name((enum content_difference)i);
        if (strlen(name) != size || strncmp(name, text, size) != 0)
            continue;
        gate->metric = GATE_CONTENT;
        gate->difference = i;
        return true;
    }
    return false;
}

static bool parse_metric(const char **text, struct gate *gate)
{
    const char *from = skip_space(*text), *end = from;
    while (isalnum((unsigned char)*end) || *end == '_' || *end == '.')
        end++;
    *text = end;
    gate->difference = GATE_ANY_DIFFERENCE;
    int metric = FIND_NAME(metric_names, from, (size_t)(end - from));
    if (metric >= 0) {
        gate->metric = (enum gate_metric)metric;
        return true;
    }
    gate->metric = GATE_QUANTILE;
    const char *dot = memchr(from, '.', (size_t)(end - from));
    if (dot && dot - from == 7 && strncmp(from, "content", 7) == 0)
        return parse_difference(dot + 1, (size_t)(end - dot - 1), gate);
    if (dot) {
        int clock = FIND_NAME(clock_names, from, (size_t)(dot - from));
        if (clock < 0)
            return false;
        gate->clock = (enum gate_clock)clock;
        from = dot + 1;
    }
    int quantile = FIND_NAME(quantile_names, from, (size_t)(end - from));
    if (quantile < 0)
        return false;
    gate->quantile = (enum gate_quantile)quantile;
    return true;
}

static bool parse_op(const char **text, struct gate *gate)
{
    const char *from = skip_space(*text);
    bool equal = from[0] && from[1] == '=';
    if (*from == '<')
        gate->op = equal ? GATE_LE : GATE_LT;
    else if (*from == '>')
        gate->op = equal ? GATE_GE : GATE_GT;
    else
        return false;
    *text = from + 1 + equal;
    return true;
}

/* Parses a number and its unit; |text| is the rest of the expression without surrounding space. */
static bool parse_value(const char *text, struct gate *gate)
{
    char number[64];
    size_t size = strlen(text);
    if (size == 0 || size >= sizeof number)
        return false;
    memcpy(number, text, size + 1);
    char last = number[size - 1];
    uint64_t ns, count;
    if (last == '%') {
        gate->unit = GATE_UNIT_PERCENT;
        return units_parse_percent(number, &gate->value);
    }
    if (last == 'x') {
        gate->unit = GATE_UNIT_RATIO;
        number[size - 1] = '\0';
        return units_parse_number(number, &gate->value);
    }
    if (isdigit((unsigned char)last)) {
        gate->unit = GATE_UNIT_COUNT;
        if (!units_parse_count(number, &count))
            return false;
        gate->value = (double)count;
        return true;
    }
    gate->unit = GATE_UNIT_US;
    if (!units_parse_duration(number, &ns))
        return false;
    gate->value = (double)ns / (double)NS_PER_US;
    return true;
}

static const char *unit_mistake(const struct gate *gate)
{
    bool counts = gate->unit == GATE_UNIT_COUNT || gate->unit == GATE_UNIT_PERCENT;
    if (gate->metric != GATE_QUANTILE && !counts)
        return "a count is held against a whole number or a percentage";
    if (gate->metric == GATE_SENT && gate->unit == GATE_UNIT_PERCENT)
        return "'sent' is held against a whole number";
    if (gate->metric == GATE_QUANTILE && counts)
        return "a latency is held against a time with its unit (ms, us, s) or a multiple of the original's "
               "(2x)";
    if (gate->unit == GATE_UNIT_RATIO && (gate->clock == GATE_ORIGINAL || gate->clock == GATE_SEND_LAG))
        return "only service and response have an original to be a multiple of";
    return NULL;
}

int gate_parse(const char *text, struct gate *ret_gate, struct error *err)
{
    struct gate gate = {0};
    char copy[512];
    const char *why = NULL, *at = copy;
    size_t size = strlen(text);
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
        size--;
    if (size >= sizeof copy)
        return error_set(err, ERROR_USAGE, "a gate is longer than %zu characters", sizeof copy - 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (!parse_scope(&at, &gate))
        why = "'@' is followed by an endpoint and ':'";
    else if (!parse_metric(&at, &gate))
        why =
            "it begins with p50, p90, p99, p999, max (service., response., original. or send_lag. may stand "
            "before), errors, failed, status_changed, worse, late, sent, answered, content or content.KIND "
            "(content_type, location, cookies, json_shape, json_values, json_sensitive)";
    else if (!parse_op(&at, &gate))
        why = "<, <=, > or >= follows";
    else if (!parse_value(skip_space(at), &gate))
        why = "the value is not a whole number, percentage, time or multiple";
    else
        why = unit_mistake(&gate);
    if (why) {
        char shown[64];
        size_t length = 0;
        for (; copy[length] && length + 1 < sizeof shown; length++)
            shown[length] = copy[length] >= 0x20 && copy[length] < 0x7f ? copy[length] : '?';
        shown[length] = '\0';
        return error_set(err, ERROR_USAGE, "the gate '%s' is not one: %s; %s", shown, why, EXAMPLES);
    }
    *ret_gate = gate;
    return 0;
}
