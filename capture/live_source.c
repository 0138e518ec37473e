#include "capture/live_source.h"

#include "capture/live/device.h"
#include "capture/live/kernel_filter.h"
#include "capture/live/ring.h"
#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 100

struct live_source {
    struct device device;
    struct ring *ring;
    struct source_drops drops; /* so far: the kernel's counter begins anew each time that it is read */
};

int live_source_open(const struct source_live_options *options, struct live_source **ret_source,
                     struct error *err)
{
    const struct kernel_filter_options filter = {
        .ports = options->ports, .port_count = options->port_count, .filter = options->filter};
    struct live_source *source = xcalloc(1, sizeof *source);
    source->device.fd = -1;
    if (device_open(&(struct device_options){options->interface, &filter, options->ring_bytes}, true,
                    &source->device, err) != 0 ||
        ring_map(source->device.fd, &source->device.layout, &source->ring, err) != 0) {
        live_source_free(source);
        return -1;
    }
    char *text = kernel_filter_text(&filter);
    log_info("%s", text);
    free(text);
    *ret_source = source;
    return 0;
}

enum source_status live_source_next(struct live_source *source, struct net_frame *ret_frame,
                                    struct error *err)
{
    (void)err;
    if (ring_next(source->ring, ret_frame))
        return SOURCE_PACKET;
    struct pollfd wait = {.fd = source->device.fd, .events = POLLIN};
    poll(&wait, 1, WAIT_MS);
    return ring_next(source->ring, ret_frame) ? SOURCE_PACKET : SOURCE_IDLE;
}

struct source_drops live_source_drops(struct live_source *source)
{
    struct tpacket_stats_v3 stats;
    socklen_t size = sizeof stats;
    if (getsockopt(source->device.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
        source->drops.kernel += stats.tp_drops;
    return source->drops;
}

void live_source_free(struct live_source *source)
{
    if (!source)
        return;
    ring_free(source->ring);
    if (source->device.fd >= 0)
        close(source->device.fd);
    free(source);
}
