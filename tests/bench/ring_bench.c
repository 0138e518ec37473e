/* What the ring costs alone: reads the packets of an interface's ring in place, as a live capture does, and looks at each header only.
 *     ring_bench IF PORT SECONDS [BLOCK_KIB] [RETIRE_MS] [RING_MIB]
 * Prints packets, how often it was woken, packets dropped, and its CPU time a packet. Needs CAP_NET_RAW; the load comes from elsewhere. */
#include "capture/live/device.h"
#include "capture/live/kernel_filter.h"
#include "common/clock.h"

#include <inttypes.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return 1e6 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static uint64_t argument(int argc, char **argv, int at, uint64_t otherwise)
{
    return argc > at ? strtoull(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "ring_bench IF PORT SECONDS [BLOCK_KIB] [RETIRE_MS] [RING_MIB]\n");
        return 2;
    }
    uint16_t port = (uint16_t)argument(argc, argv, 2, 80);
    struct kernel_filter_options filter = {.ports = &port, .port_count = 1};
    struct device_options options = {.interface = argv[1],
                                     .filter = &filter,
                                     .block_bytes = (uint32_t)argument(argc, argv, 4, 0) << 10,
                                     .retire_ms = (unsigned)argument(argc, argv, 5, 0),
                                     .ring_bytes = argument(argc, argv, 6, 64) << 20};
    struct device device;
    struct ring *ring;
    struct error err;
    if (device_open(&options, true, &device, &err) != 0 ||
        ring_map(device.fd, &device.layout, &ring, &err) != 0) {
        fprintf(stderr, "ring_bench: %s\n", err.text);
        return 3;
    }
    uint64_t end_ns = clock_mono_ns() + argument(argc, argv, 3, 1) * NS_PER_S;
    uint64_t packets = 0, bytes = 0, wakeups = 0;
    double begun_us = cpu_us();
    while (clock_mono_ns() < end_ns) {
        struct net_frame frame;
        while (ring_next(ring, &frame)) {
            packets++;
            bytes += frame.bytes.data[12] + frame.bytes.size;
        }
        poll(&(struct pollfd){.fd = device.fd, .events = POLLIN}, 1, 100);
        wakeups++;
    }
    struct tpacket_stats_v3 stats = {0};
    socklen_t size = sizeof stats;
    getsockopt(device.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
    printf("packets %" PRIu64 ", bytes %" PRIu64 ", wakeups %" PRIu64 ", dropped %u, CPU %.3f us/packet\n",
           packets, bytes, wakeups, stats.tp_drops, packets ? (cpu_us() - begun_us) / (double)packets : 0);
    ring_free(ring);
    device_close(&device);
    return 0;
}
