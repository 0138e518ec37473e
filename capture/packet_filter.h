/* BPF filters (pcap-filter(7)) for the sources of packets. */
#ifndef CAPTURE_PACKET_FILTER_H
#define CAPTURE_PACKET_FILTER_H

#include "common/error.h"

#include <pcap/pcap.h>

/* Compiles |expression| for |handle|, VLAN-tagged packets included where the link type has them. |user_filter| is what the error names
 * (NULL: |expression|). The caller frees |ret_program| with pcap_freecode. */
int packet_filter_compile(pcap_t *handle, const char *expression, const char *user_filter,
                          struct bpf_program *ret_program, struct error *err);

#endif
