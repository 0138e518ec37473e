/* A block: records sorted by start time, as two zstd frames (metadata apart from payload). No I/O.
 *
 * The metadata frame holds, for each record: varint start time minus the block's smallest, varint size of its
 * metadata, varint size of its payload, metadata. The payload frame holds the payloads in the same order. */
#ifndef COMMON_SEGMENT_BLOCK_H
#define COMMON_SEGMENT_BLOCK_H

#include "common/segment/format.h"

/* Collects records and compresses them; those that come in order of start time are copied least. Keeps its memory from
 * block to block. */
struct block_builder;

/* What is called now and then within long work, about each 50 us, so that others may run. Zeroed: nothing is. */
struct block_pause {
    void (*call)(void *arg);
    void *arg;
};

/* |level| is that of zstd, 1 to 19; below 1 it costs little and saves less. */
struct block_builder *block_builder_create(int level);
/* Makes pauses while compressing. */
void block_builder_set_pause(struct block_builder *builder, struct block_pause pause);
void block_builder_free(struct block_builder *builder);
/* Adds a record; the bytes are copied. meta and payload are at most SEGMENT_RECORD_MAX each. */
void block_builder_add(struct block_builder *builder, uint64_t start_ns, struct bytes meta,
                       struct bytes payload);
/* Adds a record whose payload the caller appended to block_builder_payload since the last record; it is the last
 * |payload_size| bytes of it. */
void block_builder_add_appended(struct block_builder *builder, uint64_t start_ns, struct bytes meta,
                                size_t payload_size);
/* Returns the buffer of payloads, to append to. */
struct buffer *block_builder_payload(struct block_builder *builder);
size_t block_builder_count(const struct block_builder *builder);
/* Returns the raw bytes collected, metadata, payload and what a record costs at most, together. */
size_t block_builder_bytes(const struct block_builder *builder);
/* A compressed block. The frames are borrowed from the builder until its next block_builder_finish. */
struct block_frames {
    struct format_block block; /* complete but for the sequence */
    struct bytes meta;
    struct bytes payload;
    const struct origins *origins; /* of the records, borrowed; NULL: not known */
};

/* Sorts and compresses what was added and empties the builder. At least one record must have been added. */
void block_builder_finish(struct block_builder *builder, struct block_frames *ret_frames);

/* Undoes one frame of exactly |raw| bytes, checking |crc| over |stored|, with pauses. Returns false where it is damaged.
 * |ret_raw| is cleared first. |context| is a ZSTD_DCtx. */
bool block_decompress(void *context, struct block_pause pause, struct bytes stored, uint32_t crc,
                      uint32_t raw, struct buffer *ret_raw);

/* Goes through the records of a metadata frame. Begin with |rest| the whole frame and the others 0. */
struct block_cursor {
    struct bytes rest;
    uint64_t min_ns;
    uint64_t payload_offset; /* of the next record's payload */
};

struct block_record {
    uint64_t start_ns;
    struct bytes meta;
    uint64_t payload_offset;
    uint64_t payload_size;
};

/* Takes the next record. Returns false at the end and where the frame is not well-formed (|rest| is then not
 * empty). */
bool block_next(struct block_cursor *cursor, struct block_record *ret_record);
/* Tells when the next record starts, without taking it. Returns false as block_next does. */
bool block_next_start(const struct block_cursor *cursor, uint64_t *ret_start_ns);
/* Returns whether |meta| (decompressed) holds exactly the records that |block| promises, in order, within its
 * times. */
bool block_check(const struct format_block *block, struct bytes meta);

#endif
