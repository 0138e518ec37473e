#include "capture/tcp/flow.h"

#include "capture/tcp/flow_state.h"
#include "capture/tcp/handshake.h"
#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <endian.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MEMORY  (UINT64_C(256) << 20)
#define HEADROOM_MAX    (UINT64_C(1) << 20) /* what one packet may add before something is given up */
#define SPARE_FLOWS     256
#define FLOW_BYTES      (sizeof(struct flow) + BUDGET_BLOCK_BYTES)
#define REFRESHES       16 /* an active connection goes to the end of its list that often in the idle time */
#define RESET_LINGER_NS NS_PER_S

static_assert(sizeof(struct flow_entry) + FLOW_BYTES + 22 <= FLOW_ACTIVE_BYTES_MAX, "");
static_assert(sizeof(struct flow_entry) + 22 <= FLOW_QUIET_BYTES_MAX, "");

static void set_defaults(struct flow_settings *set)
{
    set->direction_bytes = set->direction_bytes ? set->direction_bytes : 4 << 20;
    set->direction_pieces = set->direction_pieces ? set->direction_pieces : 4096;
    set->idle_ns = set->idle_ns ? set->idle_ns : 600 * NS_PER_S;
    set->linger_ns = set->linger_ns ? set->linger_ns : 15 * NS_PER_S;
    set->allowance_ns = set->allowance_ns ? set->allowance_ns : 100 * NS_PER_MS;
    set->allowance_packets = set->allowance_packets ? set->allowance_packets : 512;
}

struct flow_table *flow_table_create(const struct flow_settings *settings, const struct flow_handler *handler)
{
    struct flow_table *table = xcalloc(1, sizeof *table);
    table->settings = *settings;
    set_defaults(&table->settings);
    table->handler = *handler;
    table->own_budget.limit_bytes = DEFAULT_MEMORY;
    table->budget = settings->budget ? settings->budget : &table->own_budget;
    uint64_t limit = table->budget->limit_bytes;
    table->keep_bytes = limit - (limit / 16 < HEADROOM_MAX ? limit / 16 : HEADROOM_MAX);
    uint8_t key[FLOW_INDEX_KEY_SIZE];
    if (settings->hash_key)
        memcpy(key, settings->hash_key, sizeof key);
    else
        randombytes_buf(key, sizeof key);
    flow_index_init(&table->index, table->budget, key);
    table->shared = (struct reassembly_shared){
        .budget = table->budget,
        .direction_bytes = table->settings.direction_bytes,
        .direction_pieces = table->settings.direction_pieces,
    };
    memcpy(&table->shared.random, key, sizeof table->shared.random);
    table->shared.random |= 1;
    for (size_t i = 0; i < settings->port_count; i++)
        table->server_ports[settings->ports[i] / 8] |= (uint8_t)(1 << settings->ports[i] % 8);
    TAILQ_INIT(&table->waiting);
    TAILQ_INIT(&table->resets);
    return table;
}

/* As memcmp, in line. */
static inline int compare_ips(const uint8_t a[16], const uint8_t b[16])
{
    for (unsigned at = 0; at < 16; at += 8) {
        uint64_t x, y;
        memcpy(&x, a + at, sizeof x);
        memcpy(&y, b + at, sizeof y);
        if (x != y)
            return be64toh(x) < be64toh(y) ? -1 : 1;
    }
    return 0;
}

/* Returns which end of |key| the segment comes from. */
static unsigned make_key(const struct tcp_segment *segment, struct flow_key *key)
{
    const struct address *ends[2] = {&segment->source, &segment->destination};
    int order = compare_ips(ends[0]->ip, ends[1]->ip);
    unsigned from = order > 0 || (order == 0 && ends[0]->port > ends[1]->port) ? 1 : 0;
    *key = (struct flow_key){0};
    for (unsigned i = 0; i < 2; i++) {
        memcpy(key->ip[i ^ from], ends[i]->ip, sizeof key->ip[0]);
        key->port[i ^ from] = ends[i]->port;
    }
    key->scope = segment->scope;
    key->family = segment->source.family;
    return from;
}

/* ---- streams ---- */

/* Begins the streams of connection |number|. */
static struct flow *begin_flow(struct flow_table *table, uint32_t number)
{
    struct flow *flow = table->spare;
    if (flow) {
        table->spare = flow->spare;
        table->spare_count--;
    } else {
        flow = xmalloc(sizeof *flow);
    }
    memset(flow, 0, sizeof *flow);
    budget_charge(table->budget, FLOW_BYTES);
    table->flow_count++;
    struct flow_entry *entry = flow_index_at(&table->index, number);
    entry->flow = flow;
    flow->entry = number;
    for (unsigned end = 0; end < 2; end++) {
        flow->seen[end] = entry->has_syn >> end & 1;
        if (entry->has_start >> end & 1)
            reassembly_start(&flow->direction[end], entry->start[end]);
    }
    return flow;
}

static void free_flow(struct flow_table *table, struct flow *flow)
{
    for (unsigned end = 0; end < 2; end++)
        reassembly_done(&flow->direction[end], &table->shared);
    budget_release(table->budget, FLOW_BYTES);
    table->flow_count--;
    if (table->spare_count >= SPARE_FLOWS) {
        free(flow);
        return;
    }
    flow->spare = table->spare;
    table->spare = flow;
    table->spare_count++;
}

/* Ends the streams for the handler. */
static void end_flow(struct flow_table *table, struct flow_entry *entry, bool clean)
{
    struct flow *flow = entry->flow;
    delivery_flush(table, flow);
    delivery_stop_waiting(table, flow);
    if (flow->is_reset) {
        TAILQ_REMOVE(&table->resets, flow, reset);
        table->counts.connections_reset++;
        entry->reset = true;
        entry->reset_end = flow->reset_end;
        entry->candidate = (uint32_t)flow->direction[flow->reset_end].next;
    }
    clean |= flow->ended[0] && flow->ended[1];
    if (flow->opened)
        table->handler.close(flow->connection, clean, flow->packet_ns);
    else if (!entry->role_known)
        table->counts.connections_unassigned++;
    if (clean && entry->handshake && !flow->gapped)
        table->counts.connections_complete++;
    entry->opened = flow->opened;
    entry->flow = NULL;
    free_flow(table, flow);
}

void flow_close(struct flow_table *table, uint32_t number, bool clean)
{
    struct flow_entry *entry = flow_index_at(&table->index, number);
    if (entry->list == LIST_CLOSED)
        return;
    entry->has_candidate = false;
    if (entry->flow)
        end_flow(table, entry, clean);
    else
        table->counts.connections_half_open++;
    if (!entry->handshake)
        table->counts.connections_midstream++;
    flow_index_move(&table->index, number, LIST_CLOSED);
    entry->queued_tick = flow_clock_tick(&table->clock);
    table->open--;
}

void flow_drop(struct flow_table *table, uint32_t number)
{
    flow_close(table, number, false);
    flow_index_remove(&table->index, number);
}

uint32_t flow_create(struct flow_table *table, const struct flow_key *key, uint32_t hash, uint64_t packet_ns)
{
    while (!flow_index_has_room(&table->index))
        flow_room_give_up(table);
    uint32_t number = flow_index_add(&table->index, key, hash, LIST_QUIET);
    struct flow_entry *entry = flow_index_at(&table->index, number);
    entry->first_ns = packet_ns;
    entry->last_tick = entry->queued_tick = flow_clock_tick(&table->clock);
    table->open++;
    table->counts.connections_seen++;
    return number;
}

/* ---- time ---- */

static void expire_list(struct flow_table *table, enum flow_list list, uint64_t after_ns)
{
    uint32_t now = flow_clock_tick(&table->clock);
    uint64_t after = after_ns >> FLOW_CLOCK_TICK_LOG;
    uint32_t number;
    while ((number = table->index.lists[list].oldest) != FLOW_INDEX_NONE &&
           now - flow_index_at(&table->index, number)->last_tick > after) {
        table->counts.connections_idle += list != LIST_CLOSED;
        flow_drop(table, number);
    }
}

static void expire(struct flow_table *table)
{
    struct flow *flow;
    while ((flow = TAILQ_FIRST(&table->waiting)) && delivery_give_up(table, flow)) {
        if (flow->ended[0] && flow->ended[1])
            flow_close(table, flow->entry, true);
    }
    while ((flow = TAILQ_FIRST(&table->resets)) && table->clock.now_ns - flow->reset_ns > RESET_LINGER_NS)
        flow_close(table, flow->entry, false);
    uint32_t tick = flow_clock_tick(&table->clock);
    if (tick == table->expired_tick)
        return;
    table->expired_tick = tick;
    for (unsigned list = 0; list < FLOW_LISTS; list++)
        expire_list(table, list, list == LIST_CLOSED ? table->settings.linger_ns : table->settings.idle_ns);
}

void flow_tick(struct flow_table *table, uint64_t now_ns)
{
    flow_clock_advance(&table->clock, now_ns);
    expire(table);
    flow_room_make(table);
}

/* ---- segments ---- */

static bool is_server_port(const struct flow_table *table, uint16_t port)
{
    return table->server_ports[port / 8] >> port % 8 & 1;
}

static void guess_role_by_port(const struct flow_table *table, struct flow_entry *entry)
{
    bool server[2] = {is_server_port(table, entry->key.port[0]), is_server_port(table, entry->key.port[1])};
    if (entry->role_known || server[0] == server[1])
        return;
    entry->role_known = true;
    entry->server = server[1];
}

/* Notes what the segment acknowledges; returns the offset, 0 where that is not known. */
static uint64_t take_ack(struct flow *flow, unsigned end, const struct tcp_segment *segment)
{
    struct reassembly *other = &flow->direction[!end];
    if (!(segment->flags & TCP_ACK))
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

/* Takes a FIN. One that was not acknowledged yet and that data of its sender goes beyond was none. */
static void take_fin(struct flow_table *table, struct flow *flow, unsigned end,
                     const struct tcp_segment *segment, const struct reassembly_piece *piece)
{
    struct reassembly *direction = &flow->direction[end];
    uint64_t segment_end = piece->offset + segment->payload_wire_bytes;
    if (segment->payload_wire_bytes > 1 && direction->fin != REASSEMBLY_NO_FIN &&
        segment_end > direction->fin && direction->acked <= direction->fin && !flow->ended[end]) {
        direction->fin = REASSEMBLY_NO_FIN;
        table->counts.segments_refused++;
    }
    if (!(segment->flags & TCP_FIN) || segment_end == direction->fin)
        return;
    if (direction->fin == REASSEMBLY_NO_FIN && segment_end >= direction->next &&
        segment_end <= direction->next + REASSEMBLY_DISTANCE_MAX) {
        direction->fin = segment_end;
        flow->fin_ack[end] = piece->ack_offset;
    } else {
        table->counts.segments_refused++;
    }
}

/* Whether the segment's timestamp is older than that of its stream (RFC 7323 §5.3 R1), so that its new bytes are
 * those of an old duplicate. */
static bool is_old(struct flow *flow, unsigned end, const struct tcp_segment *segment,
                   const struct reassembly_piece *piece)
{
    if (!segment->has_timestamp || segment->payload_wire_bytes == 0)
        return false;
    const struct reassembly *direction = &flow->direction[end];
    uint64_t segment_end = piece->offset + segment->payload_wire_bytes;
    if (flow->has_timestamp[end] && (int32_t)(segment->timestamp_value - flow->timestamp[end]) < 0)
        return segment_end > direction->next;
    if (piece->offset <= direction->next && segment_end > direction->next) {
        flow->has_timestamp[end] = true;
        flow->timestamp[end] = segment->timestamp_value;
    }
    return false;
}

static bool is_beyond_end(const struct flow *flow, unsigned end, uint64_t offset)
{
    const struct reassembly *direction = &flow->direction[end];
    return offset >= direction->fin && (direction->acked > direction->fin || flow->ended[end]);
}

/* Takes the payload of a segment. */
static void take_payload(struct flow_table *table, struct flow *flow, unsigned end,
                         const struct tcp_segment *segment, const struct reassembly_piece *piece)
{
    if ((segment->flags & TCP_URG))
        delivery_mark(table, flow, end, FLOW_URGENT);
    if (is_beyond_end(flow, end, piece->offset))
        table->counts.bytes_discarded += segment->payload.size;
    else
        delivery_take(table, flow, end, piece);
    const struct flow_entry *entry = flow_entry_of(table, flow);
    enum flow_list list = entry->role_known && end == entry->server ? LIST_ANSWERED : LIST_AWAITING;
    if (entry->list != list)
        flow_requeue(table, flow->entry, list);
}

void flow_requeue(struct flow_table *table, uint32_t number, enum flow_list list)
{
    flow_index_move(&table->index, number, list);
    flow_index_at(&table->index, number)->queued_tick = flow_clock_tick(&table->clock);
}

/* Takes ACK, payload and FIN of a segment of an open connection. */
static void take_segment(struct flow_table *table, struct flow *flow, unsigned end,
                         const struct tcp_segment *segment, uint64_t packet_ns)
{
    struct reassembly *direction = &flow->direction[end];
    uint32_t sequence = segment->sequence + (segment->flags & TCP_SYN ? 1 : 0);
    flow->packet_ns = packet_ns;
    flow->packets++;
    flow->seen[end] = true;
    if (!direction->started)
        reassembly_start(direction, sequence);
    struct reassembly_piece piece = {
        .offset = reassembly_offset(direction, sequence),
        .data = segment->payload,
        .cut_bytes = segment->payload_wire_bytes - segment->payload.size,
        .packet_ns = packet_ns,
        .order = ++table->order,
        .segment_start = true,
    };
    if (is_old(flow, end, segment, &piece)) {
        table->counts.segments_old++;
        table->counts.bytes_discarded += segment->payload.size;
        return;
    }
    piece.ack_offset = take_ack(flow, end, segment);
    handshake_withdraw_reset(table, flow, end, piece.offset + segment->payload_wire_bytes);
    take_fin(table, flow, end, segment, &piece);
    if (segment->payload_wire_bytes > 0)
        take_payload(table, flow, end, segment, &piece);
    handshake_settle_reset(table, flow, end);
    delivery_settle(table, flow);
    if (flow->ended[0] && flow->ended[1])
        flow_close(table, flow->entry, true);
}

/* Whether the segment says that there is data, or an end: streams are needed. */
static bool needs_flow(struct flow_entry *entry, unsigned end, const struct tcp_segment *segment)
{
    if (segment->payload_wire_bytes > 0 || (segment->flags & TCP_FIN))
        return true;
    if (!(segment->flags & TCP_ACK))
        return false;
    if (!(entry->has_start >> !end & 1)) {
        entry->has_start |= (uint8_t)(1 << !end);
        entry->start[!end] = segment->acknowledgement;
    }
    uint32_t distance = segment->acknowledgement - entry->start[!end];
    return distance > 0 && distance <= REASSEMBLY_DISTANCE_MAX;
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

/* Finds or begins the connection of |segment|; FLOW_INDEX_NONE where it has none. */
static uint32_t place(struct flow_table *table, const struct tcp_segment *segment, uint64_t packet_ns,
                      unsigned *ret_end)
{
    struct flow_key key;
    *ret_end = make_key(segment, &key);
    uint32_t number = flow_index_recall(&table->index, &key);
    if (number != FLOW_INDEX_NONE && handshake_is_plain(flow_index_at(&table->index, number), segment))
        return number;
    if (number != FLOW_INDEX_NONE)
        return handshake_judge(table, number, *ret_end, segment, packet_ns);
    uint32_t hash = flow_index_hash(&table->index, &key);
    number = flow_index_find(&table->index, &key, hash);
    if (number != FLOW_INDEX_NONE) {
        flow_index_remember(&table->index, &key, number);
        return handshake_judge(table, number, *ret_end, segment, packet_ns);
    }
    number = flow_index_find_kin(&table->index, &key);
    if (number != FLOW_INDEX_NONE &&
        handshake_is_kin(flow_index_at(&table->index, number), *ret_end, segment))
        return handshake_judge(table, number, *ret_end, segment, packet_ns);
    bool begins = segment->flags & TCP_SYN || segment->payload_wire_bytes > 0;
    if (!begins || (segment->flags & TCP_RST)) {
        table->counts.segments_stray++;
        return FLOW_INDEX_NONE;
    }
    return flow_create(table, &key, hash, packet_ns);
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
    uint32_t number = place(table, segment, packet_ns, &end);
    struct flow_entry *entry = number == FLOW_INDEX_NONE ? NULL : flow_index_at(&table->index, number);
    if (!entry || entry->list == LIST_CLOSED) {
        table->counts.bytes_discarded += segment->payload.size;
        return NET_TCP;
    }
    entry->last_tick = flow_clock_tick(&table->clock);
    if (entry->last_tick - entry->queued_tick > table->settings.idle_ns / REFRESHES >> FLOW_CLOCK_TICK_LOG)
        flow_requeue(table, number, entry->list);
    if (segment->flags & TCP_SYN)
        handshake_take_syn(entry, end, segment);
    if (!entry->role_known)
        guess_role_by_port(table, entry);
    if (segment->flags & TCP_RST) {
        table->counts.bytes_discarded += segment->payload.size;
        handshake_take_reset(table, number, end, segment);
        return NET_TCP;
    }
    if (!entry->flow) {
        handshake_take_acknowledgement(entry, end, segment);
        if (!needs_flow(entry, end, segment))
            return NET_TCP;
    }
    take_segment(table, entry->flow ? entry->flow : begin_flow(table, number), end, segment, packet_ns);
    return NET_TCP;
}

void flow_finish(struct flow_table *table)
{
    for (unsigned list = 0; list < FLOW_LISTS; list++)
        while (table->index.lists[list].oldest != FLOW_INDEX_NONE)
            flow_drop(table, table->index.lists[list].oldest);
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
    while (table->spare) {
        struct flow *flow = table->spare;
        table->spare = flow->spare;
        free(flow);
    }
    flow_index_done(&table->index);
    free(table);
}
