/* ring.h: blocks as the kernel lays them out are walked in order, each packet once and whole, and given back only when the last of
 * their packets is done with. */
#include "capture/live/ring.h"

#include <linux/if_packet.h>
#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK_BYTES 4096
#define BLOCKS      3

static uint8_t *memory;

static struct tpacket_block_desc *block_at(unsigned number)
{
    return (void *)(memory + (size_t)number * BLOCK_BYTES);
}

/* Lays out |count| packets with the texts "B.P" and hands the block over. */
static void fill(unsigned number, unsigned count, unsigned turn)
{
    struct tpacket_block_desc *block = block_at(number);
    size_t at = 64;
    block->hdr.bh1.num_pkts = count;
    block->hdr.bh1.offset_to_first_pkt = (uint32_t)at;
    for (unsigned i = 0; i < count; i++) {
        struct tpacket3_hdr *header = (void *)((uint8_t *)block + at);
        memset(header, 0, 128);
        header->tp_mac = 112;
        header->tp_sec = 1700000000 + turn;
        header->tp_nsec = 999999000 + i;
        header->tp_snaplen = 3;
        header->tp_len = i == 1 ? 1500 : 3;
        if (i == 1) {
            header->tp_status = TP_STATUS_VLAN_VALID;
            header->hv1.tp_vlan_tci = 0xe005;
        }
        struct sockaddr_ll *from = (void *)((uint8_t *)header + TPACKET_ALIGN(sizeof *header));
        from->sll_protocol = (uint16_t)(0x88 | 0x47 << 8); /* MPLS, in network order */
        from->sll_ifindex = 258;
        from->sll_pkttype = PACKET_OUTGOING;
        uint8_t text[3] = {(uint8_t)('0' + turn), '.', (uint8_t)('0' + i)};
        memcpy((uint8_t *)header + 112, text, 3);
        header->tp_next_offset = i + 1 < count ? 128 : 0;
        at += 128;
    }
    block->hdr.bh1.block_status = TP_STATUS_USER;
}

static struct ring *begin(bool cooked)
{
    memory = calloc(BLOCKS, BLOCK_BYTES);
    return ring_over(memory, &(struct ring_layout){BLOCK_BYTES, BLOCKS, cooked});
}

static void end(struct ring *ring)
{
    ring_free(ring);
    free(memory);
}

static void expect(struct ring *ring, const char *text)
{
    struct net_frame frame;
    assert_true(ring_next(ring, &frame));
    assert_int_equal(frame.bytes.size, 3);
    assert_memory_equal(frame.bytes.data, text, 3);
}

static void test_ring_walks_blocks_in_order_and_gives_each_back_once_done(void **state)
{
    (void)state;
    struct ring *ring = begin(false);
    struct net_frame frame;
    assert_false(ring_next(ring, &frame));
    for (unsigned turn = 0; turn < 7; turn++) {
        unsigned number = turn % BLOCKS;
        fill(number, 2, turn);
        char text[4] = {(char)('0' + turn), '.', '0', 0};
        assert_true(ring_at_block(ring));
        expect(ring, text);
        assert_false(ring_at_block(ring));
        text[2] = '1';
        expect(ring, text);
        assert_int_equal(block_at(number)->hdr.bh1.block_status,
                         TP_STATUS_USER); /* the last frame is still borrowed */
        assert_false(ring_next(ring, &frame));
        assert_int_equal(block_at(number)->hdr.bh1.block_status, TP_STATUS_KERNEL);
    }
    end(ring);
}

static void test_ring_tells_how_far_it_is_filled(void **state)
{
    (void)state;
    memory = calloc(8, BLOCK_BYTES);
    struct ring *ring = ring_over(memory, &(struct ring_layout){BLOCK_BYTES, 8, false});
    assert_int_equal(ring_backlog(ring), 0);
    for (unsigned number = 0; number < 8; number++) {
        fill(number, 1, number);
        assert_int_equal(ring_backlog(ring), number);
    }
    expect(ring, "0.0");
    expect(ring, "1.0");
    assert_int_equal(ring_backlog(ring), 6); /* the second block is ours, the first is the kernel's again */
    end(ring);
}

static void test_ring_steps_over_an_empty_block(void **state)
{
    (void)state;
    struct ring *ring = begin(false);
    fill(0, 0, 0);
    fill(1, 1, 1);
    expect(ring, "1.0");
    assert_int_equal(block_at(0)->hdr.bh1.block_status, TP_STATUS_KERNEL);
    end(ring);
}

static void test_ring_frames_carry_nanoseconds_lengths_and_the_tag(void **state)
{
    (void)state;
    struct ring *ring = begin(false);
    struct net_frame frame;
    fill(0, 2, 4);
    assert_true(ring_next(ring, &frame));
    assert_int_equal(frame.wall_ns, UINT64_C(1700000004999999000));
    assert_int_equal(frame.dlt, DLT_EN10MB);
    assert_int_equal(frame.vlan, 0);
    assert_true(ring_next(ring, &frame));
    assert_int_equal(frame.wall_ns, UINT64_C(1700000004999999001));
    assert_int_equal(frame.bytes.size, 3);
    assert_int_equal(frame.wire_bytes, 1500);
    assert_int_equal(frame.vlan, NET_FRAME_VLAN | 5);
    end(ring);
}

static void test_ring_cooked_frames_begin_with_an_sll2_header(void **state)
{
    (void)state;
    struct ring *ring = begin(true);
    struct net_frame frame;
    fill(0, 2, 0);
    assert_true(ring_next(ring, &frame));
    assert_int_equal(frame.dlt, 276);
    assert_int_equal(frame.bytes.size, 23);
    assert_int_equal(frame.wire_bytes, 23);
    static const uint8_t head[] = {0x88, 0x47, 0, 0, 0, 0, 1, 2, 0, 0, PACKET_OUTGOING, 0};
    assert_memory_equal(frame.bytes.data, head, sizeof head);
    assert_memory_equal(frame.bytes.data + 20, "0.0", 3);
    assert_true(ring_next(ring, &frame));
    assert_int_equal(frame.vlan, 0); /* the same packet may come without its tag from another interface */
    end(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring_walks_blocks_in_order_and_gives_each_back_once_done),
        cmocka_unit_test(test_ring_tells_how_far_it_is_filled),
        cmocka_unit_test(test_ring_steps_over_an_empty_block),
        cmocka_unit_test(test_ring_frames_carry_nanoseconds_lengths_and_the_tag),
        cmocka_unit_test(test_ring_cooked_frames_begin_with_an_sll2_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
