#include "capture/source.h"

#include "capture/net/link.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/stop.h"

#include <errno.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define SNAPLEN    262144
#define TIMEOUT_MS 100
#define FILES_MAX  512
#define RANGES_MAX 16 /* of ports that the kernel's filter looks for */

/* One handle of libpcap with the packet that is next in it. */
struct input {
    pcap_t *handle;
    const char *path;
    int dlt;
    bool pending; /* |header| and |data| hold a packet not yet given out */
    bool ended;
    struct pcap_pkthdr *header;
    const uint8_t *data;
};

struct source {
    bool live;
    struct input *inputs;
    size_t count;
    struct input *given; /* whose packet is borrowed */
    char *damage;
};

/* Puts VLAN-tagged packets into |expression|'s reach: a BPF program looks at fixed places, which a tag
 * moves. */
static char *look_behind_tags(const char *expression, int dlt)
{
    if (!link_has_vlan(dlt) || strstr(expression, "vlan"))
        return xstrdup(expression);
    return xasprintf("(%s) or (vlan and ((%s) or (vlan and (%s))))", expression, expression, expression);
}

static int set_filter(struct input *input, const char *expression, const char *user_filter, struct error *err)
{
    char *text = look_behind_tags(expression, input->dlt);
    struct bpf_program program;
    int result = pcap_compile(input->handle, &program, text, 1, PCAP_NETMASK_UNKNOWN);
    free(text);
    if (result != 0)
        return error_set(err, ERROR_USAGE, "--filter '%s': %s", user_filter ? user_filter : expression,
                         pcap_geterr(input->handle));
    result = pcap_setfilter(input->handle, &program);
    pcap_freecode(&program);
    if (result != 0)
        return error_set(err, ERROR_IO, "setting the filter: %s", pcap_geterr(input->handle));
    return 0;
}

static int check_link(struct input *input, struct error *err)
{
    input->dlt = pcap_datalink(input->handle);
    if (link_known(input->dlt))
        return 0;
    const char *name = pcap_datalink_val_to_name(input->dlt);
    return error_set(
        err, ERROR_IO,
        "%s: link type %d (%s) cannot be decoded; Ethernet, loopback, raw IP and Linux cooked can",
        input->path, input->dlt, name ? name : "unknown");
}

static int open_file(struct input *input, const char *filter, struct error *err)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct stat info;
    if (strcmp(input->path, "-") != 0) {
        if (stat(input->path, &info) != 0)
            return error_set_errno(err, ERROR_IO, errno, "%s", input->path);
        if (S_ISDIR(info.st_mode))
            return error_set(err, ERROR_IO, "%s is a folder, not a capture file", input->path);
        if (S_ISREG(info.st_mode) && info.st_size == 0)
            return error_set(err, ERROR_IO, "%s is empty: no packet was written to it", input->path);
    }
    input->handle = pcap_open_offline_with_tstamp_precision(input->path, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!input->handle) {
        size_t prefix = strlen(input->path); /* libpcap names the file only where it cannot open it */
        if (strncmp(why, input->path, prefix) == 0 && why[prefix] == ':')
            return error_set(err, ERROR_IO, "%s", why);
        return error_set(err, ERROR_IO, "%s: cannot be read as pcap or pcapng (%s)", input->path, why);
    }
    if (check_link(input, err) != 0)
        return -1;
    return filter ? set_filter(input, filter, filter, err) : 0;
}

int source_open_files(const char *const *paths, size_t count, const char *filter, struct source **ret_source,
                      struct error *err)
{
    if (count > FILES_MAX)
        return error_set(err, ERROR_USAGE, "more than %d capture files; merge some first", FILES_MAX);
    struct source *source = xcalloc(1, sizeof *source);
    source->inputs = xcalloc(count, sizeof *source->inputs);
    source->count = count;
    for (size_t i = 0; i < count; i++) {
        source->inputs[i].path = paths[i];
        if (open_file(&source->inputs[i], filter, err) != 0) {
            source_free(source);
            return -1;
        }
    }
    *ret_source = source;
    return 0;
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
static void ignore_outgoing(const struct input *input)
{
    int on = 1;
    if (strcmp(input->path, "lo") == 0)
        (void)setsockopt(pcap_fileno(input->handle), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
}

static int activate(struct input *input, uint64_t ring_bytes, struct error *err)
{
    char why[PCAP_ERRBUF_SIZE];
    pcap_t *handle = pcap_create(input->path, why);
    if (!handle)
        return error_set(err, ERROR_IO, "capturing on %s: %s", input->path, why);
    input->handle = handle;
    pcap_set_snaplen(handle, SNAPLEN);
    pcap_set_promisc(handle, strcmp(input->path, "any") != 0);
    pcap_set_buffer_size(handle, ring_bytes > INT_MAX ? INT_MAX : (int)ring_bytes);
    pcap_set_timeout(handle, TIMEOUT_MS);
    pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO);
    int status = pcap_activate(handle);
    if (status < 0)
        return activation_error(handle, status, input->path, err);
    ignore_outgoing(input);
    if (pcap_setnonblock(handle, 1, why) != 0)
        return error_set(err, ERROR_IO, "capturing on %s: %s", input->path, why);
    return check_link(input, err);
}

int source_open_live(const struct source_live_options *options, struct source **ret_source, struct error *err)
{
    struct source *source = xcalloc(1, sizeof *source);
    source->live = true;
    source->inputs = xcalloc(1, sizeof *source->inputs);
    source->count = 1;
    source->inputs[0].path = options->interface;
    char *expression = port_expression(options->ports, options->port_count, options->filter);
    int result = activate(&source->inputs[0], options->ring_bytes, err);
    if (result == 0)
        result = set_filter(&source->inputs[0], expression, options->filter, err);
    free(expression);
    if (result != 0) {
        source_free(source);
        return -1;
    }
    *ret_source = source;
    return 0;
}

static uint64_t header_ns(const struct input *input)
{
    /* With nanosecond precision tv_usec holds nanoseconds. */
    uint64_t part_ns = (uint64_t)input->header->ts.tv_usec;
    if (pcap_get_tstamp_precision(input->handle) != PCAP_TSTAMP_PRECISION_NANO)
        part_ns *= NS_PER_US;
    return input->header->ts.tv_sec < 0 ? 0 : (uint64_t)input->header->ts.tv_sec * NS_PER_S + part_ns;
}

static void give(struct source *source, struct input *input, struct source_packet *ret_packet)
{
    const struct pcap_pkthdr *header = input->header;
    *ret_packet = (struct source_packet){
        .frame = {input->data, header->caplen},
        .wire_bytes = header->len < header->caplen ? header->caplen : header->len,
        .wall_ns = header_ns(input),
        .dlt = input->dlt,
    };
    input->pending = false;
    source->given = input;
}

/* Reads the next packet of a file. */
static void fill(struct source *source, struct input *input)
{
    if (input->pending || input->ended)
        return;
    int status = pcap_next_ex(input->handle, &input->header, &input->data);
    if (status == 1) {
        input->pending = true;
        return;
    }
    input->ended = true;
    if (status == PCAP_ERROR && !source->damage && !stop_requested()) /* a signal also breaks off a read */
        source->damage = xasprintf("%s is damaged (%s); what was read before that is kept", input->path,
                                   pcap_geterr(input->handle));
}

static enum source_status next_of_files(struct source *source, struct source_packet *ret_packet)
{
    struct input *earliest = NULL;
    for (size_t i = 0; i < source->count; i++) {
        struct input *input = &source->inputs[i];
        fill(source, input);
        if (input->pending && (!earliest || header_ns(input) < header_ns(earliest)))
            earliest = input;
    }
    if (!earliest)
        return SOURCE_END;
    give(source, earliest, ret_packet);
    return SOURCE_PACKET;
}

static int read_live(struct input *input, struct error *err)
{
    int status = pcap_next_ex(input->handle, &input->header, &input->data);
    if (status < 0)
        return error_set(err, ERROR_IO, "capturing on %s: %s; what was recorded before is kept", input->path,
                         pcap_geterr(input->handle));
    return status;
}

static enum source_status next_live(struct source *source, struct source_packet *ret_packet,
                                    struct error *err)
{
    struct input *input = &source->inputs[0];
    int status = read_live(input, err);
    if (status == 0) {
        struct pollfd wait = {.fd = pcap_get_selectable_fd(input->handle), .events = POLLIN};
        poll(&wait, 1, TIMEOUT_MS);
        status = read_live(input, err);
    }
    if (status < 0)
        return SOURCE_ERROR;
    if (status == 0)
        return SOURCE_IDLE;
    give(source, input, ret_packet);
    return SOURCE_PACKET;
}

enum source_status source_next(struct source *source, struct source_packet *ret_packet, struct error *err)
{
    return source->live ? next_live(source, ret_packet, err) : next_of_files(source, ret_packet);
}

struct source_drops source_drops(struct source *source)
{
    struct source_drops drops = {0};
    struct pcap_stat stats;
    if (source->live && pcap_stats(source->inputs[0].handle, &stats) == 0)
        drops = (struct source_drops){stats.ps_drop, stats.ps_ifdrop};
    return drops;
}

const char *source_damage(const struct source *source)
{
    return source->damage;
}

int source_snaplen(const struct source *source)
{
    int smallest = SNAPLEN;
    for (size_t i = 0; i < source->count; i++) {
        int snaplen = pcap_snapshot(source->inputs[i].handle);
        if (snaplen > 0 && snaplen < smallest)
            smallest = snaplen;
    }
    return smallest;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    for (size_t i = 0; i < source->count; i++)
        if (source->inputs[i].handle)
            pcap_close(source->inputs[i].handle);
    free(source->inputs);
    free(source->damage);
    free(source);
}
