/* The one door to recorded traffic on disk: takes exchanges as they were seen, sanitizes them and writes
 * them. Nothing else may write exchanges, so nothing can reach the disk unsanitized except by |unsanitized|.
 */
#ifndef FILTERS_TRAFFIC_WRITER_H
#define FILTERS_TRAFFIC_WRITER_H

#include "common/exchange.h"
#include "common/segment/writer.h"
#include "filters/key.h"

struct traffic_writer;

/* Which bodies are kept. The writer drops the others after it has noted their links, so that the caller hands
 * all of them over. */
enum traffic_bodies { TRAFFIC_BODIES_ALL, TRAFFIC_BODIES_REQUEST, TRAFFIC_BODIES_NONE };

struct traffic_writer_options {
    const char *folder;
    enum traffic_bodies bodies; /* --bodies */
    uint8_t capture_id[16];     /* all zero: a random one */
    const struct keys *keys;    /* borrowed, lives as long as the writer; never NULL */
    bool unsanitized;           /* --unsanitized: record as seen and mark it */
    int level;                  /* zstd level, 0: default */
};

/* What became of bodies, requests and responses together. The ledger prints it. */
struct traffic_writer_bodies {
    uint64_t kept;
    uint64_t cut;
    uint64_t dropped[BODY_REASON_COUNT];
};

/* Opens |options->folder| for writing, with the built-in policy in its header. */
int traffic_writer_open(const struct traffic_writer_options *options, struct traffic_writer **ret_writer,
                        struct error *err);
/* Sanitizes |exchange| in place and writes it. Bodies are as seen: chunked framing removed, content coding
 * still applied where the head names one. The caller clears it afterwards. */
int traffic_writer_put(struct traffic_writer *writer, struct exchange *exchange, struct error *err);
int traffic_writer_tick(struct traffic_writer *writer, uint64_t now_mono_ns, struct error *err);
const struct traffic_writer_bodies *traffic_writer_bodies(const struct traffic_writer *writer);
/* Seals and frees; NULL is allowed. */
int traffic_writer_close(struct traffic_writer *writer, struct segment_writer_totals *ret_totals,
                         struct error *err);

#endif
