#include "filters/verbs/audit.h"

#include "common/exchange_codec.h"
#include "common/json_text.h"
#include "common/log.h"
#include "common/options.h"
#include "common/segment/merge.h"
#include "common/stop.h"
#include "filters/auditor.h"
#include "filters/policy/policy_yaml.h"
#include "filters/value_place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATHS_MAX    1024
#define AUDITORS_MAX 8 /* captures whose exchanges can alternate without anything being built anew */

enum format { FORMAT_TABLE, FORMAT_JSON };

struct settings {
    int format;
    const char *policy;
    uint64_t limit; /* 0: all */
};

#define AT(member) offsetof(struct settings, member)
static const struct option_spec option_list[] = {
    {"format", 'f', OPTION_CHOICE, "table|json", "how findings are shown: a line or a JSON object each",
     AT(format)},
    {"policy", 0, OPTION_TEXT, "FILE", "look for what this policy calls sensitive, not the built-in one",
     AT(policy)},
    {"limit", 'n', OPTION_COUNT, "N", "end after the exchange with the Nth finding", AT(limit)},
};

static const struct options_spec spec = {
    .verb = "audit",
    .summary = "say what looks like a secret or personal data in what was recorded",
    .arguments = "TRAFFIC...",
    .arguments_min = 1,
    .arguments_max = PATHS_MAX,
    .examples = "  rehearse audit traffic/ && tar c traffic/ | ssh staging tar x\n"
                "  rehearse audit traffic/ --policy samples/policies/strict.yaml\n"
                "  rehearse audit traffic/ --format json | jq -r .class | sort | uniq -c\n",
    .options = option_list,
    .option_count = sizeof option_list / sizeof option_list[0],
};

/* One run of the verb. */
struct audit {
    struct settings settings;
    struct policy *loaded;
    const struct policy *policy;
    struct merge *merge;
    struct auditor *auditors[AUDITORS_MAX]; /* the last used first */
    struct detector detector;               /* tells what may be printed of names */
    struct exchange exchange;
    struct buffer out;
    bool unsanitized; /* the exchange at hand was recorded so */
    uint64_t exchanges, unsanitized_count, with_findings, findings;
    uint64_t unread;    /* lines and bodies, as auditor_unread has it */
    uint64_t undecoded; /* records that are no exchange, or whose bodies are damaged */
    bool warned_of_policy;
};

static void put_table(struct audit *audit, const struct audit_finding *finding)
{
    struct buffer *out = &audit->out;
    if (audit->findings == 0)
        buffer_append_text(out, "ID                CLASS           BY    PLACE\n");
    buffer_printf(out, "%016" PRIx64 "  %-14s  %-4s  ", audit->exchange.id, finding->class, finding->by);
    value_place_text(&audit->detector, finding->event, finding->whole, out);
    if (finding->in_name)
        buffer_append_text(out, " (a name)");
    if (finding->wrapping != WRAPPING_NONE)
        buffer_printf(out, " (in %s)", wrapping_name(finding->wrapping));
    if (finding->preserved)
        buffer_append_text(out, " (preserved by the recorded policy)");
    buffer_append_byte(out, '\n');
}

static void put_json(struct audit *audit, const struct audit_finding *finding)
{
    struct buffer *out = &audit->out;
    buffer_printf(out, "{\"id\":\"%016" PRIx64 "\",\"class\":\"%s\",\"by\":\"%s\",", audit->exchange.id,
                  finding->class, finding->by);
    value_place_json(&audit->detector, finding->event, finding->whole, out);
    buffer_printf(out, ",\"in_name\":%s,\"coding\":\"%s\"", finding->in_name ? "true" : "false",
                  wrapping_name(finding->wrapping));
    if (finding->rule) {
        buffer_append_text(out, ",\"rule\":");
        json_text_append(out, bytes_of(finding->rule));
    }
    buffer_printf(out, ",\"preserved\":%s,\"unsanitized\":%s}\n", finding->preserved ? "true" : "false",
                  audit->unsanitized ? "true" : "false");
}

/* audit_fn */
static void put_finding(void *arg, const struct audit_finding *finding)
{
    struct audit *audit = arg;
    if (audit->settings.format == FORMAT_JSON)
        put_json(audit, finding);
    else
        put_table(audit, finding);
    audit->findings++;
}

/* Returns the auditor for segments with |header|, borrowed until the next call. */
static struct auditor *auditor_for(struct audit *audit, const struct segment_header *header)
{
    struct auditor **list = audit->auditors;
    size_t at = 0;
    while (at < AUDITORS_MAX - 1 && list[at] && !auditor_fits(list[at], header))
        at++;
    struct auditor *auditor = list[at];
    if (!auditor || !auditor_fits(auditor, header)) {
        bool understood;
        auditor_free(auditor);
        auditor = auditor_create(header, audit->policy, &understood);
        if (!understood && !audit->warned_of_policy)
            log_warning("the policy that some of the traffic was recorded with cannot be read: what it masks "
                        "is reported");
        audit->warned_of_policy |= !understood;
    }
    memmove(list + 1, list, at * sizeof *list);
    list[0] = auditor;
    return auditor;
}

/* Looks at one record. */
static void look(struct audit *audit, const struct merge_record *record)
{
    struct bytes payload;
    if (!exchange_decode(record->meta, &audit->exchange)) {
        audit->undecoded++;
        return;
    }
    /* Without its bodies an exchange is looked at as far as it goes. */
    if (!merge_payload(audit->merge, &payload) || !exchange_decode_payload(payload, &audit->exchange))
        audit->undecoded++;
    audit->unsanitized =
        !record->header->sanitized || (audit->exchange.flags & EXCHANGE_FLAG(UNSANITIZED)) != 0;
    audit->exchanges++;
    audit->unsanitized_count += audit->unsanitized;
    size_t found = auditor_look(auditor_for(audit, record->header), &audit->exchange, put_finding, audit);
    audit->with_findings += found > 0;
}

static int look_at_all(struct audit *audit, struct error *err)
{
    struct merge_record record;
    while (!stop_requested() && merge_next(audit->merge, &record) == MERGE_RECORD) {
        buffer_clear(&audit->out);
        look(audit, &record);
        if ((audit->out.size > 0 && fwrite(audit->out.data, 1, audit->out.size, stdout) != audit->out.size) ||
            (audit->settings.limit > 0 && audit->findings >= audit->settings.limit))
            break;
    }
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    return errno == EPIPE ? 0 /* the reader has seen enough: a finding */
                          : error_set_errno(err, ERROR_IO, errno, "cannot write to standard output");
}

/* Returns whether all that is stored could be looked at. */
static bool all_was_seen(const struct audit *audit)
{
    const struct merge_damage *damage = merge_damage(audit->merge);
    if (!damage->blocks_damaged && !damage->segments_refused && !audit->undecoded)
        return true;
    log_error("%" PRIu64 " blocks (%" PRIu64 " bytes), %" PRIu64 " segments and %" PRIu64
              " records are damaged and could not be looked at; rehearse verify says where",
              damage->blocks_damaged, damage->bytes_skipped, damage->segments_refused, audit->undecoded);
    return false;
}

static void say_result(const struct audit *audit)
{
    if (audit->unsanitized_count > 0)
        log_warning("%" PRIu64 " of %" PRIu64
                    " exchanges were recorded with --unsanitized: nothing in them was replaced",
                    audit->unsanitized_count, audit->exchanges);
    if (audit->unread > 0)
        log_warning("%" PRIu64 " lines and bodies are of no form that sanitizing would keep: in them only "
                    "what has a look of its own is found",
                    audit->unread);
    log_info("%" PRIu64 " findings in %" PRIu64 " of %" PRIu64 " exchanges", audit->findings,
             audit->with_findings, audit->exchanges);
}

/* Returns the exit status. */
static int run(struct audit *audit, const struct option_texts *paths)
{
    struct error err = {0};
    if ((audit->settings.policy && policy_load(audit->settings.policy, &audit->loaded, &err) != 0) ||
        merge_open(paths->items, paths->count, SEGMENT_EXCHANGES, 0, &audit->merge, &err) != 0) {
        log_error("%s", err.text);
        return error_exit_status(&err);
    }
    audit->policy = audit->loaded ? audit->loaded : policy_builtin();
    int status = look_at_all(audit, &err);
    if (status != 0)
        log_error("%s", err.text);
    bool seen = all_was_seen(audit);
    say_result(audit);
    if (status != 0 || !seen)
        return 3;
    return audit->findings > 0 ? 1 : stop_requested() ? 4 : 0;
}

int verb_audit(int argc, char **argv)
{
    static struct audit audit;
    struct option_texts paths;
    int status = 0;
    if (!options_start(&spec, argc, argv, &audit.settings, &paths, &status))
        return status;
    status = run(&audit, &paths);
    for (size_t i = 0; i < AUDITORS_MAX; i++)
        auditor_free(audit.auditors[i]);
    merge_close(audit.merge);
    policy_free(audit.loaded);
    detector_done(&audit.detector);
    exchange_free(&audit.exchange);
    buffer_free(&audit.out);
    return status;
}
