/* Reads packets out of a TPACKET_V3 ring: the kernel fills blocks, the reader walks a whole block in place and gives it back, with no
 * system call and no copy a packet. Touches nothing but the mapped memory, so that tests lay out blocks themselves. */
#ifndef CAPTURE_LIVE_RING_H
#define CAPTURE_LIVE_RING_H

#include "capture/net/frame.h"
#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a ring lies in memory: |block_count| blocks of |block_bytes|. */
struct ring_layout {
    uint32_t block_bytes;
    uint32_t block_count;
    bool cooked; /* packets come without their link header (SOCK_DGRAM): frames get one of DLT_LINUX_SLL2 */
};

/* Room before each packet that the socket of a cooked ring must reserve (PACKET_RESERVE): the header of DLT_LINUX_SLL2. */
#define RING_COOKED_RESERVE 32

struct ring;

/* Maps the ring of the socket |fd|, which must have been set up with |layout|; |fd| is borrowed for the call. */
int ring_map(int fd, const struct ring_layout *layout, struct ring **ret_ring, struct error *err);
/* Reads a ring that lies at |memory|, borrowed for the ring's life. */
struct ring *ring_over(void *memory, const struct ring_layout *layout);
/* Gets the next packet of the blocks that the kernel has handed over; false: there is none now. The frame is borrowed until the
 * next call, which may give its block back to the kernel. */
bool ring_next(struct ring *ring, struct net_frame *ret_frame);
/* Returns whether the next call of ring_next begins a block. */
bool ring_at_block(const struct ring *ring);
/* Returns how many eighths of the blocks wait to be read. */
unsigned ring_backlog(const struct ring *ring);
/* Unmaps what ring_map mapped; NULL is allowed. */
void ring_free(struct ring *ring);

#endif
