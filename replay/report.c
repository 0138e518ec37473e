#include "replay/report.h"

#include "common/buffer.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/options.h"
#include "common/segment/merge.h"
#include "replay/report/model.h"
#include "replay/report/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the runs hold together. */
struct material {
    struct run_info *runs;
    size_t run_count;
    struct stats *stats;
    bool borrowed; /* these */
    uint64_t damaged;
    uint64_t records_damaged;
};

static void material_free(struct material *material)
{
    for (size_t i = 0; i < material->run_count; i++)
        run_info_free(&material->runs[i]);
    free(material->runs);
    if (!material->borrowed)
        stats_free(material->stats);
}

static int load_runs(const struct report_options *options, struct material *material, struct error *err)
{
    material->runs = xcalloc(options->run_count, sizeof *material->runs);
    for (size_t i = 0; i < options->run_count; i++) {
        struct run_info *run = &material->runs[i];
        if (run_info_load(options->runs[i], run, err) != 0)
            return -1;
        material->run_count++;
        if (run->mode != material->runs[0].mode)
            return error_set(err, ERROR_USAGE,
                             "%s was paced differently (%s) from %s (%s): report on them apart",
                             options->runs[i], run_mode_name(run->mode), options->runs[0],
                             run_mode_name(material->runs[0].mode));
        for (size_t k = 0; k < i; k++)
            if (run->run_id && material->runs[k].run_id && strcmp(run->run_id, material->runs[k].run_id) == 0)
                return error_set(err, ERROR_USAGE, "%s and %s are the same run: name it once",
                                 options->runs[k], options->runs[i]);
    }
    return 0;
}

static int load_results(const struct report_options *options, struct material *material, struct error *err)
{
    struct merge *merge;
    /* At a cap it matters which came first, and here is the order in which each later report reads them. */
    if (options->stats && stats_is_whole(options->stats)) {
        material->stats = options->stats;
        material->borrowed = true;
        return 0;
    }
    material->stats = stats_create(0);
    if (merge_open(options->runs, options->run_count, SEGMENT_RESULTS, 0, &merge, err) != 0)
        return -1;
    struct merge_record record;
    while (merge_next(merge, &record) == MERGE_RECORD) {
        struct result result;
        if (result_decode(record.meta, &result))
            stats_add(material->stats, &result);
        else
            material->records_damaged++;
    }
    const struct merge_damage *damage = merge_damage(merge);
    material->damaged = damage->blocks_damaged + damage->segments_refused + material->records_damaged;
    merge_close(merge);
    return 0;
}

/* Gates of the runs, each once, and those of the command line. Borrowed texts in an owned list. */
static const char **collect_gates(const struct report_options *options, const struct material *material,
                                  size_t *ret_count)
{
    size_t most = options->gate_count, count = 0;
    for (size_t i = 0; i < material->run_count; i++)
        most += material->runs[i].gates.count;
    const char **gates = xcalloc(most ? most : 1, sizeof *gates);
    for (size_t i = 0; i <= material->run_count; i++) {
        bool last = i == material->run_count;
        size_t offered = last ? options->gate_count : material->runs[i].gates.count;
        for (size_t k = 0; k < offered; k++) {
            const char *gate = last ? options->gates[k] : material->runs[i].gates.items[k];
            bool known = false;
            for (size_t g = 0; g < count; g++)
                known |= strcmp(gates[g], gate) == 0;
            if (!known)
                gates[count++] = gate;
        }
    }
    *ret_count = count;
    return gates;
}

static int judge_material(const struct report_options *options, const struct material *material,
                          struct judgement *ret_judgement, struct error *err)
{
    struct verdict_input input = {
        .stats = material->stats, .mode = material->runs[0].mode, .damaged = material->damaged};
    for (size_t i = 0; i < material->run_count; i++) {
        const struct run_info *run = &material->runs[i];
        input.interrupted |= run->interrupted;
        input.unfinished |= run->ended_wall_ns == 0;
        if (run->aborted)
            input.aborted = run->aborted;
    }
    const char **gates = collect_gates(options, material, &input.gate_count);
    input.gates = gates;
    int status = verdict_judge(&input, ret_judgement, err);
    free(gates);
    return status;
}

static int write_all(const char *path, struct bytes content, struct error *err)
{
    FILE *file = path ? fopen(path, "we") : stdout;
    if (!file)
        return error_set_errno(err, ERROR_IO, errno, "cannot write %s", path);
    bool written = fwrite(content.data, 1, content.size, file) == content.size && fflush(file) == 0;
    int failure = errno;
    if (path && fclose(file) != 0 && written) {
        written = false;
        failure = errno;
    }
    if (!written)
        return error_set_errno(err, ERROR_IO, failure, "cannot write %s", path ? path : "standard output");
    return 0;
}

static void render(const struct report_options *options, const json_t *model, struct buffer *out)
{
    if (options->format == REPORT_TEXT) {
        text_render(model, out);
        return;
    }
    char *text = json_dumps(model, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    buffer_append_text(out, text ? text : "");
    buffer_append_byte(out, '\n');
    free(text);
}

int report_runs(const struct report_options *options, int *ret_exit_status, struct error *err)
{
    struct material material = {0};
    struct judgement judgement = {0};
    struct buffer out = {0};
    struct gate gate;
    int status = -1;
    for (size_t i = 0; i < options->gate_count; i++)
        if (gate_parse(options->gates[i], &gate, err) != 0)
            return -1;
    if (load_runs(options, &material, err) != 0 || load_results(options, &material, err) != 0 ||
        judge_material(options, &material, &judgement, err) != 0)
        goto done;
    json_t *model = model_build(&(struct model_input){.runs = material.runs,
                                                      .run_count = material.run_count,
                                                      .stats = material.stats,
                                                      .judgement = &judgement,
                                                      .damaged = material.damaged});
    render(options, model, &out);
    json_decref(model);
    if (write_all(options->output, buffer_bytes(&out), err) != 0)
        goto done;
    *ret_exit_status = verdict_exit_status(judgement.verdict);
    status = 0;
done:
    buffer_free(&out);
    judgement_free(&judgement);
    material_free(&material);
    return status;
}

struct settings {
    int format;
    const char *output;
    struct option_texts gates;
};

static const struct option_spec options_table[] = {
    {"format", 0, OPTION_CHOICE, "text|json", "what is written (text)", offsetof(struct settings, format)},
    {"output", 'o', OPTION_TEXT, "FILE", "write there instead of standard output",
     offsetof(struct settings, output)},
    {"gate", 0, OPTION_TEXTS, "EXPR",
     "a condition beside those of the run, repeatable:\n'p99 < 250ms', 'errors < 1%'",
     offsetof(struct settings, gates)},
};

int verb_report(int argc, char **argv)
{
    static const struct options_spec spec = {
        .verb = "report",
        .summary = "Says what changed between the recording and a replay, and whether that is acceptable.",
        .arguments = "RUN...",
        .arguments_min = 1,
        .arguments_max = 256,
        .examples = "  rehearse report run/\n"
                    "  rehearse report run/ --format json -o report.json\n"
                    "  rehearse report monday/ tuesday/ --gate 'service.p99 < 1.5x'\n",
        .options = options_table,
        .option_count = sizeof options_table / sizeof options_table[0],
    };
    struct settings settings = {0};
    struct option_texts runs = {0};
    struct error err = {0};
    int status;
    if (!options_start(&spec, argc, argv, &settings, &runs, &status))
        return status;
    const struct report_options options = {
        .runs = runs.items,
        .run_count = runs.count,
        .format = settings.format == 1 ? REPORT_JSON : REPORT_TEXT,
        .output = settings.output,
        .gates = settings.gates.items,
        .gate_count = settings.gates.count,
    };
    if (report_runs(&options, &status, &err) != 0) {
        log_error("%s", err.text);
        return error_exit_status(&err);
    }
    return status;
}
