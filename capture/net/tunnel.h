/* Encapsulations behind IP: GRE with what it carries, and those of UDP ports. Pure.
 *
 * A tunnel is entered where its header is well-formed; what it carries is then judged for itself. A datagram on
 * a tunnel's port without its header is NET_UDP. Ids of virtual networks (VNI, GRE key) narrow the scope; ids
 * that each direction has its own of (MPLS labels, ERSPAN sessions, GTP endpoints, PPTP calls) do not. */
#ifndef CAPTURE_NET_TUNNEL_H
#define CAPTURE_NET_TUNNEL_H

#include "capture/net/verdict.h"

struct cursor;

/* Takes a GRE header (RFC 2784, RFC 2890, version 1 of RFC 2637): IP, Ethernet (NVGRE, RFC 7637), MPLS, PPP, NSH,
 * ERSPAN I to III, WCCP and 802.11 in it. */
enum net_verdict tunnel_take_gre(struct cursor *cursor);
/* Takes a UDP header: VXLAN (RFC 7348; ports 4789, 8472), VXLAN-GPE (4790), GENEVE (RFC 8926; 6081), GTP-U (2152),
 * MPLS (RFC 7510; 6635), L2TPv2 (RFC 2661; 1701), LISP (RFC 9300; 4341), TZSP (37008), AYIYA (5072), Teredo (RFC
 * 4380; 3544, and between its clients on any port). */
enum net_verdict tunnel_take_udp(struct cursor *cursor);

#endif
