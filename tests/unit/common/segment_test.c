/* Round trips of records through writer and merge. */
#include "common/mem.h"
#include "common/segment/merge.h"
#include "common/segment/writer.h"
#include "tests/unit/common/segment_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>

/* The same records, sorted by start time with ties in order of writing. */
static int by_start(const void *left, const void *right)
{
    const struct kit_record *a = left, *b = right;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static void expect_sorted(const char *const *paths, size_t path_count, size_t window,
                          struct kit_record *wanted, size_t count)
{
    struct merge *merge;
    struct error err = {0};
    assert_int_equal(merge_open(paths, path_count, SEGMENT_EXCHANGES, window, &merge, &err), 0);
    assert_int_equal(merge_record_count(merge), count);
    for (int pass = 0; pass < 2; pass++) {
        struct merge_record record;
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(merge_next(merge, &record), MERGE_RECORD);
            assert_true(record.start_ns == wanted[i].start_ns);
            assert_true(kit_record_matches(&wanted[i], record.meta));
            struct bytes payload;
            if (i % 3 == 0) {
                assert_true(merge_payload(merge, &payload));
                assert_true(kit_payload_matches(&wanted[i], payload));
            }
        }
        assert_int_equal(merge_next(merge, &record), MERGE_END);
        merge_rewind(merge);
    }
    assert_int_equal(merge_damage(merge)->blocks_damaged, 0);
    merge_close(merge);
}

static void test_records_come_back_in_order_of_start_time(void **state)
{
    (void)state;
    char *folder = kit_folder();
    struct kit_record *records = kit_records(2000, 1);
    kit_write(folder, records, 2000,
              (struct segment_writer_options){.block_bytes = 2000, .segment_bytes = 9000});
    qsort(records, 2000, sizeof *records, by_start);
    const char *paths[] = {folder};
    const size_t windows[] = {0, 1, 2, 3};
    for (size_t i = 0; i < 4; i++)
        expect_sorted(paths, 1, windows[i], records, 2000);
    free(records);
    kit_remove(folder);
}

static void test_several_folders_merge(void **state)
{
    (void)state;
    char *one = kit_folder(), *two = kit_folder();
    struct kit_record *records = kit_records(900, 2);
    kit_write(one, records, 450,
              (struct segment_writer_options){.block_bytes = 900, .header.capture_id = {1}});
    kit_write(two, records + 450, 450,
              (struct segment_writer_options){.block_bytes = 700, .header.capture_id = {2}});
    qsort(records, 900, sizeof *records, by_start);
    const char *paths[] = {two, one};
    expect_sorted(paths, 2, 1, records, 900);
    expect_sorted(paths, 2, 0, records, 900);
    free(records);
    kit_remove(one);
    kit_remove(two);
}

static void test_header_comes_back(void **state)
{
    (void)state;
    char *folder = kit_folder();
    struct segment_header header = {.kind = SEGMENT_EXCHANGES,
                                    .sanitized = true,
                                    .capture_id = {1, 2, 3},
                                    .writer = (char[]){"w 1"},
                                    .policy = (char[]){"rules: []\n"},
                                    .policy_hash = {9},
                                    .key_id = {8},
                                    .recognition_key = {7}};
    kit_write(folder, NULL, 0, (struct segment_writer_options){.header = header});
    const char *paths[] = {folder};
    struct merge *merge;
    struct error err = {0};
    assert_int_equal(merge_open(paths, 1, SEGMENT_EXCHANGES, 0, &merge, &err), 0);
    const struct segment_header *back = merge_header(merge);
    assert_true(back->sanitized);
    assert_true(back->created_wall_ns > 0);
    assert_string_equal(back->writer, header.writer);
    assert_string_equal(back->policy, header.policy);
    assert_memory_equal(back->capture_id, header.capture_id, sizeof header.capture_id);
    assert_memory_equal(back->policy_hash, header.policy_hash, sizeof header.policy_hash);
    assert_memory_equal(back->key_id, header.key_id, sizeof header.key_id);
    assert_memory_equal(back->recognition_key, header.recognition_key, sizeof header.recognition_key);
    merge_close(merge);
    kit_remove(folder);
}

static void test_a_large_record_stands_alone_in_its_block(void **state)
{
    (void)state;
    char *folder = kit_folder();
    struct segment_writer_options options = {.folder = folder, .header.kind = SEGMENT_EXCHANGES};
    struct segment_writer *writer;
    struct error err = {0};
    size_t size = 20u << 20;
    uint8_t *large = xcalloc(1, size);
    assert_int_equal(segment_writer_open(&options, &writer, &err), 0);
    assert_int_equal(segment_writer_append(writer, 5, BYTES_LITERAL("small"), (struct bytes){0}, &err), 0);
    assert_int_equal(segment_writer_append(writer, 4, BYTES_LITERAL("large"), bytes_make(large, size), &err),
                     0);
    assert_int_equal(segment_writer_append(writer, 3, BYTES_LITERAL("over"),
                                           (struct bytes){large, SEGMENT_RECORD_MAX + 1}, &err),
                     -1);
    assert_int_equal(segment_writer_append(writer, 6, BYTES_LITERAL("after"), (struct bytes){0}, &err), 0);
    struct segment_writer_totals totals;
    assert_int_equal(segment_writer_close(writer, &totals, &err), 0);
    assert_int_equal(totals.records, 3);
    const char *paths[] = {folder};
    struct merge *merge;
    assert_int_equal(merge_open(paths, 1, SEGMENT_EXCHANGES, 0, &merge, &err), 0);
    struct merge_record record;
    struct bytes payload;
    assert_int_equal(merge_next(merge, &record), MERGE_RECORD);
    assert_true(bytes_equal(record.meta, BYTES_LITERAL("large")));
    assert_true(merge_payload(merge, &payload));
    assert_true(bytes_equal(payload, bytes_make(large, size)));
    assert_int_equal(merge_next(merge, &record), MERGE_RECORD);
    assert_int_equal(merge_next(merge, &record), MERGE_RECORD);
    assert_int_equal(merge_next(merge, &record), MERGE_END);
    merge_close(merge);
    free(large);
    kit_remove(folder);
}

static void test_files_are_private(void **state)
{
    (void)state;
    char *base = kit_folder();
    char *folder = xasprintf("%s/new", base);
    kit_write(folder, NULL, 0, (struct segment_writer_options){0});
    struct stat info;
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    char *file = kit_only_segment(folder);
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    free(file);
    free(folder);
    kit_remove(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_come_back_in_order_of_start_time),
        cmocka_unit_test(test_several_folders_merge),
        cmocka_unit_test(test_header_comes_back),
        cmocka_unit_test(test_a_large_record_stands_alone_in_its_block),
        cmocka_unit_test(test_files_are_private),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
