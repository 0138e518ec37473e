/* Frames for tests of capture/net/: made from the inside out, each header put before what is there. */
#ifndef TESTS_UNIT_CAPTURE_NET_KIT_H
#define TESTS_UNIT_CAPTURE_NET_KIT_H

#include "capture/net/decoder.h"
#include "common/buffer.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KIT_WALL_NS UINT64_C(1700000000000000000)

/* A frame under construction, owned. */
struct kit_frame {
    uint8_t bytes[1 << 17];
    size_t size;
};

/* Begins with a TCP header, ports 4096 to 80, sequence 1, and "GET"; or with |payload|. */
void kit_tcp(struct kit_frame *frame);
void kit_bytes(struct kit_frame *frame, const void *payload, size_t size);
/* Each puts a header before what is there. */
void kit_put(struct kit_frame *frame, const void *header, size_t size);
#define KIT_PUT(frame, text) kit_put(frame, text, sizeof(text) - 1)
void kit_ipv4(struct kit_frame *frame, uint8_t protocol); /* 192.0.2.1 to 192.0.2.2 */
void kit_ipv6(struct kit_frame *frame, uint8_t next);     /* 2001:db8::1 to 2001:db8::2 */
void kit_udp(struct kit_frame *frame, uint16_t source, uint16_t destination);
void kit_ethernet(struct kit_frame *frame, uint16_t type);

/* Decodes the frame with a new decoder. Its payload, if any, is gone afterwards. */
enum net_verdict kit_decode(int dlt, const struct kit_frame *frame, struct tcp_segment *ret_segment);
/* Decodes with |decoder|, from memory of its own; wire_bytes is the frame's. */
enum net_verdict kit_take(struct decoder *decoder, int dlt, const struct kit_frame *frame, uint64_t wall_ns,
                          struct tcp_segment *ret_segment);
/* Checks that the frame leads to kit_tcp's segment, and that each shorter one ends in another verdict, whether
 * the snaplen or the sender made it shorter. Returns its scope. */
uint32_t kit_check(int dlt, const struct kit_frame *frame);
/* As kit_check, and that |tunnel| was entered. */
uint32_t kit_check_tunnel(int dlt, const struct kit_frame *frame, enum net_tunnel tunnel);

#endif
