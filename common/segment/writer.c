#include "common/segment/writer.h"

#include "common/clock.h"
#include "common/crc32c.h"
#include "common/mem.h"
#include "common/segment/block.h"
#include "common/segment/segment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define DEFAULT_BLOCK_BYTES   (UINT64_C(256) << 10)
#define DEFAULT_BLOCK_AGE_NS  NS_PER_S
#define DEFAULT_SEGMENT_BYTES (UINT64_C(256) << 20)

struct segment_writer {
    pthread_mutex_t lock; /* of what segment_writer_put shares: all but the builder */
    char *folder;
    int folder_fd; /* holds the lock */
    uint64_t block_bytes, block_age_ns, segment_bytes;
    bool resumes;
    struct segment_header header; /* owned strings */
    struct block_builder *builder;
    struct segment_writer_totals totals;
    struct error failure; /* kind is not ERROR_NONE once a write failed; sticky unless |resumes| */

    int fd; /* of the open segment, -1 without one */
    char name[96];
    uint64_t size;   /* whole blocks written */
    uint64_t synced; /* bytes handed to the disk ahead of the final fsync */
    struct buffer index;
    struct format_footer footer;
    struct origins origins;        /* of the open segment */
    bool origins_known;            /* of all of its blocks */
    uint64_t block_opened_mono_ns; /* when the block's first record came; 0: not known yet */
    struct buffer scratch;
};

/* Remembers the first failure and hands it to |err|. */
static int give_up(struct segment_writer *writer, int errnum, const char *what, struct error *err)
{
    if (writer->failure.kind == ERROR_NONE)
        error_set_errno(&writer->failure, ERROR_IO, errnum, "%s %s/%s", what, writer->folder, writer->name);
    if (err)
        *err = writer->failure;
    return -1;
}

static int write_all(struct segment_writer *writer, struct iovec *parts, int count, struct error *err)
{
    uint64_t at = writer->size;
    while (count > 0) {
        ssize_t written = pwritev(writer->fd, parts, count, (off_t)at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            int errnum = written < 0 ? errno : ENOSPC;
            /* What is whole stays; giving back the torn part may make the room that sealing needs. */
            if (ftruncate(writer->fd, (off_t)writer->size) != 0)
                errnum = errnum ? errnum : errno;
            return give_up(writer, errnum, "cannot write", err);
        }
        at += (uint64_t)written;
        size_t left = (size_t)written;
        while (count > 0 && left >= parts->iov_len) {
            left -= parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (uint8_t *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
    writer->size = at;
    return 0;
}

static void name_segment(struct segment_writer *writer)
{
    char text[CLOCK_ISO8601_SIZE];
    clock_format_iso8601(writer->header.created_wall_ns, text);
    size_t used = 0;
    for (const char *c = text; *c; c++)
        if (*c != '-' && *c != ':')
            writer->name[used++] = *c;
    const uint8_t *id = writer->header.segment_id;
    snprintf(writer->name + used, sizeof writer->name - used, "-%02x%02x%02x%02x" SEGMENT_OPEN_SUFFIX, id[0],
             id[1], id[2], id[3]);
}

static int begin_segment(struct segment_writer *writer, struct error *err)
{
    writer->header.created_wall_ns = clock_wall_ns();
    if (getrandom(writer->header.segment_id, sizeof writer->header.segment_id, 0) !=
        (ssize_t)sizeof writer->header.segment_id)
        return give_up(writer, errno, "no random id for", err);
    name_segment(writer);
    writer->fd =
        openat(writer->folder_fd, writer->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (writer->fd < 0)
        return give_up(writer, errno, "cannot create", err);
    writer->size = 0;
    writer->synced = 0;
    writer->footer = (struct format_footer){0};
    writer->origins_known = true;
    origins_clear(&writer->origins);
    buffer_clear(&writer->index);
    buffer_clear(&writer->scratch);
    format_write_header(&writer->header, NULL, &writer->scratch);
    struct iovec part = {writer->scratch.data, writer->scratch.size};
    if (write_all(writer, &part, 1, err)) {
        unlinkat(writer->folder_fd, writer->name, 0); /* holds nothing */
        close(writer->fd);
        writer->fd = -1;
        return -1;
    }
    writer->totals.segments++;
    writer->totals.stored_bytes += writer->size;
    return 0;
}

/* Writes a block to the open segment. */
static int write_block(struct segment_writer *writer, struct block_frames *frames, struct error *err)
{
    struct format_block *block = &frames->block;
    struct bytes meta = frames->meta, payload = frames->payload;
    block->sequence = writer->footer.block_count;
    buffer_clear(&writer->scratch);
    format_write_block(block, writer->header.segment_id, &writer->scratch);
    struct iovec parts[] = {{writer->scratch.data, writer->scratch.size},
                            {(void *)(uintptr_t)meta.data, meta.size},
                            {(void *)(uintptr_t)payload.data, payload.size}};
    struct format_entry entry = {.offset = writer->size,
                                 .min_ns = block->min_ns,
                                 .max_ns = block->max_ns,
                                 .length = format_block_length(block),
                                 .record_count = block->record_count};
    if (write_all(writer, parts, payload.size > 0 ? 3 : 2, err))
        return -1;
    format_write_entry(&entry, &writer->index);
    struct format_footer *footer = &writer->footer;
    if (footer->block_count == 0 || block->min_ns < footer->min_ns)
        footer->min_ns = block->min_ns;
    if (block->max_ns > footer->max_ns)
        footer->max_ns = block->max_ns;
    if (frames->origins)
        origins_add_all(&writer->origins, frames->origins);
    else
        writer->origins_known = false;
    footer->block_count++;
    footer->record_count += block->record_count;
    writer->totals.records += block->record_count;
    writer->totals.stored_bytes += entry.length;
    /* Starts the disk early, so that the fsync of sealing does not hold up a capture. */
    sync_file_range(writer->fd, (off_t)writer->synced, (off_t)(writer->size - writer->synced),
                    SYNC_FILE_RANGE_WRITE);
    writer->synced = writer->size;
    return 0;
}

/* Writes the open block. */
static int end_block(struct segment_writer *writer, struct error *err)
{
    if (block_builder_count(writer->builder) == 0)
        return 0;
    struct block_frames frames;
    block_builder_finish(writer->builder, &frames);
    return write_block(writer, &frames, err);
}

/* Writes index and footer and gives the file its final name. Where that fails the file stays as an open one. */
static int seal(struct segment_writer *writer, struct error *err)
{
    int status = -1;
    uint64_t blocks_end = writer->size;
    writer->footer.header_offset = writer->size;
    buffer_clear(&writer->scratch);
    format_write_header(&writer->header, writer->origins_known ? &writer->origins : NULL, &writer->scratch);
    writer->footer.index_offset = writer->size + writer->scratch.size;
    writer->footer.index_crc = crc32c(writer->index.data, writer->index.size);
    buffer_append_bytes(&writer->scratch, buffer_bytes(&writer->index));
    format_write_footer(&writer->footer, writer->header.segment_id, &writer->scratch);
    struct iovec part = {writer->scratch.data, writer->scratch.size};
    if (write_all(writer, &part, 1, err))
        goto done;
    if (fsync(writer->fd)) {
        give_up(writer, errno, "cannot write", err);
        goto done;
    }
    char sealed[sizeof writer->name];
    memcpy(sealed, writer->name, sizeof sealed);
    sealed[strlen(sealed) - strlen(".part")] = '\0';
    if (renameat(writer->folder_fd, writer->name, writer->folder_fd, sealed) || fsync(writer->folder_fd)) {
        give_up(writer, errno, "cannot seal", err);
        goto done;
    }
    writer->totals.stored_bytes += writer->size - blocks_end;
    status = 0;
done:
    close(writer->fd);
    writer->fd = -1;
    return status;
}

/* Refuses a folder that holds something else than what is to be written. */
static int check_folder(const struct segment_writer_options *options, struct error *err)
{
    struct segment_list list;
    if (segment_list_read(options->folder, &list, err))
        return -1;
    int status = 0;
    for (size_t i = 0; i < list.count && status == 0; i++) {
        struct segment_file file;
        struct error why = {0};
        if (segment_file_open(list.paths[i], &file, &why))
            continue; /* damaged or of a later version: left alone, as every file is */
        if (file.header.kind != options->header.kind)
            status = error_set(err, ERROR_USAGE, "%s holds %s already; choose another folder",
                               options->folder, segment_kind_name(file.header.kind));
        segment_file_close(&file);
    }
    if (status == 0 && list.count > 0 && options->header.kind == SEGMENT_RESULTS)
        status =
            error_set(err, ERROR_USAGE, "%s holds a run already; choose another folder", options->folder);
    if (status == 0 && list.count == 0 && list.foreign_count > 0 && options->header.kind == SEGMENT_EXCHANGES)
        status = error_set(err, ERROR_USAGE, "%s holds other files ('%.80s'); choose an empty or new folder",
                           options->folder, list.foreign);
    segment_list_free(&list);
    return status;
}

static int open_folder(struct segment_writer *writer, const struct segment_writer_options *options,
                       struct error *err)
{
    if (mkdir(options->folder, 0700) && errno != EEXIST)
        return error_set_errno(err, ERROR_IO, errno, "cannot create the folder %s", options->folder);
    writer->folder_fd = open(options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (writer->folder_fd < 0)
        return error_set_errno(err, errno == ENOTDIR ? ERROR_USAGE : ERROR_IO, errno, "%s", options->folder);
    if (flock(writer->folder_fd, LOCK_EX | LOCK_NB)) {
        if (errno == EWOULDBLOCK)
            return error_set(err, ERROR_IO, "another process is writing to %s; choose another folder",
                             options->folder);
        return error_set_errno(err, ERROR_IO, errno, "cannot lock %s", options->folder);
    }
    return check_folder(options, err);
}

static void writer_free(struct segment_writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    if (writer->folder_fd >= 0)
        close(writer->folder_fd);
    block_builder_free(writer->builder);
    buffer_free(&writer->index);
    origins_free(&writer->origins);
    buffer_free(&writer->scratch);
    segment_header_free(&writer->header);
    free(writer->folder);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

int segment_writer_open(const struct segment_writer_options *options, struct segment_writer **ret_writer,
                        struct error *err)
{
    struct segment_writer *writer = xcalloc(1, sizeof *writer);
    pthread_mutex_init(&writer->lock, NULL);
    writer->fd = writer->folder_fd = -1;
    writer->resumes = options->resumes;
    writer->folder = xstrdup(options->folder);
    writer->block_bytes = options->block_bytes ? options->block_bytes : DEFAULT_BLOCK_BYTES;
    if (writer->block_bytes > FORMAT_BLOCK_RAW_MAX)
        writer->block_bytes = FORMAT_BLOCK_RAW_MAX;
    writer->block_age_ns = options->block_age_ns ? options->block_age_ns : DEFAULT_BLOCK_AGE_NS;
    writer->segment_bytes = options->segment_bytes ? options->segment_bytes : DEFAULT_SEGMENT_BYTES;
    writer->header = options->header;
    writer->header.writer = options->header.writer ? xstrdup(options->header.writer) : NULL;
    writer->header.policy = options->header.policy ? xstrdup(options->header.policy) : NULL;
    writer->builder = block_builder_create(options->level ? options->level : SEGMENT_LEVEL_DEFAULT);
    block_builder_set_pause(writer->builder, options->pause);
    if (open_folder(writer, options, err) || begin_segment(writer, err)) {
        writer_free(writer);
        return -1;
    }
    *ret_writer = writer;
    return 0;
}

int segment_writer_append(struct segment_writer *writer, uint64_t start_ns, struct bytes meta,
                          struct bytes payload, struct error *err)
{
    if (writer->failure.kind != ERROR_NONE)
        return give_up(writer, 0, "", err);
    if (meta.size > SEGMENT_RECORD_MAX || payload.size > SEGMENT_RECORD_MAX)
        return error_set(err, ERROR_DATA, "a record of %zu bytes is over the limit of %u",
                         meta.size + payload.size, SEGMENT_RECORD_MAX);
    size_t held = block_builder_bytes(writer->builder);
    if (held > 0 && held + meta.size + payload.size > FORMAT_BLOCK_RAW_MAX && end_block(writer, err))
        return -1;
    if (writer->size >= writer->segment_bytes && block_builder_count(writer->builder) == 0 &&
        (seal(writer, err) || begin_segment(writer, err)))
        return -1;
    if (block_builder_count(writer->builder) == 0)
        writer->block_opened_mono_ns = 0;
    block_builder_add(writer->builder, start_ns, meta, payload);
    return block_builder_bytes(writer->builder) >= writer->block_bytes ? end_block(writer, err) : 0;
}

/* Makes sure that there is a segment with room. */
static int ready_segment(struct segment_writer *writer, struct error *err)
{
    if (writer->failure.kind != ERROR_NONE && !writer->resumes)
        return give_up(writer, 0, "", err);
    writer->failure = (struct error){0};
    if (writer->fd >= 0 && writer->size >= writer->segment_bytes && seal(writer, err))
        return -1;
    return writer->fd < 0 ? begin_segment(writer, err) : 0;
}

int segment_writer_put(struct segment_writer *writer, struct block_frames *frames, struct error *err)
{
    pthread_mutex_lock(&writer->lock);
    int status = ready_segment(writer, err);
    if (status == 0)
        status = write_block(writer, frames, err);
    pthread_mutex_unlock(&writer->lock);
    return status;
}

int segment_writer_rotate(struct segment_writer *writer, struct error *err)
{
    pthread_mutex_lock(&writer->lock);
    int status = writer->fd >= 0 && writer->footer.block_count > 0 ? seal(writer, err) : 0;
    if (status == 0)
        status = ready_segment(writer, err);
    pthread_mutex_unlock(&writer->lock);
    return status;
}

int segment_writer_tick(struct segment_writer *writer, uint64_t now_mono_ns, struct error *err)
{
    if (writer->failure.kind != ERROR_NONE)
        return give_up(writer, 0, "", err);
    if (block_builder_count(writer->builder) == 0)
        return 0;
    if (writer->block_opened_mono_ns == 0) /* the age counts from the first tick, so append needs no clock */
        writer->block_opened_mono_ns = now_mono_ns;
    return now_mono_ns - writer->block_opened_mono_ns >= writer->block_age_ns ? end_block(writer, err) : 0;
}

int segment_writer_close(struct segment_writer *writer, struct segment_writer_totals *ret_totals,
                         struct error *err)
{
    if (!writer)
        return 0;
    if (writer->failure.kind == ERROR_NONE)
        end_block(writer, NULL);
    if (writer->fd >= 0)
        seal(writer, NULL);
    int status = 0;
    if (writer->failure.kind != ERROR_NONE)
        status = give_up(writer, 0, "", err);
    if (ret_totals)
        *ret_totals = writer->totals;
    writer_free(writer);
    return status;
}
