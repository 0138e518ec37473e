/* Writes what the segments of a traffic folder hold, uncompressed, to a file: metadata and payload of each block, as they were
 * given to zstd. What `zstd -1` takes for that file is what storing these bytes costs at least.
 *
 *     dump_raw TRAFFIC FILE */
#include "common/segment/segment_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t dump_segment(const char *path, FILE *to)
{
    struct error err = {0};
    struct segment_file file;
    struct segment_reader reader;
    struct format_block block;
    struct buffer raw = {0};
    uint64_t bytes = 0;
    if (segment_file_open(path, &file, &err) != 0) {
        fprintf(stderr, "dump_raw: %s\n", err.text);
        exit(3);
    }
    segment_reader_init(&reader);
    for (size_t i = 0; i < file.entry_count; i++) {
        if (segment_file_meta(&file, i, &reader, &raw, &block))
            bytes += fwrite(raw.data, 1, raw.size, to);
        if (segment_file_payload(&file, i, &reader, &raw) && raw.size > 0)
            bytes += fwrite(raw.data, 1, raw.size, to);
    }
    segment_reader_done(&reader);
    segment_file_close(&file);
    buffer_free(&raw);
    return bytes;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct segment_list list = {0};
    FILE *to = argc == 3 ? fopen(argv[2], "wbe") : NULL;
    if (!to || segment_list_read(argv[1], &list, &err) != 0) {
        fprintf(stderr, "usage: dump_raw TRAFFIC FILE\n%s\n", err.text);
        return 2;
    }
    uint64_t bytes = 0;
    for (size_t i = 0; i < list.count; i++)
        bytes += dump_segment(list.paths[i], to);
    printf("%" PRIu64 "\n", bytes);
    segment_list_free(&list);
    return fclose(to) == 0 ? 0 : 3;
}
