#include "common/segment/merge.h"

#include "common/mem.h"
#include "common/prefetch.h"
#include "common/segment/block.h"
#include "common/segment/segment_file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_WINDOW     64
#define META_BYTES_MAX     (UINT64_C(256) << 20) /* decompressed metadata held, beside the block being read */
#define HELD_BYTES_MAX     (UINT64_C(64) << 20)  /* of it, by others than the merge */
#define PAYLOAD_BYTES_MAX  (UINT64_C(128) << 20)
#define PAYLOAD_BLOCKS_MAX 64
#define NEXT_BYTES         ((size_t)2 * PREFETCH_LINE) /* of the next record, which are looked at first */

/* One segment in the merge. */
struct source {
    struct segment_file file;
    size_t path; /* index of the path given to merge_open */
};

/* One block, in order of its smallest start time. */
struct block_ref {
    uint64_t min_ns;
    uint32_t source; /* index into sources, which are in a fixed order: ties go by it, then by |entry| */
    uint32_t entry;
};

/* A block that has been reached and not yet read to its end. Its metadata may have been dropped; |used| tells
 * where to go on. */
struct cursor {
    struct block_ref ref;
    uint64_t next_ns;         /* start time of its next record */
    struct held_block *block; /* NULL: dropped, or not read yet */
    size_t used;              /* bytes of |block| that were read */
    uint64_t min_ns;
    uint64_t payload_offset;
};

struct payload_block {
    struct block_ref ref;
    bool held;
    bool damaged;
    uint64_t last_use;
    struct buffer raw;
};

/* The refs from |next_ref| on have not been reached; |heap| holds the cursors, the one with the earliest next
 * record first. |current| is heap[0] while its record is lent to the caller. */
struct merge {
    struct source *sources;
    size_t source_count, source_capacity;
    struct block_ref *refs;
    size_t ref_count, next_ref;
    struct cursor **heap;
    size_t heap_count, heap_capacity;
    bool current;
    struct block_record record; /* of the current one */
    size_t window;
    size_t loaded;
    uint64_t loaded_bytes;
    struct block_pool pool;
    struct segment_reader reader;
    struct payload_block payloads[PAYLOAD_BLOCKS_MAX];
    size_t payload_limit;
    uint64_t payload_use;
    uint64_t payload_bytes;
    struct merge_damage damage;
    uint64_t record_count;
    uint8_t *damaged; /* one byte a ref's entry, so that a second pass does not count again */
    size_t *damaged_base;
};

static int compare_sources(const void *left, const void *right)
{
    const struct source *a = left, *b = right;
    const struct segment_header *x = &a->file.header, *y = &b->file.header;
    int order = memcmp(x->capture_id, y->capture_id, sizeof x->capture_id);
    if (order)
        return order;
    if (x->created_wall_ns != y->created_wall_ns)
        return x->created_wall_ns < y->created_wall_ns ? -1 : 1;
    order = memcmp(x->segment_id, y->segment_id, sizeof x->segment_id);
    return order ? order : a->path < b->path ? -1 : a->path > b->path;
}

static int compare_refs(const void *left, const void *right)
{
    const struct block_ref *a = left, *b = right;
    if (a->min_ns != b->min_ns)
        return a->min_ns < b->min_ns ? -1 : 1;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static bool earlier(const struct cursor *a, const struct cursor *b)
{
    if (a->next_ns != b->next_ns)
        return a->next_ns < b->next_ns;
    if (a->ref.source != b->ref.source)
        return a->ref.source < b->ref.source;
    return a->ref.entry < b->ref.entry;
}

static void sift_down(struct merge *merge)
{
    struct cursor **heap = merge->heap;
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < merge->heap_count; child++)
            if (earlier(heap[child], heap[least]))
                least = child;
        if (least == at)
            return;
        struct cursor *swap = heap[at];
        heap[at] = heap[least];
        heap[least] = swap;
        at = least;
    }
}

static void push(struct merge *merge, struct cursor *cursor)
{
    if (merge->heap_count == merge->heap_capacity) {
        merge->heap_capacity = merge->heap_capacity ? merge->heap_capacity * 2 : 64;
        merge->heap = xrealloc(merge->heap, merge->heap_capacity * sizeof *merge->heap);
    }
    size_t at = merge->heap_count++;
    merge->heap[at] = cursor;
    for (; at > 0 && earlier(merge->heap[at], merge->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        struct cursor *swap = merge->heap[at];
        merge->heap[at] = merge->heap[(at - 1) / 2];
        merge->heap[(at - 1) / 2] = swap;
    }
}

/* Drops the metadata of |cursor|; its place in it stays. */
static void unload(struct merge *merge, struct cursor *cursor)
{
    if (!cursor->block)
        return;
    merge->loaded--;
    merge->loaded_bytes -= cursor->block->raw.size;
    held_block_release(cursor->block);
    cursor->block = NULL;
}

struct held_block *merge_hold(struct merge *merge)
{
    assert(merge->current);
    if (merge->pool.held_bytes > merge->loaded_bytes + HELD_BYTES_MAX)
        return NULL;
    held_block_hold(merge->heap[0]->block);
    return merge->heap[0]->block;
}

static void pop(struct merge *merge)
{
    struct cursor *cursor = merge->heap[0];
    unload(merge, cursor);
    free(cursor);
    merge->heap[0] = merge->heap[--merge->heap_count];
    if (merge->heap_count > 0)
        sift_down(merge);
}

/* Makes room for one more block: the one that is needed last goes first. */
static void make_room(struct merge *merge)
{
    while (merge->loaded >= merge->window || merge->loaded_bytes > META_BYTES_MAX) {
        struct cursor *last = NULL;
        for (size_t i = 1; i < merge->heap_count; i++)
            if (merge->heap[i]->block && (!last || earlier(last, merge->heap[i])))
                last = merge->heap[i];
        if (!last)
            return;
        unload(merge, last);
    }
}

static void count_damaged_block(struct merge *merge, struct block_ref ref, uint64_t bytes)
{
    uint8_t *seen = &merge->damaged[merge->damaged_base[ref.source] + ref.entry];
    if (*seen)
        return;
    *seen = 1;
    merge->damage.blocks_damaged++;
    merge->damage.bytes_skipped += bytes;
}

/* Decompresses the block of the first cursor. Returns false where it is damaged. */
static bool load(struct merge *merge, struct cursor *cursor)
{
    if (cursor->block)
        return true;
    make_room(merge);
    struct segment_file *file = &merge->sources[cursor->ref.source].file;
    struct held_block *block = block_pool_take(&merge->pool, merge->window);
    struct format_block header;
    if (!segment_file_meta(file, cursor->ref.entry, &merge->reader, &block->raw, &header)) {
        held_block_release(block);
        count_damaged_block(merge, cursor->ref, file->entries[cursor->ref.entry].length);
        return false;
    }
    cursor->block = block;
    cursor->min_ns = header.min_ns;
    merge->loaded++;
    merge->loaded_bytes += block->raw.size;
    return true;
}

static struct block_cursor place_in(const struct cursor *cursor)
{
    const struct buffer *raw = &cursor->block->raw;
    return (struct block_cursor){
        .rest = {raw->data + cursor->used, raw->size - cursor->used},
        .min_ns = cursor->min_ns,
        .payload_offset = cursor->payload_offset,
    };
}

/* Moves the first cursor behind the record that was lent. */
static void step(struct merge *merge)
{
    struct cursor *cursor = merge->heap[0];
    merge->current = false;
    const struct block_cursor place = place_in(cursor);
    if (block_next_start(&place, &cursor->next_ns))
        sift_down(merge);
    else
        pop(merge);
}

enum merge_status merge_next(struct merge *merge, struct merge_record *ret_record)
{
    if (merge->current)
        step(merge);
    for (;;) {
        while (merge->next_ref < merge->ref_count &&
               (merge->heap_count == 0 || merge->refs[merge->next_ref].min_ns <= merge->heap[0]->next_ns)) {
            struct cursor *cursor = xcalloc(1, sizeof *cursor);
            cursor->ref = merge->refs[merge->next_ref++];
            cursor->next_ns = cursor->ref.min_ns;
            push(merge, cursor);
        }
        if (merge->heap_count == 0)
            return MERGE_END;
        if (load(merge, merge->heap[0]))
            break;
        pop(merge);
    }
    struct cursor *cursor = merge->heap[0];
    struct block_cursor place = place_in(cursor);
    bool found = block_next(&place, &merge->record);
    assert(found); /* block_check held when it was loaded */
    cursor->used = cursor->block->raw.size - place.rest.size;
    cursor->payload_offset = place.payload_offset;
    merge->current = true;
    prefetch_read(place.rest.data, NEXT_BYTES);
    const struct source *source = &merge->sources[cursor->ref.source];
    *ret_record = (struct merge_record){.start_ns = merge->record.start_ns,
                                        .meta = merge->record.meta,
                                        .header = &source->file.header,
                                        .source = source->path};
    return MERGE_RECORD;
}

static bool same_block(const struct block_ref *a, const struct block_ref *b)
{
    return a->source == b->source && a->entry == b->entry;
}

static void drop_payload(struct merge *merge, struct payload_block *block)
{
    merge->payload_bytes -= block->raw.size;
    buffer_clear(&block->raw);
    if (block->raw.capacity > FORMAT_BLOCK_RAW_MAX / 4)
        buffer_free(&block->raw);
    block->held = false;
}

/* Finds or decompresses the payload of the block |ref|. */
static struct payload_block *payload_of(struct merge *merge, struct block_ref ref)
{
    struct payload_block *slot = &merge->payloads[0];
    for (size_t i = 0; i < merge->payload_limit; i++) {
        struct payload_block *block = &merge->payloads[i];
        if (block->held && same_block(&block->ref, &ref)) {
            block->last_use = ++merge->payload_use;
            return block;
        }
        if (slot->held && (!block->held || block->last_use < slot->last_use))
            slot = block;
    }
    if (slot->held)
        drop_payload(merge, slot);
    if (merge->payload_bytes > PAYLOAD_BYTES_MAX)
        for (size_t i = 0; i < merge->payload_limit; i++)
            if (merge->payloads[i].held)
                drop_payload(merge, &merge->payloads[i]);
    struct segment_file *file = &merge->sources[ref.source].file;
    slot->ref = ref;
    slot->held = true;
    slot->last_use = ++merge->payload_use;
    slot->damaged = !segment_file_payload(file, ref.entry, &merge->reader, &slot->raw);
    if (slot->damaged) {
        buffer_clear(&slot->raw);
        count_damaged_block(merge, ref, file->entries[ref.entry].length);
    }
    merge->payload_bytes += slot->raw.size;
    return slot;
}

void merge_place_of(const struct merge *merge, struct merge_place *ret_place)
{
    assert(merge->current);
    const struct block_ref *ref = &merge->heap[0]->ref;
    *ret_place = (struct merge_place){.source = ref->source,
                                      .entry = ref->entry,
                                      .offset = merge->record.payload_offset,
                                      .size = merge->record.payload_size};
}

bool merge_payload_at(struct merge *merge, const struct merge_place *place, struct bytes *ret_payload)
{
    if (place->size == 0) {
        *ret_payload = (struct bytes){0};
        return true;
    }
    const struct block_ref ref = {.source = (uint32_t)place->source, .entry = (uint32_t)place->entry};
    const struct payload_block *block = payload_of(merge, ref);
    if (block->damaged || place->offset + place->size > block->raw.size)
        return false;
    *ret_payload = (struct bytes){block->raw.data + place->offset, (size_t)place->size};
    return true;
}

bool merge_payload(struct merge *merge, struct bytes *ret_payload)
{
    struct merge_place place;
    merge_place_of(merge, &place);
    return merge_payload_at(merge, &place, ret_payload);
}

void merge_set_pause(struct merge *merge, struct block_pause pause)
{
    merge->reader.pause = pause;
}

void merge_rewind(struct merge *merge)
{
    merge->current = false;
    while (merge->heap_count > 0)
        pop(merge);
    merge->next_ref = 0;
}

/* Takes the segments of one path into the merge. */
static int add_path(struct merge *merge, const char *path, size_t index, enum segment_kind kind,
                    struct error *err)
{
    struct segment_list list;
    if (segment_list_read(path, &list, err))
        return -1;
    int status = 0;
    size_t taken = 0;
    struct error first = {0};
    for (size_t i = 0; i < list.count && status == 0; i++) {
        struct segment_file file;
        struct error why = {0};
        if (segment_file_open(list.paths[i], &file, &why)) {
            if (first.kind == ERROR_NONE)
                first = why;
            merge->damage.segments_refused++;
            continue;
        }
        if (file.header.kind != kind) {
            status = error_set(err, ERROR_USAGE, "%s is %s, not %s", path,
                               segment_kind_name(file.header.kind), segment_kind_name(kind));
            segment_file_close(&file);
            break;
        }
        if (merge->source_count == merge->source_capacity) {
            merge->source_capacity = merge->source_capacity ? merge->source_capacity * 2 : 16;
            merge->sources = xrealloc(merge->sources, merge->source_capacity * sizeof *merge->sources);
        }
        merge->sources[merge->source_count++] = (struct source){.file = file, .path = index};
        taken++;
    }
    if (status == 0 && taken == 0) {
        if (first.kind != ERROR_NONE)
            status = error_set(err, first.kind, "%s", first.text);
        else
            status = error_set(err, ERROR_USAGE, "%s holds no segment: it is not %s", path,
                               segment_kind_name(kind));
    }
    segment_list_free(&list);
    return status;
}

static void collect_refs(struct merge *merge)
{
    merge->damaged_base = xcalloc(merge->source_count, sizeof *merge->damaged_base);
    for (size_t i = 0; i < merge->source_count; i++) {
        const struct segment_file *file = &merge->sources[i].file;
        merge->damaged_base[i] = merge->ref_count;
        merge->ref_count += file->entry_count;
        merge->record_count += file->record_count;
        bool cut = !file->sealed && file->tail_bytes > 0;
        merge->damage.segments_open += !file->sealed;
        merge->damage.indexes_damaged += file->damage_count > file->gap_count;
        merge->damage.blocks_damaged += file->gap_count;
        merge->damage.bytes_skipped += file->gap_bytes + (cut ? file->tail_bytes : 0);
    }
    merge->refs = xcalloc(merge->ref_count, sizeof *merge->refs);
    merge->damaged = xcalloc(merge->ref_count, 1);
    size_t at = 0;
    for (size_t i = 0; i < merge->source_count; i++)
        for (size_t k = 0; k < merge->sources[i].file.entry_count; k++)
            merge->refs[at++] = (struct block_ref){.min_ns = merge->sources[i].file.entries[k].min_ns,
                                                   .source = (uint32_t)i,
                                                   .entry = (uint32_t)k};
    if (at > 0)
        qsort(merge->refs, at, sizeof *merge->refs, compare_refs);
}

int merge_open(const char *const *paths, size_t count, enum segment_kind kind, size_t window,
               struct merge **ret_merge, struct error *err)
{
    struct merge *merge = xcalloc(1, sizeof *merge);
    merge->window = window ? window : DEFAULT_WINDOW;
    merge->payload_limit = merge->window < PAYLOAD_BLOCKS_MAX ? merge->window : PAYLOAD_BLOCKS_MAX;
    segment_reader_init(&merge->reader);
    for (size_t i = 0; i < count; i++)
        if (add_path(merge, paths[i], i, kind, err)) {
            merge_close(merge);
            return -1;
        }
    if (merge->source_count > 0)
        qsort(merge->sources, merge->source_count, sizeof *merge->sources, compare_sources);
    collect_refs(merge);
    *ret_merge = merge;
    return 0;
}

const struct merge_damage *merge_damage(const struct merge *merge)
{
    return &merge->damage;
}

const struct segment_header *merge_header(const struct merge *merge)
{
    return &merge->sources[0].file.header;
}

size_t merge_segment_count(const struct merge *merge)
{
    return merge->source_count;
}

const char *merge_segment_path(const struct merge *merge, size_t segment)
{
    return merge->sources[segment].file.path;
}

bool merge_segment_origins(struct merge *merge, size_t segment, struct origins *origins)
{
    return segment_file_origins(&merge->sources[segment].file, origins);
}

uint64_t merge_record_count(const struct merge *merge)
{
    return merge->record_count;
}

void merge_close(struct merge *merge)
{
    if (!merge)
        return;
    merge_rewind(merge);
    for (size_t i = 0; i < merge->source_count; i++)
        segment_file_close(&merge->sources[i].file);
    for (size_t i = 0; i < PAYLOAD_BLOCKS_MAX; i++)
        buffer_free(&merge->payloads[i].raw);
    block_pool_free(&merge->pool);
    segment_reader_done(&merge->reader);
    free(merge->sources);
    free(merge->refs);
    free(merge->heap);
    free(merge->damaged);
    free(merge->damaged_base);
    free(merge);
}
