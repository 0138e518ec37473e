/* Property: whatever the bytes of a file, reading it as a segment ends without a crash, and what comes out is in order of
 * start time, the same in a window of one block as in the default one. */
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
    if (merge_open(&path, 1, kind, window, &merge, &err)) {
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

static void check_headers(const char *path)
{
    struct segment_file file;
    struct error err = {0};
    if (segment_file_open(path, &file, &err))
        return;
    segment_file_check_headers(&file);
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
    check_headers(path);
    for (int kind = SEGMENT_EXCHANGES; kind <= SEGMENT_RESULTS; kind++) {
        struct sum wide = read_all(path, (enum segment_kind)kind, 0);
        struct sum narrow = read_all(path, (enum segment_kind)kind, 1);
        assert(wide.records == narrow.records && wide.hash == narrow.hash);
    }
    close(fd);
    return 0;
}
