#include "capture/live/ring.h"

#include "common/clock.h"
#include "common/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif
#define SLL2_SIZE 20

struct ring {
    uint8_t *memory;
    struct ring_layout layout;
    bool mapped;
    uint32_t block;  /* whose turn it is */
    bool held;       /* that block is ours */
    uint32_t left;   /* packets in it that were not given out */
    uint8_t *packet; /* the next one */
};

struct ring *ring_over(void *memory, const struct ring_layout *layout)
{
    struct ring *ring = xcalloc(1, sizeof *ring);
    ring->memory = memory;
    ring->layout = *layout;
    return ring;
}

int ring_map(int fd, const struct ring_layout *layout, struct ring **ret_ring, struct error *err)
{
    size_t size = (size_t)layout->block_bytes * layout->block_count;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return error_set_errno(err, ERROR_IO, errno, "mapping the packet ring of %zu bytes", size);
    *ret_ring = ring_over(memory, layout);
    (*ret_ring)->mapped = true;
    return 0;
}

static struct tpacket_block_desc *block_at(const struct ring *ring, uint32_t block)
{
    return (void *)(ring->memory + (size_t)block * ring->layout.block_bytes);
}

/* Whether the kernel has handed |block| over. */
static bool is_ours(const struct ring *ring, uint32_t block)
{
    return __atomic_load_n(&block_at(ring, block)->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

/* Takes the block whose turn it is where the kernel has handed it over. */
static bool take_block(struct ring *ring)
{
    struct tpacket_block_desc *block = block_at(ring, ring->block);
    if (!is_ours(ring, ring->block))
        return false;
    ring->held = true;
    ring->left = block->hdr.bh1.num_pkts;
    ring->packet = (uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
    return true;
}

static void give_back(struct ring *ring)
{
    __atomic_store_n(&block_at(ring, ring->block)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    ring->held = false;
    ring->block = ring->block + 1 == ring->layout.block_count ? 0 : ring->block + 1;
}

/* Puts the header of DLT_LINUX_SLL2 into the room before the packet: its protocol leads the decoder on. */
static uint8_t *write_cooked_header(uint8_t *packet, uint8_t *data)
{
    struct sockaddr_ll from;
    memcpy(&from, packet + TPACKET_ALIGN(sizeof(struct tpacket3_hdr)), sizeof from);
    uint8_t *header = data - SLL2_SIZE;
    uint32_t interface = htonl((uint32_t)from.sll_ifindex);
    uint16_t type = htons(from.sll_hatype);
    memset(header, 0, SLL2_SIZE);
    memcpy(header, &from.sll_protocol, 2);
    memcpy(header + 4, &interface, 4);
    memcpy(header + 8, &type, 2);
    header[10] = from.sll_pkttype;
    header[11] = from.sll_halen;
    memcpy(header + 12, from.sll_addr, 8);
    return header;
}

static void read_packet(const struct ring *ring, struct net_frame *ret_frame)
{
    const struct tpacket3_hdr *header = (const void *)ring->packet;
    uint8_t *data = ring->packet + header->tp_mac;
    size_t size = header->tp_snaplen;
    size_t wire_bytes = header->tp_len;
    if (ring->layout.cooked) {
        assert(header->tp_mac >= TPACKET_ALIGN(sizeof *header) + sizeof(struct sockaddr_ll) + SLL2_SIZE);
        data = write_cooked_header(ring->packet, data);
        size += SLL2_SIZE;
        wire_bytes += SLL2_SIZE;
    }
    *ret_frame = (struct net_frame){
        .bytes = {data, size},
        .wire_bytes = wire_bytes < size ? size : wire_bytes,
        .wall_ns = header->tp_sec * NS_PER_S + header->tp_nsec,
        .dlt = ring->layout.cooked ? DLT_LINUX_SLL2 : DLT_EN10MB,
        /* On all interfaces at once the same packet is seen with its tag and, on the VLAN's own interface, without. */
        .vlan = !ring->layout.cooked && header->tp_status & TP_STATUS_VLAN_VALID
                    ? (uint16_t)(NET_FRAME_VLAN | (header->hv1.tp_vlan_tci & 0xfff))
                    : 0,
    };
}

bool ring_next(struct ring *ring, struct net_frame *ret_frame)
{
    while (ring->left == 0) {
        if (ring->held)
            give_back(ring);
        if (!take_block(ring))
            return false;
    }
    read_packet(ring, ret_frame);
    ring->left--;
    ring->packet += ((const struct tpacket3_hdr *)(const void *)ring->packet)->tp_next_offset;
    return true;
}

bool ring_at_block(const struct ring *ring)
{
    return ring->left == 0;
}

unsigned ring_backlog(const struct ring *ring)
{
    unsigned eighths = 0;
    while (eighths < 7) { /* blocks are handed over in order: one tells of all before it */
        uint32_t ahead = (uint32_t)((uint64_t)ring->layout.block_count * (eighths + 1) / 8);
        if (ahead == 0 || !is_ours(ring, (ring->block + ahead) % ring->layout.block_count))
            break;
        eighths++;
    }
    return eighths;
}

void ring_free(struct ring *ring)
{
    if (!ring)
        return;
    if (ring->mapped)
        munmap(ring->memory, (size_t)ring->layout.block_bytes * ring->layout.block_count);
    free(ring);
}
