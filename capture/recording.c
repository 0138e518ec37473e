#include "capture/recording.h"

#include "capture/batch_queue.h"
#include "capture/courtesy.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/prefetch.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Live, work beside the server comes in small pieces; offline, large ones make compression cheaper. */
#define LIVE_BATCH_BYTES  (UINT64_C(256) << 10)
#define FILE_BATCH_BYTES  (UINT64_C(1) << 20)
#define BATCH_EXCHANGES   4096
#define DIGIT_BITS        11
#define DIGIT_VALUES      (1u << DIGIT_BITS)
#define BATCH_AGE_NS      NS_PER_S
#define LARGE_BATCH_BYTES (UINT64_C(4) << 20)
#define FETCHED_BYTES     ((size_t)2048)
#define FETCHED_LINKS     4
#define TURN_EXCHANGES    48 /* put before others may run */

struct recording {
    struct traffic_writer *writer;
    struct batch_queue *queue;
    struct courtesy *courtesy;
    bool live;
    size_t batch_bytes; /* after which a batch is handed over */
    bool finished;
    struct exchange_batch *open; /* being filled; NULL: none */
    uint64_t opened_mono_ns;     /* when the open batch was first ticked; 0: not yet */
    uint64_t shed;
    bool rotate_wanted; /* all batches were under way when it was asked for */
    pthread_t *threads;
    unsigned thread_count;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t turned;
    uint64_t turn; /* the sequence of the batch that is written next */
    struct traffic_counts counts;
    atomic_bool failing; /* the last block could not be written; also read without the lock */
    struct error failure;
    uint64_t lost_before; /* counts.lost when writing began to fail */
};

/* Notes what became of the blocks of a batch. Says once that writing fails, and once that it goes on. */
static void note(struct recording *recording, const struct traffic_counts *counts, int status,
                 const struct error *err)
{
    pthread_mutex_lock(&recording->lock);
    bool began = status != 0 && !recording->failing;
    bool ended = status == 0 && recording->failing && recording->live;
    if (began) {
        recording->lost_before = recording->counts.lost;
        recording->failure = *err;
    }
    traffic_counts_add(&recording->counts, counts);
    uint64_t lost = recording->counts.lost - recording->lost_before;
    recording->failing = recording->live ? status != 0 : recording->failing || began;
    pthread_mutex_unlock(&recording->lock);
    if (began && recording->live)
        log_warning("%s; exchanges are lost and counted until it can be written again", err->text);
    if (ended)
        log_warning("recording goes on; %" PRIu64 " exchanges could not be written", lost);
}

/* When an exchange of a batch is written: in order of start, as blocks hold them. */
struct turn {
    uint64_t start_ns;
    size_t index;
};

/* Sorts |turns| by 11 bits of the start time, counted from |least_ns|, into |ret_sorted|; equal ones keep their order. */
static void sort_digit(const struct turn *turns, size_t count, uint64_t least_ns, unsigned shift,
                       struct turn *ret_sorted)
{
    uint32_t places[DIGIT_VALUES + 1] = {0};
    for (size_t i = 0; i < count; i++)
        places[((turns[i].start_ns - least_ns) >> shift & (DIGIT_VALUES - 1)) + 1]++;
    for (size_t i = 1; i < DIGIT_VALUES; i++)
        places[i] += places[i - 1];
    for (size_t i = 0; i < count; i++)
        ret_sorted[places[(turns[i].start_ns - least_ns) >> shift & (DIGIT_VALUES - 1)]++] = turns[i];
}

/* Returns the order of |batch|, borrowed from |space|: a radix sort, which is stable and whose digits are as many as the
 * times need. */
static const struct turn *sort_batch(const struct exchange_batch *batch, struct buffer *space)
{
    size_t count = batch->count;
    buffer_clear(space);
    buffer_reserve(space, 2 * count * sizeof(struct turn));
    struct turn *turns = (struct turn *)(void *)space->data, *sorted = turns + count;
    uint64_t least_ns = UINT64_MAX, most_ns = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t start_ns = batch->exchanges[i].request.first_ns;
        turns[i] = (struct turn){start_ns, i};
        least_ns = start_ns < least_ns ? start_ns : least_ns;
        most_ns = start_ns > most_ns ? start_ns : most_ns;
    }
    for (unsigned shift = 0; shift < 64 && count > 0 && (most_ns - least_ns) >> shift != 0;
         shift += DIGIT_BITS) {
        sort_digit(turns, count, least_ns, shift, sorted);
        struct turn *swapped = turns;
        turns = sorted;
        sorted = swapped;
    }
    return turns;
}

/* Waits until all batches before |batch| were written: exchanges that began in one packet stay in their order. */
static void await_turn(struct recording *recording, const struct exchange_batch *batch)
{
    pthread_mutex_lock(&recording->lock);
    while (recording->turn != batch->sequence)
        pthread_cond_wait(&recording->turned, &recording->lock);
    pthread_mutex_unlock(&recording->lock);
}

static void end_turn(struct recording *recording)
{
    pthread_mutex_lock(&recording->lock);
    recording->turn++;
    pthread_cond_broadcast(&recording->turned);
    pthread_mutex_unlock(&recording->lock);
}

/* Makes the processor find the page of |buffer|: where it would have to search for it, it does not fetch ahead. */
static void find_page(const struct buffer *buffer)
{
    if (buffer->size > 0)
        (void)*(const volatile uint8_t *)buffer->data;
}

/* Fetches the beginning of |buffer|, of which the processor foresees the rest. */
static void fetch(const struct buffer *buffer)
{
    prefetch_read(buffer->data, buffer->size < FETCHED_BYTES ? buffer->size : FETCHED_BYTES);
}

/* Fetches what comes after the exchange |at| of |turns|: another processor wrote it. */
static void fetch_ahead(const struct exchange_batch *batch, const struct turn *turns, size_t at)
{
    if (at + 3 < batch->count)
        prefetch_write(&batch->exchanges[turns[at + 3].index], sizeof(struct exchange));
    if (at + 2 < batch->count) {
        const struct exchange *exchange = &batch->exchanges[turns[at + 2].index];
        find_page(&exchange->request.head);
        find_page(&exchange->request.body.content);
        find_page(&exchange->response.head);
        find_page(&exchange->response.body.content);
    }
    if (at + 1 >= batch->count)
        return;
    const struct exchange *exchange = &batch->exchanges[turns[at + 1].index];
    fetch(&exchange->request.head);
    fetch(&exchange->request.body.content);
    fetch(&exchange->response.head);
    fetch(&exchange->response.body.content);
    if (exchange->link_capacity > 0)
        prefetch_write(exchange->links, FETCHED_LINKS * sizeof *exchange->links);
}

static void give_way(void *courtesy)
{
    courtesy_give_way(courtesy);
}

static void *run_lane(void *arg)
{
    struct recording *recording = arg;
    struct buffer order = {0};
    struct traffic_lane *lane = traffic_lane_create(recording->writer);
    struct exchange_batch *batch;
    while ((batch = batch_queue_next(recording->queue))) {
        struct error err = {0};
        int status = 0;
        const struct turn *turns = sort_batch(batch, &order);
        if (batch->bytes > LARGE_BATCH_BYTES)
            await_turn(recording, batch); /* it may be written in pieces */
        for (size_t i = 0; i < batch->count; i++) {
            fetch_ahead(batch, turns, i);
            status |= traffic_lane_put(lane, &batch->exchanges[turns[i].index], &err);
            if (recording->courtesy && i % TURN_EXCHANGES == 0)
                courtesy_give_way(recording->courtesy);
        }
        traffic_lane_compress(lane);
        await_turn(recording, batch);
        status |= traffic_lane_flush(lane, &err);
        end_turn(recording);
        if (batch->rotates)
            status |= traffic_writer_rotate(recording->writer, &err);
        struct traffic_counts counts;
        traffic_lane_take_counts(lane, &counts);
        note(recording, &counts, status, &err);
        batch_queue_give_back(recording->queue, batch);
    }
    traffic_lane_free(lane);
    buffer_free(&order);
    return NULL;
}

int recording_open(const struct recording_options *options, struct recording **ret_recording,
                   struct error *err)
{
    assert(options->threads > 0);
    struct traffic_writer_options writer_options = options->writer;
    writer_options.resumes = options->live;
    if (options->courtesy)
        writer_options.pause = (struct block_pause){give_way, options->courtesy};
    struct traffic_writer *writer;
    if (traffic_writer_open(&writer_options, &writer, err) != 0)
        return -1;
    struct recording *recording = xcalloc(1, sizeof *recording);
    recording->writer = writer;
    recording->courtesy = options->courtesy;
    recording->live = options->live;
    recording->batch_bytes = options->live ? LIVE_BATCH_BYTES : FILE_BATCH_BYTES;
    pthread_mutex_init(&recording->lock, NULL);
    pthread_cond_init(&recording->turned, NULL);
    size_t batches = options->queue_bytes / recording->batch_bytes;
    size_t fewest = options->threads + 6; /* one for each thread, one that is filled, some that wait */
    recording->queue = batch_queue_create(batches > fewest ? batches : fewest);
    recording->threads = xcalloc(options->threads, sizeof *recording->threads);
    for (; recording->thread_count < options->threads; recording->thread_count++) {
        int errnum = pthread_create(&recording->threads[recording->thread_count], NULL, run_lane, recording);
        if (errnum != 0) {
            error_set_errno(err, ERROR_IO, errnum, "cannot start a thread");
            recording_free(recording);
            return -1;
        }
    }
    *ret_recording = recording;
    return 0;
}

static void submit(struct recording *recording)
{
    if (!recording->open)
        return;
    batch_queue_submit(recording->queue, recording->open);
    recording->open = NULL;
}

bool recording_put(struct recording *recording, struct exchange *exchange)
{
    if (!recording->open) {
        recording->open = batch_queue_take(recording->queue, !recording->live);
        recording->opened_mono_ns = 0;
    }
    if (!recording->open) {
        recording->shed++;
        return false;
    }
    exchange_batch_add(recording->open, exchange);
    if (recording->open->bytes >= recording->batch_bytes || recording->open->count >= BATCH_EXCHANGES)
        submit(recording);
    return true;
}

void recording_tick(struct recording *recording, uint64_t now_mono_ns)
{
    if (recording->rotate_wanted)
        recording_rotate(recording);
    if (!recording->open || recording->open->count == 0)
        return;
    if (recording->opened_mono_ns == 0) /* the age counts from the first tick, so put needs no clock */
        recording->opened_mono_ns = now_mono_ns;
    else if (now_mono_ns - recording->opened_mono_ns >= BATCH_AGE_NS)
        submit(recording);
}

void recording_rotate(struct recording *recording)
{
    if (!recording->open)
        recording->open = batch_queue_take(recording->queue, false);
    recording->rotate_wanted = !recording->open;
    if (!recording->open)
        return;
    recording->open->rotates =
        true; /* sealing waits for the disk, which the thread that takes packets never does */
    submit(recording);
}

bool recording_failed(struct recording *recording)
{
    return !recording->live && atomic_load_explicit(&recording->failing, memory_order_relaxed);
}

unsigned recording_backlog(struct recording *recording)
{
    return batch_queue_backlog(recording->queue);
}

void recording_totals(struct recording *recording, struct recording_totals *ret_totals)
{
    pthread_mutex_lock(&recording->lock);
    *ret_totals = (struct recording_totals){.counts = recording->counts, .shed = recording->shed};
    pthread_mutex_unlock(&recording->lock);
}

int recording_finish(struct recording *recording, struct error *err)
{
    assert(!recording->finished);
    recording->finished = true;
    submit(recording);
    batch_queue_close(recording->queue);
    for (unsigned i = 0; i < recording->thread_count; i++)
        pthread_join(recording->threads[i], NULL);
    struct error closing = {0};
    int status = traffic_writer_close(recording->writer, NULL, &closing);
    if (!recording->failing && status == 0)
        return 0;
    if (err)
        *err = recording->failing ? recording->failure : closing;
    return -1;
}

void recording_free(struct recording *recording)
{
    if (!recording)
        return;
    if (!recording->finished)
        recording_finish(recording, NULL);
    batch_queue_free(recording->queue);
    pthread_mutex_destroy(&recording->lock);
    pthread_cond_destroy(&recording->turned);
    free(recording->threads);
    free(recording);
}
