#include "capture/batch_queue.h"

#include "common/mem.h"

#include <pthread.h>
#include <stdlib.h>

#define RETAINED_MAX (UINT64_C(4) << 20) /* memory that an empty batch keeps */
#define RETAINED_ONE 8192                /* and a buffer in one that had more */

struct batch_queue {
    pthread_mutex_t lock;
    pthread_cond_t submitted, given_back;
    struct exchange_batch *first, *last; /* submitted, oldest first */
    struct exchange_batch *empty;
    size_t unmade;           /* batches that may still be made */
    size_t batches, waiting; /* all of them; those that are submitted and were not taken */
    uint64_t submitted_count;
    bool closed;
};

void exchange_batch_add(struct exchange_batch *batch, struct exchange *exchange)
{
    if (batch->count == batch->capacity) {
        size_t capacity = batch->capacity ? batch->capacity * 2 : 64;
        batch->exchanges = xrealloc(batch->exchanges, capacity * sizeof *batch->exchanges);
        for (size_t i = batch->capacity; i < capacity; i++)
            batch->exchanges[i] = (struct exchange){0};
        batch->capacity = capacity;
    }
    struct exchange *slot = &batch->exchanges[batch->count++];
    struct exchange empty = *slot;
    *slot = *exchange;
    *exchange = empty;
    batch->bytes += slot->request.head.size + slot->request.body.content.size + slot->response.head.size +
                    slot->response.body.content.size;
}

static void exchange_batch_free(struct exchange_batch *batch)
{
    for (size_t i = 0; i < batch->capacity; i++)
        exchange_free(&batch->exchanges[i]);
    free(batch->exchanges);
    free(batch);
}

struct batch_queue *batch_queue_create(size_t batches)
{
    struct batch_queue *queue = xcalloc(1, sizeof *queue);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->submitted, NULL);
    pthread_cond_init(&queue->given_back, NULL);
    queue->batches = queue->unmade = batches;
    return queue;
}

void batch_queue_free(struct batch_queue *queue)
{
    if (!queue)
        return;
    while (queue->empty) {
        struct exchange_batch *batch = queue->empty;
        queue->empty = batch->next;
        exchange_batch_free(batch);
    }
    pthread_cond_destroy(&queue->submitted);
    pthread_cond_destroy(&queue->given_back);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

struct exchange_batch *batch_queue_take(struct batch_queue *queue, bool wait)
{
    pthread_mutex_lock(&queue->lock);
    while (wait && !queue->empty && queue->unmade == 0)
        pthread_cond_wait(&queue->given_back, &queue->lock);
    struct exchange_batch *batch = queue->empty;
    bool make = !batch && queue->unmade > 0;
    if (batch)
        queue->empty = batch->next;
    queue->unmade -= make;
    pthread_mutex_unlock(&queue->lock);
    return make ? xcalloc(1, sizeof *batch) : batch;
}

void batch_queue_submit(struct batch_queue *queue, struct exchange_batch *batch)
{
    pthread_mutex_lock(&queue->lock);
    batch->sequence = queue->submitted_count++;
    batch->next = NULL;
    *(queue->last ? &queue->last->next : &queue->first) = batch;
    queue->last = batch;
    queue->waiting++;
    pthread_cond_signal(&queue->submitted);
    pthread_mutex_unlock(&queue->lock);
}

struct exchange_batch *batch_queue_next(struct batch_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (!queue->first && !queue->closed)
        pthread_cond_wait(&queue->submitted, &queue->lock);
    struct exchange_batch *batch = queue->first;
    if (batch) {
        queue->first = batch->next;
        queue->waiting--;
        if (!queue->first)
            queue->last = NULL;
    }
    pthread_mutex_unlock(&queue->lock);
    return batch;
}

static size_t trim(struct buffer *buffer, bool tight)
{
    if (tight && buffer->capacity > RETAINED_ONE)
        buffer_free(buffer);
    return buffer->capacity;
}

static size_t trim_message(struct message *message, bool tight)
{
    return trim(&message->head, tight) + trim(&message->trailers, tight) +
           trim(&message->body.content, tight);
}

static size_t trim_batch(struct exchange_batch *batch, bool tight)
{
    size_t bytes = 0;
    for (size_t i = 0; i < batch->capacity; i++)
        bytes += trim_message(&batch->exchanges[i].request, tight) +
                 trim_message(&batch->exchanges[i].response, tight);
    return bytes;
}

void batch_queue_give_back(struct batch_queue *queue, struct exchange_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        exchange_clear(&batch->exchanges[i]);
    batch->count = 0;
    batch->rotates = false;
    batch->bytes = 0;
    if (trim_batch(batch, false) > RETAINED_MAX && trim_batch(batch, true) > RETAINED_MAX) {
        for (size_t i = 0; i < batch->capacity; i++)
            exchange_free(&batch->exchanges[i]);
    }
    pthread_mutex_lock(&queue->lock);
    batch->next = queue->empty;
    queue->empty = batch;
    pthread_cond_signal(&queue->given_back);
    pthread_mutex_unlock(&queue->lock);
}

void batch_queue_close(struct batch_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->submitted);
    pthread_mutex_unlock(&queue->lock);
}

unsigned batch_queue_backlog(struct batch_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    unsigned eighths = (unsigned)(queue->waiting * 8 / queue->batches);
    pthread_mutex_unlock(&queue->lock);
    return eighths;
}
