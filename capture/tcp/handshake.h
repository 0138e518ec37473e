/* What begins and breaks connections: SYN, RST, and packets on ports that were used before. Used by flow.c. */
#ifndef CAPTURE_TCP_HANDSHAKE_H
#define CAPTURE_TCP_HANDSHAKE_H

#include "capture/tcp/flow_state.h"

/* Returns whether handshake_judge would find nothing about |segment|, of |entry|: it belongs to that connection. */
static inline bool handshake_is_plain(const struct flow_entry *entry, const struct tcp_segment *segment)
{
    return !(segment->flags & TCP_SYN) && !entry->has_candidate && entry->list != LIST_CLOSED;
}
/* Returns whether |segment|, of the same ends as |entry| in another scope, belongs to its connection all the same, as its numbers
 * tell: a switch or a router passes packets on from one VLAN or virtual network to another, and directions may have their own. */
bool handshake_is_kin(const struct flow_entry *entry, unsigned end, const struct tcp_segment *segment);
/* Judges a segment of end |end| whose ports are in the table, as entry |number|. Returns the connection that it
 * belongs to, which may be a new one, or FLOW_INDEX_NONE where it is refused. */
uint32_t handshake_judge(struct flow_table *table, uint32_t number, unsigned end,
                         const struct tcp_segment *segment, uint64_t packet_ns);
/* A SYN begins direction |end|. */
void handshake_take_syn(struct flow_entry *entry, unsigned end, const struct tcp_segment *segment);
/* Notes where |segment| is the first that |end| sends behind its SYN: what it acknowledges is the other's start. */
void handshake_take_acknowledgement(struct flow_entry *entry, unsigned end,
                                    const struct tcp_segment *segment);
/* Takes a RST of end |end|: counts it as refused, or notes that the connection is to end. */
void handshake_take_reset(struct flow_table *table, uint32_t number, unsigned end,
                          const struct tcp_segment *segment);
/* Data of |end| came: a RST that was captured before it may fit now. */
void handshake_settle_reset(struct flow_table *table, struct flow *flow, unsigned end);
/* Data up to |offset| came from |end|: if that end had sent a RST before it, the RST was forged. */
void handshake_withdraw_reset(struct flow_table *table, struct flow *flow, unsigned end, uint64_t offset);

#endif
