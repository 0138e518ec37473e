#include "capture/tcp/handshake.h"

#include "common/clock.h"

#define COPY_NS      (100 * NS_PER_MS)    /* a copy of a closed connection's SYN comes no later */
#define NEAR_BYTES   (UINT32_C(16) << 20) /* no window is larger, on most hosts */
#define RESET_WINDOW (UINT64_C(64) << 10) /* a RST after bytes that the capture lost comes no farther ahead */

static bool has(uint8_t bits, unsigned end)
{
    return bits >> end & 1;
}

void handshake_take_syn(struct flow_entry *entry, unsigned end, const struct tcp_segment *segment)
{
    uint32_t start = segment->sequence + 1;
    if (!entry->role_known) {
        entry->role_known = true;
        entry->server = segment->flags & TCP_ACK ? end & 1 : !end;
    }
    entry->handshake = true;
    entry->has_syn |= 1u << end & 3u;
    if (has(entry->has_start, end) && entry->start[end] == start)
        return;
    entry->has_start |= (uint8_t)(1 << end);
    entry->start[end] = start;
    struct flow *flow = entry->flow;
    if (flow && (!flow->direction[end].started || (!flow->opened && !flow->direction[end].first)))
        reassembly_start(&flow->direction[end], start);
}

void handshake_take_acknowledgement(struct flow_entry *entry, unsigned end, const struct tcp_segment *segment)
{
    if (segment->flags & TCP_ACK && has(entry->has_syn, end) && segment->sequence == entry->start[end])
        entry->has_first |= 1u << !end & 3u;
}

/* Whether |number| lies near what |end| has come to; |unknown| where nobody knows what that is. */
static bool is_near(const struct flow_entry *entry, unsigned end, uint32_t number, bool unknown)
{
    bool started = entry->flow && entry->flow->direction[end].started;
    if (!started && !has(entry->has_start, end))
        return unknown;
    uint32_t at = started ? (uint32_t)entry->flow->direction[end].next : entry->start[end];
    return number - at + NEAR_BYTES <= 2 * NEAR_BYTES;
}

bool handshake_is_kin(const struct flow_entry *entry, unsigned end, const struct tcp_segment *segment)
{
    bool answers = segment->flags & TCP_ACK;
    if (segment->flags & TCP_SYN)
        return (has(entry->has_start, end) && entry->start[end] == segment->sequence + 1) ||
               (answers && has(entry->has_start, !end) && segment->acknowledgement == entry->start[!end]);
    bool acknowledges = !answers || is_near(entry, !end, segment->acknowledgement, true);
    return acknowledges && is_near(entry, end, segment->sequence, answers && has(entry->has_start, !end));
}

/* Begins a new connection in the place of |number|. */
static uint32_t replace(struct flow_table *table, uint32_t number, uint64_t packet_ns)
{
    const struct flow_entry *entry = flow_index_at(&table->index, number);
    struct flow_key key = entry->key;
    uint32_t hash = entry->hash;
    flow_drop(table, number);
    return flow_create(table, &key, hash, packet_ns);
}

/* The SYN that was noted as a candidate has begun a connection. */
static uint32_t accept_candidate(struct flow_table *table, uint32_t number, uint64_t packet_ns)
{
    const struct flow_entry *entry = flow_index_at(&table->index, number);
    struct tcp_segment first = {.sequence = entry->candidate, .flags = TCP_SYN};
    unsigned end = entry->candidate_end;
    number = replace(table, number, packet_ns);
    handshake_take_syn(flow_index_at(&table->index, number), end, &first);
    return number;
}

/* What looked like the end of a connection that never sent data was none. */
static uint32_t revive(struct flow_table *table, uint32_t number)
{
    struct flow_entry *entry = flow_index_at(&table->index, number);
    entry->reset = false;
    table->counts.connections_half_open--;
    table->counts.connections_reset--;
    table->counts.segments_refused++;
    table->open++;
    flow_requeue(table, number, LIST_QUIET);
    return number;
}

static uint32_t refuse(struct flow_table *table)
{
    table->counts.segments_refused++;
    return FLOW_INDEX_NONE;
}

/* Whether all is seen that ends a connection. */
static bool is_ending(const struct flow *flow)
{
    bool both = true;
    for (unsigned end = 0; end < 2; end++)
        both &= flow->direction[end].started && flow->direction[end].fin != REASSEMBLY_NO_FIN;
    return both || flow->is_reset;
}

static uint32_t judge_syn(struct flow_table *table, uint32_t number, unsigned end,
                          const struct tcp_segment *segment, uint64_t packet_ns)
{
    struct flow_entry *entry = flow_index_at(&table->index, number);
    bool answer = segment->flags & TCP_ACK;
    bool closed = entry->list == LIST_CLOSED;
    bool over = closed || (entry->flow && is_ending(entry->flow));
    bool opened = closed ? entry->opened : entry->flow && entry->flow->opened;
    if (has(entry->has_start, end) && entry->start[end] == segment->sequence + 1) {
        uint64_t since = flow_clock_tick(&table->clock) - entry->last_tick;
        bool copy = !closed || since <= COPY_NS >> FLOW_CLOCK_TICK_LOG;
        return copy ? number : replace(table, number, packet_ns);
    }
    bool expected = answer && has(entry->has_syn, !end) && segment->acknowledgement == entry->start[!end];
    if (!has(entry->has_syn, end) && expected && closed && entry->reset && !opened)
        return revive(table, number);
    if (!has(entry->has_syn, end) && (expected || !opened) && !closed)
        return number;
    if (entry->has_candidate && answer && entry->candidate_end != end &&
        segment->acknowledgement == entry->candidate + 1)
        return accept_candidate(table, number, packet_ns);
    if (over || (!answer && !opened))
        return replace(table, number, packet_ns);
    if (!answer) { /* a new connection only if the other end agrees, or its sender goes on from there */
        entry->has_candidate = true;
        entry->candidate = segment->sequence;
        entry->candidate_end = end & 1;
    }
    return refuse(table);
}

/* A connection that a RST closed goes on: by its sender's next data, or the first of all data. */
static bool goes_on(const struct flow_entry *entry, unsigned end, const struct tcp_segment *segment)
{
    if (!entry->reset || segment->payload_wire_bytes == 0)
        return false;
    if (!entry->opened)
        return has(entry->has_start, end) && segment->sequence == entry->start[end];
    return end == entry->reset_end && segment->sequence == entry->candidate;
}

static uint32_t judge_data(struct flow_table *table, uint32_t number, unsigned end,
                           const struct tcp_segment *segment, uint64_t packet_ns)
{
    const struct flow_entry *entry = flow_index_at(&table->index, number);
    if (entry->has_candidate && entry->candidate_end == end && segment->sequence == entry->candidate + 1 &&
        segment->payload_wire_bytes > 0) {
        const struct flow *flow = entry->flow;
        if (!flow || (uint32_t)flow->direction[end].next != segment->sequence)
            return accept_candidate(table, number, packet_ns);
    }
    if (entry->list != LIST_CLOSED || !goes_on(entry, end, segment))
        return number;
    if (!entry->opened)
        return revive(table, number);
    bool role_known = entry->role_known, server = entry->server;
    number = replace(table, number, packet_ns);
    struct flow_entry *next = flow_index_at(&table->index, number);
    next->role_known = role_known;
    next->server = server;
    return number;
}

uint32_t handshake_judge(struct flow_table *table, uint32_t number, unsigned end,
                         const struct tcp_segment *segment, uint64_t packet_ns)
{
    if (segment->flags & TCP_RST)
        return number;
    if (!(segment->flags & TCP_SYN))
        return judge_data(table, number, end, segment, packet_ns);
    if (segment->flags & TCP_FIN) /* of no connection: a scan */
        return refuse(table);
    return judge_syn(table, number, end, segment, packet_ns);
}

/* Whether |segment|, a RST, has the sequence number that its receiver waits for, as far as the capture tells. */
static bool reset_fits(const struct flow_entry *entry, unsigned end, const struct tcp_segment *segment,
                       uint64_t *ret_offset)
{
    const struct flow *flow = entry->flow;
    const struct reassembly *direction = flow ? &flow->direction[end] : NULL;
    if (direction && direction->started) {
        uint64_t offset = reassembly_offset(direction, segment->sequence);
        *ret_offset = offset;
        bool highest = offset == direction->highest && offset - direction->next <= RESET_WINDOW;
        return highest || offset == direction->next || offset == direction->acked ||
               (direction->fin != REASSEMBLY_NO_FIN && offset == direction->fin + 1);
    }
    if (!flow && has(entry->has_start, end))
        return segment->sequence == entry->start[end];
    /* A SYN refused. */
    return (segment->flags & TCP_ACK) && has(entry->has_start, !end) &&
           segment->acknowledgement == entry->start[!end];
}

static void begin_reset(struct flow_table *table, struct flow *flow, unsigned end, uint64_t offset)
{
    flow->is_reset = true;
    flow->reset_end = (uint8_t)end;
    flow->reset_offset = offset;
    flow->reset_ns = table->clock.now_ns;
    TAILQ_INSERT_TAIL(&table->resets, flow, reset);
}

/* A RST may be captured before the bytes that it follows: it is refused until they come. */
static void note_early_reset(struct flow *flow, unsigned end, uint64_t offset)
{
    const struct reassembly *direction = &flow->direction[end];
    if (direction->started && offset > direction->next && offset - direction->next <= RESET_WINDOW)
        flow->early_reset[end] = offset;
}

void handshake_take_reset(struct flow_table *table, uint32_t number, unsigned end,
                          const struct tcp_segment *segment)
{
    struct flow_entry *entry = flow_index_at(&table->index, number);
    struct flow *flow = entry->flow;
    uint64_t offset = 0;
    if (!reset_fits(entry, end, segment, &offset)) {
        table->counts.segments_refused++;
        if (flow)
            note_early_reset(flow, end, offset);
        return;
    }
    if (!flow) {
        entry->reset = true;
        table->counts.connections_reset++;
        flow_close(table, number, false);
    } else if (!flow->is_reset) {
        begin_reset(table, flow, end, offset);
    }
}

void handshake_settle_reset(struct flow_table *table, struct flow *flow, unsigned end)
{
    if (flow->early_reset[end] == 0 || flow->early_reset[end] != flow->direction[end].highest ||
        flow->is_reset)
        return;
    begin_reset(table, flow, end, flow->early_reset[end]);
    flow->early_reset[end] = 0;
    table->counts.segments_refused--;
}

void handshake_withdraw_reset(struct flow_table *table, struct flow *flow, unsigned end, uint64_t offset)
{
    if (!flow->is_reset || flow->reset_end != end || offset <= flow->reset_offset)
        return;
    flow->is_reset = false;
    TAILQ_REMOVE(&table->resets, flow, reset);
    table->counts.segments_refused++;
}
