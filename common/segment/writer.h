/* Writes records into sealed segment files of a folder. One writer a folder at a time (flock). Only the
 * folder filters/ may include this for exchanges: its traffic_writer.h is the one door, and it sanitizes.
 *
 * One thread appends records, and the writer makes the blocks; or several threads each fill a block of their own
 * (block.h) and put it whole. A writer is used in one of the two ways. */
#ifndef COMMON_SEGMENT_WRITER_H
#define COMMON_SEGMENT_WRITER_H

#include "common/segment/block.h"
#include "common/segment/segment.h"

struct segment_writer;

struct segment_writer_options {
    const char *folder; /* created (0700) where missing; refused where it holds anything of another kind */
    struct segment_header header; /* borrowed; created_wall_ns and segment_id are filled in for each file */
    int level;                    /* zstd level; 0: default 1 */
    uint64_t block_bytes;         /* raw bytes after which a block is closed; 0: 256 KiB */
    uint64_t block_age_ns;        /* age after which segment_writer_tick closes a block; 0: 1 s */
    uint64_t segment_bytes;       /* stored bytes after which a new file is begun; 0: 256 MiB */
    struct block_pause pause;     /* made while compressing */
    bool resumes; /* segment_writer_put tries again after a failure, in a new segment where need be */
};

struct segment_writer_totals {
    uint64_t records;
    uint64_t stored_bytes;
    uint64_t segments;
};

/* Opens |options->folder| for appending new segments. */
int segment_writer_open(const struct segment_writer_options *options, struct segment_writer **ret_writer,
                        struct error *err);
/* Adds one record. After a failure (disk full) every later call fails with the same text; what was written
 * stays readable. */
int segment_writer_append(struct segment_writer *writer, uint64_t start_ns, struct bytes meta,
                          struct bytes payload, struct error *err);
/* Writes a block that its thread has compressed (block_builder_finish). Several threads may call it at the same time; they wait
 * for each other. Returns -1 where the block could not be written: it is lost, what was written before stays readable. */
int segment_writer_put(struct segment_writer *writer, struct block_frames *frames, struct error *err);
/* Seals the open segment; what comes next goes into a new one. Any thread. */
int segment_writer_rotate(struct segment_writer *writer, struct error *err);
/* Closes the open block where it is older than block_age_ns; call it about once a second. */
int segment_writer_tick(struct segment_writer *writer, uint64_t now_mono_ns, struct error *err);
/* Writes what is open, the index, and seals the file. Frees the writer in every case; NULL is allowed.
 * |ret_totals| may be NULL. */
int segment_writer_close(struct segment_writer *writer, struct segment_writer_totals *ret_totals,
                         struct error *err);

#endif
