#include "common/segment/segment_file.h"

#include "common/crc32c.h"
#include "common/mem.h"
#include "common/segment/block.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define SEARCH_BYTES 65536

static int file_fd(struct segment_file *file)
{
    return file->fd >= 0 ? file->fd : open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static void file_fd_done(const struct segment_file *file, int fd)
{
    if (fd >= 0 && fd != file->fd)
        close(fd);
}

/* Reads up to |size| bytes; returns how many there were. */
static size_t read_at(int fd, uint64_t offset, void *to, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, (uint8_t *)to + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

static bool read_buffer(int fd, uint64_t offset, size_t size, struct buffer *to)
{
    buffer_clear(to);
    buffer_reserve(to, size);
    to->size = read_at(fd, offset, to->data, size);
    return to->size == size;
}

static void note_damage(struct segment_file *file, uint64_t offset, uint64_t bytes, const char *what)
{
    if (file->damage_count < SEGMENT_DAMAGE_MAX)
        file->damage[file->damage_count] = (struct segment_damage){offset, bytes, what};
    file->damage_count++;
    file->damage_bytes += bytes;
}

static enum format_verdict read_header_at(int fd, uint64_t offset, uint64_t file_size,
                                          struct segment_header *ret_header, size_t *ret_size)
{
    uint8_t fixed[FORMAT_FILE_HEADER_SIZE];
    size_t got = read_at(fd, offset, fixed, sizeof fixed);
    size_t length = got == sizeof fixed ? format_header_length(fixed) : 0;
    if (length == 0 || length > file_size - offset)
        return format_read_header((struct bytes){fixed, got}, ret_header, ret_size);
    struct buffer all = {0};
    enum format_verdict verdict = FORMAT_DAMAGED;
    if (read_buffer(fd, offset, length, &all))
        verdict = format_read_header(buffer_bytes(&all), ret_header, ret_size);
    buffer_free(&all);
    return verdict;
}

static void add_entry(struct segment_file *file, size_t *capacity, struct format_entry entry)
{
    if (file->entry_count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 64;
        file->entries = xrealloc(file->entries, *capacity * sizeof *file->entries);
    }
    file->entries[file->entry_count++] = entry;
    file->record_count += entry.record_count;
}

static bool read_index(struct segment_file *file, int fd, const struct format_footer *footer)
{
    size_t size = (size_t)footer->block_count * FORMAT_INDEX_ENTRY_SIZE; /* fits: the footer fits the file */
    struct buffer raw = {0};
    bool good =
        read_buffer(fd, footer->index_offset, size, &raw) && crc32c(raw.data, raw.size) == footer->index_crc;
    size_t capacity = 0;
    uint64_t end = 0;
    for (size_t i = 0; good && i < footer->block_count; i++) {
        struct format_entry entry;
        format_read_entry(raw.data + i * FORMAT_INDEX_ENTRY_SIZE, &entry);
        good = entry.min_ns <= entry.max_ns && entry.offset >= end && entry.offset <= footer->header_offset &&
               entry.length >= FORMAT_BLOCK_HEADER_SIZE &&
               entry.length <= footer->header_offset - entry.offset;
        end = entry.offset + entry.length;
        if (good)
            add_entry(file, &capacity, entry);
    }
    buffer_free(&raw);
    if (!good) {
        file->entry_count = 0;
        file->record_count = 0;
        free(file->entries);
        file->entries = NULL;
    }
    return good;
}

/* Returns the offset of the next block marker at or after |from|, or |end|. */
static uint64_t find_marker(int fd, uint64_t from, uint64_t end)
{
    uint8_t part[SEARCH_BYTES];
    while (from < end) {
        size_t want = end - from < sizeof part ? (size_t)(end - from) : sizeof part;
        size_t got = read_at(fd, from, part, want);
        const uint8_t *hit = memmem(part, got, format_block_marker, FORMAT_MARKER_SIZE);
        if (hit)
            return from + (uint64_t)(hit - part);
        if (got < want || got < FORMAT_MARKER_SIZE || from + got >= end)
            break;
        from += got - (FORMAT_MARKER_SIZE - 1);
    }
    return end;
}

static bool is_header_copy(const struct segment_file *file, int fd, uint64_t offset)
{
    struct segment_header copy;
    size_t size;
    if (read_header_at(fd, offset, file->size, &copy, &size) != FORMAT_OK)
        return false;
    bool same = memcmp(copy.segment_id, file->header.segment_id, sizeof copy.segment_id) == 0;
    segment_header_free(&copy);
    return same;
}

/* Finds the blocks between |from| and |end| by their headers; what lies between them is damage. */
static void scan(struct segment_file *file, int fd, uint64_t from, uint64_t end)
{
    size_t capacity = 0;
    uint64_t at = from;
    while (at < end) {
        uint8_t raw[FORMAT_BLOCK_HEADER_SIZE];
        struct format_block block;
        bool whole = end - at >= sizeof raw && read_at(fd, at, raw, sizeof raw) == sizeof raw;
        if (whole && format_read_block(raw, file->header.segment_id, &block)) {
            uint64_t length = format_block_length(&block);
            if (length > end - at) {
                file->tail_offset = at;
                file->tail_bytes = end - at;
                return;
            }
            add_entry(file, &capacity,
                      (struct format_entry){.offset = at,
                                            .min_ns = block.min_ns,
                                            .max_ns = block.max_ns,
                                            .length = length,
                                            .record_count = block.record_count});
            at += length;
            continue;
        }
        if (is_header_copy(file, fd, at))
            return; /* the blocks end here: the file was sealed */
        if (!whole) {
            file->tail_offset = at;
            file->tail_bytes = end - at;
            return;
        }
        uint64_t next = find_marker(fd, at + 1, end);
        note_damage(file, at, next - at, "no block where one should begin");
        file->gap_count++;
        file->gap_bytes += next - at;
        at = next;
    }
}

static int refuse(const char *path, enum format_verdict verdict, struct error *err)
{
    switch (verdict) {
    case FORMAT_NOT_SEGMENT:
        return error_set(err, ERROR_DATA, "%s is not a segment of rehearse", path);
    case FORMAT_VERSION_NEW:
        return error_set(err, ERROR_IO, "%s was written by a later version of rehearse; upgrade to read it",
                         path);
    case FORMAT_FEATURE_NEW:
        return error_set(err, ERROR_IO,
                         "%s needs a feature that this version of rehearse lacks; upgrade to read it", path);
    case FORMAT_DAMAGED:
    case FORMAT_OK:
        break;
    }
    return error_set(err, ERROR_DATA, "%s: the file header at offset 0 is damaged", path);
}

static int load(struct segment_file *file, int fd, struct error *err)
{
    struct stat info;
    if (fstat(fd, &info))
        return error_set_errno(err, ERROR_IO, errno, "%s", file->path);
    if (S_ISDIR(info.st_mode))
        return error_set(err, ERROR_DATA, "%s is a folder, not a segment", file->path);
    if (!S_ISREG(info.st_mode)) /* O_NONBLOCK above: a FIFO must not hold the reader up */
        return refuse(file->path, FORMAT_NOT_SEGMENT, err);
    file->size = (uint64_t)info.st_size;

    uint8_t end[FORMAT_FOOTER_SIZE], id[8];
    struct format_footer footer;
    bool footer_good = file->size >= sizeof end &&
                       read_at(fd, file->size - sizeof end, end, sizeof end) == sizeof end &&
                       format_read_footer(end, file->size, &footer, id);
    size_t header_size = 0;
    enum format_verdict verdict = read_header_at(fd, 0, file->size, &file->header, &header_size);
    if ((verdict == FORMAT_DAMAGED || verdict == FORMAT_NOT_SEGMENT) && footer_good) {
        enum format_verdict copy =
            read_header_at(fd, footer.header_offset, file->size, &file->header, &header_size);
        if (copy == FORMAT_OK)
            note_damage(file, 0, header_size, "the file header (its copy was used)");
        verdict = copy == FORMAT_OK || copy == FORMAT_NOT_SEGMENT ? copy : verdict;
    }
    if (verdict != FORMAT_OK)
        return refuse(file->path, verdict, err);
    footer_good = footer_good && memcmp(id, file->header.segment_id, sizeof id) == 0;
    file->sealed = footer_good && read_index(file, fd, &footer);
    if (file->sealed)
        return 0;
    if (footer_good)
        note_damage(file, footer.index_offset, file->size - footer.index_offset,
                    "the index (found by scanning)");
    scan(file, fd, header_size, footer_good ? footer.header_offset : file->size);
    return 0;
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t size = strlen(text), tail = strlen(suffix);
    return size > tail && strcmp(text + size - tail, suffix) == 0;
}

int segment_file_open(const char *path, struct segment_file *ret_file, struct error *err)
{
    struct segment_file file = {
        .path = xstrdup(path), .fd = -1, .part = has_suffix(path, SEGMENT_OPEN_SUFFIX)};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && file.part) {
        file.path[strlen(path) - strlen(".part")] = '\0';
        file.part = false;
        fd = open(file.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (fd < 0) {
        error_set_errno(err, ERROR_IO, errno, "%s", path);
        free(file.path);
        return -1;
    }
    if (file.part)
        file.fd = fd;
    int status = load(&file, fd, err);
    file_fd_done(&file, fd);
    if (status)
        segment_file_close(&file);
    else
        *ret_file = file;
    return status;
}

void segment_file_close(struct segment_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    free(file->entries);
    segment_header_free(&file->header);
    *file = (struct segment_file){.fd = -1};
}

void segment_reader_init(struct segment_reader *reader)
{
    *reader = (struct segment_reader){.context = ZSTD_createDCtx()};
}

void segment_reader_done(struct segment_reader *reader)
{
    ZSTD_freeDCtx(reader->context);
    buffer_free(&reader->stored);
    *reader = (struct segment_reader){0};
}

/* Reads the header of block |index|, which must be the one that the index promised. */
static bool read_block_header(const struct segment_file *file, int fd, size_t index,
                              struct format_block *block)
{
    const struct format_entry *entry = &file->entries[index];
    uint8_t raw[FORMAT_BLOCK_HEADER_SIZE];
    return read_at(fd, entry->offset, raw, sizeof raw) == sizeof raw &&
           format_read_block(raw, file->header.segment_id, block) &&
           format_block_length(block) == entry->length && block->min_ns == entry->min_ns &&
           block->max_ns == entry->max_ns && block->record_count == entry->record_count;
}

bool segment_file_meta(struct segment_file *file, size_t index, struct segment_reader *reader,
                       struct buffer *ret_raw, struct format_block *ret_block)
{
    int fd = file_fd(file);
    uint64_t at = file->entries[index].offset + FORMAT_BLOCK_HEADER_SIZE;
    bool good = fd >= 0 && read_block_header(file, fd, index, ret_block) &&
                read_buffer(fd, at, ret_block->meta_stored, &reader->stored) &&
                block_decompress(reader->context, reader->pause, buffer_bytes(&reader->stored),
                                 ret_block->meta_crc, ret_block->meta_raw, ret_raw) &&
                block_check(ret_block, buffer_bytes(ret_raw));
    file_fd_done(file, fd);
    return good;
}

bool segment_file_payload(struct segment_file *file, size_t index, struct segment_reader *reader,
                          struct buffer *ret_raw)
{
    int fd = file_fd(file);
    struct format_block block;
    bool good = fd >= 0 && read_block_header(file, fd, index, &block) &&
                read_buffer(fd, file->entries[index].offset + FORMAT_BLOCK_HEADER_SIZE + block.meta_stored,
                            block.payload_stored, &reader->stored) &&
                block_decompress(reader->context, reader->pause, buffer_bytes(&reader->stored),
                                 block.payload_crc, block.payload_raw, ret_raw);
    file_fd_done(file, fd);
    return good;
}

bool segment_file_origins(struct segment_file *file, struct origins *origins)
{
    uint8_t end[FORMAT_FOOTER_SIZE], fixed[FORMAT_FILE_HEADER_SIZE];
    struct format_footer footer;
    struct buffer copy = {0};
    int fd = file->sealed ? file_fd(file) : -1;
    bool found = false;
    if (fd >= 0 && read_at(fd, file->size - sizeof end, end, sizeof end) == sizeof end &&
        format_read_footer(end, file->size, &footer, NULL) &&
        is_header_copy(file, fd, footer.header_offset) &&
        read_at(fd, footer.header_offset, fixed, sizeof fixed) == sizeof fixed &&
        read_buffer(fd, footer.header_offset, format_header_length(fixed), &copy))
        found = format_read_origins(buffer_bytes(&copy), origins);
    buffer_free(&copy);
    file_fd_done(file, fd);
    return found;
}

const char *segment_file_check_headers(struct segment_file *file)
{
    int fd = file_fd(file);
    if (fd < 0)
        return "cannot be read";
    const char *what = is_header_copy(file, fd, 0) ? NULL : "the file header";
    uint8_t end[FORMAT_FOOTER_SIZE];
    struct format_footer footer;
    if (!what && file->sealed &&
        (read_at(fd, file->size - sizeof end, end, sizeof end) != sizeof end ||
         !format_read_footer(end, file->size, &footer, NULL) ||
         !is_header_copy(file, fd, footer.header_offset)))
        what = "the copy of the file header";
    file_fd_done(file, fd);
    return what;
}
