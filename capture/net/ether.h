/* Layers between a link and IP: Ethernet with its tags, 802.2, 802.11, PPP and PPPoE, MPLS, NSH. Pure. */
#ifndef CAPTURE_NET_ETHER_H
#define CAPTURE_NET_ETHER_H

#include "capture/net/verdict.h"

#include <stdint.h>

struct cursor;

/* Takes an Ethernet header: an ether type (with 802.1Q, 802.1ad and other tags, four at most) or 802.3's length
 * with 802.2 behind it. VLAN ids narrow the scope; the id 0 is a priority, not a network. */
enum net_verdict ether_take(struct cursor *cursor);
/* Goes on by the cursor's ether type. */
enum net_verdict ether_take_type(struct cursor *cursor);
/* Takes an 802.2 header: SNAP (RFC 1042), IP's own service access point, NLPID. */
enum net_verdict ether_take_llc(struct cursor *cursor);
/* Takes the header of an 802.11 data frame in clear. */
enum net_verdict ether_take_wlan(struct cursor *cursor);
/* Takes a PPP header (RFC 1661, RFC 1662): address and control may be left out, the protocol be compressed. */
enum net_verdict ether_take_ppp(struct cursor *cursor);
/* Takes a PPPoE session header (RFC 2516). */
enum net_verdict ether_take_pppoe(struct cursor *cursor);
/* Takes an MPLS stack to its bottom (RFC 3032), and finds IP or Ethernet (RFC 4448, with and without control
 * word) behind it. Labels do not narrow the scope: they differ by direction. */
enum net_verdict ether_take_mpls(struct cursor *cursor);
/* Takes a network service header (RFC 8300). */
enum net_verdict ether_take_nsh(struct cursor *cursor);
/* Narrows the cursor's scope by a VLAN tag's control information. */
void ether_take_tag(struct cursor *cursor, unsigned control);

#endif
