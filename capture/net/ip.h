/* Network and transport headers: from an IP packet to the TCP segment in it. Pure: bytes in, verdict out. */
#ifndef CAPTURE_NET_IP_H
#define CAPTURE_NET_IP_H

#include "capture/net/verdict.h"
#include "common/buffer.h"
#include "common/exchange.h"

#include <stdbool.h>
#include <stdint.h>

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* A TCP segment (RFC 9293 §3.1). payload.size <= payload_wire_bytes; less where the capture's snaplen cut
 * the packet. */
struct tcp_segment {
    struct address source;
    struct address destination;
    uint32_t sequence;
    uint32_t acknowledgement; /* meaningful with TCP_ACK */
    uint32_t scope;           /* the VLAN and virtual network that the addresses hold in; 0: none */
    uint32_t timestamp_value; /* TSval (RFC 7323 §3.2), with has_timestamp */
    bool has_timestamp;
    uint8_t flags;        /* enum tcp_flag bits */
    struct bytes payload; /* what was captured; borrowed from the packet */
    uint32_t payload_wire_bytes;
};

/* Decodes |packet| (IPv4, or IPv6 with extension headers; link padding behind it is allowed).
 * |wire_bytes| is the packet's length on the wire, >= packet.size. Returns NET_TCP with |ret_segment| filled,
 * else why not. A total length of 0 (segmentation offload) means all of |wire_bytes|. */
enum net_verdict ip_decode(struct bytes packet, size_t wire_bytes, struct tcp_segment *ret_segment);

#endif
