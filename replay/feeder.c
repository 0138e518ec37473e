#include "replay/feeder.h"

#include "common/clock.h"
#include "common/endpoint.h"
#include "common/exchange_codec.h"
#include "common/http1_head.h"
#include "common/keymap.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/scheduling.h"
#include "common/stop.h"
#include "common/units.h"
#include "replay/judge.h"
#include "replay/state/bearer.h"
#include "replay/state/lineage.h"
#include "replay/state/unlinkable.h"
#include "replay/stats/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_NS             (50 * NS_PER_MS)
#define READS_BETWEEN_POLLS 64
#define READS_BETWEEN_TURNS 8 /* of others */
#define SESSIONS_LIMIT      1000000
#define FAILURES_TO_ABORT   50

struct feeder {
    const struct feeder_options *options;
    struct engine *engine;
    struct run_info *info;
    struct error *err;
    struct schedule schedule;
    struct sessions *sessions;
    struct lineage *lineage;
    struct buffer results; /* taken from the sink */
    struct buffer record;  /* of one result made here */
    struct buffer endpoint;
    struct stats *stats; /* of those */
    struct keymap seen;  /* sessions */
    uint64_t reads;
    bool gives_way;
    uint64_t fired; /* handed to workers, in all iterations */
    uint64_t last_intended_ns;
    uint64_t damaged;
    struct abort_rule abort_rules[ABORT_RULES_MAX];
    uint64_t ids_overflow;
    uint64_t logged_in_before;
    uint64_t unlinkables[UNLINKABLE_COUNT];
    bool failed; /* results cannot be stored; |err| says why */
};

static bool stopped(const struct feeder *feeder)
{
    return atomic_load(&feeder->engine->stop) != UNSENT_NONE;
}

static void append(struct feeder *feeder, uint64_t start_ns, struct bytes meta)
{
    if (feeder->failed ||
        !segment_writer_append(feeder->options->writer, start_ns, meta, (struct bytes){0}, feeder->err))
        return;
    feeder->failed = true;
    engine_stop(feeder->engine, UNSENT_ABORTED);
}

static void store_results(struct feeder *feeder)
{
    buffer_clear(&feeder->results);
    engine_take_results(feeder->engine, &feeder->results);
    struct bytes rest = buffer_bytes(&feeder->results), meta;
    uint64_t start_ns, size;
    while (bytes_take_varint(&rest, &start_ns) && bytes_take_varint(&rest, &size) &&
           bytes_take(&rest, (size_t)size, &meta))
        append(feeder, start_ns, meta);
}

/* Stores the result of an exchange that no worker saw. */
static void store_unfired(struct feeder *feeder, const struct job *job, enum result_outcome outcome,
                          enum unsent_reason reason)
{
    const struct exchange *exchange = &job->exchange;
    struct http1_request_line line = {0};
    http1_request_line(buffer_bytes(&exchange->request.head), &line);
    buffer_clear(&feeder->endpoint);
    endpoint_append(line.method, line.target, &feeder->endpoint);
    const struct result result = {
        .exchange = exchange->id,
        .session = job->session,
        .iteration = job->iteration,
        .method = line.method,
        .target = line.target,
        .endpoint = buffer_bytes(&feeder->endpoint),
        .original_status = exchange->status,
        .original_service_ns = exchange_latency_ns(exchange),
        .original_ttfb_ns = exchange_ttfb_ns(exchange),
        .outcome = outcome,
        .reason = reason,
        .intended_ns = feeder->last_intended_ns,
    };
    buffer_clear(&feeder->record);
    result_encode(&result, &feeder->record);
    stats_add(feeder->stats, &result);
    append(feeder, feeder->engine->start_wall_ns + result.intended_ns, buffer_bytes(&feeder->record));
}

static void abort_run(struct feeder *feeder, char *why)
{
    free(feeder->info->aborted);
    feeder->info->aborted = why;
    engine_stop(feeder->engine, UNSENT_ABORTED);
}

static void watch_target(struct feeder *feeder, uint64_t now_ns)
{
    const struct engine_counts *counts = &feeder->engine->counts;
    struct abort_counts now = {.failed = atomic_load(&counts->failed),
                               .errors = atomic_load(&counts->errors)};
    struct abort_counts window;
    uint64_t answered = atomic_load(&counts->answered);
    const char *failure = atomic_load(&feeder->engine->failure);
    now.ended = answered + now.failed;
    for (size_t i = 0; i < feeder->options->abort_rule_count && !stopped(feeder); i++) {
        struct abort_rule *rule = &feeder->abort_rules[i];
        if (answered == 0 && now.failed >= FAILURES_TO_ABORT)
            abort_run(feeder, xasprintf("the target answered none of the first %" PRIu64 " requests: %s",
                                        now.failed, failure ? failure : "unknown"));
        else if (abort_rule_look(rule, now_ns, &now, &window))
            abort_run(feeder,
                      xasprintf("%s: of %" PRIu64 " requests that ended, %" PRIu64 " failed and %" PRIu64
                                " were answered with 5xx where the recording was not%s%s",
                                rule->text, window.ended, window.failed, window.errors - window.failed,
                                failure ? "; the first failure of the run: " : "", failure ? failure : ""));
    }
}

static void watch_time(struct feeder *feeder, uint64_t now_ns)
{
    const struct feeder_options *options = feeder->options;
    if (!options->duration_ns || stopped(feeder) || now_ns < feeder->engine->start_mono_ns)
        return;
    /* In an open loop what was scheduled may be behind: it gets the time of one request. */
    uint64_t grace_ns = options->schedule.plan.mode == SCHEDULE_MAX ? 0 : options->timeout_ns;
    if (now_ns - feeder->engine->start_mono_ns >= options->duration_ns + grace_ns)
        engine_stop(feeder->engine, UNSENT_DURATION);
}

static void poll(struct feeder *feeder)
{
    const struct engine_counts *counts = &feeder->engine->counts;
    uint64_t now_ns = clock_mono_ns();
    engine_hand_over(feeder->engine);
    store_results(feeder);
    if (feeder->engine->settings->bearer)
        bearer_tick(feeder->engine->settings->bearer, now_ns);
    if (!feeder->failed && segment_writer_tick(feeder->options->writer, now_ns, feeder->err)) {
        feeder->failed = true;
        engine_stop(feeder->engine, UNSENT_ABORTED);
    }
    if (stop_requested() && !stopped(feeder)) {
        feeder->info->interrupted = true;
        log_warning("interrupted: %" PRIu64 " requests under way are waited for, the rest is not sent; "
                    "a second signal ends at once, without a report",
                    (uint64_t)atomic_load(&counts->in_flight));
        engine_stop(feeder->engine, UNSENT_INTERRUPTED);
    }
    watch_target(feeder, now_ns);
    watch_time(feeder, now_ns);
    log_progress("%" PRIu64 " sent, %" PRIu64 " answered, %" PRIu64 " failed, %" PRIu64 " under way",
                 (uint64_t)atomic_load(&counts->sent), (uint64_t)atomic_load(&counts->answered),
                 (uint64_t)atomic_load(&counts->failed), (uint64_t)atomic_load(&counts->in_flight));
}

enum fed { FED, FED_ENOUGH };

static unsigned thread_of(const struct feeder *feeder, uint64_t session)
{
    struct survey *survey = feeder->options->survey;
    return survey ? survey_thread(survey, session) : 0;
}

/* Logs the user in who shows in |job| what had been given out before the capture began, where it is the first time and there is an account. */
static void log_in(struct feeder *feeder, const struct job *job)
{
    const struct feeder_options *options = feeder->options;
    if (!options->login || !lineage_came_logged_in(feeder->lineage))
        return;
    const struct account *account = accounts_login_for(options->accounts, &job->exchange);
    struct job *login = account ? engine_job(feeder->engine) : NULL;
    if (!login)
        return;
    if (!login_template_make(options->login, &job->exchange, &login->exchange)) {
        engine_discard(feeder->engine, login);
        return;
    }
    login->silent = login->pooled = true;
    login->account = account;
    login->iteration = job->iteration;
    login->recognition_key = job->recognition_key;
    login->policy_hash = job->policy_hash;
    login->session = job->session;
    login->intended_ns = job->intended_ns;
    login->bytes = sizeof *login;
    engine_push(feeder->engine, login, thread_of(feeder, login->session));
}

/* Adds to |job| those bodies that are needed. Returns false where they are damaged. */
static bool take_payload(const struct feeder *feeder, struct job *job, const struct merge_place *place)
{
    struct exchange *exchange = &job->exchange;
    bool response = feeder->engine->settings->content || linker_wants_recorded_body(exchange);
    struct bytes payload;
    if (!response && !exchange_request_in_payload(exchange))
        return true;
    if (!merge_payload_at(feeder->options->merge, place, &payload) ||
        !exchange_decode_payload(payload, exchange))
        return false;
    if (!response)
        buffer_clear(&exchange->response.body.content);
    return true;
}

/* What to do with an exchange that was read, once its instant is known. */
static enum fed hand_over(struct feeder *feeder, struct job *job, const struct merge_place *place)
{
    if (!take_payload(feeder, job, place)) {
        store_unfired(feeder, job, RESULT_UNREPLAYABLE, UNSENT_INCOMPLETE);
        feeder->damaged++;
        engine_discard(feeder->engine, job);
        return FED;
    }
    if (job->flags & RESULT_FLAG(FILLED))
        judge_fill(&job->exchange);
    if (judge_by_ttfb(&job->exchange))
        job->flags |= RESULT_FLAG(BY_TTFB);
    job->bytes = sizeof *job + job->exchange.request.head.size + job->exchange.request.body.content.size +
                 job->exchange.response.head.size + job->exchange.response.body.content.size;
    while (!stopped(feeder) && !engine_room(feeder->engine, POLL_NS))
        poll(feeder);
    if (stopped(feeder)) {
        store_unfired(feeder, job, RESULT_NOT_SENT, (enum unsent_reason)atomic_load(&feeder->engine->stop));
        engine_discard(feeder->engine, job);
        return FED;
    }
    feeder->fired++;
    log_in(feeder, job);
    engine_push(feeder->engine, job, thread_of(feeder, job->session));
    return FED;
}

/* Takes one exchange. FED_ENOUGH: the count or the time is reached, and this one does not count as read. */
static enum fed feed(struct feeder *feeder, struct job *job, const struct merge_place *place)
{
    const struct feeder_options *options = feeder->options;
    if (!survey_method_listed(options->methods, &job->exchange)) {
        feeder->info->filtered++;
        engine_discard(feeder->engine, job);
        return FED;
    }
    enum unsent_reason reason = judge_exchange(&job->exchange, &options->wishes, &job->flags);
    if (reason != UNSENT_NONE) {
        store_unfired(feeder, job, RESULT_UNREPLAYABLE, reason);
        engine_discard(feeder->engine, job);
        return FED;
    }
    uint64_t at_ns = 0;
    bool enough = options->count && feeder->fired >= options->count;
    if (!enough) {
        at_ns = schedule_next(&feeder->schedule, job->exchange.request.first_ns);
        enough = options->duration_ns && at_ns >= options->duration_ns;
    }
    if (enough) {
        engine_discard(feeder->engine, job);
        return FED_ENOUGH;
    }
    job->intended_ns = feeder->last_intended_ns = at_ns;
    if (at_ns < feeder->schedule.plan.ramp_up_ns)
        job->flags |= RESULT_FLAG(RAMP_UP);
    return hand_over(feeder, job, place);
}

/* Returns false where reading is over before the traffic is. After an abort the rest is read for the ledger;
 * after a signal or the end of the time it is not. */
static bool go_on(const struct feeder *feeder)
{
    int reason = atomic_load(&feeder->engine->stop);
    return !feeder->failed && (reason == UNSENT_NONE || reason == UNSENT_ABORTED);
}

/* Counts |session| among those that the traffic holds, as far as they can be told apart. */
static void note_session(struct feeder *feeder, uint64_t session)
{
    struct keymap_key key = keymap_key(session, 0);
    if (feeder->seen.count < SESSIONS_LIMIT && !keymap_get(&feeder->seen, key))
        keymap_set(&feeder->seen, key, &feeder->seen);
}

/* Has |job| show what was |read|, without copying it where that can be. */
static bool take_exchange(struct job *job, const struct read_ahead_record *read)
{
    if (!read->block)
        return exchange_decode(read->record.meta, &job->exchange);
    held_block_hold(read->block);
    job->block = read->block;
    return exchange_decode_borrowed(read->record.meta, &job->exchange);
}

/* Reads the next exchange that is not damaged. Returns NULL at the end. */
static struct job *read_job(struct feeder *feeder, uint32_t iteration, struct merge_place *ret_place)
{
    const struct feeder_options *options = feeder->options;
    struct read_ahead_record read;
    while (read_ahead_next(options->ahead, &read) == MERGE_RECORD) {
        struct job *job = engine_job(feeder->engine);
        if (!take_exchange(job, &read)) {
            feeder->damaged++;
            engine_discard(feeder->engine, job);
            continue;
        }
        job->iteration = iteration;
        job->last_of_connection = read.last_of_connection;
        job->recognition_key = read.record.header->recognition_key;
        job->policy_hash = read.record.header->policy_hash;
        sessions_expect(feeder->sessions, &job->exchange);
        lineage_expect(feeder->lineage, &job->exchange);
        *ret_place = read.place;
        return job;
    }
    return NULL;
}

static void know_session(struct feeder *feeder, struct job *job)
{
    job->session = sessions_of(feeder->sessions, &job->exchange);
    job->pooled = sessions_pooled(feeder->sessions);
    note_session(feeder, job->session);
    if (feeder->options->no_links)
        job->exchange.link_count = 0;
    lineage_follow(feeder->lineage, job->session, &job->exchange);
    job->unlinkable = lineage_unlinkable(feeder->lineage) != 0;
}

/* Each exchange is read while the one before it is still to be fed, so that what it needs has come near by then. */
static bool read_iteration(struct feeder *feeder, uint32_t iteration)
{
    const struct feeder_options *options = feeder->options;
    struct merge_place place, next_place;
    feeder->sessions = sessions_create(options->session_mode, options->session_name, 0);
    feeder->lineage = lineage_create(0);
    bool more = true;
    struct job *next = read_job(feeder, iteration, &next_place);
    while (next && more && go_on(feeder)) {
        struct job *job = next;
        place = next_place;
        next = read_job(feeder, iteration, &next_place);
        know_session(feeder, job);
        feeder->info->read++;
        if (feed(feeder, job, &place) == FED_ENOUGH) {
            feeder->info->read--;
            more = false;
        }
        if (++feeder->reads % READS_BETWEEN_POLLS == 0)
            poll(feeder);
        if (feeder->gives_way && feeder->reads % READS_BETWEEN_TURNS == 0)
            scheduling_give_way(NULL);
    }
    if (next)
        engine_discard(feeder->engine, next);
    sessions_free(feeder->sessions);
    feeder->ids_overflow += lineage_overflow(feeder->lineage);
    feeder->logged_in_before += lineage_logged_in_before(feeder->lineage);
    for (unsigned i = 0; i < UNLINKABLE_COUNT; i++)
        feeder->unlinkables[i] += lineage_unlinkables(feeder->lineage)[i];
    lineage_free(feeder->lineage);
    return more && !stopped(feeder);
}

static void note_count(struct run_info *info, uint64_t count, const char *text)
{
    char line[256];
    if (!count)
        return;
    snprintf(line, sizeof line, "%" PRIu64 " %s", count, text);
    run_texts_add(&info->notes, line);
}

/* Says so where all traffic was fired before the run had what was asked for. */
static void note_shortage(struct feeder *feeder)
{
    const struct feeder_options *options = feeder->options;
    struct run_info *info = feeder->info;
    uint64_t reached_ns =
        options->schedule.plan.mode == SCHEDULE_MAX ? info->elapsed_ns : feeder->last_intended_ns;
    char reached[UNITS_TEXT_SIZE], wanted[UNITS_TEXT_SIZE], line[256];
    if (options->loop == 0 || (options->count && options->count == feeder->fired))
        return;
    if (options->count > feeder->fired)
        snprintf(line, sizeof line,
                 "the traffic was over after %" PRIu64 " requests of %" PRIu64 ": --loop 0 repeats it",
                 feeder->fired, options->count);
    else if (options->duration_ns > reached_ns + options->duration_ns / 100)
        snprintf(line, sizeof line, "the traffic was over after %s of %s: --loop 0 repeats it",
                 units_format_duration(reached_ns, reached),
                 units_format_duration(options->duration_ns, wanted));
    else
        return;
    run_texts_add(&info->notes, line);
}

static void add_notes(struct feeder *feeder)
{
    const struct engine_counts *counts = &feeder->engine->counts;
    struct run_info *info = feeder->info;
    const struct merge_damage *damage = merge_damage(feeder->options->merge);
    note_count(info, atomic_load(&counts->connection_waits),
               "requests waited for a connection at the cap of --max-connections");
    note_count(info, atomic_load(&counts->in_flight_waits), "requests waited at the cap of --max-in-flight");
    note_count(info, atomic_load(&counts->idle_closed), "idle connections were closed to make room");
    note_count(info, atomic_load(&counts->reopened),
               "requests opened their recorded connection again after the target had closed it");
    note_count(info, atomic_load(&counts->extra_sessions),
               "sessions were begun above the concurrency because the others had nothing to send");
    note_count(info, atomic_load(&counts->retries_withheld),
               "requests were not tried again: a run does so at most 10 times and a tenth of what it sends");
    note_count(info, atomic_load(&counts->retries_too_long),
               "requests were not tried again: Retry-After asked for more than --retry-wait");
    note_count(info, atomic_load(&counts->links_forgotten), "linked values were forgotten for want of room");
    note_count(info, feeder->options->survey ? survey_overflow(feeder->options->survey) : 0,
               "sessions, connections or values were too many to be told apart");
    const struct bearer *bearer = feeder->engine->settings->bearer;
    note_count(info, bearer ? bearer_renewals(bearer) : 0, "new bearer tokens were taken during the run");
    note_count(info, bearer ? bearer_failures(bearer) : 0,
               "times no new bearer token could be had, and the one from before was used on");
    note_count(info, feeder->logged_in_before, "users had logged in before the capture began");
    for (unsigned i = 0; i < UNLINKABLE_COUNT; i++) {
        char text[128];
        snprintf(text, sizeof text, "requests carried %s, which cannot be linked", unlinkable_name(i));
        note_count(info, feeder->unlinkables[i], text);
    }
    note_count(info, atomic_load(&counts->logins),
               "of them were logged in with an account of `credentials:`");
    note_count(info, atomic_load(&counts->logins_failed), "of these logins were refused");
    note_count(info, atomic_load(&counts->link_timeouts),
               "requests waited no longer than --link-wait for the answer whose value they use");
    note_count(info, feeder->ids_overflow, "ids were too many to be followed");
    note_count(info, feeder->damaged, "exchanges were damaged in the traffic");
    note_count(info, damage->blocks_damaged, "blocks of the traffic were damaged and passed over");
}

/* In an open loop, reading is far ahead, and the instants are the workers'. */
static void stand_back(struct feeder *feeder)
{
    feeder->gives_way = true;
    scheduling_stand_back();
    merge_set_pause(feeder->options->merge, (struct block_pause){scheduling_give_way, NULL});
}

int feeder_run(const struct feeder_options *options, struct run_info *info, struct error *err)
{
    struct feeder feeder = {.options = options,
                            .engine = options->engine,
                            .info = info,
                            .err = err,
                            .schedule = options->schedule,
                            .stats = stats_create(0)};
    if (options->abort_rule_count)
        memcpy(feeder.abort_rules, options->abort_rules,
               options->abort_rule_count * sizeof options->abort_rules[0]);
    uint64_t cpu_ns = clock_process_cpu_ns();
    if (!options->engine->settings->closed_loop)
        stand_back(&feeder);
    bool through = false;
    for (uint32_t iteration = 0; options->loop == 0 || iteration < options->loop; iteration++) {
        uint64_t before = feeder.fired;
        if (iteration) {
            read_ahead_rewind(options->ahead);
            if (options->survey)
                survey_rewind(options->survey);
            schedule_loop(&feeder.schedule);
        }
        through = read_iteration(&feeder, iteration);
        if (!through || feeder.fired == before || iteration == UINT32_MAX)
            break;
    }
    engine_end(options->engine);
    while (!engine_idle(options->engine, POLL_NS))
        poll(&feeder);
    store_results(&feeder);
    log_progress_end();
    info->elapsed_ns = atomic_load(&options->engine->counts.last_done_ns);
    engine_join(options->engine);
    stats_merge(options->engine->stats, feeder.stats);
    stats_free(feeder.stats);
    info->cpu_ns = clock_process_cpu_ns() - cpu_ns;
    info->firing_cpu_ns = atomic_load(&options->engine->counts.cpu_ns);
    info->sessions = feeder.seen.count;
    if (through)
        note_shortage(&feeder);
    add_notes(&feeder);
    keymap_free(&feeder.seen);
    buffer_free(&feeder.results);
    buffer_free(&feeder.record);
    buffer_free(&feeder.endpoint);
    return feeder.failed ? -1 : 0;
}
