#include "replay/stats/stats.h"

#include "common/endpoint.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

struct stats {
    struct figures total; /* the sum of the endpoints', where |summed| */
    bool summed;
    struct pace pace;
    struct failure *failures;
    size_t failure_count;
    struct endpoint_figures *endpoints;
    size_t count;
    size_t limit;
    uint32_t *slots;   /* open addressing; index into endpoints + 1, 0: free */
    size_t slot_count; /* a power of two */
    uint64_t other;
    bool sorted;
};

void examples_offer(struct examples *examples, uint64_t key, uint64_t exchange)
{
    size_t at = 0;
    while (at < examples->count &&
           (examples->items[at].key > key ||
            (examples->items[at].key == key && examples->items[at].exchange <= exchange))) {
        if (examples->items[at].exchange == exchange)
            return;
        at++;
    }
    if (at == STATS_EXAMPLES)
        return;
    /* Where the same exchange stands further down with a lower key (--loop), it gives way. */
    size_t end = at;
    while (end < examples->count && examples->items[end].exchange != exchange)
        end++;
    if (end == examples->count && examples->count < STATS_EXAMPLES)
        examples->count++;
    if (end == STATS_EXAMPLES)
        end--;
    memmove(&examples->items[at + 1], &examples->items[at], (end - at) * sizeof examples->items[0]);
    examples->items[at].key = key;
    examples->items[at].exchange = exchange;
}

static int compare_transition(const struct transition *a, const struct transition *b)
{
    if (a->original != b->original)
        return a->original < b->original ? -1 : 1;
    if (a->replayed != b->replayed)
        return a->replayed < b->replayed ? -1 : 1;
    if (a->transport != b->transport)
        return a->transport < b->transport ? -1 : 1;
    return a->diff < b->diff ? -1 : a->diff > b->diff;
}

/* Returns the transition like |key| (kept in order), or NULL where the cap leaves no room. */
static struct transition *transition_of(struct figures *figures, const struct transition *key)
{
    size_t low = 0, high = figures->transition_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_transition(&figures->transitions[middle], key);
        if (order == 0)
            return &figures->transitions[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (figures->transition_count == STATS_TRANSITIONS_MAX)
        return NULL;
    figures->transitions =
        xrealloc(figures->transitions, (figures->transition_count + 1) * sizeof *figures->transitions);
    struct transition *place = &figures->transitions[low];
    memmove(place + 1, place, (figures->transition_count - low) * sizeof *place);
    figures->transition_count++;
    *place = *key;
    place->count = 0;
    place->examples.count = 0;
    return place;
}

static void add_transition(struct figures *figures, const struct result *result, enum diff diff)
{
    bool answered = result->outcome == RESULT_ANSWERED;
    struct transition key = {
        .original = result->original_status,
        .replayed = answered ? result->status : 0,
        .transport = answered ? TRANSPORT_NONE : result->transport,
        .diff = diff,
    };
    struct transition *transition = transition_of(figures, &key);
    if (!transition) {
        figures->transitions_over++;
        return;
    }
    transition->count++;
    examples_offer(&transition->examples, 0, result->exchange);
}

static const unsigned difference_bits[] = {
#define X(name) RESULT_FLAG_BIT_##name,
    CONTENT_DIFFERENCES(X)
#undef X
};

const char *content_difference_name(enum content_difference difference)
{
    return result_flag_name(difference_bits[difference]);
}

static void add_content(struct figures *figures, const struct result *result)
{
    if (!(result->flags & RESULT_FLAG(CONTENT_COMPARED)))
        return;
    figures->content_compared++;
    figures->json_compared += (result->flags & RESULT_FLAG(JSON_COMPARED)) != 0;
    bool any = false;
    for (unsigned i = 0; i < CONTENT_DIFFERENCE_COUNT; i++) {
        if (!(result->flags >> difference_bits[i] & 1))
            continue;
        any = true;
        figures->differs[i].count++;
        examples_offer(&figures->differs[i].examples, 0, result->exchange);
    }
    figures->content_differs += any;
}

static uint64_t later_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What the request waited for before it could be sent. */
static void add_waits(struct figures *figures, const struct result *result)
{
    uint64_t eligible_ns = later_of(result->intended_ns, result->eligible_ns);
    figures->deferred += eligible_ns - result->intended_ns > STATS_WAIT_NS;
    figures->blocked += later_of(eligible_ns, result->slot_ns) - eligible_ns > STATS_WAIT_NS;
}

/* Of an answer that lasts because the server waits, the first byte is what tells. */
static void add_latencies(struct figures *figures, const struct result *result)
{
    bool by_ttfb = (result->flags & RESULT_FLAG(BY_TTFB)) != 0;
    uint64_t original_ns = by_ttfb ? result->original_ttfb_ns : result->original_service_ns;
    uint64_t service_ns = by_ttfb ? result_ttfb_ns(result) : result_service_ns(result);
    uint64_t response_ns = result_response_ns(result);
    if (by_ttfb && result->first_byte_ns)
        response_ns -= result->done_ns - result->first_byte_ns;
    figures->by_ttfb += by_ttfb;
    histogram_record_ns(&figures->original, original_ns);
    histogram_record_ns(&figures->service, service_ns);
    histogram_record_ns(&figures->response, response_ns);
    histogram_record_ns(&figures->response_unlagged, response_ns - result_send_lag_ns(result));
    examples_offer(&figures->slowest, service_ns, result->exchange);
}

static void add_fired(struct figures *figures, const struct result *result, enum diff diff)
{
    bool answered = result->outcome == RESULT_ANSWERED;
    figures->sent++;
    figures->answered += answered;
    figures->failed += !answered;
    figures->errors += !answered || result->status >= 500;
    figures->late += (result->flags & RESULT_FLAG(LATE)) != 0;
    figures->interim += (result->flags & RESULT_FLAG(INTERIM)) != 0;
    figures->redirected += (result->flags & RESULT_FLAG(REDIRECTED)) != 0;
    figures->retry_after += (result->flags & RESULT_FLAG(RETRY_AFTER)) != 0;
    figures->stream_ended += (result->flags & RESULT_FLAG(STREAM_ENDED)) != 0;
    figures->retried += result->retries > 0;
    figures->retries += result->retries;
    figures->retried_answered += result->retries > 0 && answered;
    figures->defective += (result->flags & RESULT_FLAG(DEFECTIVE)) != 0;
    figures->filled += (result->flags & RESULT_FLAG(FILLED)) != 0;
    if (!answered)
        figures->transport[result->transport]++;
    if (diff_is_pair(diff)) {
        figures->pairs++;
        figures->status_changed += diff != DIFF_SAME;
        figures->worse += diff_is_worse(diff);
        figures->better += diff == DIFF_BETTER;
    }
    figures->credentials_unknown += diff == DIFF_CREDENTIALS;
    figures->no_original += diff == DIFF_NO_ORIGINAL;
    add_waits(figures, result);
    if (result->connect_ns > 0)
        histogram_record_ns(&figures->connect, result->connect_ns);
    if (result->tls_ns > 0)
        histogram_record_ns(&figures->tls, result->tls_ns);
    if (result->sent_first_ns > 0)
        histogram_record_ns(&figures->send_lag, result_send_lag_ns(result));
    if (diff_is_comparable(diff))
        add_latencies(figures, result);
    add_content(figures, result);
    add_transition(figures, result, diff);
}

static void add_result(struct figures *figures, const struct result *result, enum diff diff)
{
    figures->results++;
    if ((result->flags & RESULT_FLAG(RAMP_UP)) &&
        (result->outcome == RESULT_ANSWERED || result->outcome == RESULT_FAILED)) {
        figures->ramp_up++;
        figures->ramp_up_answered += result->outcome == RESULT_ANSWERED;
        figures->ramp_up_unconnected +=
            result->outcome == RESULT_FAILED && transport_is_opening(result->transport);
        return;
    }
    switch (result->outcome) {
    case RESULT_ANSWERED:
    case RESULT_FAILED:
        add_fired(figures, result, diff);
        break;
    case RESULT_UNREPLAYABLE:
        figures->unreplayable++;
        figures->unreplayable_reason[result->reason]++;
        break;
    case RESULT_NOT_SENT:
        figures->not_sent++;
        figures->not_sent_late += (result->flags & RESULT_FLAG(LATE)) != 0;
        figures->not_sent_reason[result->reason]++;
        break;
    case RESULT_OUTCOME_COUNT:
        break;
    }
}

static uint64_t hash_of(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) + size;
    for (; size > 0; bytes += 8, size -= size < 8 ? size : 8) {
        uint64_t word = 0;
        memcpy(&word, bytes, size < 8 ? size : 8);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

static uint32_t *slot_of(const struct stats *stats, const char *name, size_t size)
{
    size_t at = (size_t)hash_of(name, size) & (stats->slot_count - 1);
    while (stats->slots[at]) {
        const char *other = stats->endpoints[stats->slots[at] - 1].name;
        if (strncmp(other, name, size) == 0 && other[size] == '\0')
            break;
        at = (at + 1) & (stats->slot_count - 1);
    }
    return &stats->slots[at];
}

/* Returns the figures of |name|; past the limit those of "(other)". */
static struct figures *figures_of(struct stats *stats, const char *name, size_t size, uint64_t results)
{
    uint32_t *slot = slot_of(stats, name, size);
    if (*slot == 0 && stats->count >= stats->limit) {
        stats->other += results;
        name = ENDPOINT_OTHER;
        size = strlen(name);
        slot = slot_of(stats, name, size);
    }
    if (*slot == 0) {
        stats->endpoints = xrealloc(stats->endpoints, (stats->count + 1) * sizeof *stats->endpoints);
        stats->endpoints[stats->count] = (struct endpoint_figures){.name = xstrndup(name, size)};
        *slot = (uint32_t)++stats->count;
        stats->sorted = false;
    }
    return &stats->endpoints[*slot - 1].figures;
}

struct stats *stats_create(size_t limit)
{
    struct stats *stats = xcalloc(1, sizeof *stats);
    stats->limit = limit ? limit : STATS_ENDPOINTS_MAX;
    for (stats->slot_count = 16; stats->slot_count < (stats->limit + 1) * 4;)
        stats->slot_count *= 2;
    stats->slots = xcalloc(stats->slot_count, sizeof *stats->slots);
    return stats;
}

static void figures_free(struct figures *figures)
{
    histogram_free(&figures->original);
    histogram_free(&figures->service);
    histogram_free(&figures->response);
    histogram_free(&figures->response_unlagged);
    histogram_free(&figures->connect);
    histogram_free(&figures->tls);
    histogram_free(&figures->send_lag);
    free(figures->transitions);
}

void stats_free(struct stats *stats)
{
    if (!stats)
        return;
    figures_free(&stats->total);
    pace_free(&stats->pace);
    free(stats->failures);
    for (size_t i = 0; i < stats->count; i++) {
        free(stats->endpoints[i].name);
        figures_free(&stats->endpoints[i].figures);
    }
    free(stats->endpoints);
    free(stats->slots);
    free(stats);
}

/* Returns the failure of |transport| with |detail|, kept in order; past the cap that without a detail. */
static struct failure *failure_of(struct stats *stats, enum transport_error transport, const char *detail)
{
    size_t at = 0;
    int order = -1;
    while (at < stats->failure_count) {
        const struct failure *failure = &stats->failures[at];
        order = failure->transport != transport ? (failure->transport < transport ? -1 : 1)
                                                : strcmp(failure->detail, detail);
        if (order >= 0)
            break;
        at++;
    }
    if (at < stats->failure_count && order == 0)
        return &stats->failures[at];
    if (stats->failure_count >= STATS_FAILURES_MAX && *detail)
        return failure_of(stats, transport, "");
    stats->failures = xrealloc(stats->failures, (stats->failure_count + 1) * sizeof *stats->failures);
    memmove(&stats->failures[at + 1], &stats->failures[at],
            (stats->failure_count - at) * sizeof *stats->failures);
    stats->failure_count++;
    struct failure *failure = &stats->failures[at];
    *failure = (struct failure){.transport = transport, .shortest_ns = UINT64_MAX};
    strcpy(failure->detail, detail);
    return failure;
}

static void note_time(struct failure *failure, uint64_t shortest_ns, uint64_t longest_ns)
{
    if (shortest_ns < failure->shortest_ns)
        failure->shortest_ns = shortest_ns;
    if (longest_ns > failure->longest_ns)
        failure->longest_ns = longest_ns;
}

static void add_failure(struct stats *stats, const struct result *result)
{
    char detail[STATS_DETAIL_SIZE];
    size_t size = result->detail.size < sizeof detail ? result->detail.size : sizeof detail - 1;
    if (size)
        memcpy(detail, result->detail.data, size);
    detail[size] = '\0';
    struct failure *failure = failure_of(stats, result->transport, detail);
    failure->count++;
    uint64_t after_ns = result_ended_after_ns(result);
    note_time(failure, after_ns, after_ns);
    examples_offer(&failure->examples, 0, result->exchange);
}

static void merge_failures(struct stats *stats, const struct stats *from)
{
    for (size_t i = 0; i < from->failure_count; i++) {
        const struct failure *more = &from->failures[i];
        struct failure *failure = failure_of(stats, more->transport, more->detail);
        failure->count += more->count;
        note_time(failure, more->shortest_ns, more->longest_ns);
        for (size_t k = 0; k < more->examples.count; k++)
            examples_offer(&failure->examples, 0, more->examples.items[k].exchange);
    }
}

void stats_add(struct stats *stats, const struct result *result)
{
    enum diff diff = diff_classify(result);
    /* Names end at a NUL here; endpoint_append makes none. */
    const char *name = result->endpoint.size ? (const char *)result->endpoint.data : "";
    size_t size = strnlen(name, result->endpoint.size);
    stats->summed = false;
    if (result->outcome == RESULT_FAILED)
        add_failure(stats, result);
    if (result->outcome != RESULT_UNREPLAYABLE)
        pace_plan(&stats->pace, result->intended_ns);
    if (result->sent_first_ns > 0)
        pace_send(&stats->pace, result->sent_first_ns);
    add_result(figures_of(stats, name, size, 1), result, diff);
}

static void merge_figures(struct figures *to, const struct figures *from)
{
    to->results += from->results;
    to->ramp_up += from->ramp_up;
    to->ramp_up_answered += from->ramp_up_answered;
    to->ramp_up_unconnected += from->ramp_up_unconnected;
    to->sent += from->sent;
    to->answered += from->answered;
    to->failed += from->failed;
    to->late += from->late;
    to->interim += from->interim;
    to->redirected += from->redirected;
    to->retry_after += from->retry_after;
    to->stream_ended += from->stream_ended;
    to->retried += from->retried;
    to->retries += from->retries;
    to->retried_answered += from->retried_answered;
    to->defective += from->defective;
    to->filled += from->filled;
    to->by_ttfb += from->by_ttfb;
    to->errors += from->errors;
    to->unreplayable += from->unreplayable;
    to->not_sent += from->not_sent;
    to->not_sent_late += from->not_sent_late;
    to->deferred += from->deferred;
    to->blocked += from->blocked;
    to->pairs += from->pairs;
    to->status_changed += from->status_changed;
    to->worse += from->worse;
    to->better += from->better;
    to->credentials_unknown += from->credentials_unknown;
    to->no_original += from->no_original;
    to->content_compared += from->content_compared;
    to->content_differs += from->content_differs;
    to->json_compared += from->json_compared;
    for (size_t i = 0; i < CONTENT_DIFFERENCE_COUNT; i++) {
        const struct examples *examples = &from->differs[i].examples;
        to->differs[i].count += from->differs[i].count;
        for (size_t k = 0; k < examples->count; k++)
            examples_offer(&to->differs[i].examples, examples->items[k].key, examples->items[k].exchange);
    }
    for (size_t i = 0; i < TRANSPORT_ERROR_COUNT; i++)
        to->transport[i] += from->transport[i];
    for (size_t i = 0; i < UNSENT_REASON_COUNT; i++) {
        to->unreplayable_reason[i] += from->unreplayable_reason[i];
        to->not_sent_reason[i] += from->not_sent_reason[i];
    }
    histogram_merge(&to->original, &from->original);
    histogram_merge(&to->service, &from->service);
    histogram_merge(&to->response, &from->response);
    histogram_merge(&to->response_unlagged, &from->response_unlagged);
    histogram_merge(&to->connect, &from->connect);
    histogram_merge(&to->tls, &from->tls);
    histogram_merge(&to->send_lag, &from->send_lag);
    for (size_t i = 0; i < from->slowest.count; i++)
        examples_offer(&to->slowest, from->slowest.items[i].key, from->slowest.items[i].exchange);
    to->transitions_over += from->transitions_over;
    for (size_t i = 0; i < from->transition_count; i++) {
        const struct transition *more = &from->transitions[i];
        struct transition *transition = transition_of(to, more);
        if (!transition) {
            to->transitions_over += more->count;
            continue;
        }
        transition->count += more->count;
        for (size_t k = 0; k < more->examples.count; k++)
            examples_offer(&transition->examples, 0, more->examples.items[k].exchange);
    }
}

void stats_merge(struct stats *stats, const struct stats *from)
{
    stats->summed = false;
    pace_merge(&stats->pace, &from->pace);
    merge_failures(stats, from);
    stats->other += from->other;
    for (size_t i = 0; i < from->count; i++) {
        const struct endpoint_figures *more = &from->endpoints[i];
        merge_figures(figures_of(stats, more->name, strlen(more->name), more->figures.results),
                      &more->figures);
    }
}

const struct figures *stats_total(struct stats *stats)
{
    if (!stats->summed) {
        figures_free(&stats->total);
        stats->total = (struct figures){0};
        for (size_t i = 0; i < stats->count; i++)
            merge_figures(&stats->total, &stats->endpoints[i].figures);
        stats->summed = true;
    }
    return &stats->total;
}

bool stats_is_whole(struct stats *stats)
{
    return stats->other == 0 && stats->failure_count < STATS_FAILURES_MAX &&
           stats_total(stats)->transitions_over == 0;
}

const struct failure *stats_failures(const struct stats *stats, size_t *ret_count)
{
    *ret_count = stats->failure_count;
    return stats->failures;
}

const struct pace *stats_pace(const struct stats *stats)
{
    return &stats->pace;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct endpoint_figures *)a)->name, ((const struct endpoint_figures *)b)->name);
}

const struct endpoint_figures *stats_endpoints(struct stats *stats, size_t *ret_count)
{
    if (!stats->sorted && stats->count > 0) {
        qsort(stats->endpoints, stats->count, sizeof *stats->endpoints, by_name);
        memset(stats->slots, 0, stats->slot_count * sizeof *stats->slots);
        for (size_t i = 0; i < stats->count; i++) {
            const char *name = stats->endpoints[i].name;
            *slot_of(stats, name, strlen(name)) = (uint32_t)(i + 1);
        }
        stats->sorted = true;
    }
    *ret_count = stats->count;
    return stats->endpoints;
}

const struct figures *stats_endpoint(const struct stats *stats, const char *name)
{
    uint32_t slot = *slot_of(stats, name, strlen(name));
    return slot ? &stats->endpoints[slot - 1].figures : NULL;
}

uint64_t stats_other(const struct stats *stats)
{
    return stats->other;
}
