/* The one door to recorded traffic on disk: takes exchanges as they were seen, sanitizes them and writes
 * them. Nothing else may write exchanges, so nothing can reach the disk unsanitized except by |unsanitized|.
 */
#ifndef FILTERS_TRAFFIC_WRITER_H
#define FILTERS_TRAFFIC_WRITER_H

#include "common/exchange.h"
#include "common/segment/writer.h"
#include "filters/key.h"

struct traffic_writer;

struct traffic_writer_options {
    const char *folder;
    const struct keys *keys; /* borrowed, lives as long as the writer; never NULL */
    bool unsanitized;        /* --unsanitized: record as seen and mark it */
    int level;               /* zstd level, 0: default */
};

/* What became of bodies, requests and responses together. The ledger prints it. */
struct traffic_writer_bodies {
    uint64_t kept;
    uint64_t cut;
    uint64_t dropped[BODY_REASON_COUNT];
};

int traffic_writer_open(const struct traffic_writer_options *options, struct traffic_writer **ret_writer,
                        struct error *err);
/* Sanitizes |exchange| in place and writes it. The caller clears it afterwards. */
int traffic_writer_put(struct traffic_writer *writer, struct exchange *exchange, struct error *err);
int traffic_writer_tick(struct traffic_writer *writer, uint64_t now_mono_ns, struct error *err);
const struct traffic_writer_bodies *traffic_writer_bodies(const struct traffic_writer *writer);
/* Seals and frees; NULL is allowed. */
int traffic_writer_close(struct traffic_writer *writer, struct segment_writer_totals *ret_totals,
                         struct error *err);

#endif
