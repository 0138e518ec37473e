#include "capture/live/device.h"

#include "capture/live/kernel_filter.h"
#include "common/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A super-packet of 64 KiB fits and does not waste much of a block. Packets that come slowly take a block each time that it is
 * handed over, so that the more blocks there are, the longer the reader may be kept waiting. */
#define BLOCK_BYTES    (UINT32_C(1) << 18)
#define RING_BYTES_MAX (UINT64_C(2) << 30)

/* What the kernel says about an interface. */
struct interface_facts {
    int index;
    bool any;
    bool up;
    bool loopback;
    bool cooked;
};

static int no_such_interface(const char *interface, struct error *err)
{
    char why[PCAP_ERRBUF_SIZE];
    pcap_if_t *all = NULL;
    struct buffer names = {0};
    if (pcap_findalldevs(&all, why) == 0) {
        for (const pcap_if_t *at = all; at && names.size < 300; at = at->next)
            if (strncmp(at->name, "nf", 2) != 0 && strncmp(at->name, "usbmon", 6) != 0 &&
                strncmp(at->name, "bluetooth", 9) != 0 && strncmp(at->name, "dbus", 4) != 0)
                buffer_printf(&names, "%s%s", names.size ? ", " : "", at->name);
        pcap_freealldevs(all);
    }
    error_set(err, ERROR_IO, "no interface named '%s'; there %s %.*s", interface, names.size ? "are" : "is",
              names.size ? (int)names.size : 4, names.size ? (const char *)names.data : "none");
    buffer_free(&names);
    return -1;
}

static int look_up(int fd, const char *interface, struct interface_facts *ret_facts, struct error *err)
{
    struct ifreq request = {0};
    if (strcmp(interface, "any") == 0) {
        *ret_facts = (struct interface_facts){.any = true, .up = true, .cooked = true};
        return 0;
    }
    if (strlen(interface) >= sizeof request.ifr_name)
        return no_such_interface(interface, err);
    strcpy(request.ifr_name, interface);
    if (ioctl(fd, SIOCGIFINDEX, &request) != 0)
        return errno == ENODEV ? no_such_interface(interface, err)
                               : error_set_errno(err, ERROR_IO, errno, "capturing on %s", interface);
    struct interface_facts facts = {.index = request.ifr_ifindex};
    if (ioctl(fd, SIOCGIFFLAGS, &request) != 0)
        return error_set_errno(err, ERROR_IO, errno, "capturing on %s", interface);
    facts.up = request.ifr_flags & IFF_UP;
    if (ioctl(fd, SIOCGIFHWADDR, &request) != 0)
        return error_set_errno(err, ERROR_IO, errno, "capturing on %s", interface);
    facts.loopback = request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
    facts.cooked = !facts.loopback && request.ifr_hwaddr.sa_family != ARPHRD_ETHER;
    *ret_facts = facts;
    return 0;
}

static int open_socket(const char *interface, int type, int *ret_fd, struct error *err)
{
    int fd = socket(AF_PACKET, type | SOCK_CLOEXEC, 0); /* no protocol: nothing comes before it is bound */
    if (fd < 0 && (errno == EPERM || errno == EACCES))
        return error_set(
            err, ERROR_IO,
            "no privilege to capture on %s: run as root, or give the program the right once with "
            "'setcap cap_net_raw+ep'",
            interface);
    if (fd < 0)
        return error_set_errno(err, ERROR_IO, errno, "capturing on %s", interface);
    *ret_fd = fd;
    return 0;
}

static struct ring_layout choose_layout(const struct device_options *options, bool cooked)
{
    uint64_t ring_bytes = options->ring_bytes > RING_BYTES_MAX ? RING_BYTES_MAX : options->ring_bytes;
    uint32_t block_bytes = options->block_bytes ? options->block_bytes : BLOCK_BYTES;
    uint64_t count = ring_bytes / block_bytes;
    return (struct ring_layout){block_bytes, count < 2 ? 2 : (uint32_t)count, cooked};
}

static int set_option(int fd, int level, int name, const void *value, socklen_t size, const char *what,
                      struct error *err)
{
    if (setsockopt(fd, level, name, value, size) == 0)
        return 0;
    return error_set_errno(err, ERROR_IO, errno, "%s", what);
}

static int set_filter(int fd, const struct device_options *options, bool cooked, struct error *err)
{
    struct kernel_filter_options wanted = *options->filter;
    struct kernel_filter filter;
    wanted.cooked = cooked;
    wanted.interface = options->interface;
    if (kernel_filter_make(&wanted, &filter, err) != 0)
        return -1;
    int on = 1;
    int result =
        filter.count > BPF_MAXINSNS
            ? error_set(err, ERROR_USAGE, "--filter: it makes a program of %zu instructions, more than %d",
                        filter.count, BPF_MAXINSNS)
            : set_option(fd, SOL_SOCKET, SO_ATTACH_FILTER,
                         &(struct sock_fprog){(unsigned short)filter.count, filter.code},
                         sizeof(struct sock_fprog), "setting the kernel's filter", err);
    if (result == 0)
        result =
            set_option(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on, "locking the kernel's filter", err);
    kernel_filter_done(&filter);
    return result;
}

static int set_ring(int fd, const struct ring_layout *layout, unsigned retire_ms, struct error *err)
{
    int version = TPACKET_V3, reserve = RING_COOKED_RESERVE;
    struct tpacket_req3 request = {
        .tp_block_size = layout->block_bytes,
        .tp_block_nr = layout->block_count,
        .tp_frame_size = 2048, /* V3 packs packets of any size; these two must only multiply to the block's */
        .tp_frame_nr = layout->block_bytes / 2048 * layout->block_count,
        .tp_retire_blk_tov = retire_ms ? retire_ms : DEVICE_RETIRE_MS,
    };
    if (set_option(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version,
                   "the kernel has no TPACKET_V3 packet ring", err) != 0)
        return -1;
    if (layout->cooked &&
        set_option(fd, SOL_PACKET, PACKET_RESERVE, &reserve, sizeof reserve, "the packet ring", err) != 0)
        return -1;
    return set_option(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request,
                      "--buffer: the kernel does not give a packet ring of that size", err);
}

static int bind_to(int fd, const struct interface_facts *facts, const char *interface, struct error *err)
{
    int on = 1;
    /* On lo each packet passes twice, going out and coming in. Kernels before 4.20 refuse the option: there TCP sees each twice. */
    if (facts->loopback)
        (void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    struct packet_mreq promiscuous = {.mr_ifindex = facts->index, .mr_type = PACKET_MR_PROMISC};
    if (!facts->any &&
        !facts->loopback) /* a mirror's packets are addressed to others; what cannot do it goes without */
        (void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous);
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = facts->index};
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return error_set_errno(err, ERROR_IO, errno, "capturing on %s", interface);
    return 0;
}

/* The counters are cumulative; whoever reads them takes the difference. */
static void open_drop_counters(struct device *device, const char *interface)
{
    static const char *const names[DEVICE_DROP_COUNTERS] = {"rx_missed_errors", "rx_fifo_errors"};
    for (unsigned i = 0, opened = 0; i < DEVICE_DROP_COUNTERS; i++) {
        char path[128];
        snprintf(path, sizeof path, "/sys/class/net/%s/statistics/%s", interface, names[i]);
        int fd = device->index ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        device->drop_fds[i] = -1;
        if (fd >= 0)
            device->drop_fds[opened++] = fd;
    }
}

int device_open(const struct device_options *options, bool must_be_up, struct device *ret_device,
                struct error *err)
{
    const char *interface = options->interface;
    struct interface_facts facts = {0};
    int fd;
    if (open_socket(interface, SOCK_RAW, &fd, err) != 0)
        return -1;
    if (look_up(fd, interface, &facts, err) != 0)
        goto fail;
    if (!facts.up && must_be_up) {
        error_set(err, ERROR_IO, "interface %s is down: 'ip link set %s up'", interface, interface);
        goto fail;
    }
    if (facts.cooked) {
        close(fd);
        if (open_socket(interface, SOCK_DGRAM, &fd, err) != 0)
            return -1;
    }
    struct ring_layout layout = choose_layout(options, facts.cooked);
    if (set_filter(fd, options, facts.cooked, err) != 0 ||
        set_ring(fd, &layout, options->retire_ms, err) != 0 || bind_to(fd, &facts, interface, err) != 0)
        goto fail;
    *ret_device = (struct device){.fd = fd, .index = facts.index, .layout = layout};
    open_drop_counters(ret_device, interface);
    return 0;

fail:
    close(fd);
    return -1;
}

void device_close(struct device *device)
{
    close(device->fd);
    for (unsigned i = 0; i < DEVICE_DROP_COUNTERS; i++)
        if (device->drop_fds[i] >= 0)
            close(device->drop_fds[i]);
}
