/* Every cut and every flipped bit of a small segment is found or harmless, costs at most the block it hits, and never
 * crashes; folders of another kind, later versions, second writers and leftovers are handled. */
#include "common/crc32c.h"
#include "common/mem.h"
#include "common/segment/merge.h"
#include "common/segment/segment_file.h"
#include "common/segment/writer.h"
#include "tests/unit/common/segment_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define RECORDS 14

static struct buffer read_file(const char *path)
{
    struct buffer content = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    buffer_reserve(&content, 1 << 20);
    content.size = fread(content.data, 1, content.capacity, file);
    fclose(file);
    return content;
}

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* A folder with one segment of a few blocks, its content, and the same under an open name to damage. */
struct bench {
    char *folder;
    struct kit_record *records;
    struct buffer content;
    struct segment_file file; /* the sound one, for its entries */
    char *victim;
};

static void bench_open(struct bench *bench, const char *suffix)
{
    bench->folder = kit_folder();
    bench->records = kit_records(RECORDS, 3);
    kit_write(bench->folder, bench->records, RECORDS, (struct segment_writer_options){.block_bytes = 200});
    char *path = kit_only_segment(bench->folder);
    bench->content = read_file(path);
    struct error err = {0};
    assert_int_equal(segment_file_open(path, &bench->file, &err), 0);
    assert_true(bench->file.sealed);
    assert_true(bench->file.entry_count >= 4);
    free(path);
    bench->victim = xasprintf("%s/victim%s", bench->folder, suffix);
}

static void bench_close(struct bench *bench)
{
    segment_file_close(&bench->file);
    buffer_free(&bench->content);
    free(bench->records);
    free(bench->victim);
    kit_remove(bench->folder);
}

/* What a reader made of the victim. */
struct outcome {
    bool refused;
    bool wrong; /* a record that was never written, twice, or with another payload */
    size_t records;
    size_t payloads;
    struct merge_damage damage;
};

static struct outcome read_victim(const struct bench *bench)
{
    struct outcome outcome = {0};
    const char *paths[] = {bench->victim};
    struct merge *merge;
    struct error err = {0};
    if (merge_open(paths, 1, SEGMENT_EXCHANGES, 2, &merge, &err)) {
        assert_true(err.text[0] != '\0');
        return (struct outcome){.refused = true};
    }
    bool seen[RECORDS] = {false};
    struct merge_record record;
    uint64_t last_ns = 0;
    while (merge_next(merge, &record) == MERGE_RECORD) {
        uint32_t number = kit_number(record.meta);
        struct bytes payload;
        if (number >= RECORDS || seen[number] || record.start_ns < last_ns) {
            outcome.wrong = true;
            continue;
        }
        seen[number] = true;
        last_ns = record.start_ns;
        outcome.records++;
        if (!merge_payload(merge, &payload))
            continue;
        outcome.payloads++;
        outcome.wrong |= !kit_payload_matches(&bench->records[number], payload);
    }
    outcome.damage = *merge_damage(merge);
    merge_close(merge);
    return outcome;
}

static void test_segment_cut_anywhere_keeps_the_whole_blocks(void **state)
{
    (void)state;
    const char *suffixes[] = {SEGMENT_OPEN_SUFFIX, SEGMENT_SUFFIX};
    for (int i = 0; i < 2; i++) {
        struct bench bench;
        bench_open(&bench, suffixes[i]);
        for (size_t cut = 0; cut < bench.content.size; cut++) {
            write_file(bench.victim, bench.content.data, cut);
            struct outcome outcome = read_victim(&bench);
            size_t whole = 0;
            for (size_t k = 0; k < bench.file.entry_count; k++)
                if (bench.file.entries[k].offset + bench.file.entries[k].length <= cut)
                    whole += bench.file.entries[k].record_count;
            assert_false(outcome.wrong);
            assert_int_equal(outcome.records, whole);
            assert_int_equal(outcome.payloads, whole);
            assert_true(outcome.refused == (cut < bench.file.entries[0].offset));
            assert_true(outcome.refused || outcome.damage.segments_open == 1);
        }
        bench_close(&bench);
    }
}

static void test_segment_flip_of_any_bit_costs_at_most_its_block(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, SEGMENT_SUFFIX);
    write_file(bench.victim, bench.content.data, bench.content.size);
    int fd = open(bench.victim, O_WRONLY);
    assert_true(fd >= 0);
    for (size_t bit = 0; bit < bench.content.size * 8; bit++) {
        size_t at = bit / 8;
        uint8_t flipped = bench.content.data[at] ^ (uint8_t)(1 << bit % 8);
        assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
        struct outcome outcome = read_victim(&bench);
        assert_int_equal(pwrite(fd, &bench.content.data[at], 1, (off_t)at), 1);
        size_t hit = 0;
        for (size_t k = 0; k < bench.file.entry_count; k++)
            if (at >= bench.file.entries[k].offset &&
                at < bench.file.entries[k].offset + bench.file.entries[k].length)
                hit = bench.file.entries[k].record_count;
        assert_false(outcome.refused);
        assert_false(outcome.wrong);
        assert_true(outcome.records >= RECORDS - hit);
        assert_true(outcome.payloads >= RECORDS - hit);
        if (outcome.records < RECORDS || outcome.payloads < RECORDS)
            assert_int_equal(outcome.damage.blocks_damaged, 1);
        else
            assert_int_equal(outcome.damage.blocks_damaged, 0);
    }
    close(fd);
    bench_close(&bench);
}

static void test_open_segment_flips_are_resynchronised(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, SEGMENT_OPEN_SUFFIX);
    size_t end = bench.file.entries[bench.file.entry_count - 1].offset +
                 (size_t)bench.file.entries[bench.file.entry_count - 1].length;
    for (size_t k = 0; k < bench.file.entry_count; k++)
        for (size_t at = bench.file.entries[k].offset; at < bench.file.entries[k].offset + 80; at++) {
            bench.content.data[at] ^= 0x10;
            write_file(bench.victim, bench.content.data, end);
            bench.content.data[at] ^= 0x10;
            struct outcome outcome = read_victim(&bench);
            assert_false(outcome.wrong);
            assert_int_equal(outcome.records, RECORDS - bench.file.entries[k].record_count);
            assert_int_equal(outcome.damage.blocks_damaged, 1);
        }
    bench_close(&bench);
}

static void test_versions_and_features_to_come_are_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, SEGMENT_SUFFIX);
    const size_t places[] = {8, 12};
    const char *words[] = {"later version", "feature"};
    for (size_t i = 0; i < 2; i++) {
        struct buffer copy = {0};
        buffer_append_bytes(&copy, buffer_bytes(&bench.content));
        copy.data[places[i]] ^= 0x40;
        uint32_t crc = crc32c(copy.data, 60);
        for (size_t k = 0; k < 4; k++)
            copy.data[60 + k] = (uint8_t)(crc >> 8 * k);
        write_file(bench.victim, copy.data, copy.size);
        struct segment_file file;
        struct error err = {0};
        assert_int_equal(segment_file_open(bench.victim, &file, &err), -1);
        assert_int_equal(err.kind, ERROR_IO);
        assert_non_null(strstr(err.text, words[i]));
        buffer_free(&copy);
    }
    bench_close(&bench);
}

static int open_writer(const char *folder, enum segment_kind kind, struct segment_writer **writer,
                       struct error *err)
{
    struct segment_writer_options options = {.folder = folder, .header.kind = kind};
    return segment_writer_open(&options, writer, err);
}

static void test_wrong_kind_is_refused_both_ways(void **state)
{
    (void)state;
    char *folder = kit_folder();
    kit_write(folder, NULL, 0, (struct segment_writer_options){.header.kind = SEGMENT_RESULTS});
    struct segment_writer *writer;
    struct merge *merge;
    struct error err = {0};
    assert_int_equal(open_writer(folder, SEGMENT_EXCHANGES, &writer, &err), -1);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.text, "holds a run already"));
    assert_int_equal(open_writer(folder, SEGMENT_RESULTS, &writer, &err), -1);
    const char *paths[] = {folder};
    assert_int_equal(merge_open(paths, 1, SEGMENT_EXCHANGES, 0, &merge, &err), -1);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.text, "is a run, not traffic"));
    kit_remove(folder);

    folder = kit_folder();
    char *other = xasprintf("%s/precious.txt", folder);
    write_file(other, "x", 1);
    assert_int_equal(open_writer(folder, SEGMENT_EXCHANGES, &writer, &err), -1);
    assert_non_null(strstr(err.text, "precious.txt"));
    assert_int_equal(open_writer(other, SEGMENT_EXCHANGES, &writer, &err), -1);
    const char *nothing[] = {folder};
    assert_int_equal(merge_open(nothing, 1, SEGMENT_EXCHANGES, 0, &merge, &err), -1);
    assert_non_null(strstr(err.text, "holds no segment"));
    free(other);
    kit_remove(folder);
}

static void test_second_writer_is_refused_and_a_reader_is_not(void **state)
{
    (void)state;
    char *folder = kit_folder();
    struct segment_writer *one, *two;
    struct error err = {0};
    assert_int_equal(open_writer(folder, SEGMENT_EXCHANGES, &one, &err), 0);
    assert_int_equal(open_writer(folder, SEGMENT_EXCHANGES, &two, &err), -1);
    assert_non_null(strstr(err.text, "another process is writing"));
    assert_int_equal(segment_writer_append(one, 1, BYTES_LITERAL("a"), BYTES_LITERAL("b"), &err), 0);
    assert_int_equal(segment_writer_tick(one, 1000, &err), 0);
    assert_int_equal(segment_writer_tick(one, UINT64_C(2000000000), &err), 0);
    const char *paths[] = {folder};
    struct merge *merge;
    struct merge_record record;
    struct bytes payload;
    assert_int_equal(merge_open(paths, 1, SEGMENT_EXCHANGES, 0, &merge, &err), 0);
    assert_int_equal(segment_writer_close(one, NULL, &err), 0); /* the name changes under the reader */
    assert_int_equal(merge_next(merge, &record), MERGE_RECORD);
    assert_true(merge_payload(merge, &payload));
    assert_true(bytes_equal(payload, BYTES_LITERAL("b")));
    assert_int_equal(merge_damage(merge)->segments_open, 1);
    merge_close(merge);
    assert_int_equal(open_writer(folder, SEGMENT_EXCHANGES, &two, &err), 0);
    assert_int_equal(segment_writer_close(two, NULL, &err), 0);
    kit_remove(folder);
}

static void test_leftovers_are_read_and_left_alone(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, SEGMENT_OPEN_SUFFIX);
    write_file(bench.victim, bench.content.data, bench.content.size / 2);
    struct segment_writer *writer;
    struct error err = {0};
    assert_int_equal(open_writer(bench.folder, SEGMENT_EXCHANGES, &writer, &err), 0);
    assert_int_equal(segment_writer_close(writer, NULL, &err), 0);
    struct buffer after = read_file(bench.victim);
    assert_true(
        bytes_equal(buffer_bytes(&after), (struct bytes){bench.content.data, bench.content.size / 2}));
    buffer_free(&after);
    const char *paths[] = {bench.folder};
    struct merge *merge;
    assert_int_equal(merge_open(paths, 1, SEGMENT_EXCHANGES, 0, &merge, &err), 0);
    assert_true(merge_record_count(merge) > RECORDS);
    assert_int_equal(merge_damage(merge)->segments_open, 1);
    merge_close(merge);
    bench_close(&bench);
}

/* A file size limit stands for the full disk: write(2) fails in the middle. */
static void test_full_disk_is_sticky_and_keeps_what_was_written(void **state)
{
    (void)state;
    char *folder = kit_folder();
    struct segment_writer_options options = {
        .folder = folder, .block_bytes = 400, .header.kind = SEGMENT_EXCHANGES};
    struct segment_writer *writer;
    struct error first = {0}, again = {0};
    struct rlimit before;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(segment_writer_open(&options, &writer, &first), 0);
    struct rlimit small = {.rlim_cur = 5000, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int status = 0;
    for (uint64_t i = 0; i < 1000 && status == 0; i++) {
        uint8_t noise[64];
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (uint8_t)((i * 64 + k) * UINT64_C(0x9e3779b97f4a7c15) >> 40);
        status =
            segment_writer_append(writer, i, BYTES_LITERAL("meta"), bytes_make(noise, sizeof noise), &first);
    }
    assert_int_equal(status, -1);
    assert_int_equal(segment_writer_append(writer, 1, BYTES_LITERAL("m"), (struct bytes){0}, &again), -1);
    assert_string_equal(first.text, again.text);
    struct segment_writer_totals totals;
    assert_int_equal(segment_writer_close(writer, &totals, &again), -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(totals.records > 0);
    const char *paths[] = {folder};
    struct merge *merge;
    struct merge_record record;
    assert_int_equal(merge_open(paths, 1, SEGMENT_EXCHANGES, 0, &merge, &first), 0);
    uint64_t count = 0;
    while (merge_next(merge, &record) == MERGE_RECORD)
        count++;
    assert_true(count == totals.records);
    assert_int_equal(merge_damage(merge)->blocks_damaged, 0);
    merge_close(merge);
    kit_remove(folder);
}

static void test_crc32c_known_values_and_both_ways_agree(void **state)
{
    (void)state;
    assert_int_equal(crc32c("123456789", 9), 0xe3069283u);
    uint8_t data[200];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    for (size_t size = 0; size < sizeof data - 1; size++) {
        assert_int_equal(crc32c(data + 1, size), crc32c_extend_portable(0, data + 1, size));
        assert_int_equal(crc32c(data, size),
                         crc32c_extend(crc32c(data, size / 3), data + size / 3, size - size / 3));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segment_cut_anywhere_keeps_the_whole_blocks),
        cmocka_unit_test(test_segment_flip_of_any_bit_costs_at_most_its_block),
        cmocka_unit_test(test_open_segment_flips_are_resynchronised),
        cmocka_unit_test(test_versions_and_features_to_come_are_refused),
        cmocka_unit_test(test_wrong_kind_is_refused_both_ways),
        cmocka_unit_test(test_second_writer_is_refused_and_a_reader_is_not),
        cmocka_unit_test(test_leftovers_are_read_and_left_alone),
        cmocka_unit_test(test_full_disk_is_sticky_and_keeps_what_was_written),
        cmocka_unit_test(test_crc32c_known_values_and_both_ways_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
