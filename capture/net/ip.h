/* Network and transport headers: IPv4 and IPv6 with extension headers and fragments, TCP. Pure. */
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

struct cursor;

/* Takes an IPv4 or IPv6 header (RFC 791, RFC 8200 with its extension headers, RFC 2675) and puts fragments
 * together. Link padding behind the packet is left off; a total length of 0 (segmentation offload) means all
 * that is there; a total length beyond what is there means that the packet was cut. Checksums are not judged:
 * offload leaves them undone. */
enum net_verdict ip_take(struct cursor *cursor);
/* Takes |packet|, as ip_take and ip_take_tcp would in no network of its own, where it is what most are: IPv4 without options or
 * fragments, TCP, captured whole, perhaps padded. Returns false where it is anything else, or malformed. */
bool ip_take_plain(struct bytes packet, struct tcp_segment *ret_segment);
/* Takes a TCP header and its timestamp option into the cursor's segment. */
enum net_verdict ip_take_tcp(struct cursor *cursor);

#endif
