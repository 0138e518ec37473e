#include "replay/report/text.h"

#include "common/clock.h"
#include "common/mem.h"
#include "common/units.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH         100
#define NAME_WIDTH    38
#define ENDPOINTS_MAX 40 /* shown; the JSON has them all */
#define MATRIX_MAX    12
#define TEXT_SIZE_MAX 512
#define UNKNOWN       "-"
#define OPTIONAL_ROWS 3 /* of latencies, from this on two that are left out where there are none */

/* Writes |text| into |out| of TEXT_SIZE_MAX bytes with everything but printable ASCII as \xHH, cut to |width|
 * columns ("..." at the end). Returns |out|. */
static const char *plain(const char *text, size_t width, char out[TEXT_SIZE_MAX])
{
    size_t size = 0;
    if (width >= TEXT_SIZE_MAX - 8)
        width = TEXT_SIZE_MAX - 8;
    for (const unsigned char *c = (const unsigned char *)(text ? text : UNKNOWN); *c; c++) {
        char one[8];
        snprintf(one, sizeof one, *c >= 0x20 && *c < 0x7f ? "%c" : "\\x%02x", *c);
        if (size + strlen(one) > width) {
            if (size + 3 > width)
                size = width - 3;
            memcpy(out + size, "...", 4);
            return out;
        }
        memcpy(out + size, one, strlen(one) + 1);
        size += strlen(one);
    }
    out[size] = '\0';
    return out;
}

/* Members by name; missing ones are 0 or "". */
static const json_t *member(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

static unsigned long long count_at(const json_t *object, const char *name)
{
    return (unsigned long long)json_integer_value(member(object, name));
}

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(member(object, name));
    return text ? text : UNKNOWN;
}

static const char *duration(const json_t *value, char text[UNITS_TEXT_SIZE])
{
    if (!json_is_integer(value))
        return UNKNOWN;
    return units_format_duration((uint64_t)json_integer_value(value) * NS_PER_US, text);
}

/* Appends words separated by spaces, wrapped at WIDTH, further lines indented by |indent|. */
static void wrap(struct buffer *out, size_t indent, const char *text)
{
    size_t column = indent;
    while (*text) {
        size_t size = strcspn(text, " ");
        if (column > indent && column + 1 + size > WIDTH) {
            buffer_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            buffer_append_byte(out, ' ');
            column++;
        }
        buffer_append(out, text, size);
        column += size;
        text += size + strspn(text + size, " ");
    }
    buffer_append_byte(out, '\n');
}

static void render_verdict(const json_t *report, struct buffer *out)
{
    char verdict[TEXT_SIZE_MAX], text[TEXT_SIZE_MAX];
    plain(text_at(report, "verdict"), 20, verdict);
    for (char *c = verdict; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    const json_t *reasons = member(report, "reasons");
    size_t count = json_array_size(reasons);
    if (count == 0) {
        buffer_printf(out, "%s: every gate passed\n", verdict);
        return;
    }
    struct buffer line = {0};
    for (size_t i = 0; i < count; i++) {
        if (i == 3 && count > 4) {
            buffer_printf(&line, "; and %zu more", count - 3);
            break;
        }
        buffer_printf(&line, "%s%s", i ? "; " : "",
                      plain(json_string_value(json_array_get(reasons, i)), 300, text));
    }
    buffer_append_byte(&line, '\0');
    buffer_printf(out, "%s: ", verdict);
    wrap(out, strlen(verdict) + 2, (const char *)line.data);
    buffer_free(&line);
}

static void render_examples(const json_t *finding, struct buffer *out)
{
    const json_t *examples = member(finding, "examples");
    char text[TEXT_SIZE_MAX];
    if (json_array_size(examples) == 0)
        return;
    buffer_printf(out, "      exchanges");
    for (size_t i = 0; i < json_array_size(examples) && i < 4; i++)
        buffer_printf(out, " %s", plain(json_string_value(json_array_get(examples, i)), 24, text));
    buffer_append_byte(out, '\n');
}

static const char *status_text(const json_t *cell, const char *name, char text[TEXT_SIZE_MAX])
{
    const json_t *value = member(cell, name);
    if (json_is_integer(value))
        snprintf(text, TEXT_SIZE_MAX, "%lld", (long long)json_integer_value(value));
    else if (strcmp(name, "replayed") == 0)
        plain(text_at(cell, "transport"), 24, text);
    else
        snprintf(text, TEXT_SIZE_MAX, "none");
    return text;
}

static void render_finding(const json_t *finding, size_t number, struct buffer *out)
{
    char name[TEXT_SIZE_MAX], from[TEXT_SIZE_MAX], to[TEXT_SIZE_MAX];
    char before[UNITS_TEXT_SIZE], after[UNITS_TEXT_SIZE];
    unsigned long long affected = count_at(finding, "affected"), of = count_at(finding, "of");
    buffer_printf(out, "  %2zu. %s\n", number, plain(text_at(finding, "endpoint"), WIDTH - 8, name));
    if (strcmp(text_at(finding, "kind"), "latency") == 0)
        buffer_printf(out, "      latency: p50 %s became %s over %llu pairs\n",
                      duration(member(finding, "original"), before),
                      duration(member(finding, "replayed"), after), affected);
    else if (strcmp(text_at(finding, "kind"), "content") == 0)
        buffer_printf(out, "      content: %s differs in %llu of %llu (%.1f %%)\n",
                      plain(text_at(finding, "difference"), 16, from), affected, of,
                      of ? 100 * (double)affected / (double)of : 0);
    else
        buffer_printf(out, "      status: %s became %s; %llu of %llu worse than recorded (%.1f %%, p %.2g)\n",
                      status_text(finding, "original", from), status_text(finding, "replayed", to), affected,
                      of, of ? 100 * (double)affected / (double)of : 0,
                      json_number_value(member(finding, "p")));
    render_examples(finding, out);
}

static void render_findings(const json_t *report, struct buffer *out)
{
    char name[TEXT_SIZE_MAX];
    const json_t *list = member(report, "credentials_unknown");
    if (json_array_size(list) > 0) {
        buffer_append_text(out, "\nCredentials unknown to the target (401, 403, or sent to a login page; set "
                                "apart, in no gate)\n");
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *item = json_array_get(list, i);
            buffer_printf(out, "  %-*s %8llu of %llu\n", NAME_WIDTH,
                          plain(text_at(item, "endpoint"), NAME_WIDTH, name), count_at(item, "affected"),
                          count_at(item, "of"));
        }
        buffer_append_text(
            out, "  Seed the target with what `rehearse pseudonym` prints, or record the logins.\n");
    }
    list = member(report, "findings");
    if (json_array_size(list) == 0) {
        buffer_append_text(out, "\nNo findings\n");
        return;
    }
    buffer_append_text(out, "\nFindings\n");
    for (size_t i = 0; i < json_array_size(list); i++)
        render_finding(json_array_get(list, i), i + 1, out);
}

static void render_content(const json_t *report, struct buffer *out)
{
    char name[TEXT_SIZE_MAX], kind[TEXT_SIZE_MAX];
    const json_t *content = member(report, "content");
    if (!json_is_object(content))
        return;
    buffer_printf(out, "\nContent: %llu answers compared, %llu of them JSON; %llu differ\n",
                  count_at(content, "compared"), count_at(content, "json_compared"),
                  count_at(content, "differ"));
    buffer_printf(out, "  sensitive values are compared %s\n",
                  plain(text_at(content, "sensitive_values"), 60, name));
    const json_t *list = member(content, "differences");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        buffer_printf(out, "  %-*s %-16s %8llu of %llu\n", NAME_WIDTH,
                      plain(text_at(item, "endpoint"), NAME_WIDTH, name),
                      plain(text_at(item, "kind"), 16, kind), count_at(item, "affected"),
                      count_at(item, "of"));
    }
}

/* What fired, where that was not the sender that is byte-exact, and in what it was not. */
static void render_sender(const json_t *run, struct buffer *out)
{
    char text[TEXT_SIZE_MAX];
    const json_t *deviations = member(run, "deviations");
    const char *sender = text_at(run, "sender");
    if (!json_is_string(member(run, "sender")) || strcmp(sender, "http1") == 0)
        return;
    buffer_append_text(out, "  sender: ");
    wrap(out, 8, plain(sender, 400, text));
    for (size_t i = 0; i < json_array_size(deviations); i++) {
        const json_t *item = json_array_get(deviations, i);
        char *line = xasprintf("not as recorded, in %llu requests: %s", count_at(item, "requests"),
                               plain(text_at(item, "rule"), 200, text));
        buffer_append_text(out, "    ");
        wrap(out, 8, line);
        free(line);
    }
}

static void render_one_run(const json_t *run, struct buffer *out)
{
    char target[TEXT_SIZE_MAX], id[TEXT_SIZE_MAX];
    char elapsed[UNITS_TEXT_SIZE];
    buffer_printf(out, "  %s at %s, ", plain(text_at(run, "id"), 24, id),
                  plain(text_at(run, "target"), 48, target));
    if (json_is_string(member(run, "pace")) && !json_is_true(member(run, "throughput_only")))
        buffer_append_text(out, plain(text_at(run, "pace"), WIDTH, id));
    else if (json_is_number(member(run, "speed")))
        buffer_printf(out, "recorded timing x %g", json_number_value(member(run, "speed")));
    else if (json_is_number(member(run, "rate_per_s")))
        buffer_printf(out, "%g requests/s", json_number_value(member(run, "rate_per_s")));
    else
        buffer_append_text(out, json_is_true(member(run, "throughput_only")) ? "closed loop: throughput only"
                                                                             : text_at(run, "mode"));
    buffer_printf(out, "\n  started %s, took %s\n", plain(text_at(run, "started"), 32, target),
                  duration(member(run, "elapsed_us"), elapsed));
    const json_t *rewrites = member(run, "rewrites");
    for (size_t i = 0; i < json_array_size(rewrites); i++) {
        const json_t *item = json_array_get(rewrites, i);
        buffer_printf(out, "  in %llu requests: %s\n", count_at(item, "touched"),
                      plain(text_at(item, "rule"), WIDTH - 36, target));
    }
    render_sender(run, out);
    const json_t *notes = member(run, "notes");
    for (size_t i = 0; i < json_array_size(notes); i++) {
        buffer_append_text(out, "  note: ");
        wrap(out, 8, plain(json_string_value(json_array_get(notes, i)), 400, target));
    }
}

static void render_run(const json_t *report, struct buffer *out)
{
    const json_t *run = member(report, "run"), *runs = member(run, "runs");
    buffer_append_text(out, "\nRun\n");
    if (!runs)
        render_one_run(run, out);
    for (size_t i = 0; i < json_array_size(runs); i++)
        render_one_run(json_array_get(runs, i), out);
}

/* Appends " + N name (reason n, ...)". */
static void add_reasons(const json_t *ledger, const char *name, const char *shown, struct buffer *line)
{
    const json_t *reasons = member(ledger, name);
    unsigned long long sum = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)reasons, key, value) sum += (unsigned long long)json_integer_value(value);
    buffer_printf(line, " + %llu %s", sum, shown);
    if (sum == 0)
        return;
    const char *before = " (";
    json_object_foreach((json_t *)reasons, key, value)
    {
        buffer_printf(line, "%s%s %lld", before, key, (long long)json_integer_value(value));
        before = ", ";
    }
    buffer_append_byte(line, ')');
}

static void render_ledger(const json_t *report, struct buffer *out)
{
    const json_t *ledger = member(report, "ledger"), *totals = member(report, "totals");
    struct buffer line = {0};
    buffer_printf(&line, "read %llu = %llu fired + %llu filtered + %llu sampled out",
                  count_at(ledger, "read"), count_at(ledger, "fired"), count_at(ledger, "filtered"),
                  count_at(ledger, "sampled_out"));
    add_reasons(ledger, "unreplayable", "unreplayable", &line);
    add_reasons(ledger, "not_sent", "not sent", &line);
    if (!json_is_true(member(ledger, "complete")))
        buffer_append_text(&line, "; INCOMPLETE");
    else if (!json_is_true(member(ledger, "balanced")))
        buffer_append_text(&line, "; DOES NOT BALANCE");
    buffer_append_byte(&line, '\0');
    buffer_append_text(out, "\nLedger   ");
    wrap(out, 9, (const char *)line.data);
    buffer_clear(&line);
    buffer_printf(&line,
                  "%llu scheduled, %llu sent, %llu answered, %llu failed, %llu late; %llu pairs: "
                  "%llu status changed, %llu worse, %llu better",
                  count_at(totals, "scheduled"), count_at(totals, "sent"), count_at(totals, "answered"),
                  count_at(totals, "failed"), count_at(totals, "late"), count_at(totals, "pairs"),
                  count_at(totals, "status_changed"), count_at(totals, "worse"), count_at(totals, "better"));
    if (count_at(totals, "ramp_up"))
        buffer_printf(&line, "; and %llu in the ramp-up, which are not judged", count_at(totals, "ramp_up"));
    buffer_append_byte(&line, '\0');
    buffer_append_text(out, "Totals   ");
    wrap(out, 9, (const char *)line.data);
    buffer_free(&line);
}

static double share_of(uint64_t part, uint64_t whole)
{
    return whole ? 100 * (double)part / (double)whole : 0;
}

/* Whether the replayer did what it meant to. */
static void render_pace(const json_t *report, struct buffer *out)
{
    const json_t *pace = member(report, "pace"), *worst = member(pace, "worst_second"),
                 *run = member(report, "run");
    struct buffer line = {0};
    unsigned long long elapsed_us = count_at(run, "elapsed_us"), sent = count_at(pace, "sent");
    buffer_printf(&line, "%llu planned, %llu sent", count_at(pace, "planned"), sent);
    if (elapsed_us > 0)
        buffer_printf(&line, ", %.1f/s", 1e6 * (double)sent / (double)elapsed_us);
    if (count_at(worst, "planned") != count_at(worst, "sent"))
        buffer_printf(
            &line,
            ", in the worst second %llu planned and %llu sent; %llu of %llu seconds further off than 1 %%",
            count_at(worst, "planned"), count_at(worst, "sent"), count_at(pace, "seconds_off"),
            count_at(pace, "seconds"));
    buffer_printf(&line, "; %llu waited for what they depend on, %llu for a connection",
                  count_at(pace, "deferred"), count_at(pace, "blocked"));
    if (elapsed_us > 0)
        buffer_printf(&line, "; a firing thread was busy for %.0f %% of the time, all together for %.0f %%",
                      share_of(count_at(run, "firing_cpu_us"), elapsed_us),
                      share_of(count_at(run, "cpu_us"), elapsed_us));
    buffer_append_byte(&line, '\0');
    buffer_append_text(out, "Pace     ");
    wrap(out, 9, (const char *)line.data);
    buffer_free(&line);
}

static void render_matrix(const json_t *report, struct buffer *out)
{
    const json_t *cells = member(report, "statuses");
    size_t shown = 0, hidden = 0;
    char from[TEXT_SIZE_MAX], to[TEXT_SIZE_MAX];
    buffer_printf(out, "\n%-10s %-18s %10s\n", "Recorded", "Replayed", "Requests");
    /* What changed comes first. */
    for (int same = 0; same < 2; same++) {
        for (size_t i = 0; i < json_array_size(cells); i++) {
            const json_t *cell = json_array_get(cells, i);
            const char *judged = text_at(cell, "judged");
            if ((strcmp(judged, "same") == 0) != same)
                continue;
            if (shown == MATRIX_MAX) {
                hidden++;
                continue;
            }
            shown++;
            buffer_printf(out, "%-10s %-18s %10llu  %s\n", status_text(cell, "original", from),
                          status_text(cell, "replayed", to), count_at(cell, "count"), judged);
        }
    }
    if (hidden > 0)
        buffer_printf(out, "%zu more rows: --format json has them\n", hidden);
}

static int rank_of(const json_t *endpoint)
{
    const char *verdict = text_at(endpoint, "verdict");
    return strcmp(verdict, "fail") == 0 ? 0 : strcmp(verdict, "inconclusive") == 0 ? 1 : 2;
}

/* Findings first, then what could not be judged, then by what changed and by requests. */
static int by_importance(const void *a, const void *b)
{
    const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
    if (rank_of(left) != rank_of(right))
        return rank_of(left) - rank_of(right);
    static const char *const members[] = {"worse", "status_changed", "sent"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        unsigned long long first = count_at(left, members[i]), second = count_at(right, members[i]);
        if (first != second)
            return first > second ? -1 : 1;
    }
    return strcmp(text_at(left, "endpoint"), text_at(right, "endpoint"));
}

static void render_endpoint(const json_t *endpoint, struct buffer *out)
{
    static const char *const marks[] = {"!", "?", " "};
    char name[TEXT_SIZE_MAX], texts[4][UNITS_TEXT_SIZE];
    const json_t *original = member(endpoint, "original"), *service = member(endpoint, "service");
    buffer_printf(out, "%s%s%-*s %7llu %6llu %5llu %9s %9s %8s %8s\n", marks[rank_of(endpoint)],
                  count_at(endpoint, "by_ttfb") ? "t" : " ", NAME_WIDTH - 2,
                  plain(text_at(endpoint, "endpoint"), NAME_WIDTH - 2, name), count_at(endpoint, "sent"),
                  count_at(endpoint, "worse"), count_at(endpoint, "failed"),
                  duration(member(original, "p50"), texts[0]), duration(member(service, "p50"), texts[1]),
                  duration(member(original, "p99"), texts[2]), duration(member(service, "p99"), texts[3]));
}

static void render_endpoints(const json_t *report, struct buffer *out)
{
    const json_t *list = member(report, "endpoints");
    size_t count = json_array_size(list);
    if (count == 0)
        return;
    json_t **sorted = xcalloc(count, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = json_array_get(list, i);
    qsort(sorted, count, sizeof *sorted, by_importance);
    buffer_printf(out, "\n%-*s %7s %6s %5s %9s %9s %8s %8s\n", NAME_WIDTH, "Endpoint", "sent", "worse",
                  "fail", "orig p50", "serv p50", "orig p99", "serv p99");
    for (size_t i = 0; i < count && i < ENDPOINTS_MAX; i++)
        render_endpoint(sorted[i], out);
    if (count > ENDPOINTS_MAX)
        buffer_printf(out, "%zu more endpoints: --format json has them\n", count - ENDPOINTS_MAX);
    bool unjudged = false;
    for (size_t i = 0; i < count; i++)
        unjudged |= rank_of(sorted[i]) == 1;
    if (unjudged)
        buffer_append_text(out,
                           "?: could not be judged (too much cannot be replayed, or credentials unknown)\n");
    free(sorted);
}

static void render_latencies(const json_t *report, struct buffer *out)
{
    static const struct {
        const char *member;
        const char *shown;
        const char *where;
    } rows[] = {{"original", "original", "  at the server, when recorded"},
                {"service", "service", "  at the client: sent to answered"},
                {"response", "response", "  at the client: intended to answered"},
                {"connect", "connect", "  connections made for a request"},
                {"tls", "tls", "  their TLS handshakes"},
                {"send_lag_us", "send lag", "  the replayer's own delay"}};
    static const char *const quantiles[] = {"p50", "p90", "p99", "p999", "max"};
    buffer_printf(out, "\n%-10s", "Latency");
    for (size_t k = 0; k < 5; k++)
        buffer_printf(out, " %9s", quantiles[k]);
    buffer_append_byte(out, '\n');
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const json_t *row = member(report, rows[i].member);
        if (i >= OPTIONAL_ROWS && i < OPTIONAL_ROWS + 2 && !json_is_integer(member(row, "p50")))
            continue;
        char text[UNITS_TEXT_SIZE];
        buffer_printf(out, "%-10s", rows[i].shown);
        for (size_t k = 0; k < 5; k++)
            buffer_printf(out, " %9s", duration(member(row, quantiles[k]), text));
        buffer_printf(out, "%s\n", rows[i].where);
    }
}

/* How requests failed, and what else there is to say of answers. */
/* "after 1.00 s", "after 2.1 to 9.8 ms". */
static const char *span(const json_t *span_us, char text[TEXT_SIZE_MAX])
{
    char from[UNITS_TEXT_SIZE], to[UNITS_TEXT_SIZE];
    duration(member(span_us, "min"), from);
    duration(member(span_us, "max"), to);
    bool same = strcmp(from, to) == 0;
    snprintf(text, TEXT_SIZE_MAX, "after %s%s%s", from, same ? "" : " to ", same ? "" : to);
    return text;
}

static void render_failures(const json_t *report, struct buffer *out)
{
    const json_t *failures = member(report, "failures"), *totals = member(report, "totals");
    char detail[TEXT_SIZE_MAX];
    if (json_array_size(failures) > 0)
        buffer_append_text(out, "\nFailures\n");
    for (size_t i = 0; i < json_array_size(failures); i++) {
        const json_t *failure = json_array_get(failures, i);
        char after[TEXT_SIZE_MAX];
        const char *told = json_string_value(member(failure, "detail"));
        buffer_printf(out, "  %-16s %8llu  %-*s", text_at(failure, "transport"), count_at(failure, "count"),
                      told ? 24 : 0, span(member(failure, "after_us"), after));
        if (told)
            buffer_printf(out, "  %s", plain(told, WIDTH - 56, detail));
        buffer_append_byte(out, '\n');
    }
    if (count_at(totals, "by_ttfb")) {
        buffer_printf(out,
                      "\n%llu pairs, of endpoints marked t, are event streams or long polls: their latencies "
                      "end with\nthe first byte of the answer",
                      count_at(totals, "by_ttfb"));
        if (count_at(totals, "stream_ended"))
            buffer_printf(out, "; the replayer ended %llu after the recorded time, or --timeout",
                          count_at(totals, "stream_ended"));
        buffer_append_byte(out, '\n');
    }
    if (count_at(totals, "retried"))
        buffer_printf(
            out,
            "\n%llu requests were tried again, %llu times in all (--retry), and %llu of them answered; "
            "statuses and\nservice times are those of the last attempt\n",
            count_at(totals, "retried"), count_at(totals, "retries"), count_at(totals, "retried_answered"));
    if (count_at(totals, "defective"))
        buffer_printf(out, "\n%llu requests were fired with a recorded defect (--fire-flagged)\n",
                      count_at(totals, "defective"));
    if (count_at(totals, "filled"))
        buffer_printf(out,
                      "\n%llu requests were fired with filler for a body (--fill-bodies); they are not "
                      "compared\n",
                      count_at(totals, "filled"));
    if (count_at(totals, "retry_after"))
        buffer_printf(
            out, "\n%llu answers of 429 or 503 said when to ask again (Retry-After); that was not done\n",
            count_at(totals, "retry_after"));
}

static const char *gate_value(const json_t *gate, char text[UNITS_TEXT_SIZE])
{
    const json_t *value = member(gate, "value");
    const char *unit = text_at(gate, "unit");
    if (!json_is_number(value))
        return UNKNOWN;
    double number = json_number_value(value);
    if (strcmp(unit, "us") == 0)
        return units_format_duration((uint64_t)number * NS_PER_US, text);
    snprintf(text, UNITS_TEXT_SIZE, "%.4g%s", number,
             strcmp(unit, "percent") == 0 ? " %"
             : strcmp(unit, "ratio") == 0 ? " x"
                                          : "");
    return text;
}

static void render_gates(const json_t *report, struct buffer *out)
{
    const json_t *gates = member(report, "gates");
    buffer_printf(out, "\n%-50s %12s  %s\n", "Gate", "value", "verdict");
    for (size_t i = 0; i < json_array_size(gates); i++) {
        const json_t *gate = json_array_get(gates, i);
        char expression[TEXT_SIZE_MAX], note[TEXT_SIZE_MAX], value[UNITS_TEXT_SIZE];
        buffer_printf(out, "%-50s %12s  %s\n", plain(text_at(gate, "expression"), 50, expression),
                      gate_value(gate, value), text_at(gate, "verdict"));
        if (json_is_string(member(gate, "note")))
            buffer_printf(out, "    %s\n", plain(text_at(gate, "note"), WIDTH - 4, note));
    }
}

void text_render(const json_t *report, struct buffer *out)
{
    render_verdict(report, out);
    render_findings(report, out);
    render_content(report, out);
    render_run(report, out);
    render_ledger(report, out);
    render_pace(report, out);
    render_matrix(report, out);
    render_endpoints(report, out);
    render_latencies(report, out);
    render_failures(report, out);
    render_gates(report, out);
}
