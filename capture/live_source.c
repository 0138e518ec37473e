#include "capture/live_source.h"

#include "capture/live/channel.h"
#include "capture/live/ring.h"
#include "capture/live/steady_clock.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/stop.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS         (2 * DEVICE_RETIRE_MS + 20) /* no block stays with the kernel for longer */
#define FIRST_DEVICE_MS 10000

/* A device with the ring mapped. */
struct inlet {
    struct device device;
    struct ring *ring;   /* NULL: there is none */
    uint64_t drops_base; /* of the interface, when the device came */
};

struct live_source {
    int channel; /* -1 once the parent is gone */
    struct inlet inlet;
    struct inlet next; /* of the interface that came back, used once |inlet| holds nothing more */
    struct steady_clock clock;
    struct source_events events; /* so far, of devices that are closed as well */
    uint64_t away_since_mono_ns; /* 0: the interface is there */
    unsigned wishes;             /* a bit each that was not given out */
};

/* What the interface and its driver dropped, by the counters that the parent opened. */
static uint64_t read_interface_drops(const struct device *device)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < DEVICE_DROP_COUNTERS; i++) {
        char text[32];
        ssize_t size = device->drop_fds[i] < 0 ? 0 : pread(device->drop_fds[i], text, sizeof text - 1, 0);
        if (size <= 0)
            continue;
        text[size] = '\0';
        sum += strtoull(text, NULL, 10);
    }
    return sum;
}

static int open_inlet(struct inlet *inlet, const struct device *device, struct error *err)
{
    inlet->device = *device;
    if (ring_map(device->fd, &device->layout, &inlet->ring, err) != 0) {
        device_close(&inlet->device);
        return -1;
    }
    inlet->drops_base = read_interface_drops(device);
    return 0;
}

static void close_inlet(struct inlet *inlet)
{
    if (!inlet->ring)
        return;
    ring_free(inlet->ring);
    device_close(&inlet->device);
    *inlet = (struct inlet){0};
}

/* Adds up what the kernel counted since the last time: its counter begins anew each time that it is read. */
static void count_drops(struct live_source *source)
{
    struct tpacket_stats_v3 stats;
    socklen_t size = sizeof stats;
    if (getsockopt(source->inlet.device.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
        source->events.dropped_kernel += stats.tp_drops;
    uint64_t drops = read_interface_drops(&source->inlet.device);
    if (drops > source->inlet.drops_base) {
        source->events.dropped_interface += drops - source->inlet.drops_base;
        source->inlet.drops_base = drops;
    }
}

static void lose_interface(struct live_source *source)
{
    if (source->away_since_mono_ns != 0)
        return;
    source->events.interface_lost++;
    source->away_since_mono_ns = clock_mono_ns();
}

static void find_interface(struct live_source *source)
{
    if (source->away_since_mono_ns != 0)
        source->events.interface_away_ns += clock_mono_ns() - source->away_since_mono_ns;
    source->away_since_mono_ns = 0;
}

static void take_device(struct live_source *source, const struct device *device)
{
    struct error err;
    close_inlet(&source->next);
    if (open_inlet(&source->next, device, &err) == 0)
        find_interface(source);
}

static void ask_for_end(void)
{
    if (!stop_requested())
        stop_request();
}

/* Hears what the parent has said. */
static void listen_to_parent(struct live_source *source)
{
    struct device device;
    while (source->channel >= 0) {
        switch (channel_receive(source->channel, &device)) {
        case CHANNEL_NOTHING:
            return;
        case CHANNEL_END:
            source->channel = -1;
            ask_for_end();
            return;
        case CHANNEL_DEVICE:
            take_device(source, &device);
            break;
        case CHANNEL_LOST:
            lose_interface(source);
            break;
        case CHANNEL_BACK:
            find_interface(source);
            break;
        case CHANNEL_STOP:
            ask_for_end();
            break;
        case CHANNEL_ROTATE:
            source->wishes |= 1u << SOURCE_WISH_ROTATE;
            break;
        case CHANNEL_REPORT:
            source->wishes |= 1u << SOURCE_WISH_REPORT;
            break;
        }
    }
}

int live_source_open(int channel, struct live_source **ret_source, struct error *err)
{
    struct pollfd wait = {.fd = channel, .events = POLLIN};
    struct device device;
    poll(&wait, 1, FIRST_DEVICE_MS);
    if (channel_receive(channel, &device) != CHANNEL_DEVICE)
        return error_set(err, ERROR_IO, "the device does not come from the parent process");
    struct live_source *source = xcalloc(1, sizeof *source);
    source->channel = channel;
    if (open_inlet(&source->inlet, &device, err) != 0) {
        free(source);
        return -1;
    }
    *ret_source = source;
    return 0;
}

/* A clock that is never set, and goes on while the machine sleeps. */
static uint64_t boot_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void look_at_clocks(struct live_source *source, bool idle)
{
    steady_clock_look(&source->clock, clock_wall_ns(), boot_ns(), idle);
    source->events.clock_steps = source->clock.steps;
}

static bool next_frame(struct live_source *source, struct net_frame *ret_frame)
{
    if (ring_at_block(source->inlet.ring)) {
        listen_to_parent(source);
        look_at_clocks(source, false);
    }
    if (!ring_next(source->inlet.ring, ret_frame))
        return false;
    ret_frame->wall_ns = steady_clock_take(&source->clock, ret_frame->wall_ns);
    return true;
}

/* Nothing came for a while: the clocks can be compared without a packet between, and a device that was replaced is done with. */
static void be_idle(struct live_source *source)
{
    look_at_clocks(source, true);
    if (!source->next.ring)
        return;
    count_drops(source);
    close_inlet(&source->inlet);
    source->inlet = source->next;
    source->next = (struct inlet){0};
}

enum source_status live_source_next(struct live_source *source, struct net_frame *ret_frame)
{
    if (next_frame(source, ret_frame))
        return SOURCE_PACKET;
    struct pollfd wait[] = {{.fd = source->inlet.device.fd, .events = POLLIN},
                            {.fd = source->channel, .events = POLLIN}};
    int ready = poll(wait, 2, WAIT_MS);
    if (wait[0].revents &
        POLLERR) { /* the interface went down or away: said once, and taken note of by the parent */
        int error;
        socklen_t size = sizeof error;
        (void)getsockopt(source->inlet.device.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (next_frame(source, ret_frame))
        return SOURCE_PACKET;
    if (ready == 0)
        be_idle(source);
    return SOURCE_IDLE;
}

struct source_events live_source_events(struct live_source *source)
{
    count_drops(source);
    struct source_events events = source->events;
    if (source->away_since_mono_ns != 0)
        events.interface_away_ns += clock_mono_ns() - source->away_since_mono_ns;
    return events;
}

enum source_wish live_source_wish(struct live_source *source)
{
    for (enum source_wish wish = SOURCE_WISH_ROTATE; wish <= SOURCE_WISH_REPORT; wish++) {
        if (source->wishes & 1u << wish) {
            source->wishes &= ~(1u << wish);
            return wish;
        }
    }
    return SOURCE_WISH_NONE;
}

uint64_t live_source_now_ns(const struct live_source *source)
{
    return steady_clock_now(&source->clock, clock_wall_ns());
}

unsigned live_source_backlog(const struct live_source *source)
{
    return ring_backlog(source->inlet.ring);
}

void live_source_free(struct live_source *source)
{
    if (!source)
        return;
    close_inlet(&source->inlet);
    close_inlet(&source->next);
    free(source);
}
