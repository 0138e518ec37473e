#include "filters/verbs/inspect.h"

#include "common/exchange_codec.h"
#include "common/log.h"
#include "common/options.h"
#include "common/segment/merge.h"
#include "common/select_option.h"
#include "common/stop.h"
#include "filters/session.h"
#include "filters/verbs/inspect_format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATHS_MAX        1024
#define EXIT_WRONG_USAGE 2

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_RAW, FORMAT_CURL };

struct settings {
    int format;
    const char *id;
    const char *select;
    bool bodies;
    bool links;
    uint64_t limit; /* 0: all */
};

static const struct option_spec options[] = {
    {"format", 'f', OPTION_CHOICE, "table|json|raw|curl",
     "how exchanges are shown: a line each, a JSON object a line,\nthe messages as bytes, or commands that "
     "send them again",
     offsetof(struct settings, format)},
    {"id", 0, OPTION_TEXT, "ID", "only the exchange with this id (16 hex digits, as the table shows it)",
     offsetof(struct settings, id)},
    {"select", 0, OPTION_TEXT, "EXPR", "only exchanges that match, as \"status == 5xx || latency > 1s\"",
     offsetof(struct settings, select)},
    {"bodies", 0, OPTION_FLAG, NULL, "with json: the bodies too (base64 where they are not UTF-8)",
     offsetof(struct settings, bodies)},
    {"links", 0, OPTION_FLAG, NULL,
     "with table and json: the credentials that each exchange issues and uses,\nthe ids that it creates "
     "and refers to, and from where; with table, at the\nend, which exchanges they join",
     offsetof(struct settings, links)},
    {"limit", 'n', OPTION_COUNT, "N", "stop after N exchanges", offsetof(struct settings, limit)},
};

static const struct options_spec spec = {
    .verb = "inspect",
    .summary = "show what was recorded, in order of time",
    .arguments = "TRAFFIC...",
    .arguments_min = 1,
    .arguments_max = PATHS_MAX,
    .examples =
        "  rehearse inspect traffic/\n"
        "  rehearse inspect traffic/ --select \"method == POST && (status == 5xx || latency > 250ms)\"\n"
        "  rehearse inspect traffic/ --format json | jq 'select(.status >= 500) | .path'\n"
        "  rehearse inspect traffic/ --id 3f9c0d1e2a4b5c6d --format curl\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

/* One run of the verb. */
struct inspect {
    struct settings settings;
    bool one; /* --id was given */
    uint64_t id;
    struct select *select; /* NULL: all */
    struct merge *merge;
    struct sessions *sessions;
    struct link_groups *groups; /* NULL: without --links */
    struct exchange exchange;
    struct buffer out;
    bool terminal; /* standard output is one: raw bytes are escaped for it */
    uint64_t shown;
    uint64_t undecoded; /* records that are no exchange */
};

static bool parse_id(const char *text, uint64_t *ret_id)
{
    char *end;
    errno = 0;
    *ret_id = strtoull(text, &end, 16);
    return *text && !*end && errno == 0 && strspn(text, "0123456789abcdefABCDEF") == strlen(text);
}

/* Escapes what would do something to a terminal; line ends and tabs stay. */
static void escape_for_terminal(struct buffer *out)
{
    struct buffer escaped = {0};
    for (size_t i = 0; i < out->size; i++) {
        uint8_t byte = out->data[i];
        bool line_end = byte == '\n' || (byte == '\r' && i + 1 < out->size && out->data[i + 1] == '\n');
        if (line_end || byte == '\t' || (byte >= 0x20 && byte < 0x7f))
            buffer_append_byte(&escaped, byte);
        else
            buffer_printf(&escaped, "\\x%02x", byte);
    }
    buffer_free(out);
    *out = escaped;
}

static void append_item(struct inspect *inspect, const struct inspect_item *item)
{
    switch ((enum format)inspect->settings.format) {
    case FORMAT_TABLE:
        if (inspect->shown == 0)
            inspect_table_head(&inspect->out);
        inspect_table(item, &inspect->out);
        break;
    case FORMAT_JSON:
        inspect_json(item, &inspect->out);
        break;
    case FORMAT_RAW:
        inspect_raw(item, &inspect->out);
        if (inspect->terminal)
            escape_for_terminal(&inspect->out);
        break;
    case FORMAT_CURL:
        inspect_curl(item, &inspect->out);
        break;
    }
}

static bool needs_bodies(const struct settings *settings)
{
    return settings->format == FORMAT_RAW || settings->format == FORMAT_CURL ||
           (settings->format == FORMAT_JSON && settings->bodies);
}

static bool is_wanted(struct inspect *inspect)
{
    if (inspect->one && inspect->exchange.id != inspect->id)
        return false;
    return !inspect->select ||
           select_judge(inspect->select, &inspect->exchange, SELECT_KNOWN_ALL) == SELECT_YES;
}

/* Shows all that is wanted. Returns -1 where standard output fails. */
static int show_all(struct inspect *inspect, struct error *err)
{
    struct merge_record record;
    while (!stop_requested() && merge_next(inspect->merge, &record) == MERGE_RECORD) {
        if (!exchange_decode(record.meta, &inspect->exchange)) {
            inspect->undecoded++;
            continue;
        }
        /* Every exchange counts for the sessions, shown or not. */
        uint64_t session = sessions_of(inspect->sessions, &inspect->exchange);
        if (inspect->groups)
            link_groups_add(inspect->groups, &inspect->exchange);
        if (!is_wanted(inspect))
            continue;
        struct inspect_item item = {.exchange = &inspect->exchange,
                                    .session = session,
                                    .bodies = inspect->settings.bodies,
                                    .links = inspect->groups};
        struct bytes payload;
        if (needs_bodies(&inspect->settings))
            item.body_damaged = !merge_payload(inspect->merge, &payload) ||
                                !exchange_decode_payload(payload, &inspect->exchange);
        buffer_clear(&inspect->out);
        append_item(inspect, &item);
        if (fwrite(inspect->out.data, 1, inspect->out.size, stdout) != inspect->out.size)
            break;
        inspect->shown++;
        if (inspect->shown == inspect->settings.limit || inspect->one)
            break;
    }
    if (inspect->groups && inspect->settings.format == FORMAT_TABLE && !inspect->one && inspect->shown > 0) {
        buffer_clear(&inspect->out);
        link_groups_print(inspect->groups, &inspect->out);
        fwrite(inspect->out.data, 1, inspect->out.size, stdout);
    }
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    return errno == EPIPE ? 0 : error_set_errno(err, ERROR_IO, errno, "cannot write to standard output");
}

static void warn_of_damage(const struct inspect *inspect)
{
    const struct merge_damage *damage = merge_damage(inspect->merge);
    if (damage->blocks_damaged || damage->segments_refused || inspect->undecoded)
        log_warning("%" PRIu64 " blocks (%" PRIu64 " bytes), %" PRIu64 " segments and %" PRIu64
                    " records are damaged and not shown; rehearse verify says where",
                    damage->blocks_damaged, damage->bytes_skipped, damage->segments_refused,
                    inspect->undecoded);
    if (sessions_overflow(inspect->sessions))
        log_warning("%" PRIu64 " identities or connections found no room: their sessions are not joined",
                    sessions_overflow(inspect->sessions));
    if (inspect->groups && link_groups_overflow(inspect->groups))
        log_warning("%" PRIu64 " values found no room: it is not said what carries them",
                    link_groups_overflow(inspect->groups));
}

static int run(struct inspect *inspect, const struct option_texts *paths, struct error *err)
{
    inspect->one = inspect->settings.id != NULL;
    if (inspect->one && !parse_id(inspect->settings.id, &inspect->id))
        return error_set(err, ERROR_USAGE, "--id takes an id of up to 16 hex digits");
    if (merge_open(paths->items, paths->count, SEGMENT_EXCHANGES, 0, &inspect->merge, err))
        return -1;
    inspect->terminal = isatty(STDOUT_FILENO) != 0;
    inspect->sessions = sessions_create(SESSION_AUTO, NULL, 0);
    if (inspect->settings.links)
        inspect->groups = link_groups_create(0);
    int status = show_all(inspect, err);
    warn_of_damage(inspect);
    if (inspect->select && select_gave_up(inspect->select))
        log_warning("--select: a regular expression took too many steps %" PRIu64
                    " times, and was taken as not found",
                    select_gave_up(inspect->select));
    if (status == 0 && !inspect->one && inspect->shown == 0 && !stop_requested())
        log_info(inspect->select ? "no exchange matches" : "no exchange was recorded there");
    if (status == 0 && inspect->one && inspect->shown == 0)
        status = error_set(err, ERROR_USAGE, "no exchange has the id %016" PRIx64 "%s", inspect->id,
                           inspect->select ? " and matches" : "");
    return status;
}

int verb_inspect(int argc, char **argv)
{
    struct inspect inspect = {0};
    struct option_texts paths;
    struct error err = {0};
    int status = 0;
    if (!options_start(&spec, argc, argv, &inspect.settings, &paths, &status))
        return status;
    if (inspect.settings.select && select_option("select", inspect.settings.select, &inspect.select) != 0) {
        status = EXIT_WRONG_USAGE;
    } else if (run(&inspect, &paths, &err)) {
        log_error("%s", err.text);
        status = error_exit_status(&err);
    }
    select_free(inspect.select);
    sessions_free(inspect.sessions);
    link_groups_free(inspect.groups);
    merge_close(inspect.merge);
    exchange_free(&inspect.exchange);
    buffer_free(&inspect.out);
    return status;
}
