#include "replay/engine/lanes.h"

#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>

#define IDLE_LIMIT_NS (60 * NS_PER_S)
#define STREAMS_MAX   128                          /* lanes of one recorded connection */
#define STREAM_STEP   UINT64_C(0x9e3779b97f4a7c15) /* odd: keys of its own for each */

/* |group|: of the session that it is for; 0: of several. */
static struct lane *lane_create(struct lanes *lanes, uint64_t group)
{
    const struct target *target = lanes->engine->settings->target;
    struct lane *lane = xcalloc(1, sizeof *lane);
    lane->lanes = lanes;
    lane->sender = sender_lane_create(
        lanes->sender, &target->addresses[lanes->next_address++ % target->address_count], group);
    return lane;
}

/* Lists a recorded connection as one that can be closed to make room; a pool is within the cap anyway. */
static void set_idle(struct lane *lane, uint64_t now_mono_ns)
{
    struct lanes *lanes = lane->lanes;
    if (lane->idle || (lane->in_pool && lanes->pooled))
        return;
    lane->idle = true;
    lane->idle_since_mono_ns = now_mono_ns;
    lane->idle_next = NULL;
    lane->idle_previous = lanes->idle_newest;
    *(lanes->idle_newest ? &lanes->idle_newest->idle_next : &lanes->idle_oldest) = lane;
    lanes->idle_newest = lane;
}

static void set_busy(struct lane *lane)
{
    struct lanes *lanes = lane->lanes;
    if (!lane->idle)
        return;
    lane->idle = false;
    *(lane->idle_previous ? &lane->idle_previous->idle_next : &lanes->idle_oldest) = lane->idle_next;
    *(lane->idle_next ? &lane->idle_next->idle_previous : &lanes->idle_newest) = lane->idle_previous;
}

static void set_lingering(struct lane *lane, bool lingers)
{
    if (lane->lingers == lingers)
        return;
    lane->lingers = lingers;
    lane->lanes->lingering += lingers ? 1 : UINT64_MAX;
}

static void set_counted(struct lane *lane, bool counted)
{
    if (lane->counted == counted)
        return;
    lane->counted = counted;
    lane->lanes->open += counted ? 1 : UINT64_MAX;
}

/* Puts a pooled lane among the free ones: connected ones in front, the last used first. */
static void set_free(struct lane *lane)
{
    struct lanes *lanes = lane->lanes;
    lane->known_closed = sender_lane_state(lane->sender) == SENDER_LANE_CLOSED;
    if (lane->known_closed) {
        lane->free_next = NULL;
        *(lanes->free_last ? &lanes->free_last->free_next : &lanes->free_first) = lane;
        lanes->free_last = lane;
        return;
    }
    lane->free_next = lanes->free_first;
    lanes->free_first = lane;
    if (!lanes->free_last)
        lanes->free_last = lane;
}

/* Takes a free lane of the pool (there is one), connected where possible. */
static struct lane *take_free(struct lanes *lanes)
{
    for (;;) {
        struct lane *lane = lanes->free_first;
        lanes->free_first = lane->free_next;
        if (!lanes->free_first)
            lanes->free_last = NULL;
        if (lane->known_closed || sender_lane_state(lane->sender) != SENDER_LANE_CLOSED)
            return lane;
        set_free(lane); /* the target closed it meanwhile: behind the others */
    }
}

static void close_lane(struct lane *lane)
{
    sender_lane_close(lane->sender);
    set_counted(lane, false);
    set_busy(lane);
}

static struct lane *add_pooled(struct lanes *lanes)
{
    if (lanes->pool_size == lanes->pool_capacity) {
        lanes->pool_capacity = lanes->pool_capacity ? lanes->pool_capacity * 2 : 16;
        lanes->pool = xrealloc(lanes->pool, lanes->pool_capacity * sizeof(struct lane *));
    }
    struct lane *lane = lane_create(lanes, 0);
    lane->in_pool = true;
    lanes->pool[lanes->pool_size++] = lane;
    return lane;
}

void lanes_init(struct lanes *lanes, struct engine *engine, unsigned index, struct sender *sender,
                void *owner)
{
    const struct engine_settings *settings = engine->settings;
    *lanes = (struct lanes){
        .engine = engine,
        .sender = sender,
        .owner = owner,
        .pooled = settings->pool_connections > 0,
        .max_open = engine_share(settings, settings->max_connections, index),
        .max_in_flight = engine_share(settings, settings->max_in_flight, index),
        .max_lingering = settings->closed_loop ? engine_share(settings, settings->concurrency, index) : 0};
    if (!lanes->pooled)
        return;
    uint64_t size = engine_share(settings, settings->pool_connections, index);
    for (size = size > lanes->max_open ? lanes->max_open : size; size > 0; size--)
        set_free(add_pooled(lanes));
}

static void lane_free(struct lane *lane)
{
    close_lane(lane);
    sender_lane_free(lane->sender);
    request_free(&lane->request);
    free(lane);
}

void lanes_done(struct lanes *lanes)
{
    struct lane *lane;
    for (size_t at = 0; (lane = keymap_next(&lanes->map, &at));)
        lane_free(lane);
    for (size_t i = 0; i < lanes->pool_size; i++)
        lane_free(lanes->pool[i]);
    free(lanes->pool);
    keymap_free(&lanes->map);
}

/* Returns the key of the lane for |job|: its recorded connection's, or, where the sender multiplexes, that of the first of the connection's
 * lanes on which the last request had been answered when this one began in the recording. */
static struct keymap_key key_of(const struct lanes *lanes, const struct job *job)
{
    uint64_t connection = job->exchange.connection;
    struct keymap_key key = keymap_key(connection, job->iteration);
    const struct lane *lane;
    for (uint64_t stream = 1; lanes->sender->multiplexes && stream < STREAMS_MAX; stream++) {
        lane = keymap_get(&lanes->map, key);
        if (!lane || lane->recorded_end_ns <= job->exchange.request.first_ns)
            break;
        key = keymap_key(connection + stream * STREAM_STEP, job->iteration);
    }
    return key;
}

void lanes_admit(struct lanes *lanes, struct job *job)
{
    if (lanes->pooled)
        return;
    struct keymap_key key = key_of(lanes, job);
    struct lane *lane = keymap_get(&lanes->map, key);
    if (job->pooled) {
        job->lane = NULL;
        if (lane)
            lane->more = false; /* it does not see them */
        return;
    }
    if (!lane) {
        lane = lane_create(lanes, job->session + job->iteration * STREAM_STEP);
        lane->key = key;
        keymap_set(&lanes->map, key, lane);
    }
    set_lingering(lane, false);
    lane->more = !job->last_of_connection;
    lane->recorded_end_ns = job->exchange.response.last_ns;
    job->lane = lane;
    job->next_in_line = NULL;
    *(lane->last ? &lane->last->next_in_line : &lane->first) = job;
    lane->last = job;
}

void lanes_put_back(struct job *job)
{
    struct lane *lane = job->lane;
    if (!lane || lane->in_pool) {
        job->lane = NULL;
        return;
    }
    job->next_in_line = lane->first;
    lane->first = job;
    if (!lane->last)
        lane->last = job;
}

/* Ends a recorded connection that has nothing more to send. */
static void end_lane(struct lane *lane)
{
    keymap_remove(&lane->lanes->map, lane->key);
    set_lingering(lane, false);
    lane_free(lane);
}

/* Returns whether a connection may be opened; closes an idle one where that makes room. */
static bool room_to_open(struct lanes *lanes)
{
    while (lanes->open >= lanes->max_open && lanes->idle_oldest) {
        struct lane *lane = lanes->idle_oldest;
        if (sender_lane_state(lane->sender) != SENDER_LANE_CLOSED)
            atomic_fetch_add(&lanes->engine->counts.idle_closed, 1);
        if (lane->lingers)
            end_lane(lane);
        else
            close_lane(lane);
    }
    return lanes->open < lanes->max_open;
}

static void stand_in_line(struct lane *lane)
{
    struct lanes *lanes = lane->lanes;
    if (lane->in_line)
        return;
    lane->in_line = true;
    lane->next_in_line = NULL;
    *(lanes->line_last ? &lanes->line_last->next_in_line : &lanes->line_first) = lane;
    lanes->line_last = lane;
}

static bool caps_allow(struct lane *lane, struct job *job)
{
    struct lanes *lanes = lane->lanes;
    struct engine_counts *counts = &lanes->engine->counts;
    bool in_flight = lanes->in_flight >= lanes->max_in_flight;
    if (sender_lane_state(lane->sender) == SENDER_LANE_CLOSED)
        set_counted(lane, false);
    if (!in_flight && (lane->counted || room_to_open(lanes)))
        return true;
    if (!(job->flags & RESULT_FLAG(CONNECTION_WAIT)))
        atomic_fetch_add(in_flight ? &counts->in_flight_waits : &counts->connection_waits, 1);
    job->flags |= RESULT_FLAG(CONNECTION_WAIT);
    return false;
}

static void try_lane(struct lane *lane);

/* Leaves |lane|, which is open, so for a while, and ends the one that was for the longest where there are enough. */
static void linger(struct lane *lane)
{
    struct lanes *lanes = lane->lanes;
    set_lingering(lane, true);
    if (lanes->lingering <= lanes->max_lingering)
        return;
    struct lane *oldest = lanes->idle_oldest;
    while (!oldest->lingers)
        oldest = oldest->idle_next;
    end_lane(oldest);
}

static void end_if_over(struct lane *lane)
{
    if (lane->in_pool || lane->first || lane->firing || lane->in_line || lane->more)
        return;
    if (lane->idle && lane->lanes->max_lingering)
        linger(lane);
    else
        end_lane(lane);
}

static void on_done(struct sender_lane *sender_lane, const struct sender_outcome *outcome, void *arg)
{
    (void)sender_lane;
    struct lane *lane = arg;
    struct lanes *lanes = lane->lanes;
    struct job *job = lane->firing;
    lanes->in_flight--;
    lane->firing = NULL;
    uint64_t done_mono_ns = lanes->last_done_mono_ns = outcome->done_mono_ns;
    bool stays_open = !outcome->closed && !lane->request.close;
    if (stays_open)
        set_idle(lane, done_mono_ns);
    else if (outcome->closed)
        set_counted(lane, false);
    worker_fired(lanes->owner, job, lane, outcome);
    if (!lane->firing) {
        lane->free_mono_ns = done_mono_ns;
        if (!stays_open)
            close_lane(lane);
        if (lane->in_pool)
            set_free(lane);
        else
            try_lane(lane);
    }
    end_if_over(lane);
    lanes_pump(lanes);
    worker_settle(lanes->owner);
}

void lanes_send(struct lane *lane, struct job *job, const struct sender_request *request)
{
    set_busy(lane);
    set_counted(lane, true);
    lane->was_free = sender_lane_state(lane->sender) == SENDER_LANE_IDLE;
    lane->allowed_mono_ns = job->flags & RESULT_FLAG(CONNECTION_WAIT) ? lane->lanes->last_done_mono_ns : 0;
    lane->firing = job;
    lane->lanes->in_flight++;
    sender_lane_fire(lane->sender, request, on_done, lane);
}

/* Fires |job| on |lane|, which is free and within the caps, or gives it up. */
static void fire(struct lane *lane, struct job *job)
{
    struct sender_request request;
    if (worker_build(lane->lanes->owner, job, lane, &request))
        lanes_send(lane, job, &request);
}

static bool is_ready(const struct job *job)
{
    return job->due && job->node.waiting == 0;
}

static void try_lane(struct lane *lane)
{
    while (!lane->firing && lane->first && is_ready(lane->first)) {
        struct job *job = lane->first;
        if (!caps_allow(lane, job)) {
            stand_in_line(lane);
            return;
        }
        lane->first = job->next_in_line;
        if (!lane->first)
            lane->last = NULL;
        fire(lane, job);
    }
}

/* Returns a free lane of the pool, a new one where it may grow; NULL where there is none. */
static struct lane *take_pooled(struct lanes *lanes)
{
    if (lanes->free_first)
        return take_free(lanes);
    return lanes->pooled || lanes->pool_size >= lanes->max_open ? NULL : add_pooled(lanes);
}

static void pump_pool(struct lanes *lanes)
{
    struct lane *lane;
    while (lanes->ready_first && (lane = take_pooled(lanes))) {
        struct job *job = lanes->ready_first;
        if (!caps_allow(lane, job)) {
            set_free(lane);
            return;
        }
        lanes->ready_first = job->next_in_line;
        if (!lanes->ready_first)
            lanes->ready_last = NULL;
        job->lane = lane;
        fire(lane, job);
        if (!lane->firing)
            set_free(lane);
    }
}

void lanes_pump(struct lanes *lanes)
{
    while (lanes->line_first && lanes->in_flight < lanes->max_in_flight) {
        struct lane *lane = lanes->line_first;
        if (!lane->counted && !room_to_open(lanes))
            break;
        lanes->line_first = lane->next_in_line;
        if (!lanes->line_first)
            lanes->line_last = NULL;
        lane->in_line = false;
        try_lane(lane);
        end_if_over(lane);
    }
    pump_pool(lanes);
}

void lanes_ready(struct lanes *lanes, struct job *job)
{
    if (job->lane) {
        struct lane *lane = job->lane;
        try_lane(lane);
        end_if_over(lane); /* all that was left could not be fired */
        return;
    }
    job->next_in_line = NULL;
    *(lanes->ready_last ? &lanes->ready_last->next_in_line : &lanes->ready_first) = job;
    lanes->ready_last = job;
    pump_pool(lanes);
}

static void on_opened(struct sender_lane *sender_lane, const struct sender_opening *opening, void *arg)
{
    (void)sender_lane;
    struct lane *lane = arg;
    lane->free_mono_ns = clock_mono_ns();
    if (opening->error != TRANSPORT_NONE)
        set_counted(lane, false);
    else if (!lane->firing)
        set_idle(lane, lane->free_mono_ns);
    struct lanes *lanes = lane->lanes;
    lanes_pump(lanes);
    worker_settle(lanes->owner);
}

static void open_lane(struct lane *lane)
{
    if (lane->firing || lane->opened_once || sender_lane_state(lane->sender) != SENDER_LANE_CLOSED ||
        lane->lanes->open >= lane->lanes->max_open)
        return;
    set_counted(lane, true);
    lane->opened_once = true;
    sender_lane_open(lane->sender, on_opened, lane);
}

void lanes_open_ahead(struct lanes *lanes, struct job *job)
{
    if (job && job->lane)
        open_lane(job->lane);
    for (size_t i = 0; !job && i < lanes->pool_size; i++)
        open_lane(lanes->pool[i]);
}

void lanes_sweep(struct lanes *lanes, uint64_t now_mono_ns)
{
    struct lane *next;
    for (struct lane *lane = lanes->idle_oldest; lane; lane = next) {
        next = lane->idle_next;
        if (lane->idle_since_mono_ns + IDLE_LIMIT_NS > now_mono_ns)
            return;
        if (!lane->in_pool && !lane->first && !lane->in_line)
            end_lane(lane);
    }
}

void lanes_drop_waiting(struct lanes *lanes)
{
    struct lane *lane;
    for (size_t at = 0; (lane = keymap_next(&lanes->map, &at));) {
        lane->first = lane->last = NULL;
        lane->in_line = false;
    }
    lanes->line_first = lanes->line_last = NULL;
    lanes->ready_first = lanes->ready_last = NULL;
}
