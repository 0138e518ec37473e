/* Writes TCP segments over IPv4 and Ethernet into a pcap file with nanosecond times, checksums made, in large writes. */
#ifndef TESTS_TOOLS_PACKET_FILE_H
#define TESTS_TOOLS_PACKET_FILE_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum { PACKET_FIN = 1, PACKET_SYN = 2, PACKET_RST = 4, PACKET_PSH = 8, PACKET_ACK = 16 };

#define PACKET_SEGMENT_BYTES 1448 /* what fits beside timestamps in an Ethernet frame */

struct packet_end {
    uint32_t ip;
    uint16_t port;
};

struct packet {
    uint64_t time_ns; /* since the epoch */
    struct packet_end from, to;
    uint32_t seq, ack;
    uint32_t stamp, echo; /* TCP timestamps (RFC 7323) */
    uint8_t flags;
    struct bytes payload; /* at most PACKET_SEGMENT_BYTES */
};

struct packet_file;
/* Creates |path|. Returns NULL where that fails (errno). */
struct packet_file *packet_file_create(const char *path);
void packet_file_write(struct packet_file *file, const struct packet *packet);
/* Returns 0, or -1 where any write failed (errno). */
int packet_file_close(struct packet_file *file);

#endif
