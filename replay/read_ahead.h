/* Reads traffic a bounded stretch ahead of the sender, once: what is read is kept as it is stored until its turn comes, so that
 * of each record it can be told whether more of its connection follows soon. Memory does not grow with the traffic, and a large folder is begun as quickly as a small one.
 * One thread. */
#ifndef REPLAY_READ_AHEAD_H
#define REPLAY_READ_AHEAD_H

#include "common/exchange.h"
#include "common/segment/merge.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct read_ahead;

/* One record whose turn has come; its metadata is borrowed until the next call of read_ahead_next, or for as long as |block| is
 * held. */
struct read_ahead_record {
    struct merge_record record;
    struct held_block *block; /* what the metadata stands in; NULL: it cannot be held */
    struct merge_place place; /* for merge_payload_at */
    bool last_of_connection;  /* nothing more of its connection within the stretch */
};

/* Reads at most |records| (0: 16,384) or |bytes| of metadata (0: 64 MiB) ahead in |merge|, which is borrowed and which nobody
 * else may move meanwhile. Returns owned. */
struct read_ahead *read_ahead_create(struct merge *merge, size_t records, size_t bytes);
void read_ahead_free(struct read_ahead *ahead);
/* Reads on as far as it goes, and gives the next record in order. A record that cannot be decoded has its turn, too. */
enum merge_status read_ahead_next(struct read_ahead *ahead, struct read_ahead_record *ret_record);
/* Is shown the metadata of each record, in order, when it is read, long before its turn. */
typedef void (*read_ahead_fn)(struct bytes meta, void *arg);
/* Calls |call| for what is read from now on. */
void read_ahead_watch(struct read_ahead *ahead, read_ahead_fn call, void *arg);
/* Shows number |n| (from 0) of the records whose turn is still to come, and leaves all of them there; its metadata is borrowed until
 * the next call of read_ahead_next. Returns false past the stretch; |*ret_all| then says whether the traffic ends there, too. */
bool read_ahead_show(struct read_ahead *ahead, size_t n, struct merge_record *ret_record, bool *ret_all);
/* Starts again at the beginning. */
void read_ahead_rewind(struct read_ahead *ahead);
#endif
