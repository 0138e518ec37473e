/* A frame as it was captured: what a source gives and the decoder takes. */
#ifndef CAPTURE_NET_FRAME_H
#define CAPTURE_NET_FRAME_H

#include "common/buffer.h"

#include <stdint.h>

#define NET_FRAME_VLAN 0x1000 /* set in |vlan| beside the id where there is a tag */

struct net_frame {
    struct bytes bytes;  /* what was captured; borrowed until the source gives the next one */
    uint64_t wire_bytes; /* its length on the wire, >= bytes.size */
    uint64_t wall_ns;
    int dlt;       /* libpcap's link type (a DLT_ value) */
    uint16_t vlan; /* NET_FRAME_VLAN | id of a tag that the kernel took out of the frame; 0: none */
};

#endif
