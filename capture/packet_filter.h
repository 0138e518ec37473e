/* BPF filters (pcap-filter(7)) for the sources of packets. */
#ifndef CAPTURE_PACKET_FILTER_H
#define CAPTURE_PACKET_FILTER_H

#include "common/error.h"

#include <pcap/pcap.h>

/* Puts |expression| on |handle|, VLAN-tagged packets included where the link type has them. |user_filter| is what the error names
 * (NULL: |expression|). */
int packet_filter_set(pcap_t *handle, const char *expression, const char *user_filter, struct error *err);

#endif
