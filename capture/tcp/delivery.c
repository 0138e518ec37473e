#include "capture/tcp/flow_role.h"
#include "capture/tcp/flow_state.h"

#include <string.h>

#define FAR_BYTES       (UINT64_C(64) << 10) /* in a larger hole that nobody acknowledged forged bytes lie */
#define ONE_SIDED_BYTES (UINT64_C(1) << 20)  /* so is this one, where nobody is seen who could */

static struct address end_address(const struct flow_entry *entry, unsigned end)
{
    struct address address = {.family = entry->key.family, .port = entry->key.port[end]};
    memcpy(address.ip, entry->key.ip[end], sizeof address.ip);
    return address;
}

static enum flow_side side_of(const struct flow_table *table, const struct flow *flow, unsigned end)
{
    return end == flow_entry_of(table, flow)->server ? FLOW_SERVER : FLOW_CLIENT;
}

void delivery_set_role(struct flow_table *table, struct flow *flow, unsigned server)
{
    struct flow_entry *entry = flow_entry_of(table, flow);
    entry->role_known = true;
    entry->server = server & 1;
}

/* Makes sure that the handler knows the connection; false where nobody knows who is the server. */
static bool open_connection(struct flow_table *table, struct flow *flow)
{
    if (flow->opened)
        return true;
    const struct flow_entry *entry = flow_entry_of(table, flow);
    if (!entry->role_known)
        return false;
    struct flow_info info = {
        .client = end_address(entry, !entry->server),
        .server = end_address(entry, entry->server),
        .first_ns = entry->first_ns,
        .midstream = !entry->handshake,
        .server_midstream = !((entry->has_syn | entry->has_first) >> entry->server & 1),
    };
    flow->connection = table->handler.open(table->handler.arg, &info);
    flow->opened = true;
    return true;
}

static void emit_gap(struct flow_table *table, struct flow *flow, unsigned end, uint64_t bytes, uint64_t ns)
{
    table->counts.bytes_gap += bytes;
    if (!flow->gapped)
        table->counts.connections_gapped++;
    flow->gapped = true;
    if (open_connection(table, flow))
        table->handler.gap(flow->connection, side_of(table, flow, end), bytes, ns);
}

/* Whether |end|, which sends the first data, may yet be another side than was told: by its SYN it is the server, but those may
 * ask, too, whom a client called for that (reverse HTTP). Where servers are named, they are who they are said to be. */
static bool is_role_open(const struct flow_table *table, const struct flow_entry *entry, unsigned end)
{
    const struct flow_settings *settings = &table->settings;
    return !entry->role_known ||
           (end == entry->server && settings->port_count == 0 && settings->servers.count == 0);
}

/* Tells the roles by the first data of a connection, which |end| sends. */
static void find_role(struct flow_table *table, struct flow *flow, unsigned end, struct bytes data)
{
    const struct flow_entry *entry = flow_entry_of(table, flow);
    const uint16_t *port = entry->key.port;
    enum flow_hint hint = flow_role_hint(data);
    if (entry->role_known && hint != FLOW_HINT_REQUEST)
        return;
    if (hint != FLOW_HINT_NONE)
        delivery_set_role(table, flow, hint == FLOW_HINT_RESPONSE ? end : !end);
    else if (table->settings.guess_roles)
        delivery_set_role(table, flow, port[0] < port[1] ? 0 : 1);
}

/* Delivers |piece|, which is next in its direction, and moves past it. */
static void deliver(struct flow_table *table, struct flow *flow, unsigned end,
                    const struct reassembly_piece *piece)
{
    struct reassembly *direction = &flow->direction[end];
    if (piece->data.size > 0) {
        if (!flow->opened && is_role_open(table, flow_entry_of(table, flow), end))
            find_role(table, flow, end, piece->data);
        if (flow->ended[end]) {
            table->counts.bytes_discarded += piece->data.size;
        } else if (open_connection(table, flow)) {
            table->counts.bytes_delivered += piece->data.size;
            table->handler.data(flow->connection, side_of(table, flow, end), piece->data, piece->packet_ns,
                                piece->segment_start);
        } else {
            table->counts.bytes_unassigned += piece->data.size;
        }
    }
    reassembly_advance(direction, piece);
    if (piece->cut_bytes > 0 && !flow->ended[end])
        emit_gap(table, flow, end, piece->cut_bytes, piece->packet_ns);
}

/* Whether the other direction has been delivered up to |ack_offset|. */
static bool cause_delivered(const struct flow *flow, unsigned end, uint64_t ack_offset)
{
    const struct reassembly *other = &flow->direction[!end];
    return !other->started || ack_offset <= other->next || other->next >= other->fin;
}

/* The same of a FIN's |ack_offset|: one more than was ever seen is the number of the other's FIN. Bytes that acknowledge it
 * tell of a byte that was lost: hardly anybody sends more to who has ended. */
static bool fin_cause_delivered(const struct flow *flow, unsigned end, uint64_t ack_offset)
{
    const struct reassembly *other = &flow->direction[!end];
    return cause_delivered(flow, end, ack_offset) ||
           (ack_offset == other->next + 1 && other->highest <= other->next);
}

static bool is_ready(const struct flow *flow, unsigned end)
{
    const struct reassembly_piece *piece = reassembly_front(&flow->direction[end]);
    return piece && cause_delivered(flow, end, piece->ack_offset);
}

static void deliver_front(struct flow_table *table, struct flow *flow, unsigned end)
{
    deliver(table, flow, end, reassembly_front(&flow->direction[end]));
    reassembly_pop(&flow->direction[end], &table->shared);
}

/* Returns where that ends which will not come if it is missing: what the receiver acknowledged, or, where it is never
 * seen, what the sender went on to send. */
static uint64_t certain_end(const struct flow *flow, unsigned end)
{
    const struct reassembly *direction = &flow->direction[end];
    if (flow->seen[!end] || reassembly_hole(direction) > ONE_SIDED_BYTES)
        return direction->acked;
    bool fin = direction->fin != REASSEMBLY_NO_FIN && direction->fin > direction->highest;
    return fin ? direction->fin : direction->highest;
}

/* Returns how many bytes before |until| are missing at the front of a direction. */
static uint64_t missing_bytes(const struct flow *flow, unsigned end, uint64_t until)
{
    const struct reassembly *direction = &flow->direction[end];
    if (!direction->started || until <= direction->next)
        return 0;
    uint64_t hole = reassembly_hole(direction);
    return hole < until - direction->next ? hole : until - direction->next;
}

static void lose(struct flow_table *table, struct flow *flow, unsigned end, uint64_t bytes)
{
    if (!flow->ended[end])
        emit_gap(table, flow, end, bytes, flow->packet_ns);
    reassembly_skip(&flow->direction[end], bytes);
}

/* Gives up what is missing before |until| at the front of a direction, no more than what the other side went on with: its
 * next bytes come before the rest. Returns whether there was something. */
static bool lose_before(struct flow_table *table, struct flow *flow, unsigned end, uint64_t until)
{
    const struct reassembly *other = &flow->direction[!end];
    uint64_t ack = other->first ? reassembly_first(other)->ack_offset : 0;
    if (ack > flow->direction[end].next && ack < until)
        until = ack;
    uint64_t bytes = missing_bytes(flow, end, until);
    if (bytes > 0)
        lose(table, flow, end, bytes);
    return bytes > 0;
}

/* Whether what |end| sent behind its hole was sent before anything of the other side's hole was there. */
static bool sent_before(const struct flow *flow, unsigned end)
{
    const struct reassembly *direction = &flow->direction[end];
    uint64_t ack = direction->first ? reassembly_first(direction)->ack_offset : 0;
    return ack > 0 && ack <= flow->direction[!end].next;
}

/* Whose hole comes first in order of cause. Where each side went on with the other's bytes, the server's: what is missing of
 * it may still answer what the client sent before its own hole. */
static unsigned earlier_hole(const struct flow_table *table, const struct flow *flow)
{
    const struct flow_entry *entry = flow_entry_of(table, flow);
    const struct reassembly *ends = flow->direction;
    bool before[2] = {sent_before(flow, 0), sent_before(flow, 1)};
    if (before[0] != before[1])
        return before[0] ? 0 : 1;
    if (!before[0] && entry->role_known)
        return entry->server;
    if (!ends[0].first || !ends[1].first)
        return ends[0].first ? 0 : 1;
    return reassembly_first(&ends[0])->order < reassembly_first(&ends[1])->order ? 0 : 1;
}

/* Whether |end|'s hole comes behind what the other side sent behind a hole of its own, which it may still fill. */
static bool comes_behind(const struct flow *flow, unsigned end)
{
    return sent_before(flow, !end) && !sent_before(flow, end) &&
           reassembly_hole(&flow->direction[!end]) <= FAR_BYTES;
}

/* As far as that is certain: with |force| what is so now, else what was so when the allowance began. */
static bool lose_certain(struct flow_table *table, struct flow *flow, bool force)
{
    unsigned end = earlier_hole(table, flow);
    uint64_t until = force ? certain_end(flow, end) : flow->hole_until[end];
    if (lose_before(table, flow, end, until))
        return true;
    if (missing_bytes(flow, end, certain_end(flow, end)) > 0) {
        flow->pending = 0; /* became certain after the allowance began: begins it anew, for both */
        return false;
    }
    end = !end;
    if (!force && comes_behind(flow, end))
        return false;
    return lose_before(table, flow, end, force ? certain_end(flow, end) : flow->hole_until[end]);
}

/* Gives up a hole that nobody acknowledged, at the end: what lies behind it comes next. Behind too large a hole
 * lie forged segments: they go instead. */
static bool lose_all(struct flow_table *table, struct flow *flow, unsigned end)
{
    struct reassembly *direction = &flow->direction[end];
    uint64_t bytes = direction->started ? reassembly_hole(direction) : 0;
    if (bytes == 0)
        return false;
    if (bytes <= FAR_BYTES) {
        lose(table, flow, end, bytes);
        return true;
    }
    if (!direction->first)
        direction->fin = REASSEMBLY_NO_FIN;
    while (direction->first) {
        table->counts.bytes_discarded += reassembly_first(direction)->data.size;
        reassembly_pop(direction, &table->shared);
    }
    return true;
}

/* Ends the streams that came to their FIN. |unconfirmed|: also where it was not acknowledged; |forced|: also before
 * what caused it. */
static void end_directions(struct flow_table *table, struct flow *flow, bool unconfirmed, bool forced)
{
    for (unsigned end = 0; end < 2; end++) {
        struct reassembly *direction = &flow->direction[end];
        if (flow->ended[end] || !direction->started || direction->fin != direction->next)
            continue;
        if (!unconfirmed && direction->acked <= direction->fin)
            continue;
        if (!forced && !fin_cause_delivered(flow, end, flow->fin_ack[end]))
            continue;
        flow->ended[end] = true;
        if (flow->opened)
            table->handler.end(flow->connection, side_of(table, flow, end), flow->packet_ns);
    }
}

/* Delivers all that can be delivered. |late|: the allowance went by; |force|: nothing more will come. */
static void pump(struct flow_table *table, struct flow *flow, bool late, bool force)
{
    for (;;) {
        bool ready[2] = {is_ready(flow, 0), is_ready(flow, 1)};
        const struct reassembly_piece *fronts[2] = {reassembly_front(&flow->direction[0]),
                                                    reassembly_front(&flow->direction[1])};
        if (ready[0] || ready[1]) {
            deliver_front(table, flow, ready[0] ? 0 : 1);
        } else if (fronts[0] && fronts[1]) { /* each waits for the other: as they were captured */
            deliver_front(table, flow, fronts[0]->order < fronts[1]->order ? 0 : 1);
        } else if (late && lose_certain(table, flow, force)) {
            continue;
        } else if (force && (fronts[0] || fronts[1])) {
            deliver_front(table, flow, fronts[0] ? 0 : 1);
        } else if (!force || !(lose_all(table, flow, earlier_hole(table, flow)) || lose_all(table, flow, 0) ||
                               lose_all(table, flow, 1))) {
            break;
        }
        end_directions(table, flow, late, false);
    }
    end_directions(table, flow, late, force);
}

/* Returns the directions (a bit each) in which something is missing, or unsure, that will be given up. */
static unsigned pending_of(const struct flow *flow)
{
    unsigned pending = 0;
    for (unsigned end = 0; end < 2; end++) {
        const struct reassembly *direction = &flow->direction[end];
        if (direction->started && !flow->ended[end] &&
            (missing_bytes(flow, end, certain_end(flow, end)) > 0 || direction->fin == direction->next))
            pending |= 1u << end;
    }
    return pending;
}

void delivery_stop_waiting(struct flow_table *table, struct flow *flow)
{
    if (flow->is_waiting)
        TAILQ_REMOVE(&table->waiting, flow, waiting);
    flow->is_waiting = false;
}

/* Notes since when the connection has something pending; starts anew when a direction went on. */
static void watch_holes(struct flow_table *table, struct flow *flow)
{
    unsigned pending = pending_of(flow);
    if (pending == 0) {
        delivery_stop_waiting(table, flow);
        return;
    }
    bool same = flow->is_waiting && (pending & ~flow->pending) == 0;
    for (unsigned end = 0; end < 2; end++)
        same &= !(pending >> end & 1) || flow->hole_next[end] == flow->direction[end].next;
    flow->pending = (uint8_t)pending;
    if (same)
        return;
    delivery_stop_waiting(table, flow);
    for (unsigned end = 0; end < 2; end++) {
        flow->hole_next[end] = flow->direction[end].next;
        flow->hole_until[end] = certain_end(flow, end);
    }
    flow->hole_ns = table->clock.now_ns;
    flow->hole_packets = flow->packets;
    flow->is_waiting = true;
    TAILQ_INSERT_TAIL(&table->waiting, flow, waiting);
}

static bool allowance_over(const struct flow_table *table, const struct flow *flow)
{
    return flow->is_waiting && (table->clock.now_ns - flow->hole_ns >= table->settings.allowance_ns ||
                                flow->packets - flow->hole_packets >= table->settings.allowance_packets);
}

void delivery_settle(struct flow_table *table, struct flow *flow)
{
    if (reassembly_is_quiet(&flow->direction[0]) && reassembly_is_quiet(&flow->direction[1])) {
        delivery_stop_waiting(table, flow); /* all that the rest would come to */
        return;
    }
    pump(table, flow, false, false);
    watch_holes(table, flow);
    if (allowance_over(table, flow)) {
        pump(table, flow, true, false);
        watch_holes(table, flow);
    }
}

/* Stores |piece|; where a limit leaves no room, what is missing is given up until there is. */
static void store(struct flow_table *table, struct flow *flow, unsigned end, struct reassembly_piece piece)
{
    struct reassembly *direction = &flow->direction[end];
    uint64_t bytes = piece.data.size;
    uint64_t before = direction->bytes - (uint64_t)direction->pieces * REASSEMBLY_PIECE_OVERHEAD;
    if (!reassembly_store(direction, &table->shared, &piece)) {
        table->counts.holes_by_limit++;
        pump(table, flow, true, true);
        bool conflict;
        struct reassembly_piece rest;
        switch (reassembly_offer(direction, &table->shared, &piece, &rest, &conflict)) {
        case REASSEMBLY_IN_ORDER:
        case REASSEMBLY_EARLY: /* nothing is stored any more, so only a hole can lie before it */
            table->counts.bytes_duplicate += piece.data.size - rest.data.size;
            if (rest.offset - direction->next > FAR_BYTES) {
                table->counts.bytes_discarded += rest.data.size;
                return;
            }
            if (rest.offset > direction->next) {
                emit_gap(table, flow, end, rest.offset - direction->next, piece.packet_ns);
                reassembly_skip(direction, rest.offset - direction->next);
            }
            deliver(table, flow, end, &rest);
            break;
        case REASSEMBLY_DUPLICATE:
        case REASSEMBLY_OUTSIDE:
            table->counts.bytes_duplicate += piece.data.size;
            break;
        }
        return;
    }
    uint64_t after = direction->bytes - (uint64_t)direction->pieces * REASSEMBLY_PIECE_OVERHEAD;
    table->counts.bytes_duplicate += bytes - (after - before);
}

void delivery_mark(struct flow_table *table, struct flow *flow, unsigned end, enum flow_mark kind)
{
    if (open_connection(table, flow))
        table->handler.mark(flow->connection, side_of(table, flow, end), kind);
}

void delivery_take(struct flow_table *table, struct flow *flow, unsigned end,
                   const struct reassembly_piece *segment)
{
    struct reassembly *direction = &flow->direction[end];
    struct reassembly_piece rest;
    bool conflict = false;
    enum reassembly_verdict verdict = reassembly_offer(direction, &table->shared, segment, &rest, &conflict);
    if (conflict) {
        table->counts.segments_conflicting++;
        delivery_mark(table, flow, end, FLOW_CONFLICT);
    }
    switch (verdict) {
    case REASSEMBLY_DUPLICATE:
        table->counts.segments_duplicate++;
        table->counts.bytes_duplicate += segment->data.size;
        return;
    case REASSEMBLY_OUTSIDE:
        table->counts.segments_outside++;
        table->counts.bytes_discarded += segment->data.size;
        return;
    case REASSEMBLY_IN_ORDER:
        table->counts.bytes_duplicate += segment->data.size - rest.data.size;
        if (cause_delivered(flow, end, rest.ack_offset))
            deliver(table, flow, end, &rest);
        else
            store(table, flow, end, rest);
        return;
    case REASSEMBLY_EARLY:
        table->counts.segments_early++;
        table->counts.bytes_duplicate += segment->data.size - rest.data.size;
        store(table, flow, end, rest);
        return;
    }
}

void delivery_flush(struct flow_table *table, struct flow *flow)
{
    pump(table, flow, true, true);
}

bool delivery_give_up(struct flow_table *table, struct flow *flow)
{
    if (!allowance_over(table, flow))
        return false;
    pump(table, flow, true, false);
    delivery_stop_waiting(table, flow);
    watch_holes(table, flow);
    return true;
}
