#include "replay/engine/engine.h"

#include "common/clock.h"
#include "common/mem.h"
#include "common/prefetch.h"
#include "common/segment/block_pool.h"
#include "replay/engine/worker.h"
#include "replay/stats/stats.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FREE_CONTENT_LIMIT (64 * 1024) /* a used job keeps no larger buffers than this */
#define REFILL_JOBS        256
#define TOLD_BYTES_MAX     (UINT64_C(64) << 20)

void batch_add(struct batch *batch, struct job *job)
{
    job->next = NULL;
    *(batch->first ? &batch->last->next : &batch->first) = job;
    batch->last = job;
    batch->jobs++;
    batch->bytes += job->bytes;
}

/* Moves all of |batch| to the end of |onto|. */
static void batch_move(struct batch *batch, struct batch *onto)
{
    if (!batch->first)
        return;
    *(onto->first ? &onto->last->next : &onto->first) = batch->first;
    onto->last = batch->last;
    onto->jobs += batch->jobs;
    onto->bytes += batch->bytes;
    *batch = (struct batch){0};
}

uint64_t engine_share(const struct engine_settings *settings, uint64_t whole, unsigned index)
{
    assert(whole >= settings->threads);
    return whole / settings->threads + (index < whole % settings->threads);
}

int engine_start(struct engine *engine, const struct engine_settings *settings, struct error *err)
{
    engine->settings = settings;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&engine->lock, NULL);
    pthread_cond_init(&engine->moved, &attributes);
    pthread_condattr_destroy(&attributes);
    engine->workers = xcalloc(settings->threads, sizeof(struct worker *));
    engine->inboxes = xcalloc(settings->threads, sizeof(struct batch));
    engine->outboxes = xcalloc(settings->threads, sizeof(struct batch));
    engine->told = xcalloc(settings->threads, sizeof(struct told_box));
    for (unsigned i = 0; i < settings->threads; i++) {
        if (worker_start(engine, i, &engine->workers[i], err)) {
            engine_end(engine);
            engine_join(engine);
            return -1;
        }
    }
    return 0;
}

static void shrink(struct buffer *buffer)
{
    if (buffer->capacity > FREE_CONTENT_LIMIT)
        buffer_free(buffer);
}

struct job *engine_job(struct engine *engine)
{
    if (!engine->spare_jobs) {
        pthread_mutex_lock(&engine->lock);
        engine->spare_jobs = engine->free_jobs;
        engine->free_jobs = NULL;
        pthread_mutex_unlock(&engine->lock);
    }
    struct job *job = engine->spare_jobs;
    if (!job)
        return xcalloc(1, sizeof *job);
    engine->spare_jobs = job->next;
    prefetch_write(job->next, sizeof *job);
    memset(&job->block, 0, sizeof *job - offsetof(struct job, block)); /* order_add does what is before */
    shrink(&job->exchange.request.body.content);
    shrink(&job->exchange.response.body.content);
    return job;
}

void job_release(struct job *job)
{
    held_block_release(job->block);
    job->block = NULL;
}

void engine_discard(struct engine *engine, struct job *job)
{
    job_release(job);
    job->next = engine->spare_jobs;
    engine->spare_jobs = job;
}

static void wait_moved(struct engine *engine, uint64_t wait_ns)
{
    uint64_t until_ns = clock_mono_ns() + wait_ns;
    struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S), .tv_nsec = (long)(until_ns % NS_PER_S)};
    pthread_cond_timedwait(&engine->moved, &engine->lock, &until);
}

/* Looks what the reader may push; the caller holds the lock. Returns whether that is anything. */
static bool look_for_room(struct engine *engine)
{
    const struct engine_settings *settings = engine->settings;
    uint64_t jobs = engine->alive_jobs, bytes = engine->alive_bytes;
    engine->room_jobs = settings->max_window_jobs > jobs ? settings->max_window_jobs - jobs : 0;
    engine->room_bytes = settings->max_window_bytes > bytes ? settings->max_window_bytes - bytes : 0;
    if (jobs == 0) /* one that is larger than the window goes alone */
        engine->room_jobs += !engine->room_jobs, engine->room_bytes += !engine->room_bytes;
    return engine->room_jobs && engine->room_bytes;
}

/* Returns whether a reader that waits is to be woken: for some free places, not for each; and not for so many
 * that reading them would hold up a worker on the same core. */
static bool is_worth_reading(const struct engine *engine)
{
    const struct engine_settings *settings = engine->settings;
    return engine->alive_jobs + REFILL_JOBS <= settings->max_window_jobs &&
           engine->alive_bytes <= settings->max_window_bytes / 16 * 15;
}

static void kick_all(struct engine *engine)
{
    for (unsigned i = 0; i < engine->settings->threads; i++)
        if (engine->workers[i])
            worker_kick(engine->workers[i]);
}

void engine_hand_over(struct engine *engine)
{
    for (unsigned i = 0; i < engine->settings->threads; i++) {
        struct batch *batch = &engine->outboxes[i];
        if (!batch->first)
            continue;
        pthread_mutex_lock(&engine->lock);
        bool was_empty = !engine->inboxes[i].first;
        engine->alive_jobs += batch->jobs;
        engine->alive_bytes += batch->bytes;
        batch_move(batch, &engine->inboxes[i]);
        pthread_mutex_unlock(&engine->lock);
        if (was_empty)
            worker_kick(engine->workers[i]);
    }
}

bool engine_room(struct engine *engine, uint64_t wait_ns)
{
    if (engine->room_jobs && engine->room_bytes)
        return true;
    engine_hand_over(engine);
    pthread_mutex_lock(&engine->lock);
    bool room = look_for_room(engine);
    if (!room && !atomic_exchange(&engine->reader_blocked, true) && engine->settings->closed_loop)
        kick_all(engine);
    if (!room) {
        wait_moved(engine, wait_ns);
        room = look_for_room(engine);
    }
    pthread_mutex_unlock(&engine->lock);
    if (room)
        atomic_store(&engine->reader_blocked, false);
    return room;
}

void engine_push(struct engine *engine, struct job *job, unsigned index)
{
    batch_add(&engine->outboxes[index], job);
    engine->room_jobs--;
    engine->room_bytes -= job->bytes < engine->room_bytes ? job->bytes : engine->room_bytes;
}

void engine_end(struct engine *engine)
{
    engine_hand_over(engine);
    atomic_store(&engine->reader_done, true);
    kick_all(engine);
}

void engine_stop(struct engine *engine, enum unsent_reason reason)
{
    int none = UNSENT_NONE;
    if (atomic_compare_exchange_strong(&engine->stop, &none, (int)reason))
        kick_all(engine);
}

bool engine_idle(struct engine *engine, uint64_t wait_ns)
{
    pthread_mutex_lock(&engine->lock);
    if (engine->alive_jobs)
        wait_moved(engine, wait_ns);
    bool idle = engine->alive_jobs == 0;
    pthread_mutex_unlock(&engine->lock);
    return idle;
}

void engine_take_results(struct engine *engine, struct buffer *buffer)
{
    pthread_mutex_lock(&engine->lock);
    struct buffer taken = engine->sink;
    engine->sink = *buffer;
    *buffer = taken;
    pthread_mutex_unlock(&engine->lock);
}

static void free_jobs(struct job *job)
{
    for (struct job *next; job; job = next) {
        next = job->next;
        exchange_free(&job->exchange);
        free(job->node.dependents);
        free(job);
    }
}

void engine_join(struct engine *engine)
{
    for (unsigned i = 0; i < engine->settings->threads; i++)
        worker_join(engine->workers[i]);
    for (unsigned i = 0; i < engine->settings->threads; i++)
        buffer_free(&engine->told[i].lessons);
    free(engine->told);
    free(engine->workers);
    free(engine->inboxes);
    free(engine->outboxes);
    free_jobs(engine->spare_jobs);
    free_jobs(engine->free_jobs);
    buffer_free(&engine->sink);
    pthread_cond_destroy(&engine->moved);
    pthread_mutex_destroy(&engine->lock);
}

void engine_deliver(struct engine *engine, struct batch *done, struct buffer *results)
{
    if (!done->first)
        return;
    pthread_mutex_lock(&engine->lock);
    buffer_append_bytes(&engine->sink, buffer_bytes(results));
    engine->alive_jobs -= done->jobs;
    engine->alive_bytes -= done->bytes;
    done->last->next = engine->free_jobs;
    engine->free_jobs = done->first;
    if (engine->alive_jobs == 0 || (atomic_load(&engine->reader_blocked) && is_worth_reading(engine)))
        pthread_cond_signal(&engine->moved);
    pthread_mutex_unlock(&engine->lock);
    *done = (struct batch){0};
    buffer_clear(results);
}

void engine_add_stats(struct engine *engine, const struct stats *stats)
{
    pthread_mutex_lock(&engine->lock);
    stats_merge(engine->stats, stats);
    pthread_mutex_unlock(&engine->lock);
}

void engine_add_cpu(struct engine *engine, uint64_t cpu_ns)
{
    pthread_mutex_lock(&engine->lock);
    if (cpu_ns > atomic_load(&engine->counts.cpu_ns))
        atomic_store(&engine->counts.cpu_ns, cpu_ns);
    pthread_mutex_unlock(&engine->lock);
}

void engine_tell(struct engine *engine, unsigned index, struct buffer *lessons)
{
    if (!lessons->size)
        return;
    pthread_mutex_lock(&engine->lock);
    for (unsigned i = 0; i < engine->settings->threads; i++) {
        struct told_box *box = &engine->told[i];
        if (i == index)
            continue;
        if (box->lessons.size + lessons->size > TOLD_BYTES_MAX)
            atomic_fetch_add(&engine->counts.links_forgotten, 1);
        else
            buffer_append_bytes(&box->lessons, buffer_bytes(lessons));
        atomic_store(&box->any, true);
    }
    pthread_mutex_unlock(&engine->lock);
    buffer_clear(lessons);
}

bool engine_hear(struct engine *engine, unsigned index, struct buffer *buffer)
{
    struct told_box *box = &engine->told[index];
    if (!atomic_load_explicit(&box->any, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&engine->lock);
    struct buffer told = box->lessons;
    box->lessons = *buffer;
    *buffer = told;
    atomic_store(&box->any, false);
    pthread_mutex_unlock(&engine->lock);
    return true;
}

struct job *engine_take(struct engine *engine, unsigned index)
{
    pthread_mutex_lock(&engine->lock);
    struct job *first = engine->inboxes[index].first;
    engine->inboxes[index] = (struct batch){0};
    pthread_mutex_unlock(&engine->lock);
    return first;
}

bool engine_is_over(struct engine *engine, unsigned index)
{
    if (!atomic_load(&engine->reader_done))
        return false;
    pthread_mutex_lock(&engine->lock);
    bool empty = !engine->inboxes[index].first;
    pthread_mutex_unlock(&engine->lock);
    return empty;
}

void engine_add_rewrites(struct engine *engine, const struct rewriter *rewriter)
{
    pthread_mutex_lock(&engine->lock);
    for (size_t i = 0; engine->rewrites && i < rewriter_count(rewriter); i++)
        engine->rewrites[i] += rewriter_touched(rewriter, i);
    pthread_mutex_unlock(&engine->lock);
}

void engine_count_end(struct engine *engine, bool answered, uint16_t status, uint16_t original,
                      const char *failure)
{
    struct engine_counts *counts = &engine->counts;
    const char *none = NULL;
    if (!answered || (status >= 500 && original < 500))
        atomic_fetch_add(&counts->errors, 1);
    atomic_fetch_add(answered ? &counts->answered : &counts->failed, 1);
    if (!answered)
        atomic_compare_exchange_strong(&engine->failure, &none, failure);
}
