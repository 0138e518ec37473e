/* What flow.c (the table: which connection, when it begins and ends) and delivery.c (what is delivered and
 * when) share. */
#ifndef CAPTURE_TCP_FLOW_STATE_H
#define CAPTURE_TCP_FLOW_STATE_H

#include "capture/tcp/flow.h"
#include "capture/tcp/reassembly.h"

#include <sodium.h>
#include <sys/queue.h>

/* Addresses and ports, the smaller end first, and the scope that they hold in; hashed and compared as bytes. */
struct flow_key {
    uint8_t ip[2][16];
    uint16_t port[2];
    uint32_t scope;
    uint8_t family;
    uint8_t zero[3];
};

enum flow_list { LIST_ACTIVE, LIST_CLOSED };

/* A connection. Ends and directions are numbered as in the key; direction[i] holds what end i sends. */
struct flow {
    struct flow *bucket_next;
    TAILQ_ENTRY(flow) activity; /* in order of last_ns, least recent first */
    TAILQ_ENTRY(flow) waiting;  /* in order of hole_ns */
    struct flow_key key;
    enum flow_list list;
    bool is_waiting;
    bool role_known;
    bool opened;
    bool handshake;
    bool gapped;
    bool ended[2];
    uint8_t server;        /* which end, once role_known */
    uint8_t candidate_end; /* who sent the SYN of |candidate| */
    bool has_candidate;    /* a SYN that may begin a new connection on these ports */
    uint32_t candidate;    /* its sequence number */
    uint32_t initial[2];   /* sequence numbers of the SYNs */
    bool has_initial[2];
    uint64_t fin_ack[2]; /* what the FIN of this direction acknowledged */
    uint64_t first_ns;
    uint64_t last_ns;   /* table time of the last packet */
    uint64_t packet_ns; /* packet time of the last packet */
    uint64_t packets;
    uint64_t hole_ns; /* table time when the holes were first noticed */
    uint64_t hole_packets;
    uint64_t hole_next[2]; /* where the directions stood then */
    void *connection;      /* what the handler's open returned */
    struct reassembly direction[2];
};

TAILQ_HEAD(flow_queue, flow);

struct flow_table {
    struct flow_settings settings;
    struct flow_handler handler;
    struct flow_counts counts;
    struct reassembly_budget budget;
    uint8_t hash_key[crypto_shorthash_KEYBYTES];
    struct flow **buckets;
    size_t bucket_mask;
    struct flow_queue lists[2];
    struct flow_queue waiting;
    struct flow *unused; /* linked by bucket_next */
    uint32_t size;
    uint32_t open;
    uint64_t now_ns; /* largest packet time seen */
    uint64_t order;
};

/* Delivers all that can be delivered, and gives up holes whose allowance went by. */
void delivery_settle(struct flow_table *table, struct flow *flow);
/* Delivers everything: nothing more will come. */
void delivery_flush(struct flow_table *table, struct flow *flow);
/* Takes |segment| of end |end|, whose direction has begun. */
void delivery_take(struct flow_table *table, struct flow *flow, unsigned end,
                   const struct reassembly_piece *segment);
/* Passes |kind| on to the handler, once the roles are known. */
void delivery_mark(struct flow_table *table, struct flow *flow, unsigned end, enum flow_mark kind);
/* Forgets the connection's holes. */
void delivery_stop_waiting(struct flow_table *table, struct flow *flow);
/* Gives up the holes of |flow| if their allowance went by; returns whether it did. */
bool delivery_give_up(struct flow_table *table, struct flow *flow);
/* Says which end is the server. */
void delivery_set_role(struct flow *flow, unsigned server);

#endif
