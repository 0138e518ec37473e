/* A flow table for tests, whose events are written down as text; and the segments of one connection. */
#ifndef TESTS_UNIT_CAPTURE_FLOW_KIT_H
#define TESTS_UNIT_CAPTURE_FLOW_KIT_H

#include "capture/tcp/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CLIENT_PORT 40000
#define SERVER_PORT 80

/* A table whose events are written down as text: "+" open, "c:BYTES" data ("c~BYTES" where they do not begin a
 * packet), "c-N" gap, "c!" conflict, "c^" urgent, "c." end, "x" close, "X" clean close; "s" is the server's side. */
struct bench {
    struct flow_table *table;
    struct buffer events;
    uint64_t now_ns;
    uint32_t base[2];                 /* initial sequence numbers: client, server */
    uint32_t scope;                   /* of the segments */
    bool midstream, server_midstream; /* as the connection was opened */
    bool reversed;                    /* the side that calls is to be taken for the server */
    bool has_timestamp;               /* segments carry |timestamp| */
    uint32_t timestamp;
};

/* Begins a bench with a table of |settings|. */
void bench_start(struct bench *bench, struct flow_settings settings);
/* Sends a segment a millisecond after the one before: |offset| and |ack| count from the first byte of each stream. */
void put(struct bench *bench, enum flow_side side, uint8_t flags, int64_t offset, int64_t ack,
         const char *payload);
void handshake(struct bench *bench);
/* Closes the table and checks all events and the balance of bytes. */
void expect(struct bench *bench, const char *events);

#endif
