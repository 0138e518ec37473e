#include "replay/replay.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/options.h"
#include "common/units.h"
#include "filters/policy/policy_yaml.h"
#include "replay/comparing.h"
#include "replay/feeder.h"
#include "replay/gates.h"
#include "replay/report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX       64
#define LEAD_NS           (300 * NS_PER_MS) /* between the start of the threads and the first instant */
#define WINDOW_JOBS       4096
#define WINDOW_BYTES      (UINT64_C(256) * 1024 * 1024)
#define CONNECTIONS_LIMIT 10000
#define FILES_KEPT_FREE   64

struct settings {
    int compare;
    const char *key_file, *policy, *target, *output, *speed, *session, *connections, *host, *methods,
        *ca_file, *sni;
    double rate;
    uint64_t concurrency, count, duration_ns, loop, threads, timeout_ns, connect_timeout_ns;
    uint64_t max_connections, max_in_flight;
    struct option_texts rewrites, set_queries, remove_headers, set_headers, gates;
    bool insecure, verbatim, allow_production;
};

#define AT(member) offsetof(struct settings, member)
static const struct option_spec options[] = {
    {"target", 't', OPTION_TEXT, "URL", "where to fire: http://, https:// or unix:/path", AT(target)},
    {"output", 'o', OPTION_TEXT, "RUN", "folder for the run; default: a new one here, named by time",
     AT(output)},
    {"speed", 0, OPTION_TEXT, "X|max", "recorded timing, X times as fast (default 1);\nmax: closed loop",
     AT(speed)},
    {"rate", 0, OPTION_NUMBER, "N", "N requests per second at constant distance instead", AT(rate)},
    {"concurrency", 0, OPTION_COUNT, "N", "with --speed max: sessions at a time (default 64 a thread)",
     AT(concurrency)},
    {"count", 0, OPTION_COUNT, "N", "end after N requests", AT(count)},
    {"duration", 0, OPTION_DURATION, "T", "end after this time", AT(duration_ns)},
    {"loop", 0, OPTION_COUNT, "N",
     "go through the traffic N times (default 1);\n0: until --duration or --count", AT(loop)},
    {"threads", 0, OPTION_COUNT, "N", "threads that fire (default 1)", AT(threads)},
    {"session", 0, OPTION_TEXT, "HOW", "auto, connection, cookie:NAME, header:NAME or none", AT(session)},
    {"connections", 0, OPTION_TEXT, "recorded|N", "a connection for each recorded one, or a pool of N",
     AT(connections)},
    {"host", 0, OPTION_TEXT, "HOW", "Host to send: target (default), recorded or a name", AT(host)},
    {"timeout", 0, OPTION_DURATION, "T", "for a complete answer (default 30s)", AT(timeout_ns)},
    {"connect-timeout", 0, OPTION_DURATION, "T", "for a connection, TLS included (default 5s)",
     AT(connect_timeout_ns)},
    {"methods", 0, OPTION_TEXT, "LIST", "fire these methods only, e.g. GET,HEAD", AT(methods)},
    {"set-header", 0, OPTION_TEXTS, "'K: V'", "set a header in every request; repeatable", AT(set_headers)},
    {"remove-header", 0, OPTION_TEXTS, "K", "remove a header from every request; repeatable",
     AT(remove_headers)},
    {"set-query", 0, OPTION_TEXTS, "'K=V'", "set a parameter of the query in every request; repeatable",
     AT(set_queries)},
    {"rewrite", 0, OPTION_TEXTS, "'s#A#B#'",
     "in the path, replace what matches A (PCRE2) by B, with groups $1 and\nflags g and i; repeatable",
     AT(rewrites)},
    {"policy", 0, OPTION_TEXT, "FILE", "do what its section `rewrite:` says, rehearse-policy(5)", AT(policy)},
    {"compare", 0, OPTION_CHOICE, "status|content",
     "what of answers is compared (status); content: also types,\nredirects, names of cookies and JSON",
     AT(compare)},
    {"key-file", 0, OPTION_TEXT, "FILE",
     "with --compare content: the traffic's key, to compare\nsensitive values, too", AT(key_file)},
    {"insecure", 0, OPTION_FLAG, NULL, "do not verify the target's certificate", AT(insecure)},
    {"ca-file", 0, OPTION_TEXT, "FILE", "certificates to verify the target with (PEM)", AT(ca_file)},
    {"sni", 0, OPTION_TEXT, "NAME", "TLS server name, instead of the URL's host", AT(sni)},
    {"verbatim", 0, OPTION_FLAG, NULL, "keep idempotency keys, request and trace ids as recorded",
     AT(verbatim)},
    {"allow-production", 0, OPTION_FLAG, NULL, "fire even at an address the traffic was recorded from",
     AT(allow_production)},
    {"max-connections", 0, OPTION_COUNT, "N",
     "open at a time (default 10000, or what the limit on\nopen files leaves)", AT(max_connections)},
    {"max-in-flight", 0, OPTION_COUNT, "N", "requests under way at a time (default 10000)",
     AT(max_in_flight)},
    {"gate", 0, OPTION_TEXTS, "EXPR", "condition on the figures, e.g. 'p99 < 250ms'; repeatable", AT(gates)},
};

static const struct options_spec spec = {
    .verb = "replay",
    .summary = "fire recorded requests at a target, in order of cause, and say what changed",
    .arguments = "TRAFFIC...",
    .arguments_min = 1,
    .arguments_max = 1000,
    .examples =
        "  rehearse replay traffic/ --target http://staging:8080 --speed 2 -o run/\n"
        "  rehearse replay traffic/ --target https://staging --rate 500 --duration 5m --loop 0\n"
        "  rehearse replay traffic/ --target http://127.0.0.1:8080 --speed max --concurrency 32\n"
        "  rehearse replay traffic/ --target http://staging --methods GET,HEAD --gate 'errors < 1%'\n"
        "  rehearse replay traffic/ --target http://staging --compare content --key-file ~/rehearse.key\n"
        "  rehearse replay traffic/ --target http://staging --rewrite 's#^/v1/users/(\\d+)#/v2/accounts/$1#' "
        "\\\n"
        "      --set-query region=eu --remove-header X-Debug --set-header \"Authorization: Bearer $TOKEN\"\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

/* Everything a run holds, from the checked settings to the open files. */
struct replay {
    struct settings settings;
    struct option_texts traffic;
    enum session_mode session_mode;
    const char *session_name;
    bool closed_loop;
    double speed;
    uint64_t pool_connections;
    struct rewriter *rewriter;
    struct comparing comparing;
    struct target *target;
    struct merge *merge;
    struct survey *survey;
    struct segment_writer *writer;
    char *folder;
    char run_id[17];
    bool begun; /* something may have been fired */
    struct run_info info;
};

static int check_session(struct replay *replay, struct error *err)
{
    const char *how = replay->settings.session;
    if (strcmp(how, "auto") == 0)
        replay->session_mode = SESSION_AUTO;
    else if (strcmp(how, "connection") == 0)
        replay->session_mode = SESSION_CONNECTION;
    else if (strcmp(how, "none") == 0)
        replay->session_mode = SESSION_NONE;
    else if (strncmp(how, "cookie:", 7) == 0 && how[7])
        replay->session_mode = SESSION_COOKIE, replay->session_name = how + 7;
    else if (strncmp(how, "header:", 7) == 0 && how[7])
        replay->session_mode = SESSION_HEADER, replay->session_name = how + 7;
    else
        return error_set(err, ERROR_USAGE,
                         "--session: '%s' is not auto, connection, cookie:NAME, header:NAME or none", how);
    return 0;
}

static int check_pace(struct replay *replay, struct error *err)
{
    struct settings *settings = &replay->settings;
    bool rated = settings->rate >= 0; /* 0 is refused, not taken for no rate */
    if (!rated)
        settings->rate = 0;
    if (rated && settings->speed)
        return error_set(err, ERROR_USAGE, "--rate and --speed exclude each other");
    if (rated && (settings->rate < SCHEDULE_RATE_MIN || settings->rate > SCHEDULE_RATE_MAX))
        return error_set(err, ERROR_USAGE, "--rate: not between %g and %g", SCHEDULE_RATE_MIN,
                         SCHEDULE_RATE_MAX);
    replay->closed_loop = settings->speed && strcmp(settings->speed, "max") == 0;
    replay->speed = 1;
    if (settings->speed && !replay->closed_loop &&
        (!units_parse_number(settings->speed, &replay->speed) || replay->speed < SCHEDULE_SPEED_MIN ||
         replay->speed > SCHEDULE_SPEED_MAX))
        return error_set(err, ERROR_USAGE, "--speed: '%s' is not a factor above 0, or max", settings->speed);
    if (settings->concurrency && !replay->closed_loop)
        return error_set(err, ERROR_USAGE, "--concurrency needs --speed max");
    if (!settings->loop && !settings->duration_ns && !settings->count)
        return error_set(err, ERROR_USAGE, "--loop 0 needs --duration or --count");
    if (!settings->threads || settings->threads > THREADS_MAX)
        return error_set(err, ERROR_USAGE, "--threads: not between 1 and %d", THREADS_MAX);
    return 0;
}

/* Raises the limit on open files to what is allowed, and derives the cap on connections. */
static void set_caps(struct settings *settings)
{
    struct rlimit limit;
    uint64_t files = 1024;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) || getrlimit(RLIMIT_NOFILE, &limit) == 0)
            files = limit.rlim_cur;
    }
    uint64_t room = files > FILES_KEPT_FREE + 1 ? files - FILES_KEPT_FREE : 1;
    if (!settings->max_connections)
        settings->max_connections = CONNECTIONS_LIMIT;
    if (settings->max_connections > room)
        settings->max_connections = room;
    if (!settings->concurrency)
        settings->concurrency = 64 * settings->threads;
}

/* Adds what each of |texts| says. */
static int add_rewrites(struct rewriter *rewriter, const char *option, const struct option_texts *texts,
                        int (*add)(struct rewriter *rewriter, const char *text, struct error *err),
                        struct error *err)
{
    for (size_t i = 0; i < texts->count; i++)
        if (add(rewriter, texts->items[i], err))
            return texts->count > 1 ? error_prefix(err, "%s (number %zu)", option, i + 1)
                                    : error_prefix(err, "%s", option);
    return 0;
}

static int add_path(struct rewriter *rewriter, const char *text, struct error *err)
{
    const struct rewrite_rule rule = {
        .place = REWRITE_PATH, .action = REWRITE_SUBSTITUTE, .value = bytes_of(text)};
    return rewriter_add(rewriter, &rule, err);
}

static int add_removed_header(struct rewriter *rewriter, const char *text, struct error *err)
{
    const struct rewrite_rule rule = {
        .place = REWRITE_HEADER, .action = REWRITE_REMOVE, .name = bytes_of(text)};
    return rewriter_add(rewriter, &rule, err);
}

static int add_policy(struct rewriter *rewriter, const char *path, struct error *err)
{
    struct policy *policy;
    if (policy_load(path, &policy, err))
        return -1;
    const struct rewriter *rewrites = policy_rewrites(policy);
    int status = rewrites ? rewriter_add_all(rewriter, rewrites, err)
                          : error_set(err, ERROR_USAGE, "%s has no section `rewrite:`", path);
    policy_free(policy);
    return status;
}

static int check_rewrites(struct replay *replay, struct error *err)
{
    const struct settings *settings = &replay->settings;
    replay->rewriter = rewriter_create();
    if (settings->policy && add_policy(replay->rewriter, settings->policy, err))
        return -1;
    if (add_rewrites(replay->rewriter, "--rewrite", &settings->rewrites, add_path, err) ||
        add_rewrites(replay->rewriter, "--set-query", &settings->set_queries, rewriter_add_query_pair, err) ||
        add_rewrites(replay->rewriter, "--remove-header", &settings->remove_headers, add_removed_header,
                     err) ||
        add_rewrites(replay->rewriter, "--set-header", &settings->set_headers, rewriter_add_header_line, err))
        return -1;
    struct buffer text = {0};
    for (size_t i = 0; i < rewriter_count(replay->rewriter); i++) {
        buffer_clear(&text);
        rewriter_describe(replay->rewriter, i, &text);
        run_rewrites_add(&replay->info.rewrites, buffer_bytes(&text));
    }
    buffer_free(&text);
    return 0;
}

static int check_settings(struct replay *replay, struct error *err)
{
    struct settings *settings = &replay->settings;
    struct gate gate;
    if (!settings->target)
        return error_set(err, ERROR_USAGE, "--target is missing; see rehearse replay --help");
    if (check_session(replay, err) || check_pace(replay, err))
        return -1;
    if (strcmp(settings->connections, "recorded") != 0 &&
        (!units_parse_count(settings->connections, &replay->pool_connections) || !replay->pool_connections))
        return error_set(err, ERROR_USAGE, "--connections: '%s' is not recorded or a number above 0",
                         settings->connections);
    if (!settings->timeout_ns || !settings->connect_timeout_ns)
        return error_set(err, ERROR_USAGE, "--timeout and --connect-timeout: must be above 0");
    if (settings->key_file && !settings->compare)
        return error_set(err, ERROR_USAGE, "--key-file needs --compare content");
    if (settings->ca_file && access(settings->ca_file, R_OK) != 0)
        return error_set_errno(err, ERROR_USAGE, errno, "--ca-file %s", settings->ca_file);
    if (!settings->max_in_flight)
        return error_set(err, ERROR_USAGE, "--max-in-flight: must be above 0");
    for (const char *at = settings->host; *at; at++)
        if (*at <= ' ' || *at == 0x7f)
            return error_set(err, ERROR_USAGE, "--host: not a host name");
    if (check_rewrites(replay, err))
        return -1;
    for (size_t i = 0; i < settings->gates.count; i++)
        if (gate_parse(settings->gates.items[i], &gate, err))
            return error_prefix(err, "--gate");
    set_caps(settings);
    return target_parse(settings->target, &replay->target, err);
}

static bool same_address(const struct target_address *target, const struct address *server)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const struct sockaddr_in *v4 = (const void *)&target->sockaddr;
    const struct sockaddr_in6 *v6 = (const void *)&target->sockaddr;
    if (target->sockaddr.ss_family == AF_INET)
        return ntohs(v4->sin_port) == server->port &&
               ((server->family == AF_INET && memcmp(&v4->sin_addr, server->ip, 4) == 0) ||
                (server->family == AF_INET6 && memcmp(server->ip, mapped, 12) == 0 &&
                 memcmp(&v4->sin_addr, server->ip + 12, 4) == 0));
    return target->sockaddr.ss_family == AF_INET6 && ntohs(v6->sin6_port) == server->port &&
           ((server->family == AF_INET6 && memcmp(&v6->sin6_addr, server->ip, 16) == 0) ||
            (server->family == AF_INET && memcmp(&v6->sin6_addr, mapped, 12) == 0 &&
             memcmp((const uint8_t *)&v6->sin6_addr + 12, server->ip, 4) == 0));
}

static int guard_production(const struct replay *replay, struct error *err)
{
    size_t count;
    const struct address *servers = survey_servers(replay->survey, &count);
    for (size_t i = 0; !replay->settings.allow_production && i < replay->target->address_count; i++) {
        for (size_t j = 0; j < count; j++) {
            char text[ADDRESS_TEXT_SIZE];
            if (same_address(&replay->target->addresses[i], &servers[j]))
                return error_set(err, ERROR_USAGE,
                                 "the traffic was recorded from %s, the target's own address: give another "
                                 "--target, or --allow-production if you mean it",
                                 address_format(&servers[j], text));
        }
    }
    return 0;
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
    struct segment_writer_options writer = {.folder = replay->folder};
    writer.header = *merge_header(replay->merge);
    writer.header.kind = SEGMENT_RESULTS;
    writer.header.policy = NULL;
    char name[] = "rehearse " REHEARSE_VERSION;
    writer.header.writer = name;
    memcpy(writer.header.capture_id, replay->run_id, sizeof writer.header.capture_id);
    return segment_writer_open(&writer, &replay->writer, err);
}

static void fill_info(struct replay *replay)
{
    const struct settings *settings = &replay->settings;
    struct run_info *info = &replay->info;
    struct buffer traffic = {0};
    for (size_t i = 0; i < replay->traffic.count; i++)
        buffer_printf(&traffic, "%s%s", i ? " " : "", replay->traffic.items[i]);
    info->run_id = xstrdup(replay->run_id);
    info->version = xstrdup(REHEARSE_VERSION);
    info->traffic = xstrndup((const char *)traffic.data, traffic.size);
    buffer_free(&traffic);
    info->target = xstrdup(replay->target->url);
    info->session = xstrdup(settings->session);
    info->content =
        settings->compare ? xstrdup(content_sensitive_name(replay->comparing.settings.sensitive)) : NULL;
    info->mode = replay->closed_loop ? RUN_MODE_MAX : settings->rate != 0 ? RUN_MODE_RATE : RUN_MODE_RECORDED;
    info->speed = info->mode == RUN_MODE_RECORDED ? replay->speed : 0;
    info->rate_per_s = settings->rate;
    info->connections = replay->pool_connections;
    info->concurrency = replay->closed_loop ? settings->concurrency : 0;
    info->sessions = survey_sessions(replay->survey);
    info->threads = settings->threads;
    info->timeout_ns = settings->timeout_ns;
    info->loop = settings->loop;
    info->started_wall_ns = clock_wall_ns();
    for (size_t i = 0; i < settings->gates.count; i++)
        run_texts_add(&info->gates, settings->gates.items[i]);
}

static int prepare(struct replay *replay, struct error *err)
{
    const struct settings *settings = &replay->settings;
    if (target_resolve(replay->target, err) ||
        merge_open(replay->traffic.items, replay->traffic.count, SEGMENT_EXCHANGES, 0, &replay->merge, err))
        return -1;
    if (settings->compare &&
        comparing_init(&replay->comparing, merge_header(replay->merge), settings->key_file, err))
        return -1;
    const struct survey_options survey = {
        .mode = replay->session_mode,
        .session_name = replay->session_name,
        .methods = settings->methods,
        .pooled = replay->pool_connections > 0,
        .threads = (unsigned)settings->threads,
    };
    replay->survey = survey_make(replay->merge, &survey);
    if (guard_production(replay, err) || open_run(replay, err))
        return -1;
    fill_info(replay);
    return run_info_save(replay->folder, &replay->info, err);
}

static struct request_rules rules_of(struct replay *replay)
{
    const struct settings *settings = &replay->settings;
    struct request_rules rules = {
        .base_path = replay->target->base_path,
        .run_id = replay->run_id,
        .pooled = replay->pool_connections > 0,
        .verbatim = settings->verbatim,
        .rewriter = rewriter_count(replay->rewriter) ? replay->rewriter : NULL,
    };
    if (strcmp(settings->host, "recorded") != 0) {
        rules.host = strcmp(settings->host, "target") == 0 ? replay->target->authority : settings->host;
        rules.scheme = replay->target->tls ? "https" : "http";
    }
    return rules;
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
    const struct settings *settings = &replay->settings;
    const struct request_rules rules = rules_of(replay);
    const struct engine_settings engine_settings = {
        .target = replay->target,
        .rules = &rules,
        .content = settings->compare ? &replay->comparing.settings : NULL,
        .timeout_ns = settings->timeout_ns,
        .connect_timeout_ns = settings->connect_timeout_ns,
        .tls_server_name = settings->sni,
        .tls_ca_file = settings->ca_file,
        .tls_insecure = settings->insecure,
        .closed_loop = replay->closed_loop,
        .concurrency = settings->concurrency,
        .pool_connections = replay->pool_connections,
        .max_connections = settings->max_connections,
        .max_in_flight = settings->max_in_flight,
        .max_window_jobs = WINDOW_JOBS + settings->max_in_flight,
        .max_window_bytes = WINDOW_BYTES,
        .threads = (unsigned)settings->threads,
    };
    uint64_t lead_ns = replay->closed_loop ? 0 : LEAD_NS;
    struct engine engine = {.start_mono_ns = clock_mono_ns() + lead_ns,
                            .start_wall_ns = clock_wall_ns() + lead_ns,
                            .rewrites = xcalloc(rewriter_count(replay->rewriter) + 1, sizeof(uint64_t))};
    if (engine_start(&engine, &engine_settings, err)) {
        free(engine.rewrites);
        return -1;
    }
    replay->begun = true;
    struct feeder_options feeder = {
        .merge = replay->merge,
        .survey = replay->survey,
        .writer = replay->writer,
        .engine = &engine,
        .session_mode = replay->session_mode,
        .session_name = replay->session_name,
        .methods = settings->methods,
        .count = settings->count,
        .duration_ns = settings->duration_ns,
        .loop = settings->loop,
        .timeout_ns = settings->timeout_ns,
    };
    schedule_init(&feeder.schedule,
                  replay->closed_loop   ? SCHEDULE_MAX
                  : settings->rate != 0 ? SCHEDULE_RATE
                                        : SCHEDULE_RECORDED,
                  settings->rate != 0 ? settings->rate : replay->speed);
    int failed = feeder_run(&feeder, &replay->info, err);
    note_rewrites(replay, engine.rewrites);
    free(engine.rewrites);
    const char *failure = atomic_load(&engine.failure);
    if (atomic_load(&engine.counts.failed) && !atomic_load(&engine.counts.answered) && !failed)
        log_error("%s: no request was answered: %s", replay->target->url, failure ? failure : "unknown");
    else if (replay->info.aborted)
        log_error("%s: stopped: %s", replay->target->url, replay->info.aborted);
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
    for (size_t i = 0; i < replay->target->address_count; i++)
        buffer_printf(&addresses, "%s%s", i ? ", " : "",
                      target_address_text(&replay->target->addresses[i], text));
    uint64_t requests = survey_jobs(replay->survey);
    log_info("run %s in %s: firing %" PRIu64 " requests of %" PRIu64 " sessions at %s (%.*s)", replay->run_id,
             replay->folder, requests, survey_sessions(replay->survey), replay->target->url,
             (int)addresses.size, (const char *)addresses.data);
    if (requests == 0)
        log_warning("nothing can be fired: rehearse inspect shows what the traffic holds, --methods what is "
                    "left out");
    buffer_free(&addresses);
}

static void release(struct replay *replay)
{
    segment_writer_close(replay->writer, NULL, NULL);
    survey_free(replay->survey);
    merge_close(replay->merge);
    target_free(replay->target);
    run_info_free(&replay->info);
    rewriter_free(replay->rewriter);
    comparing_done(&replay->comparing);
    free(replay->folder);
}

static int replay_run(struct replay *replay, int *ret_status, struct error *err)
{
    if (check_settings(replay, err) || prepare(replay, err))
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
    const struct report_options report = {.runs = runs, .run_count = 1, .format = REPORT_TEXT};
    return report_runs(&report, ret_status, err);
}

int verb_replay(int argc, char **argv)
{
    struct replay replay = {.settings = {.session = "auto",
                                         .connections = "recorded",
                                         .host = "target",
                                         .rate = -1,
                                         .loop = 1,
                                         .threads = 1,
                                         .timeout_ns = 30 * NS_PER_S,
                                         .connect_timeout_ns = 5 * NS_PER_S,
                                         .max_in_flight = 10000}};
    struct error err = {0};
    int status = 0;
    if (!options_start(&spec, argc, argv, &replay.settings, &replay.traffic, &status))
        return status;
    if (replay_run(&replay, &status, &err)) {
        log_error("%s", err.text);
        status = error_exit_status(&err);
    }
    release(&replay);
    return status;
}
