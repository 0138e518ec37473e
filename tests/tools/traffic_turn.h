/* One turn of a generated connection as packets in order of capture: the handshake, a request and its response (or a few
 * pipelined ones), the end. Segments are now and then reordered, sent twice, or captured late. No I/O. */
#ifndef TESTS_TOOLS_TRAFFIC_TURN_H
#define TESTS_TOOLS_TRAFFIC_TURN_H

#include "tests/tools/traffic_text.h"

enum { TURN_CLIENT, TURN_SERVER };

#define TURN_DEPTH_MAX 4

/* A packet; offsets count the bytes of a direction from 1, 0 is the SYN. */
struct turn_packet {
    uint64_t time_ns; /* of capture */
    uint64_t sent_ns;
    uint64_t offset;
    uint64_t ack;
    uint32_t size;    /* of the payload */
    uint32_t segment; /* index in |segments| of its side, where it has a payload */
    uint8_t side;
    uint8_t flags; /* PACKET_... */
};

/* A range of a direction that is sent in one packet, or in several copies. */
struct turn_segment {
    uint64_t offset;
    uint32_t size;
    bool captured; /* set by who captures: at least one copy */
};

/* Where a message stands in its direction. */
struct turn_message {
    uint64_t begin; /* of an interim response, or of the message */
    uint64_t first; /* of the message itself */
    uint64_t head_end;
    uint64_t end;
    bool chunked;
};

struct turn_exchange {
    uint64_t number;
    struct turn_message message[2]; /* by side */
};

/* Zero-initialised is empty; keeps its memory from turn to turn. */
struct turn {
    uint64_t random;
    uint64_t now_ns;         /* when the next packet may be sent */
    uint64_t base[2];        /* offset of |stream|'s first byte */
    uint64_t sent[2];        /* offset of the next byte */
    struct buffer stream[2]; /* the bytes of this turn */
    struct turn_segment *segments[2];
    size_t segment_count[2], segment_capacity[2];
    struct turn_packet *packets;
    size_t packet_count, packet_capacity;
    struct turn_exchange exchanges[TURN_DEPTH_MAX];
    size_t exchange_count;
};

/* Each plans a turn that begins at |now_ns| and moves |now_ns| to its end. */
void turn_open(struct turn *turn);
void turn_close(struct turn *turn, bool server_first);
/* Plans the exchanges from |number| on, as many as are pipelined (100-continue never is), and calls |made| (may be NULL) for each with its messages.
 * Returns whether the last was its connection's; |ret_closes|: and said so. |exchange| is scratch. */
bool turn_exchanges(struct turn *turn, const struct traffic_plan *plan, uint64_t number,
                    struct traffic_exchange *exchange,
                    void (*made)(void *arg, const struct traffic_exchange *exchange), void *arg,
                    bool *ret_closes);
void turn_free(struct turn *turn);

#endif
