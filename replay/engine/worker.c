#include "replay/engine/worker.h"

#include "common/clock.h"
#include "common/endpoint.h"
#include "common/http1_head.h"
#include "common/mem.h"
#include "common/scheduling.h"
#include "replay/engine/answers.h"
#include "replay/engine/closed_loop.h"
#include "replay/engine/lanes.h"
#include "replay/engine/outcome.h"
#include "replay/engine/retry.h"
#include "replay/pacer.h"
#include "replay/sending.h"
#include "replay/state/bearer.h"
#include "replay/state/link_rules.h"
#include "replay/stats/stats.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define OPEN_AHEAD_NS (500 * NS_PER_MS)
#define ADMIT_AT_ONCE 16 /* jobs: what falls due meanwhile waits for no more of them */

struct worker {
    struct engine *engine;
    unsigned index;
    pthread_t thread;
    int kick_fd;

    struct event_base *base;
    struct event *kicked;
    struct event *tick;
    struct pacer *pacer;
    struct sender *sender;
    struct order *order;
    struct linker *linker;
    struct link_rules *link_rules; /* NULL: none */
    struct content_judge *content; /* NULL: contents are not compared */
    struct request_rules rules;    /* with a rewriter of its own */
    struct closed_loop *loop;      /* NULL: open loop */
    struct lanes lanes;
    struct job *schedule, *schedule_last; /* open loop: not due yet, in order of intended time */
    struct job *ahead;                    /* the first of those whose lane was not opened ahead */
    struct job *incoming;                 /* taken from the inbox, not admitted yet */
    struct job *oldest, *newest;          /* all that are not fired */
    struct job *freed;                    /* eligible by the end of another, to be looked at */
    uint64_t alive;
    uint64_t retrying; /* jobs that wait to be tried again */
    struct answers answers;
    struct buffer bearer; /* value of Authorization */
    uint64_t bearer_version;
    uint64_t
        ended_ns; /* when the request ended that is finished now: since then what waited for it is eligible */
    bool stopping;
    bool over;             /* nothing left, and nothing will come */
    struct batch done;     /* since the last delivery */
    struct buffer results; /* of those */
    struct buffer lessons; /* learned since they were told to the other workers */
    struct buffer heard;   /* scratch */
    struct stats *stats;   /* of all results */
    struct buffer endpoint;
    struct buffer record;
};

void worker_kick(struct worker *worker)
{
    uint64_t one = 1;
    ssize_t written = write(worker->kick_fd, &one, sizeof one);
    (void)written; /* a full counter has woken it already */
}

static void list_add(struct worker *worker, struct job *job)
{
    job->newer = NULL;
    job->older = worker->newest;
    *(worker->newest ? &worker->newest->newer : &worker->oldest) = job;
    worker->newest = job;
}

static void list_remove(struct worker *worker, struct job *job)
{
    *(job->older ? &job->older->newer : &worker->oldest) = job->newer;
    *(job->newer ? &job->newer->older : &worker->newest) = job->older;
}

static void on_eligible(struct order_node *node, void *arg)
{
    struct worker *worker = arg;
    struct job *job = (struct job *)node;
    job->eligible_ns = worker->ended_ns;
    if (worker->loop && job->due)
        job->intended_ns = job->eligible_ns;
    job->next_freed = worker->freed;
    worker->freed = job;
}

/* Ends |job|: its result is stored, those that waited for it are free. */
static void finish(struct worker *worker, struct job *job, struct result *result)
{
    if (job->retry)
        retry_end(job, result);
    buffer_clear(&worker->endpoint);
    endpoint_append(result->method, result->target, &worker->endpoint);
    result->endpoint = buffer_bytes(&worker->endpoint);
    if (result_send_lag_ns(result) > NS_PER_MS)
        result->flags |= RESULT_FLAG(LATE);
    worker->ended_ns =
        result->done_ns ? result->done_ns : outcome_since_start(worker->engine, clock_mono_ns());
    order_done(worker->order, &job->node, on_eligible, worker);
    if (worker->loop)
        closed_loop_done(worker->loop, job);
    worker->alive--;
    if (job->silent) {
        atomic_fetch_add(&worker->engine->counts.logins, 1);
        atomic_fetch_add(&worker->engine->counts.logins_failed, !(result->flags & RESULT_FLAG(LOGIN_OK)));
        job_release(job);
        batch_add(&worker->done, job);
        return;
    }
    stats_add(worker->stats, result);
    buffer_clear(&worker->record);
    result_encode(result, &worker->record);
    buffer_append_varint(&worker->results, worker->engine->start_wall_ns + result->intended_ns);
    buffer_append_varint(&worker->results, worker->record.size);
    buffer_append_bytes(&worker->results, buffer_bytes(&worker->record));
    job_release(job);
    batch_add(&worker->done, job);
}

static void give_up(struct worker *worker, struct job *job, enum result_outcome outcome,
                    enum unsent_reason reason)
{
    struct result result;
    if (job->retry) { /* what it came to before it was to be tried again */
        result = job->retry->last;
        engine_count_end(worker->engine, result.outcome == RESULT_ANSWERED, result.status,
                         result.original_status, transport_error_name(result.transport));
    } else {
        result = outcome_unfired(job);
        result.outcome = outcome;
        result.reason = reason;
    }
    finish(worker, job, &result);
}

/* Gives |job|, whose turn it is on |lane|, up where --max-lag is over, however it came to that. What of it was the replayer's
 * own delay is said by the flag LATE. Returns whether it did. */
static bool give_up_late(struct worker *worker, struct job *job, const struct lane *lane)
{
    uint64_t max_lag_ns = worker->engine->settings->max_lag_ns;
    if (!max_lag_ns)
        return false;
    uint64_t now_ns = outcome_since_start(worker->engine, clock_mono_ns());
    if (now_ns <= job->intended_ns + max_lag_ns)
        return false;
    bool capped = job->flags & RESULT_FLAG(CONNECTION_WAIT);
    uint64_t due_ns =
        outcome_since_start(worker->engine, capped ? worker->lanes.last_done_mono_ns : lane->free_mono_ns);
    if (job->intended_ns > due_ns)
        due_ns = job->intended_ns;
    if (job->eligible_ns > due_ns)
        due_ns = job->eligible_ns;
    if (now_ns > due_ns + NS_PER_MS)
        job->flags |= RESULT_FLAG(LATE);
    give_up(worker, job, RESULT_NOT_SENT, UNSENT_MAX_LAG);
    return true;
}

/* Learns what other workers have told this one. */
static void hear(struct worker *worker)
{
    if (!engine_hear(worker->engine, worker->index, &worker->heard))
        return;
    linker_hear(worker->linker, buffer_bytes(&worker->heard));
    buffer_clear(&worker->heard);
}

/* Builds the request that is due next, while there is time for it. What counts or depends on the instant waits for that. */
static void build_ahead(struct worker *worker)
{
    struct job *job = worker->schedule;
    struct lane *lane = job ? job->lane : NULL;
    if (!lane || lane->firing || lane->first != job || job->node.waiting || worker->rules.rewriter ||
        worker->engine->settings->bearer)
        return;
    uint64_t lesson = linker_lesson(worker->linker);
    if (lane->built == job && lane->built_lesson == lesson)
        return;
    struct linker_context context = answers_context(job);
    bool built = request_build(&lane->request, &worker->rules, worker->linker, &context, &job->exchange) ==
                 UNSENT_NONE;
    lane->built = built ? job : NULL;
    lane->built_lesson = lesson;
}

static enum unsent_reason build(struct worker *worker, struct job *job, struct lane *lane)
{
    struct linker_context context = answers_context(job);
    hear(worker);
    bool built = lane->built == job && lane->built_lesson == linker_lesson(worker->linker);
    lane->built = NULL;
    if (built)
        return UNSENT_NONE;
    if (worker->engine->settings->bearer) {
        bearer_value(worker->engine->settings->bearer, &worker->bearer_version, &worker->bearer);
        worker->rules.bearer = buffer_bytes(&worker->bearer);
    }
    return request_build(&lane->request, &worker->rules, worker->linker, &context, &job->exchange);
}

static struct sender_request sender_request_of(const struct worker *worker, const struct job *job,
                                               const struct request *request)
{
    return (struct sender_request){
        .head = buffer_bytes(&request->head),
        .body = buffer_bytes(&request->body),
        .method_is_head = request->method_is_head,
        .expect_continue = request->expect_continue,
        .want_body_bytes = answers_wanted_body(&worker->answers, job),
        .end_after_ns =
            job->flags & RESULT_FLAG(BY_TTFB) ? answers_longest_ns(job, worker->engine->settings) : 0,
    };
}

bool worker_build(void *owner, struct job *job, struct lane *lane, struct sender_request *ret_request)
{
    struct worker *worker = owner;
    struct request *request = &lane->request;
    list_remove(worker, job);
    job->taken = true;
    if (!job->retry && give_up_late(worker, job, lane)) {
        lane->built = NULL;
        return false;
    }
    enum unsent_reason reason = build(worker, job, lane);
    if (reason != UNSENT_NONE) {
        give_up(worker, job, RESULT_UNREPLAYABLE, reason);
        return false;
    }
    if (request->found.linked)
        job->flags |= RESULT_FLAG(LINKED);
    if (request->found.unlinked)
        job->flags |= RESULT_FLAG(UNLINKED);
    *ret_request = sender_request_of(worker, job, request);
    if (!job->retry)
        atomic_fetch_add(&worker->engine->counts.sent, 1);
    atomic_fetch_add(&worker->engine->counts.in_flight, 1);
    return true;
}

static bool try_again(struct worker *worker, struct job *job, struct lane *lane,
                      const struct sender_outcome *outcome)
{
    if (!sender_outcome_is_stale(outcome) || job->retried || !retry_is_repeatable(&job->exchange))
        return false;
    job->retried = true;
    job->flags |= RESULT_FLAG(REOPENED);
    const struct sender_request again = sender_request_of(worker, job, &lane->request);
    lanes_send(lane, job, &again);
    return true;
}

static void make_due(struct worker *worker, struct job *job);
static void release_freed(struct worker *worker);

static void on_retry_due(struct job *job, void *arg)
{
    struct worker *worker = arg;
    worker->retrying--;
    make_due(worker, job);
    lanes_pump(&worker->lanes);
    release_freed(worker);
}

/* Has |job|, which came to |result|, wait to be tried again, where that is asked for and worth it. Returns whether it does. */
static bool retry_later(struct worker *worker, struct job *job, const struct sender_outcome *outcome,
                        const struct result *result)
{
    const struct retry_policy *policy = &worker->engine->settings->retry;
    struct engine_counts *counts = &worker->engine->counts;
    uint64_t wait_ns;
    if (!policy->most || worker->stopping || job->silent)
        return false;
    enum retry_verdict verdict =
        retry_judge(policy, outcome, result->original_status, retry_is_repeatable(&job->exchange),
                    job->retry ? job->retry->attempts + 1 : 1, clock_wall_ns(), &wait_ns);
    if (verdict == RETRY_TOO_LONG)
        atomic_fetch_add(&counts->retries_too_long, 1);
    if (verdict != RETRY_YES || !retry_spend(counts))
        return false;
    job->taken = job->due = job->ready = false;
    list_add(worker, job);
    lanes_put_back(job);
    worker->retrying++;
    retry_wait(job, worker->base, wait_ns, result, on_retry_due, worker);
    return true;
}

void worker_fired(void *owner, struct job *job, struct lane *lane, const struct sender_outcome *outcome)
{
    struct worker *worker = owner;
    if (!worker->stopping && try_again(worker, job, lane, outcome))
        return;
    struct result result = outcome_fired(worker->engine, job, lane, outcome);
    struct engine_counts *counts = &worker->engine->counts;
    bool answered = result.outcome == RESULT_ANSWERED;
    lane->was_connected = lane->was_connected || outcome->sent_first_mono_ns;
    if (result.flags & RESULT_FLAG(REOPENED))
        atomic_fetch_add(&counts->reopened, 1);
    atomic_fetch_sub(&counts->in_flight, 1);
    if (retry_later(worker, job, outcome, &result))
        return;
    if (answered)
        answers_take(&worker->answers, job, lane->request.conditional, outcome, &result);
    engine_count_end(worker->engine, answered, outcome->status, result.original_status,
                     outcome->detail ? outcome->detail : transport_error_name(outcome->error));
    if (result.done_ns > atomic_load(&counts->last_done_ns))
        atomic_store(&counts->last_done_ns, result.done_ns);
    finish(worker, job, &result);
}

static void fill_loop(struct worker *worker)
{
    struct engine *engine = worker->engine;
    if (!worker->loop || worker->stopping)
        return;
    uint64_t extra =
        closed_loop_fill(worker->loop, atomic_load(&engine->reader_done),
                         atomic_load(&engine->reader_blocked), worker->lanes.in_flight + worker->retrying);
    if (extra)
        atomic_fetch_add(&engine->counts.extra_sessions, extra);
}

static void end_when_done(struct worker *worker)
{
    worker->over = worker->alive == 0 && !worker->incoming && engine_is_over(worker->engine, worker->index);
}

/* Tells the lanes that |job| may go, once: what became eligible by the end of another may fall due before it is looked at. */
static void make_ready(struct worker *worker, struct job *job)
{
    if (job->ready)
        return;
    job->ready = true;
    lanes_ready(&worker->lanes, job);
}

/* Looks at what became eligible by the end of others. */
static void release_freed(struct worker *worker)
{
    while (worker->freed) {
        struct job *job = worker->freed;
        worker->freed = job->next_freed;
        if (job->taken) /* its lane, free meanwhile, had its turn before; it may be gone */
            continue;
        if (worker->stopping) {
            list_remove(worker, job);
            give_up(worker, job, RESULT_NOT_SENT, (enum unsent_reason)atomic_load(&worker->engine->stop));
        } else if (job->due) {
            make_ready(worker, job);
        }
    }
    fill_loop(worker);
    end_when_done(worker);
}

void worker_settle(void *owner)
{
    release_freed(owner);
}

static void make_due(struct worker *worker, struct job *job)
{
    job->due = true;
    if (job->node.waiting == 0)
        make_ready(worker, job);
}

static void on_released(void *arg, struct job *job)
{
    struct worker *worker = arg;
    job->intended_ns = outcome_since_start(worker->engine, clock_mono_ns());
    lanes_admit(&worker->lanes, job);
    make_due(worker, job);
}

static void on_due(uint64_t now_mono_ns, void *arg)
{
    struct worker *worker = arg;
    uint64_t start_ns = worker->engine->start_mono_ns, next_ns = UINT64_MAX;
    while (worker->schedule && start_ns + worker->schedule->intended_ns <= now_mono_ns) {
        struct job *job = worker->schedule;
        worker->schedule = job->next;
        if (!worker->schedule)
            worker->schedule_last = NULL;
        if (worker->ahead == job)
            worker->ahead = job->next;
        make_due(worker, job);
    }
    while (worker->ahead && start_ns + worker->ahead->intended_ns <= now_mono_ns + OPEN_AHEAD_NS) {
        lanes_open_ahead(&worker->lanes, worker->ahead);
        worker->ahead = worker->ahead->next;
    }
    if (worker->schedule)
        next_ns = start_ns + worker->schedule->intended_ns;
    if (worker->ahead && start_ns + worker->ahead->intended_ns - OPEN_AHEAD_NS < next_ns)
        next_ns = start_ns + worker->ahead->intended_ns - OPEN_AHEAD_NS;
    if (next_ns != UINT64_MAX)
        pacer_arm(worker->pacer, next_ns);
    release_freed(worker);
    build_ahead(worker);
}

static void admit(struct worker *worker, struct job *job)
{
    worker->alive++;
    if (job->exchange.flags & EXCHANGE_FLAG(PIPELINED))
        job->flags |= RESULT_FLAG(PIPELINED);
    order_add(worker->order, &job->node, &job->exchange, job->session, job->iteration);
    list_add(worker, job);
    if (worker->stopping)
        return; /* given up below, with all others */
    if (worker->loop) {
        closed_loop_admit(worker->loop, job);
        return;
    }
    lanes_admit(&worker->lanes, job);
    job->next = NULL;
    *(worker->schedule_last ? &worker->schedule_last->next : &worker->schedule) = job;
    worker->schedule_last = job;
    if (!worker->ahead)
        worker->ahead = job;
}

/* Gives up all that is not fired; what waits for a request under way follows when that one ends. */
static void stop(struct worker *worker)
{
    worker->stopping = true;
    pacer_disarm(worker->pacer);
    lanes_drop_waiting(&worker->lanes);
    worker->schedule = worker->schedule_last = worker->ahead = NULL;
    worker->retrying = 0;
    worker->freed = NULL; /* they stand in the list of all, too */
    struct job *next;
    struct job *free_now = NULL;
    for (struct job *job = worker->oldest; job; job = next) {
        next = job->newer;
        if (job->node.waiting == 0) {
            job->next_freed = free_now;
            free_now = job;
        }
    }
    while (free_now) {
        struct job *job = free_now;
        free_now = job->next_freed;
        list_remove(worker, job);
        give_up(worker, job, RESULT_NOT_SENT, (enum unsent_reason)atomic_load(&worker->engine->stop));
    }
}

/* Admits what came; where instants are to be kept, some of it, and the rest at the loop's next turn. */
static void admit_incoming(struct worker *worker, bool stops)
{
    size_t limit = worker->loop || stops ? SIZE_MAX : ADMIT_AT_ONCE;
    if (!worker->incoming)
        worker->incoming = engine_take(worker->engine, worker->index);
    while (worker->incoming && limit-- > 0) {
        struct job *job = worker->incoming;
        worker->incoming = job->next;
        admit(worker, job);
        if (!worker->incoming && stops)
            worker->incoming = engine_take(worker->engine, worker->index);
    }
    if (worker->incoming)
        event_active(worker->kicked, EV_READ, 0);
}

static void on_kicked(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct worker *worker = arg;
    uint64_t count;
    ssize_t got = worker->incoming ? 0 : read(fd, &count, sizeof count);
    (void)got; /* nothing there: another wake-up took it */
    bool stops = atomic_load(&worker->engine->stop) != UNSENT_NONE;
    admit_incoming(worker, stops);
    if (stops)
        stop(worker);
    if (worker->stopping || worker->loop)
        release_freed(worker);
    else
        on_due(clock_mono_ns(), worker);
    end_when_done(worker);
}

/* Lets those go that wait too long for the answer whose value they use. */
static void end_link_waits(struct worker *worker, uint64_t now_ns)
{
    uint64_t wait_ns = worker->engine->settings->link_wait_ns;
    for (struct job *job = worker->oldest; job && !worker->stopping; job = job->newer) {
        if (!job->due || !job->node.source_count || job->taken || job->intended_ns + wait_ns > now_ns)
            continue;
        job->flags |= RESULT_FLAG(LINK_TIMEOUT);
        atomic_fetch_add(&worker->engine->counts.link_timeouts, 1);
        if (order_release(&job->node) > 0)
            continue;
        job->eligible_ns = now_ns;
        job->next_freed = worker->freed;
        worker->freed = job;
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct worker *worker = arg;
    lanes_sweep(&worker->lanes, clock_mono_ns());
    lanes_pump(&worker->lanes);
    end_link_waits(worker, outcome_since_start(worker->engine, clock_mono_ns()));
    release_freed(worker);
}

static void *run(void *arg)
{
    struct worker *worker = arg;
    scheduling_ask_for_short_turns();
    lanes_open_ahead(&worker->lanes, NULL);
    while (!worker->over) {
        bool sleeps = pacer_spin(worker->pacer) == PACER_OFF;
        event_base_loop(worker->base, sleeps ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
        sender_flush(worker->sender);
        engine_tell(worker->engine, worker->index, &worker->lessons);
        engine_deliver(worker->engine, &worker->done, &worker->results);
    }
    atomic_fetch_add(&worker->engine->counts.links_forgotten, linker_forgotten(worker->linker));
    engine_add_rewrites(worker->engine, worker->rules.rewriter);
    engine_add_stats(worker->engine, worker->stats);
    engine_add_cpu(worker->engine, clock_thread_cpu_ns());
    lanes_done(&worker->lanes);
    return NULL;
}

static void worker_free(struct worker *worker)
{
    closed_loop_free(worker->loop);
    linker_free(worker->linker);
    link_values_free(worker->rules.values);
    link_rules_free(worker->link_rules);
    rewriter_free(worker->rules.rewriter);
    content_judge_free(worker->content);
    order_free(worker->order);
    sender_free(worker->sender);
    pacer_free(worker->pacer);
    if (worker->kicked)
        event_free(worker->kicked);
    if (worker->tick)
        event_free(worker->tick);
    if (worker->base)
        event_base_free(worker->base);
    if (worker->kick_fd >= 0)
        close(worker->kick_fd);
    buffer_free(&worker->bearer);
    stats_free(worker->stats);
    answers_done(&worker->answers);
    buffer_free(&worker->results);
    buffer_free(&worker->lessons);
    buffer_free(&worker->heard);
    buffer_free(&worker->endpoint);
    buffer_free(&worker->record);
    free(worker);
}

static int set_up(struct worker *worker, struct error *err)
{
    const struct engine_settings *settings = worker->engine->settings;
    worker->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->kick_fd < 0)
        return error_set_errno(err, ERROR_IO, errno, "cannot create an event descriptor");
    worker->base = pacer_base_create(err);
    if (!worker->base || pacer_create(worker->base, on_due, worker, &worker->pacer, err))
        return -1;
    if (settings->spins)
        pacer_set_spinning(worker->pacer);
    struct sender_settings sender = {
        .base = worker->base,
        .target = settings->target,
        .connect_timeout_ns = settings->connect_timeout_ns,
        .request_timeout_ns = settings->timeout_ns,
        .tls_server_name = settings->tls_server_name,
        .tls_ca_file = settings->tls_ca_file,
        .tls_insecure = settings->tls_insecure,
        .batches = settings->closed_loop,
        .deviations = settings->deviations,
    };
    if (sender_create(sending_fill(settings->sending, &sender), &sender, &worker->sender, err))
        return -1;
    worker->stats = stats_create(0);
    worker->order = order_create();
    worker->linker = linker_create(0, settings->rules->base_path);
    if (settings->threads > 1)
        linker_tell(worker->linker, &worker->lessons);
    if (settings->no_links)
        linker_turn_off(worker->linker);
    if (settings->content) {
        worker->content = content_judge_create(settings->content);
        linker_remember_live(worker->linker);
    }
    worker->rules = *settings->rules;
    if (worker->rules.rewriter)
        worker->rules.rewriter = rewriter_copy(worker->rules.rewriter);
    if (settings->link_rules) {
        worker->link_rules = link_rules_copy(settings->link_rules);
        worker->rules.values = link_values_create(worker->link_rules, 0);
    }
    worker->answers = (struct answers){.linker = worker->linker,
                                       .values = worker->rules.values,
                                       .judge = worker->content,
                                       .settings = settings->content};
    if (settings->closed_loop)
        worker->loop = closed_loop_create(engine_share(settings, settings->concurrency, worker->index),
                                          on_released, worker);
    worker->kicked = event_new(worker->base, worker->kick_fd, EV_READ | EV_PERSIST, on_kicked, worker);
    worker->tick = event_new(worker->base, -1, EV_PERSIST, on_tick, worker);
    uint64_t tick_ns = settings->link_wait_ns / 4 < NS_PER_S ? settings->link_wait_ns / 4 : NS_PER_S;
    if (tick_ns < 10 * NS_PER_MS)
        tick_ns = 10 * NS_PER_MS;
    const struct timeval tick = {.tv_sec = (time_t)(tick_ns / NS_PER_S),
                                 .tv_usec = (suseconds_t)(tick_ns % NS_PER_S / 1000)};
    if (!worker->kicked || !worker->tick || event_add(worker->kicked, NULL) || event_add(worker->tick, &tick))
        return error_set(err, ERROR_IO, "cannot set up an event loop");
    lanes_init(&worker->lanes, worker->engine, worker->index, worker->sender, worker);
    return 0;
}

int worker_start(struct engine *engine, unsigned index, struct worker **ret_worker, struct error *err)
{
    struct worker *worker = xcalloc(1, sizeof *worker);
    worker->engine = engine;
    worker->index = index;
    worker->kick_fd = -1;
    if (set_up(worker, err)) {
        worker_free(worker);
        return -1;
    }
    *ret_worker = worker;
    int failed = pthread_create(&worker->thread, NULL, run, worker);
    if (failed) {
        *ret_worker = NULL;
        lanes_done(&worker->lanes);
        worker_free(worker);
        return error_set_errno(err, ERROR_IO, failed, "cannot start a thread");
    }
    return 0;
}

void worker_join(struct worker *worker)
{
    if (!worker)
        return;
    pthread_join(worker->thread, NULL);
    worker_free(worker);
}
