/* Link layer: from a captured frame to the IP packet in it. Pure: bytes in, verdict out. */
#ifndef CAPTURE_NET_LINK_H
#define CAPTURE_NET_LINK_H

#include "capture/net/verdict.h"
#include "common/buffer.h"

#include <stdbool.h>

/* Returns whether frames of libpcap's link type |dlt| (a DLT_ value) can be decoded. */
bool link_known(int dlt);
/* Returns whether frames of |dlt| can carry VLAN tags that a BPF program must look behind. */
bool link_has_vlan(int dlt);
/* Finds the IP packet in |frame|: Ethernet with any of 802.1Q, 802.1ad and QinQ tags (four at most), BSD
 * loopback (DLT_NULL, DLT_LOOP), raw IP, Linux cooked v1 and v2. Returns NET_TCP with |ret_ip| set to the
 * packet, a borrowed part of |frame| (link padding included), else why not. */
enum net_verdict link_decode(int dlt, struct bytes frame, struct bytes *ret_ip);

#endif
