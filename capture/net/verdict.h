/* What became of a frame on its way from link layer to TCP. */
#ifndef CAPTURE_NET_VERDICT_H
#define CAPTURE_NET_VERDICT_H

/* Every verdict but NET_TCP is a type of the ledger's packets.not_decoded: name, text in the ledger. */
#define NET_VERDICTS(X)                                                                                      \
    X(TCP, "tcp")             /* a TCP segment: goes on */                                                   \
    X(SHORT, "truncated")     /* a header reaches past the end of what was captured */                       \
    X(MALFORMED, "malformed") /* a header that contradicts itself */                                         \
    X(ARP, "arp")                                                                                            \
    X(MPLS, "mpls")                                                                                          \
    X(PPPOE, "pppoe")                                                                                        \
    X(VLAN_DEPTH, "vlan_depth")       /* more than four VLAN tags */                                         \
    X(OTHER_NETWORK, "other_network") /* a network layer that is not IP */                                   \
    X(FRAGMENT, "ip_fragment")                                                                               \
    X(EXTENSIONS, "ipv6_extensions") /* more than eight extension headers, or an encrypted one */            \
    X(GRE, "gre")                                                                                            \
    X(ERSPAN, "erspan")                                                                                      \
    X(IPIP, "ip_in_ip")                                                                                      \
    X(VXLAN, "vxlan")                                                                                        \
    X(GENEVE, "geneve")                                                                                      \
    X(UDP, "udp")                                                                                            \
    X(ICMP, "icmp")                                                                                          \
    X(SCTP, "sctp")                                                                                          \
    X(OTHER_TRANSPORT, "other_transport")                                                                    \
    X(OTHER_PORT, "other_port") /* TCP on a port that --ports does not name */

enum net_verdict {
#define X(name, text) NET_##name,
    NET_VERDICTS(X)
#undef X
        NET_VERDICT_COUNT
};

/* Returns the verdict's text in the ledger. Static string. */
const char *net_verdict_name(enum net_verdict verdict);

#endif
