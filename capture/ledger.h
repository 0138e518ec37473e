/* The account of a capture (CLI.md, Ledgers): filled in by the parts of capture/ at the end, printed as text,
 * written as JSON. */
#ifndef CAPTURE_LEDGER_H
#define CAPTURE_LEDGER_H

#include "capture/http_ports.h"
#include "capture/net/verdict.h"
#include "common/error.h"
#include "common/exchange.h"
#include "common/unreplayable.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Plain counters: section, name, explanation. */
#define LEDGER_COUNTS(X)                                                                                     \
    X(packets, received, "read from the interface or file")                                                  \
    X(packets, dropped_kernel, "lost for lack of room in the kernel's ring")                                 \
    X(packets, dropped_interface, "lost by the interface or its driver")                                     \
    X(packets, interface_lost, "times that the interface went away or down")                                 \
    X(packets, interface_away_ms, "for how long together, in milliseconds")                                  \
    X(packets, clock_steps, "times that the clock was set")                                                  \
    X(packets, fragments, "of IP datagrams that were put together")                                          \
    X(packets, duplicate, "whose bytes had all been captured before")                                        \
    X(packets, conflicting, "whose bytes differ from an earlier copy")                                       \
    X(packets, refused, "SYN, FIN or RST that do not fit their connection")                                  \
    X(packets, old, "old duplicates, by their timestamp")                                                    \
    X(packets, outside, "too far from their stream to be of it")                                             \
    X(bytes, reassembled, "of TCP streams, each once")                                                       \
    X(bytes, recorded, "part of an HTTP message")                                                            \
    X(bytes, skipped, "junk, PROXY headers, lost framing, unknown direction")                                \
    X(bytes, opaque, "of other protocols, tunnels, upgraded connections")                                    \
    X(bytes, gap, "lost in the capture")                                                                     \
    X(bytes, memory_peak, "most that open connections took, of --memory")                                    \
    X(connections, seen, "begun or found under way")                                                         \
    X(connections, complete, "from handshake to both ends without a hole")                                   \
    X(connections, midstream, "whose handshake was not seen")                                                \
    X(connections, gapped, "with bytes lost")                                                                \
    X(connections, half_open, "that never sent data")                                                        \
    X(connections, reset, "ended by RST")                                                                    \
    X(connections, evicted, "with data, given up for lack of memory")                                        \
    X(connections, evicted_half_open, "without data, given up for lack of memory")                           \
    X(connections, idle, "given up after ten minutes without a packet")                                      \
    X(connections, proxied, "opened by a PROXY protocol header")                                             \
    X(connections, other_server, "to a server that --server does not name; their bytes are skipped")         \
    X(connections, tunnelled, "switched to another protocol, or a CONNECT tunnel")                           \
    X(requests, seen, "request heads found")                                                                 \
    X(requests, recorded, "written to the traffic")                                                          \
    X(requests, filtered, "not wanted; filtered_by says by what")                                            \
    X(requests, sampled_out, "left out by sampling")                                                         \
    X(responses, seen, "final response heads found")                                                         \
    X(responses, paired, "given to a request")                                                               \
    X(responses, orphaned, "without a request")                                                              \
    X(responses, interim, "1xx")                                                                             \
    X(bodies, kept, "whole")                                                                                 \
    X(bodies, cut, "cut by size, a gap or the connection's end")                                             \
    X(bodies, cut_memory, "of those, for lack of memory")

/* Why requests were lost: name, text. */
#define LEDGER_LOSSES(X)                                                                                     \
    X(HTTP09, "http09")           /* no HTTP/1.x */                                                          \
    X(UNCONFIRMED, "unconfirmed") /* read behind a message with two lengths; the server answered none */     \
    X(DISK, "disk")               /* could not be written */                                                 \
    X(QUEUE, "queue")             /* the disk or the processor did not keep up */

/* What requests were filtered by: name, text. */
#define LEDGER_FILTERS(X)                                                                                    \
    X(REPLAY, "replay")         /* sent by a replay of rehearse */                                           \
    X(SELECT, "select")         /* --select */                                                               \
    X(PAST_COUNT, "past_count") /* complete after --count was reached */

enum ledger_filter {
#define X(name, text) LEDGER_FILTER_##name,
    LEDGER_FILTERS(X)
#undef X
        LEDGER_FILTER_COUNT
};

enum ledger_loss {
#define X(name, text) LEDGER_LOSS_##name,
    LEDGER_LOSSES(X)
#undef X
        LEDGER_LOSS_COUNT
};

#define LEDGER_PROTOCOLS_MAX 32
#define LEDGER_LINKS_MAX     16

/* A count by name. */
struct ledger_named {
    char name[40];
    uint64_t count;
};

/* Zero-initialised is empty and valid. Invariant at the end: requests_seen = requests_recorded +
 * requests_filtered + requests_sampled_out + sum of |lost|; requests_filtered = sum of |filtered|. */
struct ledger {
#define X(section, name, help) uint64_t section##_##name;
    LEDGER_COUNTS(X)
#undef X
    uint64_t not_decoded[NET_VERDICT_COUNT];
    uint64_t filtered[LEDGER_FILTER_COUNT];
    struct ledger_named links[LEDGER_LINKS_MAX]; /* packets of link types that are not known, by name */
    size_t link_count;
    uint64_t decapsulated[NET_TUNNEL_COUNT]; /* tunnel headers that were looked behind */
    uint64_t lost[LEDGER_LOSS_COUNT];
    uint64_t flags[EXCHANGE_FLAG_COUNT]; /* of exchanges recorded */
    uint64_t request_defects[MESSAGE_DEFECT_COUNT];
    uint64_t response_defects[MESSAGE_DEFECT_COUNT];
    uint64_t body_dropped[BODY_REASON_COUNT];
    uint64_t unreplayable[UNREPLAYABLE_COUNT]; /* what a replay will not be able to fire, by reason */
    struct http_ports ports;                   /* where requests were seen */
    struct ledger_named not_http[LEDGER_PROTOCOLS_MAX];
    size_t not_http_count;
};

/* Counts one connection of |protocol| (a parser's word for it); the last place takes what finds no other. */
void ledger_add_protocol(struct ledger *ledger, const char *protocol);
/* Counts |count| requests that were filtered by |filter|. */
void ledger_add_filtered(struct ledger *ledger, enum ledger_filter filter, uint64_t count);
/* Returns whether the requests balance. */
bool ledger_balances(const struct ledger *ledger);
/* Returns the share of packets, bytes or requests that was lost, whichever is largest, in percent. */
double ledger_loss_pct(const struct ledger *ledger);
/* Prints for people: zero counters that say nothing are left out. */
void ledger_print(const struct ledger *ledger, FILE *to);
/* Writes all of it as one JSON object to |to|. Returns -1 with errno where that fails. */
int ledger_write_json(const struct ledger *ledger, FILE *to);

#endif
