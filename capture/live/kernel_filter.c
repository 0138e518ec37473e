#include "capture/live/kernel_filter.h"

#include "capture/live/assembler.h"
#include "capture/packet_filter.h"
#include "common/buffer.h"
#include "common/mem.h"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SNAPLEN          262144
#define TAGS_MAX         4
#define EXTENSIONS_MAX   4
#define ETHER_QINQ_OLD   0x9100
#define ETHERNET_SIZE    14
#define IPV6_HEADER_SIZE 40

/* What the program keeps in BPF's scratch memory. */
enum { SLOT_PROTOCOL, SLOT_TYPE, SLOT_SERVER };

static const uint16_t tunnel_ports[] = {4754, 4789, 8472, 4790, 6081, 2152, 3544, 6635};
static const uint8_t tunnel_protocols[] = {IPPROTO_IPIP, IPPROTO_IPV6, IPPROTO_GRE};

/* The program under construction, and the places that all its paths lead to. */
struct plan {
    struct assembler *to;
    const struct kernel_filter_options *options;
    size_t accept, reject, ipv4, ipv6, transport_tcp, transport_udp;
};

/* Sets X to X + A. */
static void advance_by_a(struct plan *plan)
{
    assembler_emit(plan->to, BPF_ALU | BPF_ADD | BPF_X, 0);
    assembler_emit(plan->to, BPF_MISC | BPF_TAX, 0);
}

/* Sets X to X + |size|; A is lost. */
static void advance(struct plan *plan, uint32_t size)
{
    assembler_emit(plan->to, BPF_LD | BPF_IMM, size);
    advance_by_a(plan);
}

/* Goes to |target| where the protocol in A is one that carries packets. */
static void jump_if_tunnel(struct plan *plan, size_t target)
{
    for (size_t i = 0; i < sizeof tunnel_protocols; i++)
        assembler_jump_if(plan->to, BPF_JEQ, tunnel_protocols[i], target);
}

/* On loopback each packet passes twice, going out and coming in. */
static void leave_out_loopback_copies(struct plan *plan)
{
    size_t further = assembler_label(plan->to);
    assembler_emit(plan->to, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
    assembler_jump_unless(plan->to, BPF_JEQ, PACKET_OUTGOING, further);
    assembler_emit(plan->to, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_HATYPE));
    assembler_jump_if(plan->to, BPF_JEQ, ARPHRD_LOOPBACK, plan->reject);
    assembler_bind(plan->to, further);
}

/* Leaves the protocol in A and where it begins in X. The tag that the kernel took out of the frame is not there to be seen. */
static void find_network(struct plan *plan)
{
    struct assembler *to = plan->to;
    bool cooked = plan->options->cooked;
    size_t network = assembler_label(to);
    assembler_emit(to, BPF_LDX | BPF_IMM, cooked ? 0 : ETHERNET_SIZE);
    if (cooked)
        assembler_emit(to, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
    else
        assembler_emit(to, BPF_LD | BPF_H | BPF_ABS, ETHERNET_SIZE - 2);
    for (unsigned i = 0; i < TAGS_MAX; i++) {
        size_t tag = assembler_label(to);
        assembler_jump_if(to, BPF_JEQ, ETH_P_8021Q, tag);
        assembler_jump_if(to, BPF_JEQ, ETH_P_8021AD, tag);
        assembler_jump_unless(to, BPF_JEQ, ETHER_QINQ_OLD, network);
        assembler_bind(to, tag);
        assembler_emit(to, BPF_LD | BPF_H | BPF_IND, 2);
        assembler_emit(to, BPF_ST, SLOT_TYPE);
        advance(plan, 4);
        assembler_emit(to, BPF_LD | BPF_MEM, SLOT_TYPE);
    }
    assembler_bind(to, network);
    assembler_jump_if(to, BPF_JEQ, ETH_P_IP, plan->ipv4);
    assembler_jump_if(to, BPF_JEQ, ETH_P_IPV6, plan->ipv6);
    if (plan->options->decap) {
        assembler_jump_if(to, BPF_JEQ, ETH_P_MPLS_UC, plan->accept);
        assembler_jump_if(to, BPF_JEQ, ETH_P_MPLS_MC, plan->accept);
        assembler_jump_if(to, BPF_JEQ, ETH_P_PPP_SES, plan->accept);
    }
    assembler_jump(to, plan->reject);
}

static bool looks_at_servers(const struct kernel_filter_options *options)
{
    return options->servers.count > 0 && options->servers.count <= KERNEL_FILTER_SERVERS_MAX;
}

/* Goes to |found| where the address at X + |offset| lies in |range|. */
static void jump_if_in_range(struct plan *plan, const struct address_range *range, uint32_t offset,
                             size_t found)
{
    struct assembler *to = plan->to;
    size_t further = assembler_label(to);
    for (unsigned bits = range->prefix_bits, word = 0; bits > 0; word++) {
        unsigned taken = bits > 32 ? 32 : bits;
        uint32_t value;
        memcpy(&value, range->address.ip + (size_t)4 * word, sizeof value);
        assembler_emit(to, BPF_LD | BPF_W | BPF_IND, offset + 4 * word);
        if (taken < 32)
            assembler_emit(to, BPF_ALU | BPF_AND | BPF_K, ~UINT32_C(0) << (32 - taken));
        assembler_jump_unless(to, BPF_JEQ, ntohl(value), further);
        bits -= taken;
    }
    assembler_jump(to, found);
    assembler_bind(to, further);
}

/* Sets SLOT_SERVER to whether one of the two addresses of the packet at X is a server's: at |offset| and behind it, |size| bytes each. */
static void note_server(struct plan *plan, int family, uint32_t offset, uint32_t size)
{
    struct assembler *to = plan->to;
    if (!looks_at_servers(plan->options))
        return;
    size_t found = assembler_label(to), done = assembler_label(to);
    for (size_t i = 0; i < plan->options->servers.count; i++) {
        const struct address_range *range = &plan->options->servers.items[i];
        for (uint32_t side = 0; side < 2 && range->address.family == family; side++)
            jump_if_in_range(plan, range, offset + side * size, found);
    }
    assembler_emit(to, BPF_LD | BPF_IMM, 0);
    assembler_jump(to, done);
    assembler_bind(to, found);
    assembler_emit(to, BPF_LD | BPF_IMM, 1);
    assembler_bind(to, done);
    assembler_emit(to, BPF_ST, SLOT_SERVER);
}

/* Refuses a TCP segment of which no end is a server; a tunnel has ends of its own. A is lost. */
static void refuse_other_servers(struct plan *plan)
{
    if (!looks_at_servers(plan->options))
        return;
    assembler_emit(plan->to, BPF_LD | BPF_MEM, SLOT_SERVER);
    assembler_jump_if(plan->to, BPF_JEQ, 0, plan->reject);
}

static void look_at_ipv4(struct plan *plan)
{
    struct assembler *to = plan->to;
    size_t tcp = assembler_label(to), wanted = assembler_label(to);
    assembler_bind(to, plan->ipv4);
    note_server(plan, AF_INET, 12, 4);
    assembler_emit(to, BPF_LD | BPF_B | BPF_IND, 9);
    assembler_emit(to, BPF_ST, SLOT_PROTOCOL);
    assembler_jump_if(to, BPF_JEQ, IPPROTO_TCP, tcp);
    if (plan->options->decap) {
        jump_if_tunnel(plan, plan->accept);
        assembler_jump_if(to, BPF_JEQ, IPPROTO_UDP, wanted);
    }
    assembler_jump(to, plan->reject);
    assembler_bind(to, tcp);
    refuse_other_servers(plan);
    assembler_bind(to, wanted);
    assembler_emit(to, BPF_LD | BPF_H | BPF_IND, 6);
    assembler_jump_if(to, BPF_JSET, 0x1fff, plan->accept); /* a fragment without a port */
    assembler_emit(to, BPF_LD | BPF_B | BPF_IND, 0);
    assembler_emit(to, BPF_ALU | BPF_AND | BPF_K, 0xf);
    assembler_emit(to, BPF_ALU | BPF_LSH | BPF_K, 2);
    advance_by_a(plan);
    if (plan->options->decap) {
        assembler_emit(to, BPF_LD | BPF_MEM, SLOT_PROTOCOL);
        assembler_jump_if(to, BPF_JEQ, IPPROTO_UDP, plan->transport_udp);
    }
    assembler_jump(to, plan->transport_tcp);
}

/* Steps over one extension header of IPv6, where there is one: its type in SLOT_PROTOCOL, its place in X. */
static void step_over_extension(struct plan *plan, size_t transport, size_t later_fragment)
{
    struct assembler *to = plan->to;
    size_t options = assembler_label(to), authentication = assembler_label(to),
           fragment = assembler_label(to), further = assembler_label(to);
    assembler_emit(to, BPF_LD | BPF_MEM, SLOT_PROTOCOL);
    assembler_jump_if(to, BPF_JEQ, IPPROTO_HOPOPTS, options);
    assembler_jump_if(to, BPF_JEQ, IPPROTO_ROUTING, options);
    assembler_jump_if(to, BPF_JEQ, IPPROTO_DSTOPTS, options);
    assembler_jump_if(to, BPF_JEQ, IPPROTO_FRAGMENT, fragment);
    assembler_jump_if(to, BPF_JEQ, IPPROTO_AH, authentication);
    assembler_jump(to, transport);
    for (unsigned i = 0; i < 2;
         i++) { /* lengths in units of 8 bytes without the first, and of 4 without the first two */
        assembler_bind(to, i == 0 ? options : authentication);
        assembler_emit(to, BPF_LD | BPF_B | BPF_IND, 0);
        assembler_emit(to, BPF_ST, SLOT_PROTOCOL);
        assembler_emit(to, BPF_LD | BPF_B | BPF_IND, 1);
        assembler_emit(to, BPF_ALU | BPF_ADD | BPF_K, i == 0 ? 1 : 2);
        assembler_emit(to, BPF_ALU | BPF_LSH | BPF_K, i == 0 ? 3 : 2);
        advance_by_a(plan);
        assembler_jump(to, further);
    }
    assembler_bind(to, fragment);
    assembler_emit(to, BPF_LD | BPF_B | BPF_IND, 0);
    assembler_emit(to, BPF_ST, SLOT_PROTOCOL);
    assembler_emit(to, BPF_LD | BPF_H | BPF_IND, 2);
    assembler_jump_if(to, BPF_JSET, 0xfff8, later_fragment);
    advance(plan, 8);
    assembler_bind(to, further);
}

static void look_at_ipv6(struct plan *plan)
{
    struct assembler *to = plan->to;
    static const uint8_t extensions[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT,
                                         IPPROTO_AH};
    size_t transport = assembler_label(to), later_fragment = assembler_label(to);
    size_t tcp = assembler_label(to), later_tcp = assembler_label(to);
    assembler_bind(to, plan->ipv6);
    note_server(plan, AF_INET6, 8, 16);
    assembler_emit(to, BPF_LD | BPF_B | BPF_IND, 6);
    assembler_emit(to, BPF_ST, SLOT_PROTOCOL);
    advance(plan, IPV6_HEADER_SIZE);
    for (unsigned i = 0; i < EXTENSIONS_MAX; i++)
        step_over_extension(plan, transport, later_fragment);
    assembler_bind(to, transport);
    assembler_emit(to, BPF_LD | BPF_MEM, SLOT_PROTOCOL);
    assembler_jump_if(to, BPF_JEQ, IPPROTO_TCP, tcp);
    if (plan->options->decap)
        assembler_jump_if(to, BPF_JEQ, IPPROTO_UDP, plan->transport_udp);
    assembler_bind(to, later_fragment);
    assembler_emit(to, BPF_LD | BPF_MEM, SLOT_PROTOCOL);
    assembler_jump_if(to, BPF_JEQ, IPPROTO_TCP, later_tcp);
    if (plan->options->decap) {
        jump_if_tunnel(plan, plan->accept);
        assembler_jump_if(to, BPF_JEQ, IPPROTO_UDP, plan->accept);
    }
    for (size_t i = 0; i < sizeof extensions; i++) /* a longer chain: the decoder goes on where this stops */
        assembler_jump_if(to, BPF_JEQ, extensions[i], plan->accept);
    assembler_jump(to, plan->reject);
    assembler_bind(to, later_tcp);
    refuse_other_servers(plan);
    assembler_jump(to, plan->accept);
    assembler_bind(to, tcp);
    refuse_other_servers(plan);
    assembler_jump(to, plan->transport_tcp);
}

/* Counts the ranges that neighbouring ports make, and with |plan| admits them where the port in A is in one. */
static size_t visit_ranges(const struct kernel_filter_options *options, struct plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < options->port_count; i++, count++) {
        uint16_t first = options->ports[i];
        while (i + 1 < options->port_count && options->ports[i + 1] == options->ports[i] + 1)
            i++;
        if (!plan)
            continue;
        size_t further = assembler_label(plan->to);
        assembler_jump_unless(plan->to, BPF_JGE, first, further);
        assembler_jump_unless(plan->to, BPF_JGT, options->ports[i], plan->accept);
        assembler_bind(plan->to, further);
    }
    return count;
}

static bool looks_at_ports(const struct kernel_filter_options *options)
{
    size_t count = visit_ranges(options, NULL);
    return count > 0 && count <= KERNEL_FILTER_RANGES_MAX;
}

static void look_at_ports(struct plan *plan)
{
    struct assembler *to = plan->to;
    if (plan->options->decap) {
        assembler_bind(to, plan->transport_udp);
        for (uint32_t side = 0; side < 2; side++) {
            assembler_emit(to, BPF_LD | BPF_H | BPF_IND, 2 * side);
            for (size_t i = 0; i < sizeof tunnel_ports / sizeof tunnel_ports[0]; i++)
                assembler_jump_if(to, BPF_JEQ, tunnel_ports[i], plan->accept);
        }
        assembler_jump(to, plan->reject);
    }
    assembler_bind(to, plan->transport_tcp);
    if (!looks_at_ports(plan->options)) {
        assembler_jump(to, plan->accept);
        return;
    }
    for (uint32_t side = 0; side < 2; side++) {
        assembler_emit(to, BPF_LD | BPF_H | BPF_IND, 2 * side);
        visit_ranges(plan->options, plan);
    }
    assembler_jump(to, plan->reject);
}

/* An expression that names VLANs is compiled for the real interface: there libpcap knows to ask the kernel for the tag that it took out
 * of the frame. */
static pcap_t *compiler_for(const struct kernel_filter_options *options)
{
    if (options->cooked)
        return pcap_open_dead(DLT_RAW, SNAPLEN);
    pcap_t *handle = NULL;
    char why[PCAP_ERRBUF_SIZE];
    if (strstr(options->filter, "vlan"))
        handle = pcap_create(options->interface, why);
    if (handle && pcap_activate(handle) >= 0 && pcap_datalink(handle) == DLT_EN10MB)
        return handle;
    if (handle)
        pcap_close(handle);
    return pcap_open_dead(DLT_EN10MB, SNAPLEN);
}

static int append_user_filter(struct assembler *to, const struct kernel_filter_options *options,
                              struct error *err)
{
    struct bpf_program program;
    pcap_t *handle = compiler_for(options);
    int result = packet_filter_compile(handle, options->filter, options->filter, &program, err);
    pcap_close(handle);
    if (result != 0)
        return -1;
    struct sock_filter *code = xcalloc(program.bf_len, sizeof *code);
    for (unsigned i = 0; i < program.bf_len; i++)
        code[i] = (struct sock_filter){program.bf_insns[i].code, program.bf_insns[i].jt,
                                       program.bf_insns[i].jf, program.bf_insns[i].k};
    assembler_append(to, code, program.bf_len);
    free(code);
    pcap_freecode(&program);
    return 0;
}

int kernel_filter_make(const struct kernel_filter_options *options, struct kernel_filter *ret_filter,
                       struct error *err)
{
    struct assembler *to = assembler_create();
    struct plan plan = {
        .to = to,
        .options = options,
        .accept = assembler_label(to),
        .reject = assembler_label(to),
        .ipv4 = assembler_label(to),
        .ipv6 = assembler_label(to),
        .transport_tcp = assembler_label(to),
        .transport_udp = assembler_label(to),
    };
    if (options->cooked)
        leave_out_loopback_copies(&plan);
    if (options->filter) {
        if (append_user_filter(to, options, err) != 0) {
            assembler_free(to);
            return -1;
        }
    }
    find_network(&plan);
    look_at_ipv4(&plan);
    look_at_ipv6(&plan);
    look_at_ports(&plan);
    assembler_bind(to, plan.accept);
    assembler_emit(to, BPF_RET | BPF_K, 0x7fffffff); /* whole: no snaplen ever cuts a body */
    assembler_bind(to, plan.reject);
    assembler_emit(to, BPF_RET | BPF_K, 0);
    ret_filter->code = assembler_take(to, &ret_filter->count);
    return 0;
}

void kernel_filter_done(struct kernel_filter *filter)
{
    free(filter->code);
    *filter = (struct kernel_filter){0};
}

char *kernel_filter_text(const struct kernel_filter_options *options)
{
    struct buffer text = {0};
    buffer_printf(&text, "kernel filter: TCP");
    if (looks_at_ports(options)) {
        buffer_printf(&text, " ports ");
        for (size_t i = 0; i < options->port_count; i++) {
            size_t first = i;
            while (i + 1 < options->port_count && options->ports[i + 1] == options->ports[i] + 1)
                i++;
            buffer_printf(&text, "%s%u", first ? "," : "", options->ports[first]);
            if (i > first)
                buffer_printf(&text, "-%u", options->ports[i]);
        }
    }
    if (looks_at_servers(options))
        buffer_printf(&text, " of the servers of --server");
    buffer_printf(
        &text, " over IPv4 and IPv6, VLAN tags and fragments included%s%s; %s",
        options->filter ? ", that match " : "", options->filter ? options->filter : "",
        options->decap
            ? "tunnels included (VXLAN, GENEVE, GTP, Teredo, GRE, IP in IP, MPLS, PPPoE)"
            : "not looked into without --decap: VXLAN, GENEVE, GTP, Teredo, GRE, IP in IP, MPLS, PPPoE");
    char *line = xstrndup((const char *)text.data, text.size);
    buffer_free(&text);
    return line;
}
