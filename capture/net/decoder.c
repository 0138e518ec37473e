#include "capture/net/decoder.h"

#include "capture/net/cursor.h"
#include "capture/net/ether.h"
#include "capture/net/link.h"
#include "capture/net/tunnel.h"
#include "common/mem.h"

#include <pcap/dlt.h>
#include <stdlib.h>

#define ETHERNET_BYTES  14
#define ETHER_TYPE_IPV4 0x0800

enum protocol {
    PROTOCOL_ICMP = 1,
    PROTOCOL_IPIP = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_GRE = 47,
    PROTOCOL_ESP = 50,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_ETHERIP = 97,
    PROTOCOL_L2TP = 115,
    PROTOCOL_SCTP = 132,
    PROTOCOL_MPLS = 137,
    PROTOCOL_ETHERNET = 143,
};

struct decoder {
    struct decoder_counts counts;
    struct defrag *fragments;
    bool has_borrowed; /* the last frame completed a datagram */
};

const char *net_verdict_name(enum net_verdict verdict)
{
    static const char *const names[] = {
#define X(name, text) text,
        NET_VERDICTS(X)
#undef X
    };
    return names[verdict];
}

const char *net_tunnel_name(enum net_tunnel tunnel)
{
    static const char *const names[] = {
#define X(name, text) text,
        NET_TUNNELS(X)
#undef X
    };
    return names[tunnel];
}

struct decoder *decoder_create(const struct decoder_settings *settings)
{
    struct decoder *decoder = xcalloc(1, sizeof *decoder);
    decoder->fragments = defrag_create(&settings->fragments);
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    defrag_free(decoder->fragments);
    free(decoder);
}

/* RFC 3378: a version in the first four of sixteen bits. */
static enum net_verdict take_etherip(struct cursor *cursor)
{
    if (cursor->bytes.size < 2)
        return cursor_lacks(cursor, 2);
    if (cursor->bytes.data[0] >> 4 != 3)
        return NET_MALFORMED;
    return cursor_enter(cursor, NET_TUNNEL_ETHERIP, 2, LAYER_ETHERNET, 0);
}

static enum net_verdict take_transport(struct cursor *cursor)
{
    switch (cursor->type) {
    case PROTOCOL_TCP:
        return ip_take_tcp(cursor);
    case PROTOCOL_UDP:
        return tunnel_take_udp(cursor);
    case PROTOCOL_GRE:
        return tunnel_take_gre(cursor);
    case PROTOCOL_IPIP:
    case PROTOCOL_IPV6:
        return cursor_enter(cursor, NET_TUNNEL_IPIP, 0, LAYER_IP, 0);
    case PROTOCOL_MPLS:
        return cursor_next(cursor, 0, LAYER_MPLS, 0);
    case PROTOCOL_ETHERIP:
        return take_etherip(cursor);
    case PROTOCOL_ETHERNET: /* RFC 8986 §4.9 */
        return cursor_enter(cursor, NET_TUNNEL_ETHERIP, 0, LAYER_ETHERNET, 0);
    case PROTOCOL_ESP:
        return NET_ESP;
    case PROTOCOL_L2TP:
        return NET_L2TP;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        return NET_ICMP;
    case PROTOCOL_SCTP:
        return NET_SCTP;
    default:
        return NET_OTHER_TRANSPORT;
    }
}

static enum net_verdict take_layer(struct cursor *cursor)
{
    switch (cursor->layer) {
    case LAYER_ETHERNET:
        return ether_take(cursor);
    case LAYER_ETHER_TYPE:
        return ether_take_type(cursor);
    case LAYER_LLC:
        return ether_take_llc(cursor);
    case LAYER_WLAN:
        return ether_take_wlan(cursor);
    case LAYER_PPP:
        return ether_take_ppp(cursor);
    case LAYER_PPPOE:
        return ether_take_pppoe(cursor);
    case LAYER_MPLS:
        return ether_take_mpls(cursor);
    case LAYER_NSH:
        return ether_take_nsh(cursor);
    case LAYER_IP:
        return ip_take(cursor);
    case LAYER_TRANSPORT:
        return take_transport(cursor);
    }
    return NET_MALFORMED;
}

static void count_link(struct decoder_counts *counts, int dlt)
{
    size_t at = 0;
    while (at < counts->link_count && counts->links[at].dlt != dlt)
        at++;
    if (at == DECODER_LINKS_MAX) {
        at--;
        counts->links[at].dlt = LINK_OTHER;
    }
    if (at == counts->link_count)
        counts->links[counts->link_count++].dlt = dlt;
    counts->links[at].packets++;
}

/* Takes a frame that is what most are: Ethernet without tags, with a plain packet. */
static bool take_plain(const struct net_frame *frame, struct tcp_segment *ret_segment)
{
    const uint8_t *header = frame->bytes.data;
    return frame->dlt == DLT_EN10MB && !(frame->vlan & NET_FRAME_VLAN) &&
           frame->bytes.size > ETHERNET_BYTES && read_u16(header + 12) == ETHER_TYPE_IPV4 &&
           ip_take_plain(bytes_make(header + ETHERNET_BYTES, frame->bytes.size - ETHERNET_BYTES),
                         ret_segment);
}

/* Goes through the layers of any frame. */
static enum net_verdict take_layers(struct decoder *decoder, const struct net_frame *frame,
                                    struct tcp_segment *ret_segment)
{
    struct cursor cursor = {
        .bytes = frame->bytes,
        .wire_bytes = frame->wire_bytes < frame->bytes.size ? frame->bytes.size : frame->wire_bytes,
        .wall_ns = frame->wall_ns,
        .entered = decoder->counts.decapsulated,
        .fragments = decoder->fragments,
        .segment = ret_segment,
    };
    enum net_verdict verdict = link_take(&cursor, frame->dlt);
    if (frame->vlan & NET_FRAME_VLAN)
        ether_take_tag(&cursor, frame->vlan);
    while (verdict == NET_NEXT)
        verdict = take_layer(&cursor);
    decoder->has_borrowed = cursor.joined > 0;
    decoder->counts.datagrams += cursor.joined;
    return verdict;
}

enum net_verdict decoder_take(struct decoder *decoder, const struct net_frame *frame,
                              struct tcp_segment *ret_segment)
{
    decoder->counts.frames++;
    if (decoder->has_borrowed)
        defrag_release(decoder->fragments);
    decoder->has_borrowed = false;
    if (take_plain(frame, ret_segment)) {
        decoder->counts.segments++;
        return NET_TCP;
    }
    enum net_verdict verdict = take_layers(decoder, frame, ret_segment);
    if (verdict == NET_TCP)
        decoder->counts.segments++;
    else if (verdict == NET_LINK)
        count_link(&decoder->counts, frame->dlt);
    else if (verdict != NET_PENDING)
        decoder->counts.not_decoded[verdict]++;
    return verdict;
}

const struct decoder_counts *decoder_counts(struct decoder *decoder)
{
    const struct defrag_counts *fragments = defrag_counts(decoder->fragments);
    decoder->counts.fragments_joined = fragments->joined;
    decoder->counts.not_decoded[NET_FRAGMENT] = fragments->lost + fragments->waiting;
    decoder->counts.not_decoded[NET_FRAGMENT_OVERLAP] = fragments->overlapping;
    return &decoder->counts;
}
