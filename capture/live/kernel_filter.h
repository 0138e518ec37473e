/* The filter that the kernel runs on each packet before it takes room in the ring: a classic BPF program made from the settings. Our
 * own, not libpcap's compiler's, because it must look behind VLAN tags (in the frame or taken out of it by the kernel) and IPv6 extension
 * headers, admit the fragments that carry no port, and stay small with hundreds of ports. */
#ifndef CAPTURE_LIVE_KERNEL_FILTER_H
#define CAPTURE_LIVE_KERNEL_FILTER_H

#include "common/address_range.h"
#include "common/error.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More ranges of ports than this are not looked for by the kernel: every TCP segment passes, and the flow table looks at the port. */
#define KERNEL_FILTER_RANGES_MAX 256
/* Nor are more ranges of servers' addresses than this. */
#define KERNEL_FILTER_SERVERS_MAX 32

struct kernel_filter_options {
    const uint16_t *ports; /* none: every TCP segment */
    size_t port_count;
    const char *filter; /* what packets must match besides, an expression of pcap-filter(7); NULL: nothing */
    struct address_ranges servers; /* of which one end must be one; none: any may */
    bool decap;                    /* admit tunnels */
    bool cooked; /* packets begin with the network layer (SOCK_DGRAM), else with an Ethernet header */
    const char *interface; /* where |filter| is compiled for, only looked at where it names VLANs */
};

/* A program. */
struct kernel_filter {
    struct sock_filter *code; /* owned */
    size_t count;
};

/* Makes the program. On a cooked socket it leaves out what goes out on a loopback interface, because the same comes in there. Fails
 * where |options->filter| is no expression for such packets. */
int kernel_filter_make(const struct kernel_filter_options *options, struct kernel_filter *ret_filter,
                       struct error *err);
/* Frees what |filter| owns. */
void kernel_filter_done(struct kernel_filter *filter);
/* Returns what such a filter admits and what it excludes, one line for people. Returns owned. */
char *kernel_filter_text(const struct kernel_filter_options *options);

#endif
