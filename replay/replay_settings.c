#include "replay/replay_settings.h"

#include "common/clock.h"
#include "common/units.h"
#include "filters/policy/policy_yaml.h"
#include "replay/gates.h"
#include "replay/schedule.h"
#include "replay/sender/tls.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define THREADS_MAX       64
#define RETRIES_MAX       100
#define CONNECTIONS_LIMIT 10000
#define SEED_DEFAULT      1
#define WAIT_DEFAULT_NS   (10 * NS_PER_S) /* --retry-wait, --link-wait */
#define NOT_GIVEN         UINT64_MAX      /* until it is checked, so that 0 can be refused */

#define AT(member) offsetof(struct replay_settings, member)
static const struct option_spec options[] = {
    {"target", 't', OPTION_TEXT, "URL", "where to fire: http://, https:// or unix:/path", AT(target_url)},
    {"output", 'o', OPTION_TEXT, "RUN", "folder for the run; default: a new one here, named by time",
     AT(output)},
    {"speed", 0, OPTION_TEXT, "X|max", "recorded timing, X times as fast (default 1);\nmax: closed loop",
     AT(speed_text)},
    {"max-gap", 0, OPTION_DURATION, "T", "with --speed X: cut silences that would be longer", AT(max_gap_ns)},
    {"rate", 0, OPTION_NUMBER, "N", "N requests per second at constant distance instead", AT(rate)},
    {"ramp", 0, OPTION_TEXT, "A..B/T", "from A to B requests per second in the time T, then B", AT(ramp)},
    {"steps", 0, OPTION_TEXT, "A,B,C/T",
     "A requests per second for the time T, then B, then C, then\nthe end, or C until --duration", AT(steps)},
    {"arrival", 0, OPTION_CHOICE, "constant|poisson",
     "with these: at even distances (constant), or as many\nindependent users come", AT(poisson)},
    {"seed", 0, OPTION_COUNT, "N", "of --arrival poisson (default 1): equal seeds, equal instants", AT(seed)},
    {"max-lag", 0, OPTION_DURATION, "T",
     "do not send what is later than this when its turn comes;\ndefault: late requests wait, and the clock "
     "runs",
     AT(max_lag_ns)},
    {"pacing", 0, OPTION_CHOICE, "timer|spin",
     "wait for instants by a timer, or, where each thread has\na processor to itself, by looking at the "
     "clock",
     AT(spins)},
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
    {"retry", 0, OPTION_COUNT, "N",
     "try up to N times more (default 0) what got no byte of an answer, or 429\nor 503; once sent, only GET, "
     "HEAD, OPTIONS, PUT and DELETE",
     AT(retry)},
    {"retry-wait", 0, OPTION_DURATION, "T",
     "wait at most so long for it (default 10s): as Retry-After says,\nelse 200ms, and twice as long each "
     "time",
     AT(retry_wait_ns)},
    {"retry-all-methods", 0, OPTION_FLAG, NULL, "try again whatever the method", AT(retry_all_methods)},
    {"methods", 0, OPTION_TEXT, "LIST", "fire these methods only, e.g. GET,HEAD", AT(methods)},
    {"fire-flagged", 0, OPTION_FLAG, NULL,
     "fire requests with a recorded defect, too (odd methods, bare LF,\ntwo lengths, ...), byte for byte",
     AT(wishes.fire_flagged)},
    {"fill-bodies", 0, OPTION_FLAG, NULL,
     "fire requests whose body was not kept whole, with filler of its\nlength; their answers are not "
     "compared",
     AT(wishes.fill_bodies)},
    {"set-header", 0, OPTION_TEXTS, "'K: V'", "set a header in every request; repeatable", AT(set_headers)},
    {"bearer-file", 0, OPTION_TEXT, "FILE",
     "send `Authorization: Bearer` with the token in FILE, which\nis read again when it changes",
     AT(bearer_file)},
    {"auth-command", 0, OPTION_TEXT, "CMD",
     "the same with a token that the shell's CMD prints, with how\nlong it lasts; run again before it ends",
     AT(auth_command)},
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
    {"sender", 0, OPTION_CHOICE, "auto|http1|curl",
     "what fires: our own, byte-exact, or libcurl; by default curl\nwhere what follows needs it, else http1",
     AT(sending.choice)},
    {"http2", 0, OPTION_FLAG, NULL,
     "ask for HTTP/2 in the TLS handshake; requests of a session\nshare a connection", AT(sending.http2)},
    {"http2-prior-knowledge", 0, OPTION_FLAG, NULL, "fire HTTP/2 without asking, over http:// too",
     AT(sending.prior)},
    {"proxy", 0, OPTION_TEXT, "URL",
     "go through it: [http|https|socks4|socks4a|socks5|socks5h]://\n[USER:PASSWORD@]HOST[:PORT]",
     AT(sending.proxy_url)},
    {"cert", 0, OPTION_TEXT, "FILE", "certificate to show to the target (PEM)", AT(sending.cert_file)},
    {"key", 0, OPTION_TEXT, "FILE", "its private key (PEM), where it is not in the same file",
     AT(sending.key_file)},
    {"verbatim", 0, OPTION_FLAG, NULL, "keep idempotency keys, request and trace ids as recorded",
     AT(verbatim)},
    {"links", 0, OPTION_TEXT, "FILE",
     "YAML with `links:` (what of an answer goes into which\nrequests) and `credentials:` (accounts of the "
     "target)",
     AT(links)},
    {"link-wait", 0, OPTION_DURATION, "T",
     "how long a request waits at most for the answer whose value\nit uses, then it goes without (default "
     "10s)",
     AT(link_wait_ns)},
    {"no-links", 0, OPTION_FLAG, NULL, "put nothing that the target issues in the place of what was recorded",
     AT(no_links)},
    {"source-ip", 0, OPTION_TEXTS, "ADDR",
     "an address of this machine to connect from; repeatable,\nused in turn", AT(source_ips)},
    {"no-ramp", 0, OPTION_FLAG, NULL, "begin at full pace where that is above 100/s", AT(no_ramp)},
    {"dry-run", 0, OPTION_FLAG, NULL, "print the plan, fire nothing", AT(dry_run)},
    {"production", 0, OPTION_TEXTS, "HOST|CIDR",
     "an address, a network or a host that is never fired at;\nrepeatable", AT(production)},
    {"allow-production", 0, OPTION_FLAG, NULL,
     "fire even at such, or at an address the traffic was\nrecorded from", AT(allow_production)},
    {"abort-if", 0, OPTION_TEXTS, "EXPR|off",
     "stop when the target fails (default '" ABORT_RULE_DEFAULT "'),\nor never by itself; repeatable",
     AT(abort_ifs)},
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
        "  rehearse replay traffic/ --target http://staging:8080 --speed 2 --dry-run\n"
        "  rehearse replay traffic/ --target https://staging --rate 500 --duration 5m --loop 0\n"
        "  rehearse replay traffic/ --target http://127.0.0.1:8080 --speed max --concurrency 32\n"
        "  rehearse replay traffic/ --target http://staging --methods GET,HEAD --gate 'errors < 1%'\n"
        "  rehearse replay traffic/ --target https://staging --auth-command 'gcloud auth "
        "print-access-token'\n"
        "  rehearse replay traffic/ --target http://staging --compare content --key-file ~/rehearse.key\n"
        "  rehearse replay traffic/ --target http://staging --rewrite 's#^/v1/users/(\\d+)#/v2/accounts/$1#' "
        "\\\n"
        "      --set-query region=eu --remove-header X-Debug --set-header \"Authorization: Bearer $TOKEN\"\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

bool replay_settings_read(int argc, char **argv, struct replay_settings *ret_settings, int *ret_status)
{
    *ret_settings = (struct replay_settings){.session = "auto",
                                             .connections = "recorded",
                                             .host = "target",
                                             .rate = -1,
                                             .seed = SEED_DEFAULT,
                                             .loop = 1,
                                             .threads = 1,
                                             .timeout_ns = 30 * NS_PER_S,
                                             .connect_timeout_ns = 5 * NS_PER_S,
                                             .link_wait_ns = NOT_GIVEN,
                                             .retry_wait_ns = NOT_GIVEN,
                                             .max_lag_ns = NOT_GIVEN,
                                             .max_gap_ns = NOT_GIVEN,
                                             .duration_ns = NOT_GIVEN,
                                             .count = NOT_GIVEN,
                                             .concurrency = NOT_GIVEN,
                                             .max_connections = NOT_GIVEN,
                                             .max_in_flight = 10000};
    return options_start(&spec, argc, argv, ret_settings, &ret_settings->traffic, ret_status);
}

static int check_session(struct replay_settings *settings, struct error *err)
{
    const char *how = settings->session;
    if (strcmp(how, "auto") == 0)
        settings->session_mode = SESSION_AUTO;
    else if (strcmp(how, "connection") == 0)
        settings->session_mode = SESSION_CONNECTION;
    else if (strcmp(how, "none") == 0)
        settings->session_mode = SESSION_NONE;
    else if (strncmp(how, "cookie:", 7) == 0 && how[7])
        settings->session_mode = SESSION_COOKIE, settings->session_name = how + 7;
    else if (strncmp(how, "header:", 7) == 0 && how[7])
        settings->session_mode = SESSION_HEADER, settings->session_name = how + 7;
    else
        return error_set(err, ERROR_USAGE,
                         "--session: '%s' is not auto, connection, cookie:NAME, header:NAME or none", how);
    return 0;
}

static int check_bearer(const struct replay_settings *settings, struct error *err)
{
    const struct bytes name = BYTES_LITERAL("Authorization");
    if (!settings->bearer_file && !settings->auth_command)
        return 0;
    if (settings->bearer_file && settings->auth_command)
        return error_set(err, ERROR_USAGE, "--bearer-file and --auth-command exclude each other");
    for (size_t i = 0; i < settings->set_headers.count; i++) {
        const char *line = settings->set_headers.items[i];
        if (bytes_equal_nocase(bytes_trim(bytes_make(line, strcspn(line, ":"))), name))
            return error_set(err, ERROR_USAGE, "--set-header Authorization and %s exclude each other",
                             settings->bearer_file ? "--bearer-file" : "--auth-command");
    }
    return 0;
}

static int check_retries(struct replay_settings *settings, struct error *err)
{
    bool wait_given = settings->retry_wait_ns != NOT_GIVEN;
    if (settings->retry > RETRIES_MAX)
        return error_set(err, ERROR_USAGE, "--retry: more than %d", RETRIES_MAX);
    if ((settings->retry_all_methods || wait_given) && !settings->retry)
        return error_set(err, ERROR_USAGE, "%s needs --retry",
                         wait_given ? "--retry-wait" : "--retry-all-methods");
    if (!wait_given)
        settings->retry_wait_ns = WAIT_DEFAULT_NS;
    return 0;
}

static int check_links(struct replay_settings *settings, struct error *err)
{
    bool wait_given = settings->link_wait_ns != NOT_GIVEN;
    if ((settings->links || wait_given) && settings->no_links)
        return error_set(err, ERROR_USAGE, "%s and --no-links exclude each other",
                         wait_given ? "--link-wait" : "--links");
    if (!wait_given)
        settings->link_wait_ns = WAIT_DEFAULT_NS;
    return 0;
}

/* Reads what each thread will read. */
static int check_ca_file(const struct replay_settings *settings, struct error *err)
{
    struct tls_context *context;
    if (!settings->ca_file)
        return 0;
    if (access(settings->ca_file, R_OK) != 0)
        return error_set_errno(err, ERROR_USAGE, errno, "--ca-file %s", settings->ca_file);
    if (tls_context_create("", settings->ca_file, false, &context, err))
        return error_prefix(err, "--ca-file");
    tls_context_free(context);
    return 0;
}

/* What has no limit unless one is given: 0 is none, and not what somebody meant who wrote it. */
static int check_limits(struct replay_settings *settings, struct error *err)
{
    const struct {
        const char *option;
        uint64_t *value;
    } limits[] = {
        {"--max-lag", &settings->max_lag_ns},      {"--max-gap", &settings->max_gap_ns},
        {"--duration", &settings->duration_ns},    {"--count", &settings->count},
        {"--concurrency", &settings->concurrency}, {"--max-connections", &settings->max_connections},
    };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (*limits[i].value == 0)
            return error_set(err, ERROR_USAGE, "%s: must be above 0", limits[i].option);
        if (*limits[i].value == NOT_GIVEN)
            *limits[i].value = 0;
    }
    if (!settings->max_in_flight)
        return error_set(err, ERROR_USAGE, "--max-in-flight: must be above 0");
    if (!settings->timeout_ns || !settings->connect_timeout_ns)
        return error_set(err, ERROR_USAGE, "--timeout and --connect-timeout: must be above 0");
    return 0;
}

/* Recorded timing, or as fast as it goes. */
static int plan_speed(struct replay_settings *settings, struct error *err)
{
    struct schedule_plan *plan = &settings->plan;
    const char *text = settings->speed_text;
    plan->speed = 1;
    if (text && strcmp(text, "max") == 0) {
        plan->mode = SCHEDULE_MAX;
        return 0;
    }
    plan->mode = SCHEDULE_RECORDED;
    if (text && (!units_parse_number(text, &plan->speed) || plan->speed < SCHEDULE_SPEED_MIN ||
                 plan->speed > SCHEDULE_SPEED_MAX))
        return error_set(err, ERROR_USAGE, "--speed: '%s' is not a factor from %g to %g, or max", text,
                         SCHEDULE_SPEED_MIN, SCHEDULE_SPEED_MAX);
    return 0;
}

static int plan_pace(struct replay_settings *settings, struct error *err)
{
    struct schedule_plan *plan = &settings->plan;
    bool rated = settings->rate >= 0; /* 0 is refused, not taken for no rate */
    if ((settings->speed_text != NULL) + rated + (settings->ramp != NULL) + (settings->steps != NULL) > 1)
        return error_set(err, ERROR_USAGE, "--speed, --rate, --ramp and --steps exclude each other");
    if (settings->ramp)
        return schedule_plan_ramp(plan, settings->ramp, err);
    if (settings->steps)
        return schedule_plan_steps(plan, settings->steps, err);
    if (!rated)
        return plan_speed(settings, err);
    if (settings->rate < SCHEDULE_RATE_MIN || settings->rate > SCHEDULE_RATE_MAX)
        return error_set(err, ERROR_USAGE, "--rate: not between %g and %g", SCHEDULE_RATE_MIN,
                         SCHEDULE_RATE_MAX);
    schedule_plan_rate(plan, settings->rate);
    return 0;
}

/* What goes with one way of pacing only. */
static int refine_pace(struct replay_settings *settings, struct error *err)
{
    struct schedule_plan *plan = &settings->plan;
    settings->closed_loop = plan->mode == SCHEDULE_MAX;
    if (settings->poisson && plan->mode != SCHEDULE_RATE)
        return error_set(err, ERROR_USAGE, "--arrival poisson needs --rate, --ramp or --steps");
    if (settings->seed != SEED_DEFAULT && !settings->poisson)
        return error_set(err, ERROR_USAGE, "--seed needs --arrival poisson");
    if (settings->max_gap_ns && plan->mode != SCHEDULE_RECORDED)
        return error_set(err, ERROR_USAGE, "--max-gap needs recorded timing: --speed X");
    if ((settings->max_lag_ns || settings->spins) && plan->mode == SCHEDULE_MAX)
        return error_set(err, ERROR_USAGE, "%s needs a schedule, which --speed max has none of",
                         settings->spins ? "--pacing spin" : "--max-lag");
    plan->poisson = settings->poisson;
    plan->seed = settings->seed;
    plan->max_gap_ns = settings->max_gap_ns;
    plan->ends = settings->steps && !settings->duration_ns;
    if (plan->ends)
        settings->duration_ns = schedule_plan_length_ns(plan);
    return 0;
}

static int check_pace(struct replay_settings *settings, struct error *err)
{
    if (plan_pace(settings, err) || refine_pace(settings, err))
        return -1;
    if (settings->concurrency && !settings->closed_loop)
        return error_set(err, ERROR_USAGE, "--concurrency needs --speed max");
    if (!settings->loop && !settings->duration_ns && !settings->count)
        return error_set(err, ERROR_USAGE, "--loop 0 needs --duration or --count");
    if (!settings->threads || settings->threads > THREADS_MAX)
        return error_set(err, ERROR_USAGE, "--threads: not between 1 and %d", THREADS_MAX);
    return 0;
}

/* Raises the limit on open files to what is allowed, and derives the cap on connections. */
static void set_caps(struct replay_settings *settings)
{
    struct rlimit limit;
    uint64_t files = 1024;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) || getrlimit(RLIMIT_NOFILE, &limit) == 0)
            files = limit.rlim_cur;
    }
    uint64_t room = files > REPLAY_FILES_KEPT + 1 ? files - REPLAY_FILES_KEPT : 1;
    if (!settings->max_connections)
        settings->max_connections = CONNECTIONS_LIMIT;
    settings->connections_wanted = settings->max_connections;
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

static int check_rewrites(struct replay_settings *settings, struct error *err)
{
    struct rewriter *rewriter = settings->rewriter = rewriter_create();
    if (settings->policy && add_policy(rewriter, settings->policy, err))
        return -1;
    return add_rewrites(rewriter, "--rewrite", &settings->rewrites, add_path, err) ||
                   add_rewrites(rewriter, "--set-query", &settings->set_queries, rewriter_add_query_pair,
                                err) ||
                   add_rewrites(rewriter, "--remove-header", &settings->remove_headers, add_removed_header,
                                err) ||
                   add_rewrites(rewriter, "--set-header", &settings->set_headers, rewriter_add_header_line,
                                err)
               ? -1
               : 0;
}

static int check_abort_rules(struct replay_settings *settings, struct error *err)
{
    static const char *const defaults[] = {ABORT_RULE_DEFAULT};
    const struct option_texts *given = &settings->abort_ifs;
    const char *const *texts = given->count ? given->items : defaults;
    size_t count = given->count ? given->count : 1;
    if (count == 1 && strcmp(texts[0], "off") == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(texts[i], "off") == 0)
            return error_set(err, ERROR_USAGE, "--abort-if: 'off' and a condition exclude each other");
    if (count > ABORT_RULES_MAX)
        return error_set(err, ERROR_USAGE, "--abort-if: more than %d", ABORT_RULES_MAX);
    for (size_t i = 0; i < count; i++)
        if (abort_rule_parse(texts[i], &settings->abort_rules[settings->abort_rule_count++], err))
            return error_prefix(err, "--abort-if");
    return 0;
}

/* Caps are shared out among the threads. */
static int check_shares(const struct replay_settings *settings, struct error *err)
{
    const struct {
        const char *option;
        uint64_t value;
    } caps[] = {
        {"--connections", settings->pool_connections ? settings->pool_connections : UINT64_MAX},
        {"--max-connections", settings->max_connections},
        {"--max-in-flight", settings->max_in_flight},
        {"--concurrency", settings->concurrency},
    };
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++)
        if (caps[i].value < settings->threads)
            return error_set(err, ERROR_USAGE,
                             "--threads %" PRIu64 ": each needs at least one of %s, which is %" PRIu64,
                             settings->threads, caps[i].option, caps[i].value);
    return 0;
}

int replay_settings_check(struct replay_settings *settings, struct error *err)
{
    struct gate gate;
    if (!settings->target_url)
        return error_set(err, ERROR_USAGE, "--target is missing; see rehearse replay --help");
    if (check_session(settings, err) || check_limits(settings, err) || check_pace(settings, err))
        return -1;
    if (strcmp(settings->connections, "recorded") != 0 &&
        (!units_parse_count(settings->connections, &settings->pool_connections) ||
         !settings->pool_connections))
        return error_set(err, ERROR_USAGE, "--connections: '%s' is not recorded or a number above 0",
                         settings->connections);
    if (settings->key_file && !settings->compare)
        return error_set(err, ERROR_USAGE, "--key-file needs --compare content");
    if (check_bearer(settings, err) || check_retries(settings, err) || check_links(settings, err))
        return -1;
    if (check_ca_file(settings, err))
        return -1;
    if (settings->methods && !settings->methods[strspn(settings->methods, ", ")])
        return error_set(err, ERROR_USAGE, "--methods: names none; wanted a list such as GET,HEAD");
    if (!*settings->host)
        return error_set(err, ERROR_USAGE, "--host: wanted target, recorded or a name");
    for (const char *at = settings->host; *at; at++)
        if (*at <= ' ' || *at == 0x7f)
            return error_set(err, ERROR_USAGE, "--host: not a host name");
    if (check_rewrites(settings, err) || check_abort_rules(settings, err))
        return -1;
    for (size_t i = 0; i < settings->gates.count; i++)
        if (gate_parse(settings->gates.items[i], &gate, err))
            return error_prefix(err, "--gate");
    set_caps(settings);
    if (check_shares(settings, err))
        return -1;
    if (target_parse(settings->target_url, &settings->target, err))
        return -1;
    if (settings->sni && !settings->target->tls)
        return error_set(err, ERROR_USAGE, "--sni needs an https:// target");
    if (sending_check(&settings->sending, settings->target, err))
        return -1;
    for (size_t i = 0; i < settings->source_ips.count; i++)
        if (target_add_source(settings->target, settings->source_ips.items[i], err))
            return -1;
    return 0;
}

void replay_settings_done(struct replay_settings *settings)
{
    rewriter_free(settings->rewriter);
    target_free(settings->target);
    sending_done(&settings->sending);
}
