#include "replay/engine/engine.h"

#include "common/clock.h"
#include "common/mem.h"
#include "replay/engine/worker.h"

#include <stdlib.h>
#include <time.h>

#define FREE_CONTENT_LIMIT (64 * 1024) /* a used job keeps no larger buffers than this */

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
    pthread_mutex_lock(&engine->lock);
    struct job *job = engine->free_jobs;
    if (job)
        engine->free_jobs = job->next;
    pthread_mutex_unlock(&engine->lock);
    if (!job)
        return xcalloc(1, sizeof *job);
    struct exchange exchange = job->exchange;
    struct order_node node = {.dependents = job->node.dependents,
                              .dependent_capacity = job->node.dependent_capacity};
    *job = (struct job){.node = node, .exchange = exchange};
    exchange_clear(&job->exchange);
    shrink(&job->exchange.request.body.content);
    shrink(&job->exchange.response.body.content);
    return job;
}

void engine_discard(struct engine *engine, struct job *job)
{
    pthread_mutex_lock(&engine->lock);
    job->next = engine->free_jobs;
    engine->free_jobs = job;
    pthread_mutex_unlock(&engine->lock);
}

static void wait_moved(struct engine *engine, uint64_t wait_ns)
{
    uint64_t until_ns = clock_mono_ns() + wait_ns;
    struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S), .tv_nsec = (long)(until_ns % NS_PER_S)};
    pthread_cond_timedwait(&engine->moved, &engine->lock, &until);
}

static bool has_room(const struct engine *engine)
{
    return engine->alive_jobs == 0 || (engine->alive_jobs < engine->settings->max_window_jobs &&
                                       engine->alive_bytes < engine->settings->max_window_bytes);
}

static void kick_all(struct engine *engine)
{
    for (unsigned i = 0; i < engine->settings->threads; i++)
        if (engine->workers[i])
            worker_kick(engine->workers[i]);
}

bool engine_room(struct engine *engine, uint64_t wait_ns)
{
    pthread_mutex_lock(&engine->lock);
    bool room = has_room(engine);
    if (!room && !atomic_exchange(&engine->reader_blocked, true) && engine->settings->closed_loop)
        kick_all(engine);
    if (!room) {
        wait_moved(engine, wait_ns);
        room = has_room(engine);
    }
    pthread_mutex_unlock(&engine->lock);
    if (room)
        atomic_store(&engine->reader_blocked, false);
    return room;
}

void engine_push(struct engine *engine, struct job *job, unsigned index)
{
    pthread_mutex_lock(&engine->lock);
    engine->alive_jobs++;
    engine->alive_bytes += job->bytes;
    bool was_empty = worker_put(engine->workers[index], job);
    pthread_mutex_unlock(&engine->lock);
    if (was_empty)
        worker_kick(engine->workers[index]);
}

void engine_end(struct engine *engine)
{
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

void engine_join(struct engine *engine)
{
    for (unsigned i = 0; i < engine->settings->threads; i++)
        worker_join(engine->workers[i]);
    free(engine->workers);
    while (engine->free_jobs) {
        struct job *job = engine->free_jobs;
        engine->free_jobs = job->next;
        exchange_free(&job->exchange);
        free(job->node.dependents);
        free(job);
    }
    buffer_free(&engine->sink);
    pthread_cond_destroy(&engine->moved);
    pthread_mutex_destroy(&engine->lock);
}

void engine_finish(struct engine *engine, struct job *job, const struct result *result,
                   struct buffer *scratch)
{
    buffer_clear(scratch);
    result_encode(result, scratch);
    pthread_mutex_lock(&engine->lock);
    buffer_append_varint(&engine->sink, engine->start_wall_ns + result->intended_ns);
    buffer_append_varint(&engine->sink, scratch->size);
    buffer_append_bytes(&engine->sink, buffer_bytes(scratch));
    engine->alive_jobs--;
    engine->alive_bytes -= job->bytes;
    job->next = engine->free_jobs;
    engine->free_jobs = job;
    if (atomic_load(&engine->reader_blocked) || engine->alive_jobs == 0)
        pthread_cond_signal(&engine->moved);
    pthread_mutex_unlock(&engine->lock);
}

struct job *engine_take(struct engine *engine, struct job **inbox)
{
    pthread_mutex_lock(&engine->lock);
    struct job *first = *inbox;
    *inbox = NULL;
    pthread_mutex_unlock(&engine->lock);
    return first;
}
