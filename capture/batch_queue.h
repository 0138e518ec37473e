/* Exchanges on their way from the thread that takes packets to those that sanitize, compress and write: in batches,
 * through a bounded queue. There is a fixed number of batches, so that the side of the packets sees at once, without
 * waiting, that the other side is behind. */
#ifndef CAPTURE_BATCH_QUEUE_H
#define CAPTURE_BATCH_QUEUE_H

#include "common/exchange.h"

#include <stdbool.h>

/* Exchanges of one block of a segment. Owned by one thread at a time; the queue hands it on. */
struct exchange_batch {
    struct exchange *exchanges; /* |capacity| of them, each valid; the first |count| are taken */
    size_t count;
    size_t capacity;
    size_t bytes;      /* of heads and bodies */
    uint64_t sequence; /* among those submitted, from 0 */
    bool rotates;      /* a new segment begins after it */
    struct exchange_batch *next;
};

/* Moves |exchange| into |batch|; what |exchange| holds afterwards is empty and valid, with memory to use again. */
void exchange_batch_add(struct exchange_batch *batch, struct exchange *exchange);

struct batch_queue;

/* Returns an owned queue with |batches| batches, made as they are needed. */
struct batch_queue *batch_queue_create(size_t batches);
/* Frees the queue and the batches that were given back. NULL is allowed. */
void batch_queue_free(struct batch_queue *queue);

/* Takes an empty batch. Where all are under way: waits for one if |wait|, else returns NULL. */
struct exchange_batch *batch_queue_take(struct batch_queue *queue, bool wait);
/* Hands |batch| to the other side. Never waits. */
void batch_queue_submit(struct batch_queue *queue, struct exchange_batch *batch);
/* Waits for a submitted batch, oldest first. NULL: the queue was closed and holds no more. */
struct exchange_batch *batch_queue_next(struct batch_queue *queue);
/* Gives a batch back, empties it, and releases memory beyond what a batch usually needs. */
void batch_queue_give_back(struct batch_queue *queue, struct exchange_batch *batch);
/* Returns how many eighths of the batches are submitted and wait to be taken. */
unsigned batch_queue_backlog(struct batch_queue *queue);
/* Nothing more will be submitted. */
void batch_queue_close(struct batch_queue *queue);

#endif
