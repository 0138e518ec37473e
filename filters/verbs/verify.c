#include "filters/verbs/verify.h"

#include "common/exchange_codec.h"
#include "common/log.h"
#include "common/options.h"
#include "common/segment/block.h"
#include "common/segment/segment_file.h"
#include "common/stop.h"
#include "common/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATHS_MAX 1024
#define LINES_MAX 20 /* damage lines for one segment */

struct settings {
    char unused; /* the verb has no options of its own */
};

static const struct options_spec spec = {
    .verb = "verify",
    .summary = "check every block and index of recorded traffic or of a run",
    .arguments = "TRAFFIC...",
    .arguments_min = 1,
    .arguments_max = PATHS_MAX,
    .examples = "  rehearse verify traffic/\n"
                "  rehearse verify traffic/*.seg && echo sound\n",
};

/* One run of the verb. */
struct verify {
    struct segment_reader reader;
    struct buffer meta, payload;
    struct exchange exchange;
    uint64_t segments, open_segments, blocks, records, bytes;
    uint64_t damaged;    /* places */
    uint64_t unreadable; /* files that could not be opened or are of a later version */
    uint64_t lines;      /* damage lines for the segment at hand */
};

/* Reports one damaged place on standard error. */
static void report(struct verify *verify, const char *path, uint64_t offset, uint64_t bytes, const char *what)
{
    verify->damaged++;
    if (++verify->lines <= LINES_MAX)
        log_error("%s: damaged at offset %" PRIu64 " (%" PRIu64 " bytes): %s", path, offset, bytes, what);
}

/* Checks the records of a block of exchanges. */
static bool exchanges_decode(struct verify *verify, uint64_t min_ns)
{
    struct block_cursor cursor = {.rest = buffer_bytes(&verify->meta), .min_ns = min_ns};
    struct block_record record;
    while (block_next(&cursor, &record)) {
        struct bytes payload = {0};
        if (record.payload_size > 0)
            payload =
                (struct bytes){verify->payload.data + record.payload_offset, (size_t)record.payload_size};
        if (!exchange_decode(record.meta, &verify->exchange) ||
            !exchange_decode_payload(payload, &verify->exchange))
            return false;
    }
    return true;
}

static void check_block(struct verify *verify, struct segment_file *file, size_t index)
{
    const struct format_entry *entry = &file->entries[index];
    struct format_block block;
    const char *what = NULL;
    if (!segment_file_meta(file, index, &verify->reader, &verify->meta, &block))
        what = "a block's header or metadata";
    else if (!segment_file_payload(file, index, &verify->reader, &verify->payload))
        what = "a block's payload";
    else if (block.sequence != index && file->damage_count == 0)
        what = "a block is missing before this one";
    else if (file->header.kind == SEGMENT_EXCHANGES && !exchanges_decode(verify, block.min_ns))
        what = "a record that is no exchange";
    if (what)
        report(verify, file->path, entry->offset, entry->length, what);
    else
        verify->records += block.record_count;
    verify->blocks++;
}

static void print_line(const struct segment_file *file, bool sound)
{
    char size[UNITS_TEXT_SIZE];
    printf("%s: %s, %zu blocks, %" PRIu64 " records, %s", file->path,
           !sound         ? "DAMAGED"
           : file->sealed ? "ok"
                          : "open",
           file->entry_count, file->record_count, units_format_size(file->size, size));
    if (!file->sealed && file->part)
        printf(" (not sealed: still being written, or its writer ended early)");
    if (file->part && file->tail_bytes)
        printf(" (the last %" PRIu64 " bytes are of a block that was not finished)", file->tail_bytes);
    putchar('\n');
}

static void check_segment(struct verify *verify, const char *path)
{
    struct segment_file file;
    struct error err = {0};
    verify->lines = 0;
    if (segment_file_open(path, &file, &err)) {
        if (err.kind == ERROR_DATA)
            verify->damaged++;
        else
            verify->unreadable++;
        log_error("%s", err.text);
        return;
    }
    uint64_t before = verify->damaged;
    const char *headers = segment_file_check_headers(&file);
    if (headers && file.damage_count == 0)
        report(verify, path, 0, file.size, headers);
    for (size_t i = 0; i < file.damage_count && i < SEGMENT_DAMAGE_MAX; i++)
        report(verify, path, file.damage[i].offset, file.damage[i].bytes, file.damage[i].what);
    for (size_t i = 0; i < file.entry_count && !stop_requested(); i++)
        check_block(verify, &file, i);
    if (!file.part && !file.sealed && file.damage_count == 0)
        report(verify, path, file.tail_bytes ? file.tail_offset : file.size, file.tail_bytes,
               "the file was cut: its index and end are missing");
    if (verify->lines > LINES_MAX)
        log_error("%s: and %" PRIu64 " more places", path, verify->lines - LINES_MAX);
    verify->segments++;
    verify->open_segments += !file.sealed;
    verify->bytes += file.size;
    print_line(&file, verify->damaged == before);
    segment_file_close(&file);
}

static int check_path(struct verify *verify, const char *path, struct error *err)
{
    struct segment_list list;
    if (segment_list_read(path, &list, err))
        return -1;
    for (size_t i = 0; i < list.count && !stop_requested(); i++)
        check_segment(verify, list.paths[i]);
    int status = list.count > 0 ? 0 : error_set(err, ERROR_USAGE, "%s holds no segment", path);
    segment_list_free(&list);
    return status;
}

static int run(struct verify *verify, const struct option_texts *paths)
{
    int status = 0;
    for (size_t i = 0; i < paths->count && !stop_requested(); i++) {
        struct error err = {0};
        if (check_path(verify, paths->items[i], &err)) {
            log_error("%s", err.text);
            int failed = error_exit_status(&err);
            status = status == 2 || failed == 2 ? 2 : failed;
        }
    }
    char size[UNITS_TEXT_SIZE];
    if (verify->segments > 0)
        printf("%" PRIu64 " segments (%" PRIu64 " open), %" PRIu64 " blocks, %" PRIu64
               " sound records, %s: %" PRIu64 " damaged places\n",
               verify->segments, verify->open_segments, verify->blocks, verify->records,
               units_format_size(verify->bytes, size), verify->damaged);
    if (fflush(stdout) || ferror(stdout))
        log_error("cannot write to standard output");
    if (status == 0 && (verify->unreadable > 0 || ferror(stdout)))
        status = 3;
    if (status == 0 && verify->damaged > 0)
        status = 1;
    return status == 0 && stop_requested() ? 4 : status;
}

int verb_verify(int argc, char **argv)
{
    struct settings settings = {0};
    struct option_texts paths;
    int status;
    if (!options_start(&spec, argc, argv, &settings, &paths, &status))
        return status;
    struct verify verify = {0};
    segment_reader_init(&verify.reader);
    status = run(&verify, &paths);
    segment_reader_done(&verify.reader);
    buffer_free(&verify.meta);
    buffer_free(&verify.payload);
    exchange_free(&verify.exchange);
    return status;
}
