/* The truth of a generated capture, a TSV file: a first line "# make_pcap ..." with the plan, a line of names, one line an
 * exchange in order of the capture time of its first request byte (those never captured last), and "# totals ...".
 *
 * Columns: number, connection, method, target, host, status, the four packet times in ns (first and last byte of request and
 * final response, of the first captured copy; 0: not captured), request_body and response_body (bytes as transferred), lost.
 * lost names what the capture lacks: q and Q bytes of the request's head and body, r and R of the response's, i of an interim
 * response, c the connection's start, a only other packets (copies, acknowledgements) of the exchange's turn; "-" nothing.
 * s: nothing of a message's head is lost, but it begins inside a packet, behind a hole that took the framing along; u: its
 * messages are found, and nothing says that they belong together (traffic_settled.h for both). */
#ifndef TESTS_TOOLS_TRAFFIC_TRUTH_H
#define TESTS_TOOLS_TRAFFIC_TRUTH_H

#include "tests/tools/traffic_text.h"

enum {
    TRUTH_REQUEST_HEAD = 1,
    TRUTH_REQUEST_BODY = 2,
    TRUTH_RESPONSE_HEAD = 4,
    TRUTH_RESPONSE_BODY = 8,
    TRUTH_START = 16,
    TRUTH_OTHER = 32,
    TRUTH_INTERIM = 64,
    TRUTH_SHADOW = 128,
    TRUTH_UNSETTLED = 256,
    TRUTH_BYTES = 15, /* any of the first four */
    TRUTH_TOUCHED = TRUTH_BYTES | TRUTH_SHADOW,
};

enum { TRUTH_REQUEST_FIRST, TRUTH_REQUEST_LAST, TRUTH_RESPONSE_FIRST, TRUTH_RESPONSE_LAST };

struct truth_row {
    const char *method; /* NULL in rows that were read: traffic_make tells */
    const char *host;
    char target[56];
    unsigned status;
    unsigned lost;
    uint64_t number;
    uint64_t connection;
    uint64_t times_ns[4];
    uint64_t body_bytes[2]; /* request, response */
};

struct truth_totals {
    uint64_t packets;
    uint64_t packets_lost;
    uint64_t bytes_lost;   /* of streams, no copy captured */
    uint64_t holes;        /* runs of such bytes */
    uint64_t holes_hiding; /* those that lie over a head */
};

/* Writes rows |order|[0..count) of |rows|. Returns 0, or -1 where that fails (errno). */
int truth_write(const char *path, const struct traffic_plan *plan, const struct truth_row *rows,
                const uint64_t *order, uint64_t count, const struct truth_totals *totals);

/* Reads what truth_write wrote. */
struct truth_reader;
/* Returns NULL where |path| cannot be read or is no truth file. */
struct truth_reader *truth_open(const char *path, struct traffic_plan *ret_plan);
/* Returns false at the end; |ret_totals| is then filled in. */
bool truth_next(struct truth_reader *reader, struct truth_row *ret_row, struct truth_totals *ret_totals);
void truth_close(struct truth_reader *reader);

#endif
