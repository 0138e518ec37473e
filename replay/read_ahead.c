#include "replay/read_ahead.h"

#include "common/exchange_codec.h"
#include "common/keymap.h"
#include "common/mem.h"
#include "common/prefetch.h"

#include <stdlib.h>
#include <string.h>

#define RECORDS_DEFAULT 16384
#define BYTES_DEFAULT   (UINT64_C(64) << 20)
#define FETCHED_MAX     1024 /* bytes of metadata that are fetched at once */
#define META_KEPT       4096 /* an entry that is used again keeps no more memory than this */

struct entry {
    struct merge_record record;
    struct merge_place place;
    uint64_t connection;
    bool readable;            /* |connection| is known */
    struct held_block *block; /* what the metadata stands in; NULL: it was copied */
    struct buffer meta;       /* there */
};

/* The entries from |first| on, |count| of them, are waiting; the one before |first| was given last. */
struct read_ahead {
    struct merge *merge;
    struct entry *entries; /* a ring of |limit| + 1 */
    size_t limit, size, first, count;
    uint64_t bytes, bytes_limit; /* of metadata that waits */
    bool ended;
    read_ahead_fn watcher; /* or NULL */
    void *watcher_arg;
    struct keymap waiting; /* connections: how many of their records wait, as a pointer's value */
};

struct read_ahead *read_ahead_create(struct merge *merge, size_t records, size_t bytes)
{
    struct read_ahead *ahead = xcalloc(1, sizeof *ahead);
    ahead->merge = merge;
    ahead->limit = records ? records : RECORDS_DEFAULT;
    ahead->bytes_limit = bytes ? bytes : BYTES_DEFAULT;
    ahead->size = ahead->limit + 1;
    ahead->entries = xcalloc(ahead->size, sizeof *ahead->entries);
    return ahead;
}

static void let_go(struct entry *entry)
{
    held_block_release(entry->block);
    entry->block = NULL;
}

void read_ahead_free(struct read_ahead *ahead)
{
    if (!ahead)
        return;
    for (size_t i = 0; i < ahead->size; i++) {
        let_go(&ahead->entries[i]);
        buffer_free(&ahead->entries[i].meta);
    }
    free(ahead->entries);
    keymap_free(&ahead->waiting);
    free(ahead);
}

/* Counts one record of |connection| more or less; returns how many wait now. */
static uintptr_t count_waiting(struct read_ahead *ahead, uint64_t connection, int change)
{
    struct keymap_key key = keymap_key(connection, 0);
    void **place = keymap_find(&ahead->waiting, key);
    uintptr_t count = (place ? (uintptr_t)*place : 0) + (uintptr_t)change;
    if (!count)
        keymap_remove(&ahead->waiting, key);
    else if (place)
        *place = (void *)count;
    else
        keymap_set(&ahead->waiting, key, (void *)count);
    return count;
}

/* Keeps the metadata of |record|, the merge's current one, for |entry|. */
static void keep(struct read_ahead *ahead, struct entry *entry, const struct merge_record *record)
{
    let_go(entry);
    entry->record = *record;
    entry->block = merge_hold(ahead->merge);
    if (entry->block)
        return;
    if (entry->meta.capacity > META_KEPT)
        buffer_free(&entry->meta);
    buffer_clear(&entry->meta);
    buffer_append_bytes(&entry->meta, record->meta);
    entry->record.meta = buffer_bytes(&entry->meta);
}

static void fill(struct read_ahead *ahead)
{
    struct merge_record record;
    while (!ahead->ended && ahead->count < ahead->limit &&
           (ahead->bytes < ahead->bytes_limit || ahead->count == 0)) {
        if (merge_next(ahead->merge, &record) != MERGE_RECORD) {
            ahead->ended = true;
            return;
        }
        struct entry *entry = &ahead->entries[(ahead->first + ahead->count) % ahead->size];
        keep(ahead, entry, &record);
        merge_place_of(ahead->merge, &entry->place);
        entry->readable = exchange_peek_connection(record.meta, &entry->connection);
        ahead->count++;
        ahead->bytes += record.meta.size;
        if (ahead->watcher)
            ahead->watcher(record.meta, ahead->watcher_arg);
        if (entry->readable)
            count_waiting(ahead, entry->connection, 1);
    }
}

/* Has what comes next but one, which was written long ago, come near. */
static void fetch_soon(const struct read_ahead *ahead)
{
    const struct entry *soon = &ahead->entries[(ahead->first + 1) % ahead->size];
    if (ahead->count > 1)
        prefetch_read(soon->record.meta.data,
                      soon->record.meta.size < FETCHED_MAX ? soon->record.meta.size : FETCHED_MAX);
    prefetch_read(&ahead->entries[(ahead->first + 2) % ahead->size], sizeof *soon);
}

enum merge_status read_ahead_next(struct read_ahead *ahead, struct read_ahead_record *ret_record)
{
    fill(ahead); /* the ring has one place more than may wait: what was given last stays as it is until now */
    if (ahead->count == 0)
        return MERGE_END;
    struct entry *entry = &ahead->entries[ahead->first];
    ahead->first = (ahead->first + 1) % ahead->size;
    ahead->count--;
    ahead->bytes -= entry->record.meta.size;
    fetch_soon(ahead);
    *ret_record = (struct read_ahead_record){
        .record = entry->record,
        .block = entry->block,
        .place = entry->place,
        .last_of_connection = entry->readable && count_waiting(ahead, entry->connection, -1) == 0,
    };
    return MERGE_RECORD;
}

bool read_ahead_show(struct read_ahead *ahead, size_t n, struct merge_record *ret_record, bool *ret_all)
{
    if (n >= ahead->count)
        fill(ahead);
    *ret_all = ahead->ended;
    if (n >= ahead->count)
        return false;
    *ret_record = ahead->entries[(ahead->first + n) % ahead->size].record;
    return true;
}

void read_ahead_watch(struct read_ahead *ahead, read_ahead_fn call, void *arg)
{
    ahead->watcher = call;
    ahead->watcher_arg = arg;
}

void read_ahead_rewind(struct read_ahead *ahead)
{
    for (size_t i = 0; i < ahead->size; i++)
        let_go(&ahead->entries[i]);
    merge_rewind(ahead->merge);
    keymap_free(&ahead->waiting);
    ahead->first = ahead->count = 0;
    ahead->bytes = 0;
    ahead->ended = false;
}
