#include "replay/replay.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/scheduling.h"
#include "common/stop.h"
#include "replay/comparing.h"
#include "replay/feeder.h"
#include "replay/guards.h"
#include "replay/plan/plan.h"
#include "replay/recorded_servers.h"
#include "replay/replay_settings.h"
#include "replay/report.h"
#include "replay/sender/failure_advice.h"
#include "replay/state/bearer.h"
#include "replay/state/links_file.h"
#include "replay/stats/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXIT_INTERRUPTED    4
#define RAMP_UP_ABOVE_PER_S 100
#define RAMP_UP_NS_MAX      (double)(10 * NS_PER_S)
#define RAMP_UP_PART        10                /* of a run that is short */
#define LEAD_NS             (300 * NS_PER_MS) /* between the start of the threads and the first instant */
#define WINDOW_JOBS         4096
#define RESULTS_LEVEL       (-12) /* of zstd: 60 bytes a result instead of 46, at well under half the work */
/* A closed loop reads no further ahead than its sessions need: what is read long before it is sent has left the caches. */
#define WINDOW_LOOP_JOBS    256
#define WINDOW_SESSION_JOBS 4
#define LOOP_AHEAD                                                                                           \
    1024 /* records, for the same reason; several threads are to see more of what hangs together */
#define WINDOW_BYTES (UINT64_C(256) * 1024 * 1024)

/* Everything a run holds, from the checked settings to the open files. */
struct replay {
    struct replay_settings settings;
    struct comparing comparing;
    struct bearer *bearer; /* NULL: none */
    struct links_file links;
    struct login_template *login; /* NULL: not needed, or none recorded */
    struct merge *merge;
    struct survey *survey; /* NULL: one thread needs none */
    struct read_ahead *ahead;
    struct segment_writer *writer;
    char *folder;
    char run_id[17];
    struct stats *stats; /* of all results */
    struct deviations deviations;
    bool begun; /* something may have been fired */
    struct run_info info;
};

/* A recorded_server_fn: nothing is fired at where it was recorded. */
static int guard_server(const struct address *server, void *arg, struct error *err)
{
    const struct replay_settings *settings = arg;
    if (guard_recorded(settings->target, server, err))
        return -1;
    const struct proxy *proxy = settings->sending.proxy;
    return proxy && guard_recorded(proxy->place, server, err) ? error_prefix(err, "--proxy") : 0;
}

static int guard(struct replay *replay, struct error *err)
{
    struct replay_settings *settings = &replay->settings;
    if (settings->allow_production)
        return 0;
    if (recorded_servers_each(replay->merge, guard_server, settings, err) ||
        guard_production(settings->target, &settings->production, err))
        return -1;
    const struct proxy *proxy = settings->sending.proxy;
    return proxy && guard_production(proxy->place, &settings->production, err) ? error_prefix(err, "--proxy")
                                                                               : 0;
}

static int make_run_id(struct replay *replay, struct error *err)
{
    uint8_t random[8];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return error_set_errno(err, ERROR_IO, errno, "cannot get random bytes");
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(replay->run_id + 2 * i, 3, "%02x", random[i]);
    return 0;
}

static int open_run(struct replay *replay, struct error *err)
{
    if (make_run_id(replay, err))
        return -1;
    if (replay->settings.output) {
        replay->folder = xstrdup(replay->settings.output);
    } else {
        char stamp[32];
        time_t now = time(NULL);
        struct tm local;
        strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", localtime_r(&now, &local));
        replay->folder = xasprintf("run-%s-%.8s", stamp, replay->run_id);
    }
    char *existing = xasprintf("%s/" RUN_FILE, replay->folder);
    bool taken = access(existing, F_OK) == 0;
    free(existing);
    if (taken)
        return error_set(err, ERROR_USAGE, "%s already holds a run: name another folder with -o",
                         replay->folder);
    struct segment_writer_options writer = {.folder = replay->folder, .level = RESULTS_LEVEL};
    if (!replay->settings.closed_loop)
        writer.pause = (struct block_pause){scheduling_give_way, NULL};
    writer.header = *merge_header(replay->merge);
    writer.header.kind = SEGMENT_RESULTS;
    writer.header.policy = NULL;
    char name[] = "rehearse " REHEARSE_VERSION;
    writer.header.writer = name;
    memcpy(writer.header.capture_id, replay->run_id, sizeof writer.header.capture_id);
    return segment_writer_open(&writer, &replay->writer, err);
}

static void fill_pace(const struct replay_settings *settings, struct run_info *info)
{
    const struct schedule_plan *plan = &settings->plan;
    struct buffer pace = {0};
    switch (plan->mode) {
    case SCHEDULE_RECORDED:
        info->mode = RUN_MODE_RECORDED;
        info->speed = plan->speed;
        break;
    case SCHEDULE_RATE:
        info->mode = plan->phase_count ? RUN_MODE_RAMP : RUN_MODE_RATE;
        info->rate_per_s = plan->phase_count ? 0 : settings->rate;
        break;
    case SCHEDULE_MAX:
        info->mode = RUN_MODE_MAX;
        break;
    }
    schedule_plan_describe(plan, &pace);
    info->pace = xstrndup((const char *)pace.data, pace.size);
    buffer_free(&pace);
}

static void fill_info(struct replay *replay)
{
    const struct replay_settings *settings = &replay->settings;
    struct run_info *info = &replay->info;
    struct buffer traffic = {0};
    for (size_t i = 0; i < replay->settings.traffic.count; i++)
        buffer_printf(&traffic, "%s%s", i ? " " : "", replay->settings.traffic.items[i]);
    info->run_id = xstrdup(replay->run_id);
    info->version = xstrdup(REHEARSE_VERSION);
    info->traffic = xstrndup((const char *)traffic.data, traffic.size);
    buffer_free(&traffic);
    info->target = xstrdup(replay->settings.target->url);
    info->session = xstrdup(settings->session);
    info->sender = sending_describe(&settings->sending);
    info->content =
        settings->compare ? xstrdup(content_sensitive_name(replay->comparing.settings.sensitive)) : NULL;
    fill_pace(settings, info);
    info->connections = replay->settings.pool_connections;
    info->concurrency = replay->settings.closed_loop ? settings->concurrency : 0;
    info->threads = settings->threads;
    info->timeout_ns = settings->timeout_ns;
    info->loop = settings->loop;
    info->started_wall_ns = clock_wall_ns();
    for (size_t i = 0; i < settings->gates.count; i++)
        run_texts_add(&info->gates, settings->gates.items[i]);
    struct buffer rule = {0};
    for (size_t i = 0; i < rewriter_count(settings->rewriter); i++) {
        buffer_clear(&rule);
        rewriter_describe(settings->rewriter, i, &rule);
        run_rewrites_add(&info->rewrites, buffer_bytes(&rule));
    }
    buffer_free(&rule);
}

static void survey_meta(struct bytes meta, void *arg)
{
    survey_look(arg, meta);
}

static void begin_reading(struct replay *replay)
{
    const struct replay_settings *settings = &replay->settings;
    const struct survey_options survey = {
        .mode = settings->session_mode,
        .session_name = settings->session_name,
        .wishes = &settings->wishes,
        .methods = settings->methods,
        .pooled = settings->pool_connections > 0,
        .threads = (unsigned)settings->threads,
    };
    bool far = !settings->closed_loop || settings->threads > 1;
    replay->ahead = read_ahead_create(replay->merge, far ? 0 : LOOP_AHEAD, 0);
    if (settings->threads == 1)
        return;
    replay->survey = survey_create(&survey);
    read_ahead_watch(replay->ahead, survey_meta, replay->survey);
}

static int open_traffic(struct replay *replay, struct error *err)
{
    const struct replay_settings *settings = &replay->settings;
    if (sending_resolve(&settings->sending, settings->target, err) ||
        merge_open(settings->traffic.items, settings->traffic.count, SEGMENT_EXCHANGES, 0, &replay->merge,
                   err))
        return -1;
    if (target_ways(settings->target) == 0 && !settings->target->is_unix && !settings->sending.proxy)
        return error_set(err, ERROR_USAGE, "--source-ip: the target has no address of that family");
    if (settings->compare &&
        comparing_init(&replay->comparing, merge_header(replay->merge), settings->key_file, err))
        return -1;
    if (settings->links &&
        links_file_load(settings->links, merge_header(replay->merge)->recognition_key, &replay->links, err))
        return -1;
    if (guard(replay, err))
        return -1;
    if (replay->links.accounts)
        replay->login = login_template_find(replay->merge, 0);
    begin_reading(replay);
    return 0;
}

static int prepare(struct replay *replay, struct error *err)
{
    const struct replay_settings *settings = &replay->settings;
    if ((settings->bearer_file || settings->auth_command) &&
        bearer_open(settings->bearer_file, settings->auth_command, &replay->bearer, err))
        return -1;
    if (open_run(replay, err))
        return -1;
    fill_info(replay);
    return run_info_save(replay->folder, &replay->info, err);
}

static struct request_rules rules_of(struct replay *replay)
{
    const struct replay_settings *settings = &replay->settings;
    struct request_rules rules = {
        .base_path = replay->settings.target->base_path,
        .run_id = replay->run_id,
        .pooled = replay->settings.pool_connections > 0,
        .verbatim = settings->verbatim,
        .accounts = replay->links.accounts,
        .rewriter = rewriter_count(replay->settings.rewriter) ? replay->settings.rewriter : NULL,
    };
    if (strcmp(settings->host, "recorded") != 0) {
        rules.host =
            strcmp(settings->host, "target") == 0 ? replay->settings.target->authority : settings->host;
        rules.scheme = replay->settings.target->tls ? "https" : "http";
    }
    return rules;
}

static struct plan_means means_of(const struct replay_settings *settings)
{
    const struct target *target = settings->target;
    struct plan_means means = {
        .traffic = settings->traffic.items[0],
        .target = target->url,
        .schedule = &settings->plan,
        .rewriter = settings->rewriter,
        .pool_connections = settings->pool_connections,
        .concurrency = settings->closed_loop ? settings->concurrency : 0,
        .max_connections = settings->connections_wanted,
        .window_bytes = WINDOW_BYTES,
        .resources = {.files_kept = REPLAY_FILES_KEPT, .ways = target_ways(target) ? target_ways(target) : 1},
    };
    resources_read(&means.resources);
    if (target->is_unix)
        means.resources.ports = 0;
    return means;
}

/* |ahead|: of the beginning only, that of what is read ahead. */
static struct plan plan_of(struct replay *replay, const struct request_rules *rules, struct read_ahead *ahead)
{
    const struct replay_settings *settings = &replay->settings;
    struct plan plan;
    const struct plan_options options = {
        .merge = replay->merge,
        .ahead = ahead,
        .session_mode = settings->session_mode,
        .session_name = settings->session_name,
        .methods = settings->methods,
        .wishes = settings->wishes,
        .schedule = &settings->plan,
        .count = settings->count,
        .duration_ns = settings->duration_ns,
        .loop = settings->loop,
        .rules = rules,
        .no_links = settings->no_links,
    };
    plan_look(&options, &plan);
    return plan;
}

static int print_plan(struct replay *replay, struct error *err)
{
    if (replay->settings.bearer_file && bearer_open(replay->settings.bearer_file, NULL, &replay->bearer, err))
        return -1;
    struct request_rules rules = rules_of(replay);
    struct buffer text = {0};
    rules.run_id = "dry-run";
    read_ahead_rewind(replay->ahead); /* and with it the merge */
    const struct plan plan = plan_of(replay, &rules, NULL);
    const struct plan_means means = means_of(&replay->settings);
    if (stop_requested())
        return error_set(err, ERROR_IO, "interrupted: the plan of all traffic is not known");
    plan_render(&plan, &means, &text);
    fwrite(text.data, 1, text.size, stdout);
    buffer_free(&text);
    return 0;
}

/* Has a schedule whose pace would be high from the first second on begin slowly. |plan| is of its beginning. The recorded pace, too: the target
 * may be smaller than what was recorded, and its caches are cold. */
static void add_ramp_up(struct replay *replay, const struct plan *plan)
{
    struct replay_settings *settings = &replay->settings;
    double rate = settings->plan.mode == SCHEDULE_RATE ? schedule_plan_first_rate(&settings->plan)
                                                       : (double)plan->demand.busiest_s;
    if (settings->no_ramp || rate <= RAMP_UP_ABOVE_PER_S || plan->read == 0)
        return;
    double duration_ns = (double)plan->duration_ns;
    if (!plan->whole) /* what was not looked at takes as long, a request */
        duration_ns *= (double)merge_record_count(replay->merge) / (double)plan->read;
    if (settings->duration_ns && (double)settings->duration_ns < duration_ns)
        duration_ns = (double)settings->duration_ns;
    double length_ns =
        duration_ns / RAMP_UP_PART < RAMP_UP_NS_MAX ? duration_ns / RAMP_UP_PART : RAMP_UP_NS_MAX;
    if (length_ns >= 1)
        schedule_plan_ramp_up(&settings->plan, (uint64_t)length_ns);
    if (settings->plan.ends)
        settings->duration_ns = schedule_plan_length_ns(&settings->plan);
}

/* Warns of what this machine lacks for |plan|, the beginning of the schedule. */
static void check_resources(const struct replay *replay, const struct plan *plan)
{
    const struct plan_means means = means_of(&replay->settings);
    const struct resource_needs needs = plan_needs(plan, &means);
    struct buffer advice = {0};
    resources_check(&means.resources, &needs, &advice);
    buffer_append_byte(&advice, '\0');
    char *rest = (char *)advice.data;
    for (char *line; (line = strsep(&rest, "\n")) && *line;)
        log_warning("%s", line);
    buffer_free(&advice);
}

/* Looks at the beginning of the traffic before it is fired. */
static void look_ahead(struct replay *replay)
{
    const struct plan plan = plan_of(replay, NULL, replay->ahead);
    if (!replay->settings.closed_loop)
        add_ramp_up(replay, &plan);
    if (!replay->settings.dry_run)
        check_resources(replay, &plan);
}

/* Keeps how many requests each rewrite |touched|, and warns of those that touched none. */
static void note_rewrites(struct replay *replay, const uint64_t *touched)
{
    struct run_rewrites *rewrites = &replay->info.rewrites;
    for (size_t i = 0; i < rewrites->count; i++) {
        rewrites->items[i].touched = touched[i];
        if (touched[i] == 0)
            log_warning("this rewrite matched no request: %s", rewrites->items[i].rule);
    }
}

/* Fires everything. Returns 0, or -1 with |err| where the run could not begin or be stored. */
static int fire(struct replay *replay, struct error *err)
{
    const struct replay_settings *settings = &replay->settings;
    const struct request_rules rules = rules_of(replay);
    const struct engine_settings engine_settings = {
        .target = replay->settings.target,
        .rules = &rules,
        .content = settings->compare ? &replay->comparing.settings : NULL,
        .timeout_ns = settings->timeout_ns,
        .stream_speed = settings->plan.mode == SCHEDULE_RECORDED ? settings->plan.speed : 1,
        .connect_timeout_ns = settings->connect_timeout_ns,
        .tls_server_name = settings->sni,
        .tls_ca_file = settings->ca_file,
        .tls_insecure = settings->insecure,
        .sending = &settings->sending,
        .deviations = &replay->deviations,
        .no_links = settings->no_links,
        .link_wait_ns = settings->link_wait_ns,
        .bearer = replay->bearer,
        .link_rules = replay->links.rules,
        .closed_loop = replay->settings.closed_loop,
        .spins = settings->spins,
        .max_lag_ns = settings->max_lag_ns,
        .retry = {.most = settings->retry,
                  .all_methods = settings->retry_all_methods,
                  .longest_wait_ns = settings->retry_wait_ns},
        .concurrency = settings->concurrency,
        .pool_connections = replay->settings.pool_connections,
        .max_connections = settings->max_connections,
        .max_in_flight = settings->max_in_flight,
        .max_window_jobs = replay->settings.closed_loop
                               ? WINDOW_LOOP_JOBS + WINDOW_SESSION_JOBS * settings->concurrency
                               : WINDOW_JOBS + settings->max_in_flight,
        .max_window_bytes = WINDOW_BYTES,
        .threads = (unsigned)settings->threads,
    };
    uint64_t lead_ns = replay->settings.closed_loop ? 0 : LEAD_NS;
    struct engine engine = {.start_mono_ns = clock_mono_ns() + lead_ns,
                            .start_wall_ns = clock_wall_ns() + lead_ns,
                            .stats = replay->stats = stats_create(0),
                            .rewrites =
                                xcalloc(rewriter_count(replay->settings.rewriter) + 1, sizeof(uint64_t))};
    if (engine_start(&engine, &engine_settings, err)) {
        free(engine.rewrites);
        return -1;
    }
    replay->begun = true;
    struct feeder_options feeder = {
        .merge = replay->merge,
        .ahead = replay->ahead,
        .survey = replay->survey,
        .writer = replay->writer,
        .engine = &engine,
        .session_mode = replay->settings.session_mode,
        .session_name = replay->settings.session_name,
        .methods = settings->methods,
        .wishes = settings->wishes,
        .no_links = settings->no_links,
        .accounts = replay->links.accounts,
        .login = replay->login,
        .count = settings->count,
        .duration_ns = settings->duration_ns,
        .loop = settings->loop,
        .abort_rules = replay->settings.abort_rules,
        .abort_rule_count = replay->settings.abort_rule_count,
    };
    schedule_init(&feeder.schedule, &settings->plan);
    int failed = feeder_run(&feeder, &replay->info, err);
    note_rewrites(replay, engine.rewrites);
    free(engine.rewrites);
    sending_note(&settings->sending, &replay->deviations, &replay->info);
    const char *failure = atomic_load(&engine.failure) ? atomic_load(&engine.failure) : "unknown";
    if (atomic_load(&engine.counts.failed) && !atomic_load(&engine.counts.answered) && !failed)
        log_error("%s: no request was answered: %s%s", replay->settings.target->url, failure,
                  failure_advice(failure));
    else if (!failed && !replay->info.interrupted && !atomic_load(&engine.counts.sent))
        log_warning(
            "nothing was fired: rehearse inspect shows what the traffic holds, --methods what is left out");
    else if (replay->info.aborted)
        log_error("%s: stopped: %s", replay->settings.target->url, replay->info.aborted);
    return failed;
}

/* Seals what was measured, in every case; the first failure stays in |err|. */
static int seal(struct replay *replay, int failed, struct error *err)
{
    struct error later = {0};
    replay->info.ended_wall_ns = clock_wall_ns();
    int unsealed = segment_writer_close(replay->writer, NULL, failed ? &later : err);
    replay->writer = NULL;
    failed |= unsealed;
    return run_info_save(replay->folder, &replay->info, failed ? &later : err) | failed;
}

static void announce(const struct replay *replay)
{
    char text[TARGET_ADDRESS_TEXT_SIZE];
    struct buffer addresses = {0};
    for (size_t i = 0; i < replay->settings.target->address_count; i++)
        buffer_printf(&addresses, "%s%s", i ? ", " : "",
                      target_address_text(&replay->settings.target->addresses[i], text));
    log_info("run %s in %s: firing %" PRIu64 " exchanges at %s (%.*s), %s", replay->run_id, replay->folder,
             merge_record_count(replay->merge), replay->settings.target->url, (int)addresses.size,
             (const char *)addresses.data, replay->info.pace);
    buffer_free(&addresses);
}

static void release(struct replay *replay)
{
    segment_writer_close(replay->writer, NULL, NULL);
    read_ahead_free(replay->ahead);
    survey_free(replay->survey);
    merge_close(replay->merge);
    replay_settings_done(&replay->settings);
    run_info_free(&replay->info);
    comparing_done(&replay->comparing);
    bearer_free(replay->bearer);
    links_file_done(&replay->links);
    login_template_free(replay->login);
    stats_free(replay->stats);
    free(replay->folder);
}

static int replay_run(struct replay *replay, int *ret_status, struct error *err)
{
    if (replay_settings_check(&replay->settings, err) || open_traffic(replay, err))
        return -1;
    look_ahead(replay);
    if (replay->settings.dry_run)
        return print_plan(replay, err);
    if (prepare(replay, err))
        return -1;
    announce(replay);
    int failed = fire(replay, err);
    if (seal(replay, failed, err)) {
        const struct error cause = *err;
        return replay->begun ? error_set(err, cause.kind, "%s; what was measured before is in %s", cause.text,
                                         replay->folder)
                             : -1;
    }
    const char *runs[] = {replay->folder};
    const struct report_options report = {
        .runs = runs, .run_count = 1, .format = REPORT_TEXT, .stats = replay->stats};
    return report_runs(&report, ret_status, err);
}

int verb_replay(int argc, char **argv)
{
    struct replay replay = {0};
    struct error err = {0};
    int status = 0;
    if (!replay_settings_read(argc, argv, &replay.settings, &status))
        return status;
    if (replay_run(&replay, &status, &err)) {
        log_error("%s", err.text);
        status = !replay.begun && stop_requested() ? EXIT_INTERRUPTED : error_exit_status(&err);
    }
    release(&replay);
    return status;
}
