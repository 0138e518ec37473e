#include "common/segment/block.h"

#include "common/crc32c.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <zstd.h>

#define PIECE_BYTES ((size_t)32 << 10) /* compressed between two pauses */
#define PIECE_RAW   ((size_t)64 << 10) /* decompressed between two */
#define FLUSH_BYTES 3                  /* and what that costs: a header of a zstd block */

struct pending {
    uint64_t start_ns;
    size_t order;       /* of adding; equal start times keep it */
    size_t meta_offset; /* of the metadata itself, in |meta| */
    size_t meta_size;
    size_t payload_offset;
    size_t payload_size;
};

struct block_builder {
    ZSTD_CCtx *context;
    int level;
    struct block_pause pause;
    struct pending *records;
    size_t count;
    size_t capacity;
    bool sorted; /* records were added in order so far: |meta| and |payload| are what is compressed */
    struct buffer meta, payload;
    struct buffer meta_raw, payload_raw; /* assembled in order, where they were not */
    struct buffer meta_frame, payload_frame;
};

/* At the fastest level, of what zstd has by itself, a smaller table for bodies and longer matches are faster and no larger, on recorded
 * HTTP (tests/bench/README.md). In metadata what repeats is further apart. */
struct tuning {
    int hash_log, min_match;
};
static const struct tuning meta_tuning = {.hash_log = 14, .min_match = 6};
static const struct tuning payload_tuning = {.hash_log = 13, .min_match = 6};
/* Below that level, in short records, the first match that is long enough is as good as any, and the table stays in the nearest cache. */
static const struct tuning light_tuning = {.hash_log = 11, .min_match = 7};

struct block_builder *block_builder_create(int level)
{
    struct block_builder *builder = xcalloc(1, sizeof *builder);
    builder->sorted = true;
    builder->context = ZSTD_createCCtx();
    assert(builder->context);
    ZSTD_CCtx_setParameter(builder->context, ZSTD_c_compressionLevel, level);
    builder->level = level;
    /* The block's CRC of what is stored tells damage; hashing what it holds as well costs 7 % of compressing. */
    ZSTD_CCtx_setParameter(builder->context, ZSTD_c_checksumFlag, 0);
    ZSTD_CCtx_setParameter(builder->context, ZSTD_c_contentSizeFlag, 1);
    return builder;
}

void block_builder_set_pause(struct block_builder *builder, struct block_pause pause)
{
    builder->pause = pause;
}

void block_builder_free(struct block_builder *builder)
{
    if (!builder)
        return;
    ZSTD_freeCCtx(builder->context);
    free(builder->records);
    buffer_free(&builder->meta);
    buffer_free(&builder->payload);
    buffer_free(&builder->meta_raw);
    buffer_free(&builder->payload_raw);
    buffer_free(&builder->meta_frame);
    buffer_free(&builder->payload_frame);
    free(builder);
}

struct buffer *block_builder_payload(struct block_builder *builder)
{
    return &builder->payload;
}

/* Appends |record|'s line of the metadata frame, which |meta| follows. */
static void put_record(struct buffer *frame, const struct pending *record, uint64_t min_ns)
{
    buffer_append_varint(frame, record->start_ns - min_ns);
    buffer_append_varint(frame, record->meta_size);
    buffer_append_varint(frame, record->payload_size);
}

void block_builder_add_appended(struct block_builder *builder, uint64_t start_ns, struct bytes meta,
                                size_t payload_size)
{
    assert(meta.size <= SEGMENT_RECORD_MAX && payload_size <= SEGMENT_RECORD_MAX);
    if (builder->count == builder->capacity) {
        builder->capacity = builder->capacity ? builder->capacity * 2 : 256;
        builder->records = xrealloc(builder->records, builder->capacity * sizeof *builder->records);
    }
    if (builder->count > 0 && start_ns < builder->records[builder->count - 1].start_ns)
        builder->sorted = false;
    struct pending *record = &builder->records[builder->count];
    *record = (struct pending){
        .start_ns = start_ns,
        .order = builder->count,
        .meta_size = meta.size,
        .payload_offset = builder->payload.size - payload_size,
        .payload_size = payload_size,
    };
    builder->count++;
    if (builder->sorted)
        put_record(&builder->meta, record, builder->records[0].start_ns);
    record->meta_offset = builder->meta.size;
    buffer_append_bytes(&builder->meta, meta);
}

void block_builder_add(struct block_builder *builder, uint64_t start_ns, struct bytes meta,
                       struct bytes payload)
{
    buffer_append_bytes(&builder->payload, payload);
    block_builder_add_appended(builder, start_ns, meta, payload.size);
}

size_t block_builder_count(const struct block_builder *builder)
{
    return builder->count;
}

size_t block_builder_bytes(const struct block_builder *builder)
{
    return builder->meta.size + builder->payload.size + builder->count * FORMAT_RECORD_OVERHEAD;
}

static int compare_pending(const void *left, const void *right)
{
    const struct pending *a = left, *b = right;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Sorts what comes nearly in order, as records do, by inserting each; more than a few moves a record are qsort's work. */
static void sort_pending(struct pending *records, size_t count)
{
    size_t moves_left = count * 16;
    for (size_t i = 1; i < count; i++) {
        const struct pending record = records[i];
        size_t at = i;
        for (; at > 0 && moves_left > 0 && compare_pending(&records[at - 1], &record) > 0; at--, moves_left--)
            records[at] = records[at - 1];
        records[at] = record;
        if (moves_left == 0) {
            qsort(records, count, sizeof *records, compare_pending);
            return;
        }
    }
}

/* Compresses in pieces, with a pause behind each. */
static size_t compress_with_pauses(const struct block_builder *builder, struct bytes raw,
                                   struct buffer *frame)
{
    ZSTD_inBuffer in = {raw.data, 0, 0};
    ZSTD_outBuffer out = {frame->data, frame->capacity, 0};
    ZSTD_CCtx_setPledgedSrcSize(builder->context, raw.size);
    size_t left = 1;
    for (bool last = false; !last;) {
        in.size = raw.size - in.pos > PIECE_BYTES ? in.pos + PIECE_BYTES : raw.size;
        last = in.size == raw.size;
        left = ZSTD_compressStream2(builder->context, &out, &in, last ? ZSTD_e_end : ZSTD_e_flush);
        builder->pause.call(builder->pause.arg);
    }
    return left == 0 ? out.pos : left;
}

/* |tuning| is for level 1. */
static void compress(const struct block_builder *builder, struct bytes raw, struct tuning tuning,
                     struct buffer *frame)
{
    if (builder->level < 1)
        tuning = light_tuning;
    if (builder->level <= 1) {
        ZSTD_CCtx_setParameter(builder->context, ZSTD_c_hashLog, tuning.hash_log);
        ZSTD_CCtx_setParameter(builder->context, ZSTD_c_minMatch, tuning.min_match);
    }
    size_t pieces = builder->pause.call ? raw.size / PIECE_BYTES : 0;
    buffer_clear(frame);
    buffer_reserve(frame, ZSTD_compressBound(raw.size) + pieces * FLUSH_BYTES);
    size_t size = builder->pause.call
                      ? compress_with_pauses(builder, raw, frame)
                      : ZSTD_compress2(builder->context, frame->data, frame->capacity, raw.data, raw.size);
    assert(!ZSTD_isError(size) && size <= frame->capacity); /* the room is enough; nothing else can fail */
    frame->size = size;
}

/* Puts records that came out of order into order, in |meta_raw| and |payload_raw|. */
static void assemble(struct block_builder *builder)
{
    sort_pending(builder->records, builder->count);
    buffer_clear(&builder->meta_raw);
    buffer_clear(&builder->payload_raw);
    for (size_t i = 0; i < builder->count; i++) {
        const struct pending *record = &builder->records[i];
        put_record(&builder->meta_raw, record, builder->records[0].start_ns);
        buffer_append(&builder->meta_raw, builder->meta.data + record->meta_offset, record->meta_size);
        if (record->payload_size > 0)
            buffer_append(&builder->payload_raw, builder->payload.data + record->payload_offset,
                          record->payload_size);
    }
}

void block_builder_finish(struct block_builder *builder, struct block_frames *ret_frames)
{
    assert(builder->count > 0);
    if (!builder->sorted)
        assemble(builder);
    struct bytes meta = buffer_bytes(builder->sorted ? &builder->meta : &builder->meta_raw);
    struct bytes payload = buffer_bytes(builder->sorted ? &builder->payload : &builder->payload_raw);
    compress(builder, meta, meta_tuning, &builder->meta_frame);
    buffer_clear(&builder->payload_frame);
    if (payload.size > 0)
        compress(builder, payload, payload_tuning, &builder->payload_frame);
    struct bytes meta_frame = buffer_bytes(&builder->meta_frame),
                 payload_frame = buffer_bytes(&builder->payload_frame);
    *ret_frames = (struct block_frames){
        .block = {.record_count = (uint32_t)builder->count,
                  .min_ns = builder->records[0].start_ns,
                  .max_ns = builder->records[builder->count - 1].start_ns,
                  .meta_raw = (uint32_t)meta.size,
                  .meta_stored = (uint32_t)meta_frame.size,
                  .payload_raw = (uint32_t)payload.size,
                  .payload_stored = (uint32_t)payload_frame.size,
                  .meta_crc = crc32c(meta_frame.data, meta_frame.size),
                  .payload_crc = crc32c(payload_frame.data, payload_frame.size)},
        .meta = meta_frame,
        .payload = payload_frame,
    };
    builder->count = 0;
    builder->sorted = true;
    buffer_clear(&builder->meta);
    buffer_clear(&builder->payload);
}

/* Decompresses into |to|, |raw| bytes, with a pause behind each piece. Returns their number, or an error of zstd. */
static size_t decompress_with_pauses(void *context, struct block_pause pause, struct bytes stored,
                                     uint8_t *to, size_t raw)
{
    ZSTD_inBuffer in = {stored.data, stored.size, 0};
    ZSTD_outBuffer out = {to, 0, 0};
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
    for (size_t left = 1; left != 0;) {
        size_t before = out.pos + in.pos;
        out.size = raw - out.pos > PIECE_RAW ? out.pos + PIECE_RAW : raw;
        left = ZSTD_decompressStream(context, &out, &in);
        if (ZSTD_isError(left))
            return left;
        if (left != 0 && out.pos + in.pos == before)
            return SIZE_MAX; /* more is said to come than there is */
        pause.call(pause.arg);
    }
    return in.pos == stored.size ? out.pos : SIZE_MAX;
}

bool block_decompress(void *context, struct block_pause pause, struct bytes stored, uint32_t crc,
                      uint32_t raw, struct buffer *ret_raw)
{
    buffer_clear(ret_raw);
    if (crc32c(stored.data, stored.size) != crc)
        return false;
    if (raw == 0)
        return stored.size == 0;
    if (ZSTD_getFrameContentSize(stored.data, stored.size) != raw)
        return false;
    buffer_reserve(ret_raw, raw);
    size_t size = pause.call ? decompress_with_pauses(context, pause, stored, ret_raw->data, raw)
                             : ZSTD_decompressDCtx(context, ret_raw->data, raw, stored.data, stored.size);
    if (ZSTD_isError(size) || size != raw)
        return false;
    ret_raw->size = size;
    return true;
}

bool block_next(struct block_cursor *cursor, struct block_record *ret_record)
{
    struct bytes rest = cursor->rest;
    uint64_t since, meta_size, payload_size;
    struct bytes meta;
    if (!bytes_take_varint(&rest, &since) || !bytes_take_varint(&rest, &meta_size) ||
        !bytes_take_varint(&rest, &payload_size) || !bytes_take(&rest, meta_size, &meta))
        return false;
    *ret_record = (struct block_record){
        .start_ns = cursor->min_ns + since,
        .meta = meta,
        .payload_offset = cursor->payload_offset,
        .payload_size = payload_size,
    };
    cursor->rest = rest;
    cursor->payload_offset += payload_size;
    return true;
}

bool block_next_start(const struct block_cursor *cursor, uint64_t *ret_start_ns)
{
    struct bytes rest = cursor->rest;
    uint64_t since;
    if (!bytes_take_varint(&rest, &since))
        return false;
    *ret_start_ns = cursor->min_ns + since;
    return true;
}

bool block_check(const struct format_block *block, struct bytes meta)
{
    struct block_cursor cursor = {.rest = meta, .min_ns = block->min_ns};
    struct block_record record;
    uint64_t last_ns = block->min_ns;
    for (uint32_t i = 0; i < block->record_count; i++) {
        if (!block_next(&cursor, &record) || record.start_ns < last_ns || record.start_ns > block->max_ns ||
            record.payload_size > block->payload_raw || cursor.payload_offset > block->payload_raw ||
            (i == 0 && record.start_ns != block->min_ns))
            return false;
        last_ns = record.start_ns;
    }
    return last_ns == block->max_ns && cursor.rest.size == 0 && cursor.payload_offset == block->payload_raw;
}
