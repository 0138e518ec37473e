/* The flow table's memory of connections: compact entries, found by a keyed hash, each in one of a few lists.
 *
 * Entries lie densely in chunks: when one is removed the last one takes its place, so that n entries take the
 * memory of n entries whatever came and went before. They are named by number; a pointer to one is good until an
 * entry is added or removed. The hash table has open addressing; a slot holds 32 bits of the hash beside the
 * entry's number, so that a lookup reads one cache line of slots and one entry. The hash is SipHash under a random
 * key: nobody can make entries collide on purpose. */
#ifndef CAPTURE_TCP_FLOW_INDEX_H
#define CAPTURE_TCP_FLOW_INDEX_H

#include "common/budget.h"

#include <stddef.h>
#include <stdint.h>

#define FLOW_INDEX_NONE      UINT32_MAX
#define FLOW_INDEX_CHUNK     512 /* entries; a power of two */
#define FLOW_INDEX_KEY_SIZE  16
#define FLOW_ENTRY_BYTES_MAX 96
#define FLOW_INDEX_RECENT    1024 /* a power of two */
#define FLOW_INDEX_KIN       4096 /* likewise */

/* Addresses and ports, the smaller end first, and the scope that they hold in; hashed and compared as bytes. */
struct flow_key {
    uint8_t ip[2][16];
    uint16_t port[2];
    uint32_t scope;
    uint8_t family;
    uint8_t zero[3];
};

/* What a connection is doing: its list. */
enum flow_list {
    LIST_QUIET,    /* no data was seen yet: a handshake, or half of one */
    LIST_AWAITING, /* the last data came from its client */
    LIST_ANSWERED, /* the last data came from its server */
    LIST_CLOSED,   /* over; remembered so that late packets begin no new one */
    FLOW_LISTS,
};

/* A connection. Ends are numbered as in the key. Times are ticks of the table's clock. */
struct flow_entry {
    struct flow_key key;
    uint32_t hash;
    struct flow *flow; /* its streams; NULL before its first data and once it is closed */
    uint64_t first_ns; /* packet time of its first packet */
    uint32_t older;    /* neighbours in its list */
    uint32_t newer;
    uint32_t last_tick;   /* of its last packet */
    uint32_t queued_tick; /* when it was put at the end of its list */
    uint32_t start[2];    /* sequence numbers of the streams' first bytes; once closed, of the next bytes */
    uint32_t candidate;   /* sequence number of a SYN that may begin a new connection on these ports */
    uint8_t list;
    uint8_t server : 1; /* which end, once role_known */
    uint8_t role_known : 1;
    uint8_t handshake : 1;     /* a SYN was seen */
    uint8_t reset : 1;         /* closed by a RST */
    uint8_t reset_end : 1;     /* of this end */
    uint8_t opened : 1;        /* data of it was delivered */
    uint8_t has_candidate : 1; /* |candidate| came from |candidate_end| */
    uint8_t candidate_end : 1;
    uint8_t has_start;     /* bit 0, bit 1: start of that end is known */
    uint8_t has_syn : 4;   /* bit 0, bit 1: its SYN was seen */
    uint8_t has_first : 4; /* bit 0, bit 1: or the other end's first acknowledgement, which tells its start */
};

struct flow_slot {
    uint32_t hash;
    uint32_t number; /* FLOW_INDEX_NONE: empty */
};

struct flow_list_ends {
    uint32_t oldest;
    uint32_t newest;
    uint32_t count;
};

struct flow_index {
    uint8_t key[FLOW_INDEX_KEY_SIZE];
    struct budget *budget;
    struct flow_slot *slots;
    uint32_t slot_mask;
    uint32_t count;
    struct flow_entry **chunks;
    size_t chunk_count;
    size_t chunk_capacity;
    struct flow_list_ends lists[FLOW_LISTS];
    uint32_t
        recent[FLOW_INDEX_RECENT]; /* entries by a hash without key; or numbers of nothing, or of others */
    uint32_t kin[FLOW_INDEX_KIN];  /* likewise, by what scopes do not change */
};

/* Makes |index| empty; what it takes is charged to |budget|, which is borrowed. |key| is copied. */
void flow_index_init(struct flow_index *index, struct budget *budget, const uint8_t key[FLOW_INDEX_KEY_SIZE]);
/* Frees an index that holds no entry. */
void flow_index_done(struct flow_index *index);
/* Returns the hash of |key|. */
uint32_t flow_index_hash(const struct flow_index *index, const struct flow_key *key);
/* Returns the number of the entry of |key|, whose hash is |hash|; FLOW_INDEX_NONE where there is none. */
uint32_t flow_index_find(const struct flow_index *index, const struct flow_key *key, uint32_t hash);
/* As flow_index_find, without the hash, for what flow_index_remember was told not long ago: it saves work for most packets.
 * FLOW_INDEX_NONE says nothing. */
uint32_t flow_index_recall(const struct flow_index *index, const struct flow_key *key);
/* Tells that packets of entry |number|, whose key is |key|, are coming. */
void flow_index_remember(struct flow_index *index, const struct flow_key *key, uint32_t number);
/* Returns the entry of the ends of |key| in any scope that was added last; FLOW_INDEX_NONE where it was forgotten, or none was. */
uint32_t flow_index_find_kin(const struct flow_index *index, const struct flow_key *key);
/* Returns entry |number|, borrowed until an entry is added or removed. */
static inline struct flow_entry *flow_index_at(const struct flow_index *index, uint32_t number)
{
    return &index->chunks[number / FLOW_INDEX_CHUNK][number % FLOW_INDEX_CHUNK];
}
/* Returns whether one more entry finds a slot without the slots growing beyond the budget. */
bool flow_index_has_room(const struct flow_index *index);
/* Adds an entry for |key|, which must not be there, as the newest of |list|; everything but key, hash and place is
 * zero. flow_index_has_room must hold. Returns its number. */
uint32_t flow_index_add(struct flow_index *index, const struct flow_key *key, uint32_t hash,
                        enum flow_list list);
/* Removes entry |number|. The last entry takes its place, and its flow is told so. */
void flow_index_remove(struct flow_index *index, uint32_t number);
/* Puts entry |number| at the end of |list|. */
void flow_index_move(struct flow_index *index, uint32_t number, enum flow_list list);

#endif
