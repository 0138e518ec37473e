/* Reads all segments of folders as one stream in order of start time, in bounded memory: blocks are opened
 * when the merge reaches their smallest start time, and at most |window| decompressed blocks are held; one
 * that has to wait is closed and decompressed again when its turn comes. Damaged blocks are passed over and
 * counted. Sealed segments are read by their index, open ones (a crash, or a capture still writing) by
 * scanning. */
#ifndef COMMON_SEGMENT_MERGE_H
#define COMMON_SEGMENT_MERGE_H

#include "common/segment/block.h"
#include "common/segment/block_pool.h"
#include "common/segment/segment.h"

struct merge;

/* One record, borrowed until the next call. */
struct merge_record {
    uint64_t start_ns;
    struct bytes meta;
    const struct segment_header *header; /* of the segment it stands in; lives as long as the merge */
    size_t source;                       /* index of the folder it came from */
};

enum merge_status { MERGE_RECORD, MERGE_END };

/* What was found damaged or open. */
struct merge_damage {
    uint64_t segments_open; /* without an index: read up to the last whole block */
    uint64_t blocks_damaged;
    uint64_t bytes_skipped;
    uint64_t segments_refused; /* not a segment, or of an unknown version */
    uint64_t indexes_damaged;  /* sealed segments read by scanning, or by the copy of their header */
};

/* Opens |count| folders or single segment files, all of |kind|. Fails where one does not exist, holds no
 * segment, or where every segment in it is refused. |window| 0: 64 blocks. */
int merge_open(const char *const *paths, size_t count, enum segment_kind kind, size_t window,
               struct merge **ret_merge, struct error *err);
enum merge_status merge_next(struct merge *merge, struct merge_record *ret_record);
/* Has the metadata of the record that merge_next returned last stay where it is until it is let go of, which is to be before
 * merge_close. NULL where so much is held already that it is to be copied instead. */
struct held_block *merge_hold(struct merge *merge);
/* Fetches the payload of the record that merge_next returned last, borrowed until the next call of either.
 * Returns false where the payload part of its block is damaged (counted). */
bool merge_payload(struct merge *merge, struct bytes *ret_payload);
/* Where a payload stands, for later. */
struct merge_place {
    size_t source, entry; /* of the block */
    uint64_t offset, size;
};
/* Returns the place of the payload of the record that merge_next returned last. */
void merge_place_of(const struct merge *merge, struct merge_place *ret_place);
/* The same as merge_payload for a record from before: quick where it is not far behind. */
bool merge_payload_at(struct merge *merge, const struct merge_place *place, struct bytes *ret_payload);
/* Makes pauses while decompressing, from now on. */
void merge_set_pause(struct merge *merge, struct block_pause pause);
/* Starts again at the beginning. */
void merge_rewind(struct merge *merge);
const struct merge_damage *merge_damage(const struct merge *merge);
/* Returns the header of the first segment, borrowed. */
const struct segment_header *merge_header(const struct merge *merge);
/* The segments in the merge, in a fixed order: how many, where one stands (borrowed), and the servers that its records came from, which are
 * added to |origins| (false: its end does not say, see segment_file_origins). */
size_t merge_segment_count(const struct merge *merge);
const char *merge_segment_path(const struct merge *merge, size_t segment);
bool merge_segment_origins(struct merge *merge, size_t segment, struct origins *origins);
/* Returns the number of records that the indexes promise (0 counted for open segments not yet scanned). */
uint64_t merge_record_count(const struct merge *merge);
void merge_close(struct merge *merge);

#endif
