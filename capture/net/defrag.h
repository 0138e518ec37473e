/* Fragments: puts IPv4 and IPv6 datagrams together. Pure: time comes with the packets.
 *
 * Each datagram has a place of 64 KiB, so that a fragment is copied once to where it belongs, whatever order
 * they come in; a bit for every eight bytes says what is there. The first copy of a byte is kept. An IPv6
 * datagram whose fragments overlap and are no exact copies is given up with all that come later (RFC 5722, RFC
 * 8200 §4.5). A datagram that became whole stays in its place for a while, so that late copies of its
 * fragments begin no new one.
 *
 * Limits: the number of places, which is also all memory (whole datagrams go first, then the oldest), and packet
 * time. The work per fragment grows with its own size only. */
#ifndef CAPTURE_NET_DEFRAG_H
#define CAPTURE_NET_DEFRAG_H

#include "capture/net/verdict.h"
#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* Zero means the default in brackets. */
struct defrag_settings {
    uint32_t datagrams_max;  /* at a time [4096] */
    uint64_t bytes_max;      /* of memory for them, 65 KiB each [16 MiB]; there is room for 16 in any case */
    uint64_t timeout_ns;     /* from the first fragment on [30 s] */
    const uint8_t *hash_key; /* 16 bytes, copied; NULL: random */
};

/* Which datagram a fragment is of; compared as bytes. */
struct defrag_key {
    uint8_t source[16];
    uint8_t destination[16];
    uint32_t id;
    uint32_t scope;
    uint8_t family;
    uint8_t protocol; /* IPv4; 0 in IPv6 */
    uint8_t depth;    /* in encapsulations */
    uint8_t zero;
};

struct fragment {
    struct defrag_key key;
    uint32_t offset_bytes; /* a multiple of 8 */
    bool more;             /* it is not the last one */
    uint8_t next;          /* the protocol of what is put together; the first fragment's counts */
    struct bytes bytes;    /* what was captured of it */
    uint64_t wire_bytes;   /* its length on the wire, >= bytes.size */
    uint64_t wall_ns;
};

/* A datagram that became whole. */
struct datagram {
    struct bytes bytes;  /* up to the first byte that a snaplen cut off; borrowed until defrag_release */
    uint64_t wire_bytes; /* its length */
    uint8_t next;
};

/* Fragments taken = joined + lost + overlapping + waiting. */
struct defrag_counts {
    uint64_t joined;      /* of whole datagrams, late copies included */
    uint64_t lost;        /* of datagrams given up for time or room */
    uint64_t overlapping; /* of datagrams given up for overlap */
    uint64_t waiting;     /* of datagrams that may still become whole */
};

struct defrag;

/* Returns an owned defragmenter. */
struct defrag *defrag_create(const struct defrag_settings *settings);
/* Takes a fragment. Returns NET_NEXT with |ret_datagram| set where its datagram is whole now, NET_PENDING
 * where it waits or was given up (see the counts), NET_MALFORMED where no datagram can have such a
 * fragment (not counted here). */
enum net_verdict defrag_take(struct defrag *defrag, const struct fragment *fragment,
                             struct datagram *ret_datagram);
/* Ends the borrowing of all datagrams that were returned: a new frame begins. */
void defrag_release(struct defrag *defrag);
const struct defrag_counts *defrag_counts(const struct defrag *defrag);
/* NULL is allowed. */
void defrag_free(struct defrag *defrag);

#endif
