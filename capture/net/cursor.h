/* What the modules of capture/net/ share: how far the decoding of a frame has come.
 *
 * A module takes the layer that the cursor stands before, moves the cursor behind that layer's header, says what
 * comes next and returns NET_NEXT; or it returns the frame's verdict. Each step moves on by at least a byte or
 * goes to a layer that does. */
#ifndef CAPTURE_NET_CURSOR_H
#define CAPTURE_NET_CURSOR_H

#include "capture/net/defrag.h"
#include "capture/net/ip.h"
#include "capture/net/verdict.h"
#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define NET_DEPTH_MAX 8 /* encapsulations in each other */

enum net_layer {
    LAYER_ETHERNET,   /* two MAC addresses, then an ether type or a length */
    LAYER_ETHER_TYPE, /* what |type|, an ether type, names */
    LAYER_LLC,        /* 802.2 */
    LAYER_WLAN,       /* 802.11 */
    LAYER_PPP,
    LAYER_PPPOE, /* a PPPoE session */
    LAYER_MPLS,
    LAYER_NSH,
    LAYER_IP,        /* IPv4 or IPv6, by its first four bits */
    LAYER_TRANSPORT, /* what |type|, an IP protocol, names; IPv6 extension headers are behind */
};

/* Invariant: bytes.size <= wire_bytes. */
struct cursor {
    struct bytes bytes;  /* what is left and was captured */
    uint64_t wire_bytes; /* what was left of it on the wire */
    enum net_layer layer;
    unsigned type;
    unsigned depth;    /* encapsulations entered */
    uint32_t scope;    /* see struct tcp_segment */
    bool ignores_vlan; /* the link is one where a frame comes with and without its tag */
    bool put_together; /* of fragments, at this depth */
    unsigned joined;   /* datagrams that this frame made whole */
    uint64_t wall_ns;  /* of the frame */
    uint64_t *entered; /* counts by enum net_tunnel */
    struct defrag *fragments;
    struct tcp_segment *segment;
};

static inline unsigned read_u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static inline uint32_t read_u24(const uint8_t *at)
{
    return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static inline uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Steps over |size| captured bytes. */
static inline void cursor_advance(struct cursor *cursor, size_t size)
{
    cursor->bytes.data += size;
    cursor->bytes.size -= size;
    cursor->wire_bytes -= size;
}

/* Returns the verdict on a frame in which |size| bytes are wanted here but were not captured: either they were
 * not on the wire, or the snaplen cut them off. */
static inline enum net_verdict cursor_lacks(const struct cursor *cursor, size_t size)
{
    return size > cursor->wire_bytes ? NET_MALFORMED : NET_SHORT;
}

/* Takes a header's word for how long the rest is: what is behind it is padding, or another layer's trailer. */
static inline void cursor_limit(struct cursor *cursor, uint64_t wire_bytes)
{
    if (wire_bytes < cursor->wire_bytes)
        cursor->wire_bytes = wire_bytes;
    if (cursor->bytes.size > cursor->wire_bytes)
        cursor->bytes.size = (size_t)cursor->wire_bytes;
}

/* Goes on with |layer| of |type| behind |size| captured bytes. Returns NET_NEXT. */
static inline enum net_verdict cursor_next(struct cursor *cursor, size_t size, enum net_layer layer,
                                           unsigned type)
{
    cursor_advance(cursor, size);
    cursor->layer = layer;
    cursor->type = type;
    return NET_NEXT;
}

/* As cursor_next, into what |tunnel| carries. Returns NET_TUNNEL_DEPTH where that is one too many. */
static inline enum net_verdict cursor_enter(struct cursor *cursor, enum net_tunnel tunnel, size_t size,
                                            enum net_layer layer, unsigned type)
{
    if (cursor->depth == NET_DEPTH_MAX)
        return NET_TUNNEL_DEPTH;
    cursor->depth++;
    cursor->entered[tunnel]++;
    return cursor_next(cursor, size, layer, type);
}

/* Narrows the scope by |id| of a network of |kind| (a small number of the caller's); an id of 0 narrows
 * nothing. Ids of one kind alone never give equal scopes. */
static inline void cursor_narrow(struct cursor *cursor, unsigned kind, uint32_t id)
{
    if (id == 0)
        return;
    uint32_t mixed = (cursor->scope * UINT32_C(0x9e3779b1)) ^ id ^ (uint32_t)kind << 29;
    cursor->scope = mixed ? mixed : 1;
}

#endif
