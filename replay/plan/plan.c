#include "replay/plan/plan.h"

#include "common/clock.h"
#include "common/exchange_codec.h"
#include "common/stop.h"
#include "common/units.h"
#include "replay/judge.h"
#include "replay/state/lineage.h"
#include "replay/survey.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTION_BYTES (UINT64_C(32) << 10) /* of a connection: its lane, the kernel's socket, TLS */
#define LABEL_WIDTH      16
#define REQUESTS_MAX     20000000 /* whose instants are found one by one */

/* What is at work while traffic is looked at. */
struct look {
    const struct plan_options *options;
    struct plan *plan;
    struct demand *demand;
    struct schedule schedule;
    struct sessions *sessions;
    struct linker *linker;
    struct lineage *lineage;
    struct request request;
    struct exchange exchange;
    size_t shown; /* by |options->ahead| */
};

/* Builds the request as it would be fired. */
static enum unsent_reason build(struct look *look, const struct merge_record *record, uint64_t session,
                                uint64_t flags)
{
    struct bytes payload;
    const struct linker_context context = {.session = session,
                                           .recognition_key = record->header->recognition_key};
    if (!merge_payload(look->options->merge, &payload) || !exchange_decode_payload(payload, &look->exchange))
        return UNSENT_INCOMPLETE;
    if (flags & RESULT_FLAG(FILLED))
        judge_fill(&look->exchange);
    enum unsent_reason reason =
        request_build(&look->request, look->options->rules, look->linker, &context, &look->exchange);
    if (!look->options->no_links)
        look->plan->linked += look->request.found.linked + look->request.found.unlinked > 0;
    return reason;
}

/* Takes one exchange. Returns false where the plan ends before it. */
static bool take(struct look *look, const struct merge_record *record)
{
    const struct plan_options *options = look->options;
    struct plan *plan = look->plan;
    if (!exchange_decode(record->meta, &look->exchange))
        return true;
    const struct exchange *exchange = &look->exchange;
    uint64_t session = sessions_of(look->sessions, exchange);
    lineage_follow(look->lineage, session, &look->exchange);
    struct demand_request request = {
        .session = session,
        .connection = exchange->connection,
        .start_ns = exchange->request.first_ns,
        .end_ns = exchange->status ? exchange->response.last_ns : UINT64_MAX,
    };
    plan->read++;
    if (!survey_method_listed(options->methods, exchange)) {
        plan->filtered++;
        return true;
    }
    uint64_t flags = 0;
    enum unsent_reason reason = judge_exchange(exchange, &options->wishes, &flags);
    if (reason == UNSENT_NONE && options->count && plan->requests >= options->count)
        return plan->read--, false;
    if (reason == UNSENT_NONE && options->rules)
        reason = build(look, record, session, flags);
    if (reason != UNSENT_NONE) {
        plan->unreplayable[reason]++;
        return true;
    }
    request.intended_ns = schedule_next(&look->schedule, exchange->request.first_ns);
    if (options->duration_ns && request.intended_ns >= options->duration_ns)
        return plan->read--, false;
    plan->requests++;
    plan->defective += (flags & RESULT_FLAG(DEFECTIVE)) != 0;
    plan->filled += (flags & RESULT_FLAG(FILLED)) != 0;
    plan->by_ttfb += judge_by_ttfb(exchange);
    demand_add(look->demand, &request);
    return true;
}

/* Goes on with the rates of |schedule| until |most| requests, or the end of the time. */
static void go_on(const struct plan_options *options, struct schedule *schedule, uint64_t most,
                  struct plan *plan)
{
    struct demand_figures *demand = &plan->demand;
    uint64_t second = demand->duration_ns / NS_PER_S, in_second = demand->last_s;
    while (plan->requests < most) {
        uint64_t at_ns = schedule_next(schedule, 0);
        if (options->duration_ns && at_ns >= options->duration_ns)
            return;
        in_second = at_ns / NS_PER_S == second ? in_second + 1 : 1;
        second = at_ns / NS_PER_S;
        if (in_second > demand->busiest_s)
            demand->busiest_s = in_second;
        plan->duration_ns = at_ns;
        plan->requests++;
    }
}

/* Every iteration opens its own connections: where one is over before the ports of its connections are free again, they add up. */
static void add_up_connections(struct plan *plan, long double times)
{
    const long double linger_ns = (long double)DEMAND_LINGER_S * NS_PER_S;
    long double span_ns = (long double)plan->duration_ns / times;
    if (span_ns > 0 && times * span_ns > linger_ns)
        times = linger_ns / span_ns + 1;
    long double opened = times * (long double)plan->demand.connections;
    if (opened > (long double)plan->demand.opened_most)
        plan->demand.opened_most = opened < 1e18L ? (uint64_t)opened : UINT64_MAX;
}

/* From one iteration to all: of rates exactly, of recorded timing by the length of an iteration, and of rates past REQUESTS_MAX
 * likewise. */
static void multiply(const struct plan_options *options, struct schedule *schedule, struct plan *plan)
{
    uint64_t once = plan->requests;
    long double span_ns = (long double)plan->demand.duration_ns; /* with the distance to the next iteration */
    if (once > 1)
        span_ns += span_ns / (long double)(once - 1);
    plan->duration_ns = plan->demand.duration_ns;
    if (options->loop == 1 || once == 0 || !plan->whole)
        return;
    long double times = options->loop ? (long double)options->loop : 1e18L;
    if (options->count && times * (long double)once > (long double)options->count)
        times = (long double)options->count / (long double)once;
    long double requests = times * (long double)once;
    if (options->schedule->mode == SCHEDULE_RATE) {
        go_on(options, schedule, requests < REQUESTS_MAX ? (uint64_t)requests : REQUESTS_MAX, plan);
        span_ns = (long double)plan->duration_ns;
        times = requests / (long double)plan->requests;
    }
    if (options->schedule->mode != SCHEDULE_RATE || plan->requests >= REQUESTS_MAX) {
        uint64_t found = plan->requests;
        if (options->duration_ns && span_ns > 0 && times * span_ns > (long double)options->duration_ns)
            times = (long double)options->duration_ns / span_ns;
        plan->requests = (uint64_t)(times * (long double)found);
        plan->duration_ns = (uint64_t)(times * span_ns);
    }
    add_up_connections(plan, (long double)plan->requests / (long double)once);
}

/* Returns whether the traffic, read to its end, is over before what ends the run. */
static bool is_short(const struct plan_options *options, const struct plan *plan)
{
    bool timed = options->duration_ns && options->schedule->mode != SCHEDULE_MAX;
    bool counted_out = options->count && plan->requests >= options->count;
    bool timed_out = timed && plan->duration_ns + options->duration_ns / 100 >= options->duration_ns;
    return (options->count || timed) && !counted_out && !timed_out;
}

/* Gives the next record. Returns false at the end, or where nothing more is held. */
static bool next(struct look *look, struct merge_record *ret_record)
{
    const struct plan_options *options = look->options;
    if (stop_requested())
        return false;
    if (!options->ahead)
        return merge_next(options->merge, ret_record) == MERGE_RECORD;
    return read_ahead_show(options->ahead, look->shown++, ret_record, &look->plan->whole);
}

void plan_look(const struct plan_options *options, struct plan *ret_plan)
{
    struct merge_record record;
    *ret_plan = (struct plan){.whole = true};
    struct look look = {.options = options,
                        .plan = ret_plan,
                        .demand = demand_create(),
                        .sessions = sessions_create(options->session_mode, options->session_name, 0),
                        .lineage = lineage_create(0),
                        .linker = options->rules ? linker_create(1, options->rules->base_path) : NULL};
    schedule_init(&look.schedule, options->schedule);
    bool enough = false;
    while (next(&look, &record)) {
        if (take(&look, &record))
            continue;
        ret_plan->whole = enough = true;
        break;
    }
    ret_plan->demand = demand_figures(look.demand);
    multiply(options, &look.schedule, ret_plan);
    ret_plan->short_of_traffic = options->loop && !enough && is_short(options, ret_plan);
    demand_free(look.demand);
    sessions_free(look.sessions);
    linker_free(look.linker);
    lineage_free(look.lineage);
    request_free(&look.request);
    exchange_free(&look.exchange);
    if (!options->ahead)
        merge_rewind(options->merge);
}

struct resource_needs plan_needs(const struct plan *plan, const struct plan_means *means)
{
    struct resource_needs needs = {plan->demand.open_most, plan->demand.opened_most, 0};
    if (means->pool_connections) /* which are opened again only where the target closes them */
        needs.connections = needs.opened = means->pool_connections;
    else if (means->concurrency) /* how fast they follow each other is the target's */
        needs.connections = plan->whole && plan->demand.connections < means->concurrency
                                ? plan->demand.connections
                                : means->concurrency;
    if (needs.connections > means->max_connections)
        needs.connections = means->max_connections;
    needs.memory_bytes = means->window_bytes + needs.connections * CONNECTION_BYTES;
    return needs;
}

static void label(struct buffer *out, const char *text)
{
    buffer_printf(out, "  %-*s", LABEL_WIDTH, text);
}

static void render_requests(const struct plan *plan, struct buffer *out)
{
    uint64_t unreplayable = 0;
    const char *before = " (";
    for (unsigned i = 0; i < UNSENT_REASON_COUNT; i++)
        unreplayable += plan->unreplayable[i];
    label(out, "requests");
    buffer_printf(
        out, "%" PRIu64 " to fire; of %" PRIu64 " read, %" PRIu64 " filtered, %" PRIu64 " cannot be fired",
        plan->requests, plan->read, plan->filtered, unreplayable);
    for (unsigned i = 0; i < UNSENT_REASON_COUNT; i++) {
        if (!plan->unreplayable[i])
            continue;
        buffer_printf(out, "%s%s %" PRIu64, before, unsent_reason_name((enum unsent_reason)i),
                      plan->unreplayable[i]);
        before = ", ";
    }
    buffer_append_text(out, unreplayable ? ")\n" : "\n");
    if (plan->short_of_traffic) {
        label(out, "");
        buffer_append_text(out,
                           "then the traffic is over, before --count or the time: --loop 0 repeats it\n");
    }
    if (plan->defective || plan->filled) {
        label(out, "");
        buffer_printf(out,
                      "of those to fire, %" PRIu64 " with a recorded defect and %" PRIu64
                      " with filler for a body\n",
                      plan->defective, plan->filled);
    }
    if (plan->by_ttfb) {
        label(out, "");
        buffer_printf(out, "%" PRIu64 " event streams and long polls, judged by their first byte\n",
                      plan->by_ttfb);
    }
}

static void render_schedule(const struct plan *plan, const struct plan_means *means, struct buffer *out)
{
    char text[UNITS_TEXT_SIZE];
    label(out, "schedule");
    if (means->concurrency) {
        buffer_printf(out, "closed loop of %" PRIu64 " sessions at a time, as fast as the target answers\n",
                      means->concurrency);
        return;
    }
    schedule_plan_describe(means->schedule, out);
    buffer_append_byte(out, '\n');
    label(out, "");
    buffer_printf(out, "%s, %.1f/s in the mean, %" PRIu64 " in the busiest second\n",
                  units_format_duration(plan->duration_ns, text),
                  plan->duration_ns ? (double)plan->requests * 1e9 / (double)plan->duration_ns : 0,
                  plan->demand.busiest_s);
}

static void render_connections(const struct plan *plan, const struct plan_means *means, struct buffer *out)
{
    const struct demand_figures *demand = &plan->demand;
    label(out, "sessions");
    buffer_printf(out, "%" PRIu64 "; in the longest chain %" PRIu64 " requests wait for each other\n",
                  demand->sessions, demand->chain_most);
    label(out, "connections");
    if (means->pool_connections)
        buffer_printf(out, "a pool of %" PRIu64 "\n", means->pool_connections);
    else if (means->concurrency)
        buffer_printf(out, "%" PRIu64 " as recorded, as many at a time as sessions need\n",
                      demand->connections);
    else
        buffer_printf(out,
                      "%" PRIu64 " as recorded, at most %" PRIu64 " open at a time, %" PRIu64
                      " opened in any %d s\n",
                      demand->connections, demand->open_most, demand->opened_most, DEMAND_LINGER_S);
}

/* The highest rate at some latencies, the recorded one last. */
static void render_order(const struct plan *plan, struct buffer *out)
{
    const uint64_t latencies_us[] = {1000, 10000, 100000, plan->demand.latency_p50_us};
    char text[UNITS_TEXT_SIZE];
    label(out, "order of cause");
    buffer_append_text(out, "allows at most");
    for (size_t i = 0; i < 4; i++)
        if (latencies_us[i])
            buffer_printf(
                out, "%s %.0f/s at %s%s", i ? "," : "", demand_rate_most(&plan->demand, latencies_us[i]),
                units_format_duration(latencies_us[i] * NS_PER_US, text), i == 3 ? " (recorded p50)" : "");
    buffer_append_byte(out, '\n');
}

static void render_rewrites(const struct plan *plan, const struct plan_means *means, struct buffer *out)
{
    size_t count = means->rewriter ? rewriter_count(means->rewriter) : 0;
    label(out, "links");
    buffer_printf(out, "%" PRIu64 " requests carry what an answer must issue first\n", plan->linked);
    for (size_t i = 0; i < count; i++) {
        label(out, i ? "" : "rewritten");
        buffer_printf(out, "in %" PRIu64 " requests: ", rewriter_touched(means->rewriter, i));
        rewriter_describe(means->rewriter, i, out);
        buffer_append_byte(out, '\n');
    }
}

static void render_needs(const struct plan *plan, const struct plan_means *means, struct buffer *out)
{
    const struct resources *there = &means->resources;
    const struct resource_needs needs = plan_needs(plan, means);
    char needed[UNITS_TEXT_SIZE], free_text[UNITS_TEXT_SIZE];
    label(out, "needs");
    buffer_printf(out, "%" PRIu64 " open files of %" PRIu64 ", ", needs.connections + there->files_kept,
                  there->files);
    if (there->ports)
        buffer_printf(out, "%" PRIu64 " local ports of %" PRIu64 ", ", needs.opened,
                      there->ports * there->ways);
    buffer_printf(out, "at most %s of memory of %s\n", units_format_size(needs.memory_bytes, needed),
                  there->memory_bytes ? units_format_size(there->memory_bytes, free_text)
                                      : "an unknown size");
    struct buffer advice = {0};
    resources_check(there, &needs, &advice);
    struct bytes rest = buffer_bytes(&advice);
    while (rest.size) {
        const uint8_t *end = memchr(rest.data, '\n', rest.size);
        size_t size = (size_t)(end - rest.data) + 1;
        label(out, "");
        buffer_append(out, rest.data, size);
        rest = bytes_make(rest.data + size, rest.size - size);
    }
    buffer_free(&advice);
}

void plan_render(const struct plan *plan, const struct plan_means *means, struct buffer *out)
{
    buffer_printf(out, "Plan: %s at %s; nothing is fired\n\n", means->traffic, means->target);
    render_requests(plan, out);
    render_schedule(plan, means, out);
    render_connections(plan, means, out);
    render_order(plan, out);
    render_rewrites(plan, means, out);
    render_needs(plan, means, out);
}
