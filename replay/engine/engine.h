/* What the threads of a replay share: the window of jobs between the reader and the workers, the sink of
 * results, and the word to stop. One mutex guards it; nobody holds it while doing anything slow.
 *
 *     reader (main thread) -- engine_push --> inbox of a worker --> fired --> engine_deliver --> sink
 *            ^                                                                   |
 *            +------------- room in the window, free jobs, results --------------+
 *
 * Both ways go in batches, so that a request costs no lock and wakes nobody: the reader hands over many jobs
 * at once, or what it has before it waits; a worker delivers what one turn of its loop ended.
 *
 * The window bounds memory: the reader waits where too many jobs, or too many bytes of them, are alive, until
 * a part of it is free again. Jobs wait only for earlier ones, so a full window always moves. */
#ifndef REPLAY_ENGINE_ENGINE_H
#define REPLAY_ENGINE_ENGINE_H

#include "common/exchange.h"
#include "replay/content.h"
#include "replay/order.h"
#include "replay/request.h"
#include "replay/result.h"
#include "replay/target.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct deviations;
struct held_block;
struct lane;
struct loop_session;
struct sending;
struct stats;
struct bearer;
struct link_rules;
struct retry;

/* What is tried again. */
struct retry_policy {
    uint64_t most; /* times more, a request; 0: never */
    bool all_methods;
    uint64_t longest_wait_ns;
};

/* One request on its way. Made by the reader, owned by one worker until engine_deliver. */
struct job {
    struct order_node node; /* first: a node is its job */
    struct exchange exchange;
    struct held_block *block; /* what |exchange| borrows from; NULL: nothing */
    const uint8_t *recognition_key;
    const uint8_t *policy_hash;
    uint64_t session;
    uint32_t iteration;
    bool pooled; /* its recorded connection carried several users: it goes on any that is free */
    bool silent; /* a login of the replayer's own: it has no result */
    const struct account *account; /* that it logs in with; else NULL */
    bool unlinkable;               /* carries a credential that cannot be linked */
    bool last_of_connection;       /* nothing more of its connection is known to come */
    uint64_t intended_ns;          /* since the run's start */
    uint64_t eligible_ns;
    uint64_t flags; /* RESULT_FLAG bits found before it is fired */
    size_t bytes;   /* what it counts in the window */
    bool due;
    bool ready;          /* due and eligible, and the lanes know it */
    bool taken;          /* fired, or given up while that was tried */
    bool retried;        /* on a fresh connection, at once */
    struct retry *retry; /* by --retry; owned; NULL: not */
    struct lane *lane;
    struct loop_session *loop_session; /* of a closed loop */
    struct job *next;                  /* in a batch, the schedule, its session or the free list */
    struct job *next_in_line;          /* in its lane or in the line for a pooled one */
    struct job *next_freed;            /* among those that became eligible */
    struct job *newer, *older;         /* of all that are not fired yet */
};

/* Settings of a run, read-only while it goes on. Borrowed. */
struct engine_settings {
    const struct target *target;
    const struct request_rules *rules;
    const struct content_settings *content; /* NULL: status and latency are compared alone */
    uint64_t timeout_ns;
    double stream_speed; /* of recorded timing; 1 elsewhere: answers that last so last 1/Nth */
    uint64_t connect_timeout_ns;
    const char *tls_server_name;
    const char *tls_ca_file;
    bool tls_insecure;
    const struct sending *sending; /* by which sender, and through what */
    struct deviations *deviations; /* counted there */
    bool no_links;
    struct bearer *bearer;               /* NULL: none */
    const struct link_rules *link_rules; /* NULL: none; each worker copies them */
    bool closed_loop;                    /* --speed max */
    bool spins;                          /* --pacing spin */
    uint64_t link_wait_ns;               /* for the answer whose value a request uses */
    struct retry_policy retry;
    uint64_t max_lag_ns;       /* what is later than this is not sent; 0: nothing is */
    uint64_t concurrency;      /* sessions at a time, all threads */
    uint64_t pool_connections; /* 0: as recorded */
    uint64_t max_connections;
    uint64_t max_in_flight;
    uint64_t max_window_jobs;
    uint64_t max_window_bytes;
    unsigned threads;
};

/* Figures that grow while a run goes on; any thread reads them. */
struct engine_counts {
    atomic_uint_fast64_t sent;
    atomic_uint_fast64_t answered;
    atomic_uint_fast64_t failed;
    atomic_uint_fast64_t in_flight;
    atomic_uint_fast64_t errors;           /* failed, or answered with 5xx where the recording was not */
    atomic_uint_fast64_t last_done_ns;     /* since the run's start */
    atomic_uint_fast64_t connection_waits; /* requests that waited for a connection because of a cap */
    atomic_uint_fast64_t in_flight_waits;
    atomic_uint_fast64_t reopened;
    atomic_uint_fast64_t idle_closed;           /* connections closed to make room for others */
    atomic_uint_fast64_t extra_sessions;        /* begun above the concurrency because the window was full */
    atomic_uint_fast64_t logins, logins_failed; /* of the replayer's own */
    atomic_uint_fast64_t links_forgotten;
    atomic_uint_fast64_t retries;          /* attempts more, by --retry */
    atomic_uint_fast64_t retries_withheld; /* because there had been so many */
    atomic_uint_fast64_t retries_too_long; /* because they were to wait longer than is allowed */
    atomic_uint_fast64_t
        link_timeouts;           /* requests that waited no longer for the answer whose value they use */
    atomic_uint_fast64_t cpu_ns; /* processor time of the worker that took most, once they ended */
};

/* What the other workers have told one. */
struct told_box {
    atomic_bool any; /* so that looking costs nothing */
    struct buffer lessons;
};

/* Jobs on their way from one thread to another, in order. Zero-initialised is empty. */
struct batch {
    struct job *first, *last;
    uint64_t jobs;
    uint64_t bytes;
};
/* Appends |job|. */
void batch_add(struct batch *batch, struct job *job);

struct worker;

struct engine {
    const struct engine_settings *settings;
    uint64_t start_mono_ns;
    uint64_t start_wall_ns;
    struct engine_counts counts;
    atomic_int stop;         /* enum unsent_reason; UNSENT_NONE: go on */
    atomic_bool reader_done; /* no more jobs will come */
    atomic_bool reader_blocked;
    _Atomic(const char *) failure; /* static text: what the first failure was */
    struct worker **workers;

    /* The reader's own. */
    struct batch *outboxes; /* a worker: what is not handed over yet */
    struct job *spare_jobs;
    uint64_t room_jobs; /* what still goes into the window, as far as is known without looking */
    uint64_t room_bytes;

    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct batch *inboxes; /* a worker */
    struct told_box *told; /* a worker */
    struct job *free_jobs;
    uint64_t alive_jobs; /* handed over and not delivered */
    uint64_t alive_bytes;
    struct stats *stats; /* of all results, once the workers ended; borrowed */
    uint64_t *rewrites;  /* a rewrite: requests it touched, once the workers ended; borrowed, or NULL */
    struct buffer sink;  /* results: varint start, varint size, record */
};

/* Returns what worker |index| has of |whole|, a cap for all of them that is at least one for each. */
uint64_t engine_share(const struct engine_settings *settings, uint64_t whole, unsigned index);
/* Starts the workers. Returns 0, or -1 with |err|; then engine_join is not to be called. */
int engine_start(struct engine *engine, const struct engine_settings *settings, struct error *err);
/* Lets go of what |job|, which is over, borrows; the rest of it stays as it was. Any thread. */
void job_release(struct job *job);
/* Reader: returns a job to fill, new or used, with an exchange that is to be cleared; give it to engine_push or engine_discard. */
struct job *engine_job(struct engine *engine);
void engine_discard(struct engine *engine, struct job *job);
/* Reader: returns whether there is room for a job in the window; where not, waits at most |wait_ns|. */
bool engine_room(struct engine *engine, uint64_t wait_ns);
/* Reader: hands |job| to the worker |index|, with the next engine_hand_over. */
void engine_push(struct engine *engine, struct job *job, unsigned index);
/* Reader: hands over what was pushed; call it now and then. engine_room and engine_end do it themselves. */
void engine_hand_over(struct engine *engine);
/* Reader: says that no more will come. */
void engine_end(struct engine *engine);
/* Reader: has what was not fired given up for |reason|; the first reason stays. */
void engine_stop(struct engine *engine, enum unsent_reason reason);
/* Reader: waits at most |wait_ns| for all jobs to be finished; returns whether they are. */
bool engine_idle(struct engine *engine, uint64_t wait_ns);
/* Reader: exchanges the sink's content with |buffer| (empty). */
void engine_take_results(struct engine *engine, struct buffer *buffer);
/* Waits for the threads and frees what is held. */
void engine_join(struct engine *engine);

/* Worker: gives back the jobs of |done|, with |results| (as the sink has them); empties both. */
void engine_deliver(struct engine *engine, struct batch *done, struct buffer *results);
/* Worker: counts the end of a request that was |answered| with |status|, or failed as |failure| (static) says. */
void engine_count_end(struct engine *engine, bool answered, uint16_t status, uint16_t original,
                      const char *failure);
/* Worker: adds what its |rewriter| (NULL: none) touched, at its end. */
void engine_add_rewrites(struct engine *engine, const struct rewriter *rewriter);
/* Worker: adds |stats|, of the results that it delivered, at its end. */
void engine_add_stats(struct engine *engine, const struct stats *stats);
/* Worker: tells the processor time that it took, at its end. */
void engine_add_cpu(struct engine *engine, uint64_t cpu_ns);
/* Worker |index|: tells the others what it learned, |lessons| (linker_tell); empties it. What does not fit is counted as forgotten. */
void engine_tell(struct engine *engine, unsigned index, struct buffer *lessons);
/* Worker |index|: exchanges |buffer| (empty) with what it was told since; returns whether that is anything. */
bool engine_hear(struct engine *engine, unsigned index, struct buffer *buffer);
/* Worker |index|: returns all of its inbox. */
struct job *engine_take(struct engine *engine, unsigned index);
/* Worker |index|: returns whether nothing is in its inbox and nothing will come. */
bool engine_is_over(struct engine *engine, unsigned index);

#endif
