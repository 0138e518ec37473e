/* The lanes of one worker: which connection a request goes on, and what happens where there are too many.
 *
 * As recorded: a lane stands for each recorded connection and sends its requests one by one in recorded
 * order. It is opened ahead of its first send, closed after its last, and opened again where the target
 * closed it in between. What was recorded on a connection that several users shared is not in each other's way here:
 * it goes on any lane of a pool, which grows as long as there is none free. Pooled: a pool of a fixed number of
 * lanes takes whatever is ready.
 *
 * A sender that multiplexes (HTTP/2) gives the lanes of one session connections in common, and requests that overlapped on
 * one recorded connection have lanes of their own, so that as many are under way at once as in the recording.
 *
 * A closed loop reads a short stretch ahead, so that a connection may seem to be at its end and is not: as many such as there are
 * sessions at a time linger.
 *
 * At a cap (connections, requests in flight) a lane stands in line with the clock running; an idle
 * connection is closed first where that makes room. */
#ifndef REPLAY_ENGINE_LANES_H
#define REPLAY_ENGINE_LANES_H

#include "common/keymap.h"
#include "replay/engine/engine.h"
#include "replay/sender/sender.h"

/* One connection, or the place of one. */
struct lane {
    struct lanes *lanes;
    struct keymap_key key;
    struct sender_lane *sender;
    struct job *first, *last; /* not fired yet, in recorded order */
    struct job *firing;
    struct request request;
    const struct job *built;  /* whose request that is already, before its instant; NULL: nobody's */
    uint64_t built_lesson;    /* when the linker had learned so much */
    bool more;                /* of its recorded connection more is known to come */
    uint64_t recorded_end_ns; /* when the last of its requests was answered in the recording */
    bool in_pool;
    bool counted;       /* in lanes->open */
    bool opened_once;   /* ahead of time */
    bool was_connected; /* a request went over it: a connection made now is another one */
    bool in_line;       /* waits at a cap */
    bool idle;          /* in the list of those that can be closed to make room */
    bool lingers;       /* nothing more is known to come, and it is left open for a while */
    struct lane *next_in_line;
    bool known_closed;      /* pooled and free: it was closed when it became free */
    struct lane *free_next; /* pooled */
    struct lane *idle_next, *idle_previous;
    uint64_t idle_since_mono_ns;
    uint64_t free_mono_ns; /* since when the connection is there and has nothing to do */
    bool was_free;         /* so it was when |firing| was fired */
    uint64_t
        allowed_mono_ns; /* when the end of another made room for |firing| at a cap; 0: it did not wait */
};

struct lanes {
    struct engine *engine;
    struct sender *sender;
    void *owner;                      /* the worker */
    bool pooled;                      /* all lanes are of the pool, and their number is fixed */
    uint64_t max_open, max_in_flight; /* this worker's share */
    uint64_t open, in_flight;
    uint64_t lingering, max_lingering;
    uint64_t last_done_mono_ns; /* when a request last ended */
    size_t next_address;
    struct keymap map;                    /* as recorded */
    struct job *ready_first, *ready_last; /* for the pool: due and eligible, no lane yet */
    struct lane **pool;
    size_t pool_size, pool_capacity;
    struct lane *free_first, *free_last; /* of the pool: what fires nothing, connected ones first */
    struct lane *line_first, *line_last;
    struct lane *idle_oldest, *idle_newest;
};

/* |index|: of the worker, whose part of the caps it is. */
void lanes_init(struct lanes *lanes, struct engine *engine, unsigned index, struct sender *sender,
                void *owner);
void lanes_done(struct lanes *lanes);
/* Puts |job| on the lane of its recorded connection (nothing where it goes to the pool). */
void lanes_admit(struct lanes *lanes, struct job *job);
/* Puts |job|, which was fired, in front of what is on the lane of its recorded connection (nothing where it goes to the pool). */
void lanes_put_back(struct job *job);
/* |job| is due and eligible: fires it now or as soon as its lane is free. */
void lanes_ready(struct lanes *lanes, struct job *job);
/* Sends |request| of |job|: once more, where called from within worker_fired. */
void lanes_send(struct lane *lane, struct job *job, const struct sender_request *request);
/* Connects the lane of |job| (or the pool, for NULL) ahead of time, where there is room. */
void lanes_open_ahead(struct lanes *lanes, struct job *job);
/* Fires what can be fired after something ended. */
void lanes_pump(struct lanes *lanes);
/* Ends recorded connections that have been idle for a minute, although more may come for them. */
void lanes_sweep(struct lanes *lanes, uint64_t now_mono_ns);
/* Forgets what is not fired (the caller gives those jobs up). */
void lanes_drop_waiting(struct lanes *lanes);

/* The worker's part, called by the lanes: builds the request of |job| (false: given up) and takes its end. */
bool worker_build(void *owner, struct job *job, struct lane *lane, struct sender_request *ret_request);
void worker_fired(void *owner, struct job *job, struct lane *lane, const struct sender_outcome *outcome);
/* Looks at what the ends of requests set free. */
void worker_settle(void *owner);

#endif
