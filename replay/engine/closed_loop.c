#include "replay/engine/closed_loop.h"

#include "common/keymap.h"
#include "common/mem.h"

#include <stdlib.h>

struct loop_session {
    struct keymap_key key;
    bool running;
    uint64_t unfinished;       /* admitted and not over */
    struct job *first, *last;  /* held back */
    struct loop_session *next; /* of those that are not begun yet, or are spare */
};

struct closed_loop {
    uint64_t concurrency;
    closed_loop_release_fn release;
    void *arg;
    struct keymap sessions;
    struct loop_session *first, *last; /* not begun, in recorded order */
    struct loop_session *spare;        /* to be used again */
    uint64_t running;
};

struct closed_loop *closed_loop_create(uint64_t concurrency, closed_loop_release_fn release, void *arg)
{
    struct closed_loop *loop = xcalloc(1, sizeof *loop);
    *loop = (struct closed_loop){.concurrency = concurrency, .release = release, .arg = arg};
    return loop;
}

void closed_loop_free(struct closed_loop *loop)
{
    struct loop_session *session;
    if (!loop)
        return;
    for (size_t at = 0; (session = keymap_next(&loop->sessions, &at));)
        free(session);
    while ((session = loop->spare)) {
        loop->spare = session->next;
        free(session);
    }
    keymap_free(&loop->sessions);
    free(loop);
}

/* Adds a session, the last to begin. */
static struct loop_session *add_session(struct closed_loop *loop, struct keymap_key key)
{
    struct loop_session *session = loop->spare;
    if (session)
        loop->spare = session->next;
    else
        session = xmalloc(sizeof *session);
    *session = (struct loop_session){.key = key};
    keymap_set(&loop->sessions, key, session);
    *(loop->last ? &loop->last->next : &loop->first) = session;
    loop->last = session;
    return session;
}

void closed_loop_admit(struct closed_loop *loop, struct job *job)
{
    struct keymap_key key = keymap_key(job->session, job->iteration);
    struct loop_session *session = keymap_get(&loop->sessions, key);
    if (!session)
        session = add_session(loop, key);
    session->unfinished++;
    job->loop_session = session;
    if (session->running) {
        loop->release(loop->arg, job);
        return;
    }
    job->next = NULL;
    *(session->last ? &session->last->next : &session->first) = job;
    session->last = job;
}

static void end_session(struct closed_loop *loop, struct loop_session *session)
{
    keymap_remove(&loop->sessions, session->key);
    loop->running--;
    session->next = loop->spare;
    loop->spare = session;
}

void closed_loop_done(struct closed_loop *loop, const struct job *job)
{
    struct loop_session *session = job->loop_session;
    if (!session) /* it was given up before it came here */
        return;
    if (--session->unfinished == 0 && session->running)
        end_session(loop, session);
}

static void begin(struct closed_loop *loop)
{
    struct loop_session *session = loop->first;
    loop->first = session->next;
    if (!loop->first)
        loop->last = NULL;
    session->running = true;
    loop->running++;
    while (session->first) {
        struct job *job = session->first;
        session->first = job->next;
        loop->release(loop->arg, job);
    }
    session->last = NULL;
}

uint64_t closed_loop_fill(struct closed_loop *loop, bool all_read, bool blocked, uint64_t in_flight)
{
    const struct loop_session *first = loop->first;
    while (loop->first && loop->running < loop->concurrency)
        begin(loop);
    if ((!all_read && !blocked) || !loop->first || loop->first != first || in_flight)
        return 0;
    begin(loop); /* all that run wait for others */
    return 1;
}
