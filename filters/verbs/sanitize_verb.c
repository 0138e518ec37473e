#include "filters/verbs/sanitize_verb.h"

#include "common/exchange_codec.h"
#include "common/log.h"
#include "common/options.h"
#include "common/segment/merge.h"
#include "common/select.h"
#include "common/stop.h"
#include "filters/policy/policy_yaml.h"
#include "filters/traffic_writer.h"
#include "filters/verbs/new_folder.h"

#include <inttypes.h>
#include <string.h>

#define PATHS_MAX 1024
#define LEVEL_MAX 19

struct settings {
    const char *output;
    const char *policy;
    const char *key_file;
    uint64_t level;
};

#define AT(member) offsetof(struct settings, member)
static const struct option_spec option_list[] = {
    {"output", 'o', OPTION_TEXT, "TRAFFIC", "the folder to write, which is new or empty", AT(output)},
    {"policy", 0, OPTION_TEXT, "FILE", "the policy to apply; otherwise the built-in one", AT(policy)},
    {"key-file", 0, OPTION_TEXT, "FILE",
     "the master key: with that of the recording its pseudonyms stay, with\nanother, or none, they become "
     "others",
     AT(key_file)},
    {"level", 0, OPTION_COUNT, "N", "compression level of zstd, 1 to 19; otherwise 1", AT(level)},
};

static const struct options_spec spec = {
    .verb = "sanitize",
    .summary = "write recorded traffic anew, with what a policy calls sensitive replaced",
    .arguments = "TRAFFIC...",
    .arguments_min = 1,
    .arguments_max = PATHS_MAX,
    .examples =
        "  rehearse sanitize traffic/ -o for-staging/ --policy strict.yaml --key-file ~/rehearse.key\n"
        "  rehearse sanitize unsanitized/ -o safe/ --key-file ~/rehearse.key\n"
        "  rehearse sanitize traffic/ -o for-vendor/ && rehearse audit for-vendor/\n",
    .options = option_list,
    .option_count = sizeof option_list / sizeof option_list[0],
};

/* One run of the verb. */
struct sanitizing {
    struct settings settings;
    struct policy *loaded;
    const struct policy *policy;
    struct keys *keys;
    struct select *select; /* of the policy; NULL: it keeps all */
    struct sampling sampling;
    struct merge *merge;
    struct new_folder folder;
    struct traffic_writer *writer;
    struct traffic_lane *lane;
    struct exchange exchange;
    uint64_t read, filtered, rekeyed, damaged;
};

static int read_settings(struct sanitizing *run, struct error *err)
{
    const struct settings *settings = &run->settings;
    struct select_span span;
    if (!settings->output || !settings->output[0])
        return error_set(err, ERROR_USAGE, "--output TRAFFIC is missing: the folder to write");
    if (settings->level > LEVEL_MAX)
        return error_set(err, ERROR_USAGE, "--level: wanted 1 to %d", LEVEL_MAX);
    if (settings->policy && policy_load(settings->policy, &run->loaded, err) != 0)
        return -1;
    run->policy = run->loaded ? run->loaded : policy_builtin();
    const char *select = policy_select(run->policy), *by = policy_sample_by(run->policy);
    if (select && select_compile(select, &run->select, &span, err) != 0)
        return error_prefix(err, "%s", settings->policy);
    if (!sampling_parse(by ? by : "session", &run->sampling))
        return error_set(err, ERROR_USAGE, "%s: sample by '%s' is not understood", settings->policy, by);
    run->sampling.pct = policy_sample_pct(run->policy);
    if (settings->key_file && keys_load(settings->key_file, &run->keys, err) != 0)
        return -1;
    if (!run->keys)
        run->keys = keys_random();
    run->sampling.keys = run->keys;
    return 0;
}

static int open_all(struct sanitizing *run, const struct option_texts *paths, struct error *err)
{
    if (read_settings(run, err) != 0 ||
        merge_open(paths->items, paths->count, SEGMENT_EXCHANGES, 0, &run->merge, err) != 0 ||
        new_folder_begin(run->settings.output, paths, &run->folder, err) != 0)
        return -1;
    struct traffic_writer_options options = {
        .folder = run->folder.working,
        .policy = run->policy,
        .keys = run->keys,
        .sampling = run->sampling.pct < 100 ? &run->sampling : NULL,
        .level = (int)run->settings.level,
    };
    memcpy(options.capture_id, merge_header(run->merge)->capture_id, sizeof options.capture_id);
    if (traffic_writer_open(&options, &run->writer, err) != 0)
        return -1;
    run->lane = traffic_lane_create(run->writer);
    return 0;
}

static int sanitize_all(struct sanitizing *run, struct error *err)
{
    struct merge_record record;
    struct bytes payload;
    while (!stop_requested() && merge_next(run->merge, &record) == MERGE_RECORD) {
        if (!exchange_decode(record.meta, &run->exchange) || !merge_payload(run->merge, &payload) ||
            !exchange_decode_payload(payload, &run->exchange)) {
            run->damaged++;
            continue;
        }
        run->read++;
        if (run->select && select_judge(run->select, &run->exchange, SELECT_KNOWN_ALL) != SELECT_YES) {
            run->filtered++;
            continue;
        }
        run->rekeyed +=
            memcmp(record.header->recognition_key, keys_recognition(run->keys), SEGMENT_KEY_SIZE) != 0;
        if (traffic_lane_put_stored(run->lane, record.header, &run->exchange, err) != 0)
            return -1;
    }
    return traffic_lane_flush(run->lane, err);
}

/* Closes what was written and gives it its name, or takes it away where |status| is not 0. */
static int close_all(struct sanitizing *run, int status, struct traffic_counts *ret_counts, struct error *err)
{
    if (run->lane)
        traffic_lane_take_counts(run->lane, ret_counts);
    traffic_lane_free(run->lane);
    run->lane = NULL;
    struct error later = {0};
    int closed = traffic_writer_close(run->writer, NULL, &later);
    run->writer = NULL;
    if (status == 0 && closed != 0) {
        *err = later;
        status = -1;
    }
    if (status != 0 || stop_requested())
        new_folder_abandon(&run->folder);
    else
        status = new_folder_finish(&run->folder, err);
    return status;
}

static void say_result(const struct sanitizing *run, const struct traffic_counts *counts)
{
    log_info("%" PRIu64 " exchanges read, %" PRIu64 " written, %" PRIu64 " not selected, %" PRIu64
             " sampled out by the policy",
             run->read, counts->written, run->filtered, counts->sampled_out);
    if (run->rekeyed > 0)
        log_warning("%" PRIu64
                    " of them were recorded under another master key: their pseudonyms became those of %s "
                    "(equal values stay equal), and digests of bodies were left out",
                    run->rekeyed, run->settings.key_file ? "this key" : "a key that is forgotten now");
    if (run->select && select_gave_up(run->select) > 0)
        log_warning("the policy's selection: a regular expression took too many steps %" PRIu64
                    " times, and was taken as not found",
                    select_gave_up(run->select));
}

/* Returns the exit status. */
static int sanitize_traffic(struct sanitizing *run, const struct option_texts *paths)
{
    struct error err = {0};
    struct traffic_counts counts = {0};
    int status = open_all(run, paths, &err);
    if (status == 0)
        status = sanitize_all(run, &err);
    status = close_all(run, status, &counts, &err);
    if (status != 0) {
        log_error("%s", err.text);
        return error_exit_status(&err);
    }
    if (stop_requested()) {
        log_error("interrupted: nothing was written");
        return 4;
    }
    say_result(run, &counts);
    const struct merge_damage *damage = merge_damage(run->merge);
    if (!damage->blocks_damaged && !damage->segments_refused && !run->damaged)
        return 0;
    log_error("%" PRIu64 " blocks (%" PRIu64 " bytes), %" PRIu64 " segments and %" PRIu64
              " records were damaged and are missing in what was written; rehearse verify says where",
              damage->blocks_damaged, damage->bytes_skipped, damage->segments_refused, run->damaged);
    return 3;
}

int verb_sanitize(int argc, char **argv)
{
    struct sanitizing run = {0};
    struct option_texts paths;
    int status = 0;
    if (!options_start(&spec, argc, argv, &run.settings, &paths, &status))
        return status;
    status = sanitize_traffic(&run, &paths);
    new_folder_done(&run.folder);
    merge_close(run.merge);
    select_free(run.select);
    keys_free(run.keys);
    policy_free(run.loaded);
    exchange_free(&run.exchange);
    return status;
}
