#include "capture/tcp/flow.h"

#include "capture/tcp/flow_state.h"
#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct flow_table *flow_table_create(const struct flow_settings *settings, const struct flow_handler *handler)
{
    struct flow_table *table = xcalloc(1, sizeof *table);
    table->settings = *settings;
    struct flow_settings *set = &table->settings;
    set->connections_max = set->connections_max ? set->connections_max : 131072;
    set->stored_bytes_max = set->stored_bytes_max ? set->stored_bytes_max : UINT64_C(256) << 20;
    set->direction_bytes = set->direction_bytes ? set->direction_bytes : 4 << 20;
    set->direction_pieces = set->direction_pieces ? set->direction_pieces : 4096;
    set->idle_ns = set->idle_ns ? set->idle_ns : 600 * NS_PER_S;
    set->linger_ns = set->linger_ns ? set->linger_ns : 15 * NS_PER_S;
    set->allowance_ns = set->allowance_ns ? set->allowance_ns : 100 * NS_PER_MS;
    set->allowance_packets = set->allowance_packets ? set->allowance_packets : 512;
    table->handler = *handler;
    table->budget = (struct reassembly_budget){
        .limit_bytes = set->stored_bytes_max,
        .direction_bytes = set->direction_bytes,
        .direction_pieces = set->direction_pieces,
    };
    if (set->hash_key)
        memcpy(table->hash_key, set->hash_key, sizeof table->hash_key);
    else
        crypto_shorthash_keygen(table->hash_key);
    size_t buckets = 1024;
    while (buckets < set->connections_max)
        buckets *= 2;
    table->bucket_mask = buckets - 1;
    table->buckets = xcalloc(buckets, sizeof *table->buckets);
    TAILQ_INIT(&table->lists[LIST_ACTIVE]);
    TAILQ_INIT(&table->lists[LIST_CLOSED]);
    TAILQ_INIT(&table->waiting);
    return table;
}

/* Returns which end of |key| the segment comes from. */
static unsigned make_key(const struct tcp_segment *segment, struct flow_key *key)
{
    const struct address *ends[2] = {&segment->source, &segment->destination};
    int order = memcmp(ends[0]->ip, ends[1]->ip, sizeof ends[0]->ip);
    unsigned from = order > 0 || (order == 0 && ends[0]->port > ends[1]->port) ? 1 : 0;
    memset(key, 0, sizeof *key);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(key->ip[i ^ from], ends[i]->ip, sizeof key->ip[0]);
        key->port[i ^ from] = ends[i]->port;
    }
    key->scope = segment->scope;
    key->family = segment->source.family;
    return from;
}

static struct flow **bucket_of(struct flow_table *table, const struct flow_key *key)
{
    uint64_t hash;
    static_assert(sizeof hash == crypto_shorthash_BYTES, "");
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)key, sizeof *key, table->hash_key);
    return &table->buckets[hash & table->bucket_mask];
}

static struct flow *find(struct flow_table *table, const struct flow_key *key)
{
    struct flow *flow = *bucket_of(table, key);
    while (flow && memcmp(&flow->key, key, sizeof *key) != 0)
        flow = flow->bucket_next;
    return flow;
}

static void move_to(struct flow_table *table, struct flow *flow, enum flow_list list)
{
    TAILQ_REMOVE(&table->lists[flow->list], flow, activity);
    flow->list = list;
    TAILQ_INSERT_TAIL(&table->lists[list], flow, activity);
}

/* Ends the connection for its handler; it stays in the table as closed. */
static void close_flow(struct flow_table *table, struct flow *flow, bool clean)
{
    if (flow->list == LIST_CLOSED)
        return;
    delivery_flush(table, flow);
    delivery_stop_waiting(table, flow);
    if (flow->opened)
        table->handler.close(flow->connection, clean, flow->packet_ns);
    else if (!flow->role_known)
        table->counts.connections_unassigned++;
    flow->connection = NULL;
    if (clean && flow->handshake && !flow->gapped)
        table->counts.connections_complete++;
    if (!flow->handshake)
        table->counts.connections_midstream++;
    move_to(table, flow, LIST_CLOSED);
    table->open--;
}

static void drop_flow(struct flow_table *table, struct flow *flow)
{
    close_flow(table, flow, false);
    for (unsigned end = 0; end < 2; end++)
        reassembly_done(&flow->direction[end], &table->budget);
    struct flow **link = bucket_of(table, &flow->key);
    while (*link != flow)
        link = &(*link)->bucket_next;
    *link = flow->bucket_next;
    TAILQ_REMOVE(&table->lists[flow->list], flow, activity);
    flow->bucket_next = table->unused;
    table->unused = flow;
    table->size--;
}

static void make_room(struct flow_table *table)
{
    if (table->size < table->settings.connections_max)
        return;
    struct flow *victim = TAILQ_FIRST(&table->lists[LIST_CLOSED]);
    if (!victim) {
        victim = TAILQ_FIRST(&table->lists[LIST_ACTIVE]);
        table->counts.connections_evicted++;
    }
    drop_flow(table, victim);
}

static struct flow *create_flow(struct flow_table *table, const struct flow_key *key, uint64_t packet_ns)
{
    make_room(table);
    struct flow *flow = table->unused;
    if (flow)
        table->unused = flow->bucket_next;
    else
        flow = xmalloc(sizeof *flow);
    memset(flow, 0, sizeof *flow);
    flow->key = *key;
    flow->first_ns = packet_ns;
    struct flow **bucket = bucket_of(table, key);
    flow->bucket_next = *bucket;
    *bucket = flow;
    TAILQ_INSERT_TAIL(&table->lists[LIST_ACTIVE], flow, activity);
    table->size++;
    table->open++;
    table->counts.connections_seen++;
    return flow;
}

static bool is_server_port(const struct flow_table *table, uint16_t port)
{
    for (size_t i = 0; i < table->settings.port_count; i++)
        if (table->settings.ports[i] == port)
            return true;
    return false;
}

static void guess_role_by_port(const struct flow_table *table, struct flow *flow)
{
    bool server[2] = {is_server_port(table, flow->key.port[0]), is_server_port(table, flow->key.port[1])};
    if (!flow->role_known && server[0] != server[1])
        delivery_set_role(flow, server[1] ? 1 : 0);
}

/* A SYN begins direction |end|. */
static void take_syn(struct flow *flow, unsigned end, const struct tcp_segment *segment)
{
    if (!flow->role_known)
        delivery_set_role(flow, segment->flags & TCP_ACK ? end : !end);
    flow->handshake = true;
    flow->has_initial[end] = true;
    flow->initial[end] = segment->sequence;
    if (!flow->direction[end].started || (!flow->opened && !flow->direction[end].first))
        reassembly_start(&flow->direction[end], segment->sequence + 1);
}

static void revive(struct flow_table *table, struct flow *flow)
{
    move_to(table, flow, LIST_ACTIVE);
    table->open++;
}

/* Judges a SYN on ports that are in the table. Returns the connection that the segment belongs to, or NULL
 * where it is to be refused. */
static struct flow *judge_syn(struct flow_table *table, struct flow *flow, unsigned end,
                              const struct tcp_segment *segment, uint64_t packet_ns)
{
    if (flow->has_initial[end] && flow->initial[end] == segment->sequence)
        return flow; /* a copy */
    bool answer = segment->flags & TCP_ACK;
    bool expected = answer && flow->has_initial[!end] && segment->acknowledgement == flow->initial[!end] + 1;
    if (!flow->has_initial[end] && expected && !flow->opened && flow->list == LIST_CLOSED)
        revive(table, flow); /* what looked like a refusal was none */
    if (!flow->has_initial[end] && (expected || !flow->opened) && flow->list == LIST_ACTIVE)
        return flow;
    if (!flow->has_initial[end] && !answer && flow->direction[end].started &&
        flow->direction[end].next == reassembly_offset(&flow->direction[end], segment->sequence + 1))
        return flow; /* the SYN came after the SYN-ACK */
    bool accepted = flow->has_candidate && answer && flow->candidate_end != end &&
                    segment->acknowledgement == flow->candidate + 1;
    bool replaces = !answer && (flow->list == LIST_CLOSED || !flow->opened);
    if (!accepted && !replaces) {
        if (!answer) { /* a new connection only if the other end agrees */
            flow->has_candidate = true;
            flow->candidate = segment->sequence;
            flow->candidate_end = (uint8_t)end;
        }
        return NULL;
    }
    struct flow_key key = flow->key;
    uint32_t candidate = flow->candidate;
    drop_flow(table, flow);
    flow = create_flow(table, &key, packet_ns);
    if (accepted) {
        struct tcp_segment first = {.sequence = candidate, .flags = TCP_SYN};
        take_syn(flow, !end, &first);
    }
    return flow;
}

/* Notes what the segment acknowledges; returns the offset, 0 where that is not known. */
static uint64_t take_ack(struct flow *flow, unsigned end, const struct tcp_segment *segment)
{
    struct reassembly *other = &flow->direction[!end];
    if (!(segment->flags & TCP_ACK) || (segment->flags & TCP_RST))
        return 0;
    if (!other->started)
        reassembly_start(other, segment->acknowledgement);
    uint64_t offset = reassembly_offset(other, segment->acknowledgement);
    if (offset > other->next + REASSEMBLY_DISTANCE_MAX)
        return 0;
    if (offset > other->acked)
        other->acked = offset;
    return offset;
}

static void take_reset(struct flow_table *table, struct flow *flow, unsigned end,
                       const struct tcp_segment *segment)
{
    const struct reassembly *direction = &flow->direction[end];
    const struct reassembly *other = &flow->direction[!end];
    bool fits = false;
    if (direction->started) {
        uint64_t offset = reassembly_offset(direction, segment->sequence);
        fits = offset == direction->next || offset == direction->highest || offset == direction->acked ||
               (direction->fin != REASSEMBLY_NO_FIN && offset == direction->fin + 1);
    } else if ((segment->flags & TCP_ACK) && other->started) { /* a SYN refused */
        fits = reassembly_offset(other, segment->acknowledgement) == other->next;
    }
    if (!fits) {
        table->counts.segments_refused++;
        return;
    }
    table->counts.connections_reset++;
    close_flow(table, flow, false);
}

/* Takes ACK, payload and FIN of a segment of an open connection. */
static void take_segment(struct flow_table *table, struct flow *flow, unsigned end,
                         const struct tcp_segment *segment, uint64_t packet_ns)
{
    struct reassembly *direction = &flow->direction[end];
    uint32_t sequence = segment->sequence + (segment->flags & TCP_SYN ? 1 : 0);
    if (!direction->started)
        reassembly_start(direction, sequence);
    struct reassembly_piece piece = {
        .offset = reassembly_offset(direction, sequence),
        .data = segment->payload,
        .cut_bytes = segment->payload_wire_bytes - segment->payload.size,
        .packet_ns = packet_ns,
        .order = ++table->order,
        .segment_start = true,
        .ack_offset = take_ack(flow, end, segment),
    };
    if ((segment->flags & TCP_URG) && segment->payload_wire_bytes > 0)
        delivery_mark(table, flow, end, FLOW_URGENT);
    if (segment->flags & TCP_FIN) {
        uint64_t fin = piece.offset + segment->payload_wire_bytes;
        if (direction->fin == REASSEMBLY_NO_FIN && fin >= direction->next &&
            fin <= direction->next + REASSEMBLY_DISTANCE_MAX) {
            direction->fin = fin;
            flow->fin_ack[end] = piece.ack_offset;
        }
    }
    if (segment->payload_wire_bytes > 0)
        delivery_take(table, flow, end, &piece);
    delivery_settle(table, flow);
    if (flow->ended[0] && flow->ended[1])
        close_flow(table, flow, true);
}

static void expire(struct flow_table *table)
{
    struct flow *flow;
    while ((flow = TAILQ_FIRST(&table->lists[LIST_CLOSED])) &&
           table->now_ns - flow->last_ns > table->settings.linger_ns)
        drop_flow(table, flow);
    while ((flow = TAILQ_FIRST(&table->lists[LIST_ACTIVE])) &&
           table->now_ns - flow->last_ns > table->settings.idle_ns) {
        table->counts.connections_idle++;
        drop_flow(table, flow);
    }
    while ((flow = TAILQ_FIRST(&table->waiting)) && delivery_give_up(table, flow)) {
        if (flow->ended[0] && flow->ended[1])
            close_flow(table, flow, true);
    }
}

void flow_tick(struct flow_table *table, uint64_t now_ns)
{
    if (now_ns > table->now_ns)
        table->now_ns = now_ns;
    expire(table);
}

/* Whether one end of |segment| may be a wanted server: NET_TCP, or why none may. */
static enum net_verdict judge_ends(const struct flow_table *table, const struct tcp_segment *segment)
{
    const struct flow_settings *settings = &table->settings;
    const struct address *ends[2] = {&segment->source, &segment->destination};
    enum net_verdict verdict = NET_OTHER_PORT;
    for (unsigned i = 0; i < 2; i++) {
        if (settings->port_count > 0 && !is_server_port(table, ends[i]->port))
            continue;
        if (settings->servers.count == 0 || address_ranges_hold(&settings->servers, ends[i]))
            return NET_TCP;
        verdict = NET_OTHER_SERVER;
    }
    return verdict;
}

/* Finds or begins the connection of |segment|; NULL where it has none. */
static struct flow *place(struct flow_table *table, const struct tcp_segment *segment, uint64_t packet_ns,
                          unsigned *ret_end)
{
    struct flow_key key;
    *ret_end = make_key(segment, &key);
    struct flow *flow = find(table, &key);
    bool syn = segment->flags & TCP_SYN;
    if (flow && syn) {
        flow = judge_syn(table, flow, *ret_end, segment, packet_ns);
        if (!flow) {
            table->counts.segments_refused++;
            return NULL;
        }
    } else if (!flow) {
        if (!syn && segment->payload_wire_bytes == 0) {
            table->counts.segments_stray++;
            return NULL;
        }
        flow = create_flow(table, &key, packet_ns);
    }
    if (syn && flow->list == LIST_ACTIVE)
        take_syn(flow, *ret_end, segment);
    if (!flow->role_known)
        guess_role_by_port(table, flow);
    return flow;
}

enum net_verdict flow_take(struct flow_table *table, const struct tcp_segment *segment, uint64_t packet_ns)
{
    enum net_verdict verdict = judge_ends(table, segment);
    if (verdict != NET_TCP)
        return verdict;
    flow_tick(table, packet_ns);
    table->counts.segments++;
    table->counts.payload_bytes += segment->payload.size;
    unsigned end;
    struct flow *flow = place(table, segment, packet_ns, &end);
    if (!flow || flow->list == LIST_CLOSED) {
        table->counts.bytes_discarded += segment->payload.size;
        return NET_TCP;
    }
    flow->last_ns = table->now_ns;
    flow->packet_ns = packet_ns;
    flow->packets++;
    move_to(table, flow, LIST_ACTIVE);
    if (segment->flags & TCP_RST) {
        table->counts.bytes_discarded += segment->payload.size;
        take_reset(table, flow, end, segment);
    } else {
        take_segment(table, flow, end, segment, packet_ns);
    }
    return NET_TCP;
}

void flow_finish(struct flow_table *table)
{
    for (unsigned list = 0; list < 2; list++) {
        struct flow *flow;
        while ((flow = TAILQ_FIRST(&table->lists[list])))
            drop_flow(table, flow);
    }
}

const struct flow_counts *flow_table_counts(const struct flow_table *table)
{
    return &table->counts;
}

uint32_t flow_table_open(const struct flow_table *table)
{
    return table->open;
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    flow_finish(table);
    while (table->unused) {
        struct flow *flow = table->unused;
        table->unused = flow->bucket_next;
        free(flow);
    }
    free(table->buckets);
    free(table);
}
