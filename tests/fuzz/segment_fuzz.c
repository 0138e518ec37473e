/* Property: whatever the bytes of a file, reading it as a segment ends without a crash, and what comes out is in order of
 * start time, the same in a window of one block as in the default one, also where the file is given twice. What was read is
 * written and read again. */
#include "common/segment/block.h"
#include "common/segment/merge.h"
#include "common/segment/segment_file.h"

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
    uint64_t records;
    uint64_t hash;
};

static struct sum read_all(const char *path, enum segment_kind kind, size_t window)
{
    struct sum sum = {0};
    struct merge *merge;
    struct error err = {0};
    const char *const paths[] = {path, path};
    if (merge_open(paths, 2, kind, window, &merge, &err)) {
        assert(err.kind != ERROR_NONE);
        return sum;
    }
    struct merge_record record;
    uint64_t last_ns = 0;
    for (int pass = 0; pass < 2; pass++, last_ns = 0, merge_rewind(merge))
        while (merge_next(merge, &record) == MERGE_RECORD) {
            struct bytes payload = {0};
            assert(record.start_ns >= last_ns);
            last_ns = record.start_ns;
            bool found = merge_payload(merge, &payload);
            sum.records++;
            sum.hash = sum.hash * 31 + record.start_ns + record.meta.size + (found ? payload.size : 1);
        }
    merge_close(merge);
    return sum;
}

/* What was read as a header is written and read again. */
static void header_again(const struct segment_header *header)
{
    struct buffer raw = {0};
    struct segment_header back;
    size_t size;
    format_write_header(header, NULL, &raw);
    enum format_verdict verdict = format_read_header(buffer_bytes(&raw), &back, &size);
    assert(verdict == FORMAT_OK && size == raw.size && back.sanitized == header->sanitized);
    segment_header_free(&back);
    buffer_free(&raw);
}

/* So is what is told of the servers. */
static void origins_again(struct segment_file *file)
{
    struct origins origins = {0}, back = {0};
    struct buffer raw = {0};
    if (segment_file_origins(file, &origins) && !origins.over) {
        origins_encode(&origins, &raw);
        bool good = origins_decode(buffer_bytes(&raw), &back);
        assert(good && back.count == origins.count);
    }
    buffer_free(&raw);
    origins_free(&origins);
    origins_free(&back);
}

/* The records of a sound block make a block again, whatever order they are added in. */
static void block_again(const struct format_block *block, struct bytes meta, struct bytes payload,
                        struct segment_reader *reader)
{
    static const uint8_t id[8] = {1};
    struct block_builder *builder = block_builder_create(1);
    struct block_cursor cursor = {.rest = meta, .min_ns = block->min_ns};
    struct block_record record;
    while (block_next(&cursor, &record)) {
        struct bytes part = {0};
        if (record.payload_size > 0)
            part = bytes_make(payload.data + record.payload_offset, (size_t)record.payload_size);
        block_builder_add(builder, UINT64_MAX - record.start_ns, record.meta, part);
    }
    assert(block_builder_count(builder) == block->record_count && block_builder_bytes(builder) > 0);
    struct block_frames made;
    struct format_block back;
    struct buffer raw = {0};
    block_builder_finish(builder, &made);
    format_write_block(&made.block, id, &raw);
    bool good =
        format_read_block(raw.data, id, &back) &&
        block_decompress(reader->context, reader->pause, made.meta, back.meta_crc, back.meta_raw, &raw) &&
        block_check(&back, buffer_bytes(&raw)) &&
        block_decompress(reader->context, reader->pause, made.payload, back.payload_crc, back.payload_raw,
                         &raw);
    assert(good && raw.size == payload.size);
    buffer_free(&raw);
    block_builder_free(builder);
}

static void write_again(const char *path)
{
    struct segment_file file;
    struct error err = {0};
    if (segment_file_open(path, &file, &err))
        return;
    segment_file_check_headers(&file);
    origins_again(&file);
    header_again(&file.header);
    struct segment_reader reader;
    segment_reader_init(&reader);
    struct buffer meta = {0}, payload = {0}, entry = {0};
    for (size_t i = 0; i < file.entry_count && i < 8; i++) {
        struct format_block block;
        struct format_entry back;
        buffer_clear(&entry);
        format_write_entry(&file.entries[i], &entry);
        format_read_entry(entry.data, &back);
        assert(back.offset == file.entries[i].offset && back.record_count == file.entries[i].record_count);
        if (segment_file_meta(&file, i, &reader, &meta, &block) &&
            segment_file_payload(&file, i, &reader, &payload))
            block_again(&block, buffer_bytes(&meta), buffer_bytes(&payload), &reader);
    }
    buffer_free(&meta);
    buffer_free(&payload);
    buffer_free(&entry);
    segment_reader_done(&reader);
    segment_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("segment", MFD_CLOEXEC);
    assert(fd >= 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (size_t done = 0; done < size;) {
        ssize_t written = write(fd, data + done, size - done);
        assert(written > 0);
        done += (size_t)written;
    }
    write_again(path);
    for (int kind = SEGMENT_EXCHANGES; kind <= SEGMENT_RESULTS; kind++) {
        struct sum wide = read_all(path, (enum segment_kind)kind, 0);
        struct sum narrow = read_all(path, (enum segment_kind)kind, 1);
        assert(wide.records == narrow.records && wide.hash == narrow.hash);
    }
    close(fd);
    return 0;
}
