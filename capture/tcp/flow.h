/* TCP connections: takes segments in order of capture and gives each connection's two byte streams, in order
 * of cause. Pure: no I/O, time comes with the packets.
 *
 * Order of cause: bytes of one side are delivered only after the other side's stream has been delivered up to
 * what the packet acknowledged, or that part was declared lost. A hole is declared lost when the receiver's
 * ACK passed it (or the receiver is never seen, in a capture of one side) and a small allowance for reordering in
 * the capture went by (packets of the connection or packet time), when a limit on stored bytes is hit, or at the
 * connection's end. What nobody acknowledged and lies too far ahead to be in flight is dropped at the end.
 *
 * Roles: the server is whom a SYN goes to, else whom a SYN-ACK comes from, else the side with a port of
 * |ports|, else the side that sends a response or gets a request (RFC 9112 start lines). Bytes that are
 * delivered before the roles are known are counted as skipped.
 *
 * Ends: a FIN ends its stream when it was acknowledged or an allowance went by; a RST must have exactly the
 * sequence number that its receiver waits for (RFC 5961 §3.2), and ends the connection a second later, unless its
 * sender goes on: then it was forged. A segment whose timestamp is older than its stream's (RFC 7323 §5, PAWS) is
 * not taken.
 *
 * Everything has a limit: the memory of all connections (the budget, which others may share), stored bytes and
 * pieces per direction, idle time. Where the budget is used up, connections are given up, in this order: closed
 * ones; those that never sent data (half-open ones), the oldest first; those whose client waits for an answer
 * the longest, or those that did nothing for the longest time, whichever kind takes more.
 *
 * Connections are found by a hash keyed at random, so that nobody can make them collide. The same addresses and
 * ports in another VLAN or virtual network are another connection. Closed connections stay for a while, so that
 * late copies of their packets begin no new one. */
#ifndef CAPTURE_TCP_FLOW_H
#define CAPTURE_TCP_FLOW_H

#include "capture/net/ip.h"
#include "common/address_range.h"
#include "common/budget.h"
#include "common/exchange.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum flow_side { FLOW_CLIENT, FLOW_SERVER };

/* What happened on a side, for flow_handler.mark. */
enum flow_mark { FLOW_CONFLICT, FLOW_URGENT };

/* What is known of a connection. */
struct flow_info {
    struct address client;
    struct address server;
    uint64_t first_ns;     /* packet time of its first packet */
    bool midstream;        /* its handshake was not seen */
    bool server_midstream; /* nor, at least, whether its server had sent anything before what was seen */
};

/* Where the streams go. |open| is called before the first byte of a connection, and what it returns is
 * handed to the other callbacks; |close| is the last one. */
struct flow_handler {
    void *arg;
    void *(*open)(void *arg, const struct flow_info *info);
    /* The next bytes of |side|; |packet_ns| of the packet that first carried them, |segment_start| where they
     * begin its payload. */
    void (*data)(void *connection, enum flow_side side, struct bytes data, uint64_t packet_ns,
                 bool segment_start);
    /* The next |bytes| of |side| were lost. */
    void (*gap)(void *connection, enum flow_side side, uint64_t bytes, uint64_t packet_ns);
    void (*mark)(void *connection, enum flow_side side, enum flow_mark mark);
    /* |side| ended, by FIN. */
    void (*end)(void *connection, enum flow_side side, uint64_t packet_ns);
    /* The connection is over: |clean| by both FINs, else by reset, eviction, idle time or the capture's end. */
    void (*close)(void *connection, bool clean, uint64_t packet_ns);
};

/* Counters: name, unit, explanation. payload_bytes = bytes_delivered + bytes_unassigned + bytes_duplicate +
 * bytes_discarded, once everything is closed. */
#define FLOW_COUNTS(X)                                                                                       \
    X(segments, "packets", "TCP segments taken")                                                             \
    X(segments_stray, "packets", "without data and of no known connection")                                  \
    X(segments_duplicate, "packets", "all of whose bytes were captured before")                              \
    X(segments_early, "packets", "that came before bytes that precede them")                                 \
    X(segments_outside, "packets", "too far from their stream to be of it")                                  \
    X(segments_conflicting, "packets", "whose bytes differ from an earlier copy")                            \
    X(segments_refused, "packets", "SYN, RST or FIN that do not fit their connection")                       \
    X(segments_old, "packets", "whose timestamp is older than their stream")                                 \
    X(payload_bytes, "bytes", "captured TCP payload")                                                        \
    X(bytes_delivered, "bytes", "given to a parser")                                                         \
    X(bytes_unassigned, "bytes", "of connections whose roles were not known")                                \
    X(bytes_duplicate, "bytes", "captured more than once")                                                   \
    X(bytes_discarded, "bytes", "outside of their stream, or after its end")                                 \
    X(bytes_gap, "bytes", "lost")                                                                            \
    X(connections_seen, "connections", "begun or found under way")                                           \
    X(connections_complete, "connections", "seen from handshake to both ends without a hole")                \
    X(connections_midstream, "connections", "whose handshake was not seen")                                  \
    X(connections_gapped, "connections", "with bytes lost")                                                  \
    X(connections_reset, "connections", "ended by RST")                                                      \
    X(connections_idle, "connections", "given up after the idle time")                                       \
    X(connections_half_open, "connections", "that never sent data")                                          \
    X(connections_evicted, "connections", "with data, given up for lack of memory")                          \
    X(connections_evicted_half_open, "connections", "without data, given up for lack of memory")             \
    X(connections_unassigned, "connections", "whose roles never became known")                               \
    X(holes_by_limit, "holes", "declared lost because a limit on stored bytes was hit")

struct flow_counts {
#define X(name, unit, help) uint64_t name;
    FLOW_COUNTS(X)
#undef X
};

/* Settings of a table. Zero means the default in brackets. */
struct flow_settings {
    struct budget *budget; /* memory that others share; borrowed [one of its own of 256 MiB] */
    uint32_t
        connection_bytes;     /* what the handler takes for a connection that holds nothing, for the choice of
                                   what to give up */
    uint32_t direction_bytes; /* stored in one direction [4 MiB] */
    uint32_t direction_pieces;     /* stored in one direction [4096] */
    uint64_t idle_ns;              /* [10 min] */
    uint64_t linger_ns;            /* how long closed connections are remembered [15 s] */
    uint64_t allowance_ns;         /* for reordering [100 ms] */
    uint32_t allowance_packets;    /* of the connection [512] */
    const uint16_t *ports;         /* server ports; borrowed */
    size_t port_count;             /* 0: every port */
    struct address_ranges servers; /* of which one end of a connection must be one; none: any may; borrowed */
    bool guess_roles;              /* last resort at the first byte: the smaller port is the server's */
    const uint8_t *hash_key;       /* 16 bytes, copied; NULL: random */
};

/* What a connection costs at most, in bytes, beside what is stored for it and what the handler takes: one without
 * data (its entry, and its slots of the hash table when that has just grown), and one with data. */
#define FLOW_QUIET_BYTES_MAX  128
#define FLOW_ACTIVE_BYTES_MAX 768

struct flow_table;

/* Returns an owned table. |handler| is copied. */
struct flow_table *flow_table_create(const struct flow_settings *settings,
                                     const struct flow_handler *handler);
/* Takes the next segment, captured at |packet_ns| (wall clock; may step back). Returns NET_TCP, or
 * NET_OTHER_PORT where neither port is among the settings' ports, NET_OTHER_SERVER where no end with such a port
 * is among the settings' servers. */
enum net_verdict flow_take(struct flow_table *table, const struct tcp_segment *segment, uint64_t packet_ns);
/* Tells that packet time has reached |now_ns| without a packet: gives up holes and idle connections. */
void flow_tick(struct flow_table *table, uint64_t now_ns);
/* Closes all connections, delivering what is stored. */
void flow_finish(struct flow_table *table);
const struct flow_counts *flow_table_counts(const struct flow_table *table);
/* Returns the number of connections that are open. */
uint32_t flow_table_open(const struct flow_table *table);
/* flow_finish and free. NULL is allowed. */
void flow_table_free(struct flow_table *table);

#endif
