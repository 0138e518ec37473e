#include "capture/tcp/flow_role.h"
#include "capture/tcp/flow_state.h"

#include <string.h>

static struct address end_address(const struct flow *flow, unsigned end)
{
    struct address address = {.family = flow->key.family, .port = flow->key.port[end]};
    memcpy(address.ip, flow->key.ip[end], sizeof address.ip);
    return address;
}

static enum flow_side side_of(const struct flow *flow, unsigned end)
{
    return end == flow->server ? FLOW_SERVER : FLOW_CLIENT;
}

void delivery_set_role(struct flow *flow, unsigned server)
{
    flow->role_known = true;
    flow->server = (uint8_t)server;
}

/* Makes sure that the handler knows the connection; false where nobody knows who is the server. */
static bool open_connection(struct flow_table *table, struct flow *flow)
{
    if (flow->opened)
        return true;
    if (!flow->role_known)
        return false;
    struct flow_info info = {
        .client = end_address(flow, !flow->server),
        .server = end_address(flow, flow->server),
        .first_ns = flow->first_ns,
        .midstream = !flow->handshake,
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
        table->handler.gap(flow->connection, side_of(flow, end), bytes, ns);
}

/* Delivers |piece|, which is next in its direction, and moves past it. */
static void deliver(struct flow_table *table, struct flow *flow, unsigned end,
                    const struct reassembly_piece *piece)
{
    struct reassembly *direction = &flow->direction[end];
    if (piece->data.size > 0) {
        if (!flow->role_known) {
            enum flow_hint hint = flow_role_hint(piece->data);
            if (hint != FLOW_HINT_NONE)
                delivery_set_role(flow, hint == FLOW_HINT_RESPONSE ? end : !end);
            else if (table->settings.guess_roles)
                delivery_set_role(flow, flow->key.port[0] < flow->key.port[1] ? 0 : 1);
        }
        if (flow->ended[end]) {
            table->counts.bytes_discarded += piece->data.size;
        } else if (open_connection(table, flow)) {
            table->counts.bytes_delivered += piece->data.size;
            table->handler.data(flow->connection, side_of(flow, end), piece->data, piece->packet_ns,
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
    if (!other->started || ack_offset <= other->next || other->next >= other->fin)
        return true;
    /* One more than was ever seen is the number of a FIN. */
    return ack_offset == other->next + 1 && other->highest <= other->next;
}

static bool is_ready(const struct flow *flow, unsigned end)
{
    const struct reassembly_piece *piece = reassembly_front(&flow->direction[end]);
    return piece && cause_delivered(flow, end, piece->ack_offset);
}

static void deliver_front(struct flow_table *table, struct flow *flow, unsigned end)
{
    deliver(table, flow, end, reassembly_front(&flow->direction[end]));
    reassembly_pop(&flow->direction[end], &table->budget);
}

/* Gives up what is missing at the front of a direction: what the receiver acknowledged, or with |all| the
 * whole hole. Returns whether there was something. */
static bool lose(struct flow_table *table, struct flow *flow, unsigned end, bool all)
{
    struct reassembly *direction = &flow->direction[end];
    if (!direction->started)
        return false;
    uint64_t bytes = all ? reassembly_hole(direction) : reassembly_acked_hole(direction);
    if (bytes == 0)
        return false;
    if (!flow->ended[end])
        emit_gap(table, flow, end, bytes, flow->packet_ns);
    reassembly_skip(direction, bytes);
    return true;
}

static void end_directions(struct flow_table *table, struct flow *flow, bool forced)
{
    for (unsigned end = 0; end < 2; end++) {
        struct reassembly *direction = &flow->direction[end];
        if (flow->ended[end] || !direction->started || direction->fin != direction->next)
            continue;
        if (!forced && !cause_delivered(flow, end, flow->fin_ack[end]))
            continue;
        flow->ended[end] = true;
        if (flow->opened)
            table->handler.end(flow->connection, side_of(flow, end), flow->packet_ns);
    }
}

/* Delivers all that can be delivered. |lose_acked|: the allowance went by; |force|: nothing more will come. */
static void pump(struct flow_table *table, struct flow *flow, bool lose_acked, bool force)
{
    for (;;) {
        bool ready[2] = {is_ready(flow, 0), is_ready(flow, 1)};
        const struct reassembly_piece *fronts[2] = {reassembly_front(&flow->direction[0]),
                                                    reassembly_front(&flow->direction[1])};
        if (ready[0] || ready[1]) {
            deliver_front(table, flow, ready[0] ? 0 : 1);
        } else if (fronts[0] && fronts[1]) { /* each waits for the other: as they were captured */
            deliver_front(table, flow, fronts[0]->order < fronts[1]->order ? 0 : 1);
        } else if ((lose_acked || force) && (lose(table, flow, 0, false) || lose(table, flow, 1, false))) {
            continue;
        } else if (force && (fronts[0] || fronts[1])) {
            deliver_front(table, flow, fronts[0] ? 0 : 1);
        } else if (!force || !(lose(table, flow, 0, true) || lose(table, flow, 1, true))) {
            break;
        }
        end_directions(table, flow, false);
    }
    end_directions(table, flow, force);
}

static bool has_hole(const struct flow *flow)
{
    for (unsigned end = 0; end < 2; end++)
        if (flow->direction[end].started && !flow->ended[end] && reassembly_acked_hole(&flow->direction[end]))
            return true;
    return false;
}

void delivery_stop_waiting(struct flow_table *table, struct flow *flow)
{
    if (flow->is_waiting)
        TAILQ_REMOVE(&table->waiting, flow, waiting);
    flow->is_waiting = false;
}

/* Notes since when the connection has holes that were acknowledged; starts anew when one was filled. */
static void watch_holes(struct flow_table *table, struct flow *flow)
{
    if (!has_hole(flow)) {
        delivery_stop_waiting(table, flow);
        return;
    }
    bool same =
        flow->hole_next[0] == flow->direction[0].next && flow->hole_next[1] == flow->direction[1].next;
    if (flow->is_waiting && same)
        return;
    delivery_stop_waiting(table, flow);
    flow->hole_next[0] = flow->direction[0].next;
    flow->hole_next[1] = flow->direction[1].next;
    flow->hole_ns = table->now_ns;
    flow->hole_packets = flow->packets;
    flow->is_waiting = true;
    TAILQ_INSERT_TAIL(&table->waiting, flow, waiting);
}

static bool allowance_over(const struct flow_table *table, const struct flow *flow)
{
    return flow->is_waiting && (table->now_ns - flow->hole_ns >= table->settings.allowance_ns ||
                                flow->packets - flow->hole_packets >= table->settings.allowance_packets);
}

void delivery_settle(struct flow_table *table, struct flow *flow)
{
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
    uint64_t before = table->budget.used_bytes - (uint64_t)direction->pieces * REASSEMBLY_PIECE_OVERHEAD;
    if (!reassembly_store(direction, &table->budget, &piece)) {
        table->counts.holes_by_limit++;
        pump(table, flow, true, true);
        bool conflict;
        struct reassembly_piece rest;
        switch (reassembly_offer(direction, &piece, &rest, &conflict)) {
        case REASSEMBLY_IN_ORDER:
        case REASSEMBLY_EARLY: /* nothing is stored any more, so only a hole can lie before it */
            table->counts.bytes_duplicate += piece.data.size - rest.data.size;
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
    uint64_t after = table->budget.used_bytes - (uint64_t)direction->pieces * REASSEMBLY_PIECE_OVERHEAD;
    table->counts.bytes_duplicate += bytes - (after - before);
}

void delivery_mark(struct flow_table *table, struct flow *flow, unsigned end, enum flow_mark kind)
{
    if (open_connection(table, flow))
        table->handler.mark(flow->connection, side_of(flow, end), kind);
}

void delivery_take(struct flow_table *table, struct flow *flow, unsigned end,
                   const struct reassembly_piece *segment)
{
    struct reassembly *direction = &flow->direction[end];
    struct reassembly_piece rest;
    bool conflict = false;
    enum reassembly_verdict verdict = reassembly_offer(direction, segment, &rest, &conflict);
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
