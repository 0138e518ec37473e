/* TCP connections made of segments, through flow and pairing as in a capture, and what came of them as text. */
#ifndef TESTS_UNIT_CAPTURE_PACKET_KIT_H
#define TESTS_UNIT_CAPTURE_PACKET_KIT_H

#include "capture/pairing.h"
#include "capture/tcp/flow.h"

struct packet_kit {
    struct flow_table *table;
    struct pairing_pool *pool;
    struct buffer text; /* a line an exchange */
    uint64_t now_ns;    /* of the next packet */
    uint32_t base[2];   /* initial sequence numbers: client, server */
    uint32_t scope;
    uint16_t client_port;
};

void packet_kit_open(struct packet_kit *kit);
/* Closes the table and checks that everything balances; the text stays. */
void packet_kit_close(struct packet_kit *kit);
/* Appends all counters of pairing that are not 0 to the text. */
void packet_kit_append_counts(struct packet_kit *kit);
/* Sends a segment: |offset| and |ack| count from the first byte of each stream. */
void packet_kit_put(struct packet_kit *kit, enum flow_side side, uint8_t flags, int64_t offset, int64_t ack,
                    struct bytes payload);
void packet_kit_handshake(struct packet_kit *kit);

#endif
