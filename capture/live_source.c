#include "capture/live_source.h"

#include "capture/net/link.h"
#include "capture/packet_filter.h"
#include "common/clock.h"
#include "common/mem.h"

#include <errno.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SNAPLEN    262144
#define TIMEOUT_MS 100
#define RANGES_MAX 16 /* of ports that the kernel's filter looks for */

struct live_source {
    pcap_t *handle;
    const char *interface;
    int dlt;
    struct pcap_pkthdr *header;
    const uint8_t *data;
};

static int check_link(struct live_source *source, struct error *err)
{
    source->dlt = pcap_datalink(source->handle);
    if (link_known(source->dlt))
        return 0;
    const char *name = pcap_datalink_val_to_name(source->dlt);
    return error_set(
        err, ERROR_IO,
        "%s: link type %d (%s) cannot be decoded; Ethernet, loopback, raw IP and Linux cooked can",
        source->interface, source->dlt, name ? name : "unknown");
}

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

static int activation_error(pcap_t *handle, int status, const char *interface, struct error *err)
{
    switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return no_such_interface(interface, err);
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return error_set(
            err, ERROR_IO,
            "no privilege to capture on %s: run as root, or give the program the right once with "
            "'setcap cap_net_raw+ep'",
            interface);
    case PCAP_ERROR_IFACE_NOT_UP:
        return error_set(err, ERROR_IO, "interface %s is down: 'ip link set %s up'", interface, interface);
    default: {
        const char *text = pcap_geterr(handle);
        return error_set(err, ERROR_IO, "capturing on %s: %s", interface,
                         text[0] ? text : pcap_statustostr(status));
    }
    }
}

/* Libpcap's optimizer takes minutes over hundreds of ports: neighbours become a range, and where many ranges are left, every TCP
 * packet is taken and the flow table looks at the port. */
static char *port_expression(const uint16_t *ports, size_t count, const char *filter)
{
    struct buffer text = {0}, ranges = {0};
    size_t range_count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t first = i;
        while (i + 1 < count && ports[i + 1] == ports[i] + 1)
            i++;
        buffer_printf(&ranges, "%sportrange %u-%u", first ? " or " : " and (", ports[first], ports[i]);
        range_count++;
    }
    if (filter)
        buffer_printf(&text, "(%s) and ", filter);
    buffer_append_text(&text, "tcp");
    if (range_count > 0 && range_count <= RANGES_MAX)
        buffer_printf(&text, "%.*s)", (int)ranges.size, (const char *)ranges.data);
    char *expression = xstrndup((const char *)text.data, text.size);
    buffer_free(&text);
    buffer_free(&ranges);
    return expression;
}

/* On lo each packet passes twice, going out and coming in, and libpcap throws the first one away only after it
 * took room in the ring. A filter on `inbound` would not do: libpcap judges the first packets itself, and
 * cannot judge that. Kernels before 4.20 refuse the option, which does no harm. */
static void ignore_outgoing(const struct live_source *source)
{
    int on = 1;
    if (strcmp(source->interface, "lo") == 0)
        (void)setsockopt(pcap_fileno(source->handle), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
}

static int activate(struct live_source *source, uint64_t ring_bytes, struct error *err)
{
    char why[PCAP_ERRBUF_SIZE];
    pcap_t *handle = pcap_create(source->interface, why);
    if (!handle)
        return error_set(err, ERROR_IO, "capturing on %s: %s", source->interface, why);
    source->handle = handle;
    pcap_set_snaplen(handle, SNAPLEN);
    pcap_set_promisc(handle, strcmp(source->interface, "any") != 0);
    pcap_set_buffer_size(handle, ring_bytes > INT_MAX ? INT_MAX : (int)ring_bytes);
    pcap_set_timeout(handle, TIMEOUT_MS);
    pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO);
    int status = pcap_activate(handle);
    if (status < 0)
        return activation_error(handle, status, source->interface, err);
    ignore_outgoing(source);
    if (pcap_setnonblock(handle, 1, why) != 0)
        return error_set(err, ERROR_IO, "capturing on %s: %s", source->interface, why);
    return check_link(source, err);
}

int live_source_open(const struct source_live_options *options, struct live_source **ret_source,
                     struct error *err)
{
    struct live_source *source = xcalloc(1, sizeof *source);
    source->interface = options->interface;
    char *expression = port_expression(options->ports, options->port_count, options->filter);
    int result = activate(source, options->ring_bytes, err);
    if (result == 0)
        result = packet_filter_set(source->handle, expression, options->filter, err);
    free(expression);
    if (result != 0) {
        live_source_free(source);
        return -1;
    }
    *ret_source = source;
    return 0;
}

static uint64_t header_ns(const struct live_source *source)
{
    /* With nanosecond precision tv_usec holds nanoseconds. */
    uint64_t part_ns = (uint64_t)source->header->ts.tv_usec;
    if (pcap_get_tstamp_precision(source->handle) != PCAP_TSTAMP_PRECISION_NANO)
        part_ns *= NS_PER_US;
    return source->header->ts.tv_sec < 0 ? 0 : (uint64_t)source->header->ts.tv_sec * NS_PER_S + part_ns;
}

static int read_live(struct live_source *source, struct error *err)
{
    int status = pcap_next_ex(source->handle, &source->header, &source->data);
    if (status < 0)
        return error_set(err, ERROR_IO, "capturing on %s: %s; what was recorded before is kept",
                         source->interface, pcap_geterr(source->handle));
    return status;
}

enum source_status live_source_next(struct live_source *source, struct net_frame *ret_frame,
                                    struct error *err)
{
    int status = read_live(source, err);
    if (status == 0) {
        struct pollfd wait = {.fd = pcap_get_selectable_fd(source->handle), .events = POLLIN};
        poll(&wait, 1, TIMEOUT_MS);
        status = read_live(source, err);
    }
    if (status < 0)
        return SOURCE_ERROR;
    if (status == 0)
        return SOURCE_IDLE;
    const struct pcap_pkthdr *header = source->header;
    *ret_frame = (struct net_frame){
        .bytes = {source->data, header->caplen},
        .wire_bytes = header->len < header->caplen ? header->caplen : header->len,
        .wall_ns = header_ns(source),
        .dlt = source->dlt,
    };
    return SOURCE_PACKET;
}

struct source_drops live_source_drops(struct live_source *source)
{
    struct source_drops drops = {0};
    struct pcap_stat stats;
    if (pcap_stats(source->handle, &stats) == 0)
        drops = (struct source_drops){stats.ps_drop, stats.ps_ifdrop};
    return drops;
}

void live_source_free(struct live_source *source)
{
    if (!source)
        return;
    if (source->handle)
        pcap_close(source->handle);
    free(source);
}
