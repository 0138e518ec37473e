/* What became of a frame on its way from link layer to TCP. */
#ifndef CAPTURE_NET_VERDICT_H
#define CAPTURE_NET_VERDICT_H

/* Every verdict but NET_TCP is a type of the ledger's packets.not_decoded: name, text in the ledger. */
#define NET_VERDICTS(X)                                                                                      \
    X(TCP, "tcp")              /* a TCP segment: goes on */                                                  \
    X(SHORT, "truncated")      /* a header reaches past the end of what was captured */                      \
    X(MALFORMED, "malformed")  /* a header that contradicts itself */                                        \
    X(LINK, "link")            /* a link type that is not known; counted by the link type's name */          \
    X(WLAN, "link_ieee802_11") /* 802.11 without data, or encrypted */                                       \
    X(LLC, "llc")              /* 802.2 that carries no IP: spanning tree and others */                      \
    X(ARP, "arp")                                                                                            \
    X(VLAN_DEPTH, "vlan_depth")       /* more than four tags */                                              \
    X(OTHER_NETWORK, "other_network") /* a network layer that is not IP */                                   \
    X(MACSEC, "macsec")                                                                                      \
    X(MPLS, "mpls")                            /* that carries neither IP nor Ethernet */                    \
    X(PPPOE, "pppoe")                          /* discovery */                                               \
    X(PPP, "ppp")                              /* that carries no IP: link control, compressed, encrypted */ \
    X(TUNNEL_DEPTH, "tunnel_depth")            /* more than eight encapsulations */                          \
    X(FRAGMENT, "ip_fragment")                 /* of a datagram that never became whole */                   \
    X(FRAGMENT_OVERLAP, "ip_fragment_overlap") /* of an IPv6 datagram that is to be discarded */             \
    X(EXTENSIONS, "ipv6_extensions")           /* more than eight extension headers */                       \
    X(ESP, "esp")                                                                                            \
    X(WIREGUARD, "wireguard")                                                                                \
    X(OPENVPN, "openvpn")                                                                                    \
    X(GRE, "gre") /* these tunnels: control packets, or what they carry is neither IP nor Ethernet */        \
    X(ERSPAN, "erspan")                                                                                      \
    X(VXLAN, "vxlan")                                                                                        \
    X(GENEVE, "geneve")                                                                                      \
    X(GTP, "gtp")                                                                                            \
    X(L2TP, "l2tp")                                                                                          \
    X(NSH, "nsh")                                                                                            \
    X(UDP, "udp")                                                                                            \
    X(ICMP, "icmp")                                                                                          \
    X(SCTP, "sctp")                                                                                          \
    X(OTHER_TRANSPORT, "other_transport")                                                                    \
    X(OTHER_PORT, "other_port")     /* TCP on a port that --ports does not name */                           \
    X(OTHER_SERVER, "other_server") /* TCP between addresses that --server does not name */

enum net_verdict {
#define X(name, text) NET_##name,
    NET_VERDICTS(X)
#undef X
        NET_VERDICT_COUNT,
    NET_PENDING, /* a fragment that was kept: what became of it is known later */
    NET_NEXT,    /* within capture/net only: another layer is to be decoded */
};

/* The encapsulations that the decoder looks into: name, text in the ledger's packets.decapsulated. */
#define NET_TUNNELS(X)                                                                                       \
    X(MPLS, "mpls")                                                                                          \
    X(PPPOE, "pppoe")                                                                                        \
    X(PBB, "pbb") /* MAC in MAC, 802.1ah */                                                                  \
    X(FABRICPATH, "fabricpath")                                                                              \
    X(NSH, "nsh")                                                                                            \
    X(IPIP, "ip_in_ip") /* IPv4 and IPv6 in each other */                                                    \
    X(ETHERIP, "etherip")                                                                                    \
    X(GRE, "gre")                                                                                            \
    X(ERSPAN, "erspan")                                                                                      \
    X(VXLAN, "vxlan")                                                                                        \
    X(VXLAN_GPE, "vxlan_gpe")                                                                                \
    X(GENEVE, "geneve")                                                                                      \
    X(GTP, "gtp")                                                                                            \
    X(TEREDO, "teredo")                                                                                      \
    X(AYIYA, "ayiya")                                                                                        \
    X(L2TP, "l2tp")                                                                                          \
    X(LISP, "lisp")                                                                                          \
    X(TZSP, "tzsp")

enum net_tunnel {
#define X(name, text) NET_TUNNEL_##name,
    NET_TUNNELS(X)
#undef X
        NET_TUNNEL_COUNT
};

/* Returns the verdict's text in the ledger. Static string. */
const char *net_verdict_name(enum net_verdict verdict);
/* Returns the tunnel's text in the ledger. Static string. */
const char *net_tunnel_name(enum net_tunnel tunnel);

#endif
