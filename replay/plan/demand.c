#include "replay/plan/demand.h"

#include "common/clock.h"
#include "common/keymap.h"
#include "common/mem.h"
#include "replay/stats/pace.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_MAX 16 /* requests of a session under way at a time that are told apart */

/* The requests of a session that may still be under way, by the recording, and how long the chains are that end with them. */
struct session {
    struct {
        uint64_t end_ns;
        uint64_t depth;
    } open[OPEN_MAX];
    size_t open_count;
    uint64_t depth; /* of the longest chain that has ended */
};

struct connection {
    uint64_t from_ns, to_ns; /* of the run */
};

struct demand {
    struct keymap sessions, connections;
    struct pace pace;
    struct histogram latency;
    uint64_t requests, duration_ns, chain_most, overflow;
};

struct demand *demand_create(void)
{
    return xcalloc(1, sizeof(struct demand));
}

static void free_values(struct keymap *map)
{
    size_t position = 0;
    for (void *value; (value = keymap_next(map, &position));)
        free(value);
    keymap_free(map);
}

void demand_free(struct demand *demand)
{
    if (!demand)
        return;
    free_values(&demand->sessions);
    free_values(&demand->connections);
    pace_free(&demand->pace);
    histogram_free(&demand->latency);
    free(demand);
}

/* Returns the value of |id|, made of |size| zeros where it is new; NULL where there is no room. */
static void *value_of(struct demand *demand, struct keymap *map, uint64_t id, size_t size, bool *ret_new)
{
    struct keymap_key key = keymap_key(id, 0);
    void *value = keymap_get(map, key);
    *ret_new = !value;
    if (value)
        return value;
    if (map->count >= DEMAND_LIMIT) {
        demand->overflow++;
        return NULL;
    }
    value = xcalloc(1, size);
    keymap_set(map, key, value);
    return value;
}

static void add_to_session(struct demand *demand, const struct demand_request *request)
{
    bool is_new;
    struct session *session = value_of(demand, &demand->sessions, request->session, sizeof *session, &is_new);
    if (!session)
        return;
    size_t kept = 0, longest = 0;
    for (size_t i = 0; i < session->open_count; i++) {
        if (session->open[i].end_ns > request->start_ns)
            session->open[kept++] = session->open[i];
        else if (session->open[i].depth > session->depth)
            session->depth = session->open[i].depth;
    }
    session->open_count = kept;
    uint64_t depth = session->depth + 1;
    if (depth > demand->chain_most)
        demand->chain_most = depth;
    if (request->end_ns == UINT64_MAX)
        return;             /* waited for by nobody */
    if (kept == OPEN_MAX) { /* that which ends last makes room: it is waited for by the fewest */
        for (size_t i = 1; i < kept; i++)
            if (session->open[i].end_ns > session->open[longest].end_ns)
                longest = i;
        kept = longest;
    } else {
        session->open_count++;
    }
    session->open[kept].end_ns = request->end_ns;
    session->open[kept].depth = depth;
}

static void add_to_connection(struct demand *demand, const struct demand_request *request)
{
    bool is_new;
    struct connection *connection =
        value_of(demand, &demand->connections, request->connection, sizeof *connection, &is_new);
    if (!connection)
        return;
    uint64_t latency_ns = request->end_ns == UINT64_MAX ? 0 : request->end_ns - request->start_ns;
    if (is_new)
        connection->from_ns =
            request->intended_ns > DEMAND_AHEAD_NS ? request->intended_ns - DEMAND_AHEAD_NS : 0;
    if (request->intended_ns + latency_ns > connection->to_ns)
        connection->to_ns = request->intended_ns + latency_ns;
}

void demand_add(struct demand *demand, const struct demand_request *request)
{
    demand->requests++;
    if (request->intended_ns > demand->duration_ns)
        demand->duration_ns = request->intended_ns;
    if (request->end_ns != UINT64_MAX)
        histogram_record_ns(&demand->latency, request->end_ns - request->start_ns);
    pace_plan(&demand->pace, request->intended_ns);
    add_to_session(demand, request);
    add_to_connection(demand, request);
}

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* Finds how many connections are open at a time, and are opened while a closed one keeps its port. */
static void count_connections(const struct demand *demand, struct demand_figures *figures)
{
    size_t count = demand->connections.count, position = 0, filled = 0;
    if (count == 0)
        return;
    uint64_t *opened = xcalloc(count, sizeof *opened), *closed = xcalloc(count, sizeof *closed);
    for (const struct connection *one; (one = keymap_next(&demand->connections, &position)); filled++) {
        opened[filled] = one->from_ns;
        closed[filled] = one->to_ns;
    }
    qsort(opened, count, sizeof *opened, by_value);
    qsort(closed, count, sizeof *closed, by_value);
    for (size_t i = 0, gone = 0, first = 0; i < count; i++) {
        while (closed[gone] < opened[i])
            gone++;
        while (opened[i] - opened[first] > DEMAND_LINGER_S * NS_PER_S)
            first++;
        if (i + 1 - gone > figures->open_most)
            figures->open_most = i + 1 - gone;
        if (i + 1 - first > figures->opened_most)
            figures->opened_most = i + 1 - first;
    }
    free(opened);
    free(closed);
}

struct demand_figures demand_figures(struct demand *demand)
{
    struct demand_figures figures = {
        .requests = demand->requests,
        .sessions = demand->sessions.count,
        .connections = demand->connections.count,
        .duration_ns = demand->duration_ns,
        .chain_most = demand->chain_most,
        .latency_p50_us = histogram_quantile(&demand->latency, 50000),
        .overflow = demand->overflow,
    };
    for (size_t i = 0; i < demand->pace.count; i++)
        if (demand->pace.seconds[i].planned > figures.busiest_s)
            figures.busiest_s = demand->pace.seconds[i].planned;
    if (demand->pace.count)
        figures.last_s = demand->pace.seconds[demand->pace.count - 1].planned;
    count_connections(demand, &figures);
    return figures;
}

double demand_rate_most(const struct demand_figures *figures, uint64_t latency_us)
{
    return figures->chain_most
               ? 1e6 * (double)figures->requests / ((double)figures->chain_most * (double)latency_us)
               : 0;
}
