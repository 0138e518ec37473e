/* What flow.c (the table: which connection, when it begins and ends), flow_room.c (what goes when memory runs out)
 * and delivery.c (what is delivered and when) share. */
#ifndef CAPTURE_TCP_FLOW_STATE_H
#define CAPTURE_TCP_FLOW_STATE_H

#include "capture/tcp/flow.h"
#include "capture/tcp/flow_clock.h"
#include "capture/tcp/flow_index.h"
#include "capture/tcp/reassembly.h"

#include <sys/queue.h>

/* The streams of a connection, from its first data to its end. Ends and directions are numbered as in the entry's
 * key; direction[i] holds what end i sends. */
struct flow {
    TAILQ_ENTRY(flow) waiting; /* in order of hole_ns */
    TAILQ_ENTRY(flow) reset;   /* in order of reset_ns */
    struct flow *spare;        /* the next one that is kept for reuse */
    uint32_t entry;            /* number in the index */
    bool is_waiting;
    bool is_reset; /* a RST came that fits */
    bool opened;   /* the handler knows it */
    bool gapped;
    bool ended[2];
    bool seen[2]; /* a segment of this end was captured */
    bool has_timestamp[2];
    uint8_t pending;       /* the directions that |hole_ns| is about, a bit each */
    uint8_t reset_end;     /* who sent the RST, and where */
    uint32_t timestamp[2]; /* of the last segment in order (RFC 7323 §5.3: TS.Recent) */
    uint64_t reset_offset;
    uint64_t early_reset[2]; /* where a RST stood that came before the bytes that it follows; 0: nowhere */
    uint64_t reset_ns;
    uint64_t fin_ack[2]; /* what the FIN of this direction acknowledged */
    uint64_t packet_ns;  /* packet time of the last packet */
    uint64_t packets;
    uint64_t hole_ns; /* table time when what is pending was first noticed */
    uint64_t hole_packets;
    uint64_t hole_next[2];  /* where the directions stood then */
    uint64_t hole_until[2]; /* and what was certain to come no more if it was missing */
    void *connection;       /* what the handler's open returned */
    struct reassembly direction[2];
};

TAILQ_HEAD(flow_queue, flow);

struct flow_table {
    struct flow_settings settings;
    struct flow_handler handler;
    struct flow_counts counts;
    struct budget own_budget; /* where the settings name none */
    struct budget *budget;
    uint64_t keep_bytes; /* the budget's limit less some headroom: beyond it something goes */
    struct reassembly_shared shared;
    struct flow_index index;
    struct flow_queue waiting;
    struct flow_queue resets;
    struct flow *spare;
    uint32_t spare_count;
    uint32_t flow_count;
    uint32_t open;
    struct flow_clock clock;
    uint32_t expired_tick; /* when the lists were last looked through */
    uint64_t order;
    uint8_t server_ports[65536 / 8]; /* a bit each */
};

static inline struct flow_entry *flow_entry_of(const struct flow_table *table, const struct flow *flow)
{
    return flow_index_at(&table->index, flow->entry);
}

/* Ends connection |number| for its handler; its entry stays as closed. */
void flow_close(struct flow_table *table, uint32_t number, bool clean);
/* Ends connection |number| and forgets it: the last entry takes its number. */
void flow_drop(struct flow_table *table, uint32_t number);

/* Begins a connection, as quiet; returns its number. Others may be given up for it, and numbers change. */
uint32_t flow_create(struct flow_table *table, const struct flow_key *key, uint32_t hash, uint64_t packet_ns);
/* Puts connection |number| at the end of |list|. */
void flow_requeue(struct flow_table *table, uint32_t number, enum flow_list list);

/* Gives up connections until what is used fits the budget. */
void flow_room_make(struct flow_table *table);
/* Gives up one connection; returns false where there is none. */
bool flow_room_give_up(struct flow_table *table);

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
void delivery_set_role(struct flow_table *table, struct flow *flow, unsigned server);

#endif
