#include "capture/net/ether.h"

#include "capture/net/cursor.h"

#define TAGS_MAX   4
#define LABELS_MAX 64

enum ether_type {
    ETHER_LENGTH_MAX = 0x05dc,
    ETHER_IPV4 = 0x0800,
    ETHER_ARP = 0x0806,
    ETHER_BRIDGING = 0x6558, /* an Ethernet frame */
    ETHER_RARP = 0x8035,
    ETHER_VLAN = 0x8100,
    ETHER_IPV6 = 0x86dd,
    ETHER_PPP = 0x880b,
    ETHER_MPLS = 0x8847,
    ETHER_MPLS_MULTICAST = 0x8848,
    ETHER_PPPOE_DISCOVERY = 0x8863,
    ETHER_PPPOE_SESSION = 0x8864,
    ETHER_JUMBO_LLC = 0x8870,
    ETHER_QINQ = 0x88a8,
    ETHER_MACSEC = 0x88e5,
    ETHER_PBB = 0x88e7,
    ETHER_FABRICPATH = 0x8903,
    ETHER_METADATA = 0x8909, /* Cisco's security group tag */
    ETHER_VNTAG = 0x8926,
    ETHER_HSR = 0x892f,
    ETHER_ETAG = 0x893f, /* 802.1BR */
    ETHER_NSH = 0x894f,
    ETHER_QINQ_OLD = 0x9100,
    ETHER_QINQ_OLD_2 = 0x9200,
    ETHER_QINQ_OLD_3 = 0x9300,
};

enum network { NETWORK_VLAN = 1, NETWORK_PBB = 2 };

void ether_take_tag(struct cursor *cursor, unsigned control)
{
    if (!cursor->ignores_vlan)
        cursor_narrow(cursor, NETWORK_VLAN, control & 0xfff);
}

/* Returns how many bytes a tag of |type| has before the next ether type; 0 where it is no tag. */
static size_t tag_bytes(unsigned type)
{
    switch (type) {
    case ETHER_VLAN:
    case ETHER_QINQ:
    case ETHER_QINQ_OLD:
    case ETHER_QINQ_OLD_2:
    case ETHER_QINQ_OLD_3:
        return 2;
    case ETHER_VNTAG:
    case ETHER_HSR:
        return 4;
    case ETHER_METADATA:
    case ETHER_ETAG:
        return 6;
    default:
        return 0;
    }
}

/* Steps over the tags before the cursor, whose type becomes that of what is behind them. */
static enum net_verdict step_tags(struct cursor *cursor)
{
    size_t size;
    for (unsigned tags = 0; (size = tag_bytes(cursor->type)) != 0; tags++) {
        if (tags == TAGS_MAX)
            return NET_VLAN_DEPTH;
        if (cursor->bytes.size < size + 2)
            return cursor_lacks(cursor, size + 2);
        if (size == 2)
            ether_take_tag(cursor, read_u16(cursor->bytes.data));
        cursor->type = read_u16(cursor->bytes.data + size);
        cursor_advance(cursor, size + 2);
    }
    return NET_NEXT;
}

static enum net_verdict take_backbone(struct cursor *cursor)
{
    if (cursor->bytes.size < 4)
        return cursor_lacks(cursor, 4);
    cursor_narrow(cursor, NETWORK_PBB, read_u24(cursor->bytes.data + 1));
    return cursor_enter(cursor, NET_TUNNEL_PBB, 4, LAYER_ETHERNET, 0);
}

static enum net_verdict take_fabricpath(struct cursor *cursor)
{
    if (cursor->bytes.size < 2)
        return cursor_lacks(cursor, 2);
    return cursor_enter(cursor, NET_TUNNEL_FABRICPATH, 2, LAYER_ETHERNET, 0);
}

/* A type that is a length: 802.2 follows. */
static enum net_verdict take_length(struct cursor *cursor)
{
    cursor_limit(cursor, cursor->type);
    return cursor_next(cursor, 0, LAYER_LLC, 0);
}

enum net_verdict ether_take_type(struct cursor *cursor)
{
    if (cursor->type != ETHER_IPV4 && cursor->type != ETHER_IPV6) {
        enum net_verdict verdict = step_tags(cursor);
        if (verdict != NET_NEXT)
            return verdict;
    }
    switch (cursor->type) {
    case ETHER_IPV4:
    case ETHER_IPV6:
        return cursor_next(cursor, 0, LAYER_IP, 0);
    case ETHER_ARP:
    case ETHER_RARP:
        return NET_ARP;
    case ETHER_BRIDGING:
        return cursor_next(cursor, 0, LAYER_ETHERNET, 0);
    case ETHER_PPP:
        return cursor_next(cursor, 0, LAYER_PPP, 0);
    case ETHER_MPLS:
    case ETHER_MPLS_MULTICAST:
        return cursor_next(cursor, 0, LAYER_MPLS, 0);
    case ETHER_PPPOE_DISCOVERY:
        return NET_PPPOE;
    case ETHER_PPPOE_SESSION:
        return cursor_next(cursor, 0, LAYER_PPPOE, 0);
    case ETHER_JUMBO_LLC:
        return cursor_next(cursor, 0, LAYER_LLC, 0);
    case ETHER_MACSEC:
        return NET_MACSEC;
    case ETHER_PBB:
        return take_backbone(cursor);
    case ETHER_FABRICPATH:
        return take_fabricpath(cursor);
    case ETHER_NSH:
        return cursor_next(cursor, 0, LAYER_NSH, 0);
    default:
        return cursor->type <= ETHER_LENGTH_MAX ? take_length(cursor) : NET_OTHER_NETWORK;
    }
}

enum net_verdict ether_take(struct cursor *cursor)
{
    if (cursor->bytes.size < 14)
        return cursor_lacks(cursor, 14);
    cursor_next(cursor, 14, LAYER_ETHER_TYPE, read_u16(cursor->bytes.data + 12));
    return ether_take_type(cursor);
}

enum net_verdict ether_take_llc(struct cursor *cursor)
{
    if (cursor->bytes.size < 3)
        return cursor_lacks(cursor, 3);
    const uint8_t *header = cursor->bytes.data;
    unsigned points = read_u16(header);
    if (points == 0x0606 && header[2] == 3)
        return cursor_next(cursor, 3, LAYER_IP, 0);
    if (points == 0xfefe && header[2] == 3 && cursor->bytes.size > 3 &&
        (header[3] == 0xcc || header[3] == 0x8e))
        return cursor_next(cursor, 4, LAYER_IP, 0);
    if (points != 0xaaaa || header[2] != 3)
        return NET_LLC;
    if (cursor->bytes.size < 8)
        return cursor_lacks(cursor, 8);
    uint32_t organization = read_u24(header + 3);
    if (organization != 0 && organization != 0xf8) /* else its own types: Cisco's CDP and others */
        return NET_LLC;
    return cursor_next(cursor, 8, LAYER_ETHER_TYPE, read_u16(header + 6));
}

/* Frame control, addresses and sequence: 24 bytes, and more where the frame passes between access points, has a
 * quality of service or a high-throughput control. */
enum net_verdict ether_take_wlan(struct cursor *cursor)
{
    if (cursor->bytes.size < 24)
        return cursor_lacks(cursor, 24);
    const uint8_t *header = cursor->bytes.data;
    unsigned subtype = header[0] >> 4, flags = header[1];
    bool is_data = (header[0] & 0x0f) == 0x08 && (subtype & 4) == 0;
    bool is_encrypted = flags & 0x40;
    bool is_piece = (flags & 0x04) || (header[22] & 0x0f);
    if (!is_data || is_encrypted || is_piece)
        return NET_WLAN;
    size_t size = (flags & 3) == 3 ? 30 : 24;
    if (subtype & 8) {
        if (cursor->bytes.size < size + 2)
            return cursor_lacks(cursor, size + 2);
        if (header[size] & 0x80) /* several frames in one */
            return NET_WLAN;
        size += flags & 0x80 ? 6 : 2;
    }
    if (cursor->bytes.size < size)
        return cursor_lacks(cursor, size);
    return cursor_next(cursor, size, LAYER_LLC, 0);
}

enum net_verdict ether_take_ppp(struct cursor *cursor)
{
    if (cursor->bytes.size >= 2 && read_u16(cursor->bytes.data) == 0xff03)
        cursor_advance(cursor, 2);
    if (cursor->bytes.size < 2)
        return cursor_lacks(cursor, 2);
    const uint8_t *header = cursor->bytes.data;
    bool compressed = header[0] & 1;
    switch (compressed ? header[0] : read_u16(header)) {
    case 0x0021:
    case 0x0057:
        return cursor_next(cursor, compressed ? 1 : 2, LAYER_IP, 0);
    case 0x0281:
    case 0x0283:
        return cursor_next(cursor, 2, LAYER_MPLS, 0);
    default:
        return NET_PPP;
    }
}

enum net_verdict ether_take_pppoe(struct cursor *cursor)
{
    if (cursor->bytes.size < 6)
        return cursor_lacks(cursor, 6);
    const uint8_t *header = cursor->bytes.data;
    if (header[0] != 0x11 || header[1] != 0)
        return NET_PPPOE;
    cursor_limit(cursor, 6 + (uint64_t)read_u16(header + 4));
    return cursor_enter(cursor, NET_TUNNEL_PPPOE, 6, LAYER_PPP, 0);
}

/* Whether an Ethernet frame seems to begin |at| bytes on: nothing in MPLS says so. */
static bool is_ethernet(const struct cursor *cursor, size_t at)
{
    if (cursor->bytes.size < at + 14)
        return false;
    unsigned type = read_u16(cursor->bytes.data + at + 12);
    return type == ETHER_IPV4 || type == ETHER_IPV6 || type == ETHER_ARP || type == ETHER_MPLS ||
           type == ETHER_PPPOE_SESSION || type == ETHER_PPPOE_DISCOVERY || tag_bytes(type) != 0;
}

enum net_verdict ether_take_mpls(struct cursor *cursor)
{
    bool bottom = false;
    for (unsigned labels = 0; !bottom; labels++) {
        if (labels == LABELS_MAX)
            return NET_TUNNEL_DEPTH;
        if (cursor->bytes.size < 4)
            return cursor_lacks(cursor, 4);
        bottom = cursor->bytes.data[2] & 1;
        cursor_advance(cursor, 4);
    }
    if (cursor->bytes.size == 0)
        return cursor_lacks(cursor, 1);
    unsigned version = cursor->bytes.data[0] >> 4;
    if (version == 4 || version == 6)
        return cursor_enter(cursor, NET_TUNNEL_MPLS, 0, LAYER_IP, 0);
    if (is_ethernet(cursor,
                    0)) /* a tagged frame also looks like one behind a control word, not the reverse */
        return cursor_enter(cursor, NET_TUNNEL_MPLS, 0, LAYER_ETHERNET, 0);
    if (version == 0 && is_ethernet(cursor, 4))
        return cursor_enter(cursor, NET_TUNNEL_MPLS, 4, LAYER_ETHERNET, 0);
    return NET_MPLS;
}

enum net_verdict ether_take_nsh(struct cursor *cursor)
{
    if (cursor->bytes.size < 8)
        return cursor_lacks(cursor, 8);
    const uint8_t *header = cursor->bytes.data;
    size_t size = (size_t)(header[1] & 0x3f) * 4;
    if (header[0] >> 6 != 0 || size < 8)
        return NET_MALFORMED;
    if (cursor->bytes.size < size)
        return cursor_lacks(cursor, size);
    switch (header[3]) {
    case 1:
    case 2:
        return cursor_enter(cursor, NET_TUNNEL_NSH, size, LAYER_IP, 0);
    case 3:
        return cursor_enter(cursor, NET_TUNNEL_NSH, size, LAYER_ETHERNET, 0);
    case 5:
        return cursor_enter(cursor, NET_TUNNEL_NSH, size, LAYER_MPLS, 0);
    default:
        return NET_NSH;
    }
}
