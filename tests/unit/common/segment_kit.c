#include "tests/unit/common/segment_kit.h"

#include "common/mem.h"
#include "common/segment/segment_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

char *kit_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = xasprintf("%s/rehearse-unit.XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static void remove_tree(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *inner = xasprintf("%s/%s", path, entry->d_name);
        if (unlink(inner))
            remove_tree(inner);
        free(inner);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

void kit_remove(char *path)
{
    remove_tree(path);
    free(path);
}

struct kit_record *kit_records(size_t count, unsigned seed)
{
    struct kit_record *records = xcalloc(count, sizeof *records);
    uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (size_t i = 0; i < count; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        uint64_t pick = random >> 33;
        uint64_t base = UINT64_C(1000000) + i * 10;
        uint64_t back = pick % 50 == 0 ? pick / 50 % base : pick % 60; /* some began long before they ended */
        records[i] = (struct kit_record){.start_ns = base - back / 7 * 7 % base,
                                         .number = (uint32_t)i,
                                         .payload_size = (uint32_t)(pick / 3 % 4 == 0 ? 0 : pick % 90)};
    }
    return records;
}

static size_t meta_text(const struct kit_record *record, char *text, size_t size)
{
    return (size_t)snprintf(text, size, "record %u of %llu", record->number,
                            (unsigned long long)record->start_ns);
}

static void payload_text(const struct kit_record *record, uint8_t *text)
{
    for (uint32_t i = 0; i < record->payload_size; i++)
        text[i] = (uint8_t)(record->number * 31 + i * i);
}

void kit_write(const char *folder, const struct kit_record *records, size_t count,
               struct segment_writer_options options)
{
    options.folder = folder;
    if (!options.header.kind)
        options.header.kind = SEGMENT_EXCHANGES;
    struct segment_writer *writer;
    struct error err = {0};
    assert_int_equal(segment_writer_open(&options, &writer, &err), 0);
    for (size_t i = 0; i < count; i++) {
        char meta[64];
        uint8_t payload[256];
        size_t meta_size = meta_text(&records[i], meta, sizeof meta);
        payload_text(&records[i], payload);
        assert_int_equal(segment_writer_append(writer, records[i].start_ns, bytes_make(meta, meta_size),
                                               bytes_make(payload, records[i].payload_size), &err),
                         0);
    }
    struct segment_writer_totals totals;
    assert_int_equal(segment_writer_close(writer, &totals, &err), 0);
    assert_int_equal(totals.records, count);
}

bool kit_record_matches(const struct kit_record *record, struct bytes meta)
{
    char text[64];
    return bytes_equal(meta, bytes_make(text, meta_text(record, text, sizeof text)));
}

bool kit_payload_matches(const struct kit_record *record, struct bytes payload)
{
    uint8_t text[256];
    payload_text(record, text);
    return bytes_equal(payload, bytes_make(text, record->payload_size));
}

uint32_t kit_number(struct bytes meta)
{
    char text[64];
    if (meta.size >= sizeof text)
        return UINT32_MAX;
    memcpy(text, meta.data, meta.size);
    text[meta.size] = '\0';
    struct kit_record record = {0};
    unsigned long long start_ns;
    if (sscanf(text, "record %u of %llu", &record.number, &start_ns) != 2)
        return UINT32_MAX;
    record.start_ns = start_ns;
    return kit_record_matches(&record, meta) ? record.number : UINT32_MAX;
}

char *kit_only_segment(const char *folder)
{
    struct segment_list list;
    struct error err = {0};
    assert_int_equal(segment_list_read(folder, &list, &err), 0);
    assert_true(list.count > 0);
    char *path = xstrdup(list.paths[0]);
    segment_list_free(&list);
    return path;
}
