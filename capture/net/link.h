/* Link types: from a captured frame to its first layer. Pure: bytes in, verdict out. */
#ifndef CAPTURE_NET_LINK_H
#define CAPTURE_NET_LINK_H

#include "capture/net/verdict.h"

#include <stdbool.h>

struct cursor;

/* Returns whether frames of libpcap's link type |dlt| (a DLT_ value) can be decoded. */
bool link_known(int dlt);
/* Returns whether frames of |dlt| can carry VLAN tags that a BPF program must look behind. */
bool link_has_vlan(int dlt);
/* Takes the header of a frame of |dlt|: Ethernet, BSD loopback (DLT_NULL, DLT_LOOP), raw IP, Linux cooked v1 and
 * v2, PPP of several kinds, Cisco HDLC, frame relay, MPLS, NFLOG, IPNET, PFLOG, ENC, 802.11 with and without
 * radio header. Returns NET_NEXT, NET_LINK where |dlt| is not known, or another verdict. */
enum net_verdict link_take(struct cursor *cursor, int dlt);

#define LINK_NAME_SIZE 40
#define LINK_OTHER     (-1) /* in the place of a link type: several of them */
/* Writes "link_" and the name of |dlt| in small letters, or its number, into |text| of LINK_NAME_SIZE bytes; returns |text|. */
char *link_name(int dlt, char *text);

#endif
