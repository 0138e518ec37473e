/* The one door to recorded traffic on disk: takes exchanges as they were seen, sanitizes them and writes
 * them. Nothing else may write exchanges, so nothing can reach the disk unsanitized except by |unsanitized|.
 *
 * The writer is shared; each thread that records has a lane of its own, which sanitizes, fills a block and
 * compresses it without looking at the others. */
#ifndef FILTERS_TRAFFIC_WRITER_H
#define FILTERS_TRAFFIC_WRITER_H

#include "common/exchange.h"
#include "common/segment/writer.h"
#include "common/unreplayable.h"
#include "filters/key.h"
#include "filters/policy/policy.h"
#include "filters/sampling.h"

struct traffic_writer;
struct traffic_lane;

/* Which bodies are kept. The writer drops the others after it has noted their links, so that the caller hands
 * all of them over. */
enum traffic_bodies { TRAFFIC_BODIES_ALL, TRAFFIC_BODIES_REQUEST, TRAFFIC_BODIES_NONE };

struct traffic_writer_options {
    const char *folder;
    enum traffic_bodies bodies;      /* --bodies */
    uint8_t capture_id[16];          /* all zero: a random one */
    const struct policy *policy;     /* borrowed, as |keys|; NULL: the built-in one */
    const struct keys *keys;         /* borrowed, lives as long as the writer; never NULL */
    const struct sampling *sampling; /* which exchanges are kept; borrowed as |keys|; NULL: all */
    bool unsanitized;                /* --unsanitized: record as seen and mark it */
    int level;                       /* zstd level, 0: default */
    bool resumes;                    /* a block that cannot be written is lost; later ones are tried again */
    struct block_pause pause;        /* made by whoever compresses */
};

/* What went through a lane. */
struct traffic_counts {
    uint64_t written;     /* exchanges that stand on the disk */
    uint64_t lost;        /* exchanges of blocks that could not be written */
    uint64_t sampled_out; /* exchanges that were left out by their links */
    uint64_t bodies_kept; /* requests' and responses' together, as the next two */
    uint64_t bodies_cut;
    uint64_t bodies_dropped[BODY_REASON_COUNT];
    uint64_t unreplayable[UNREPLAYABLE_COUNT]; /* what a replay will not be able to fire, by reason */
    uint64_t flags[EXCHANGE_FLAG_COUNT];       /* that sanitizing set */
};
/* Adds |from| to |into|. */
void traffic_counts_add(struct traffic_counts *into, const struct traffic_counts *from);

/* Opens |options->folder| for writing, with the policy in its header. */
int traffic_writer_open(const struct traffic_writer_options *options, struct traffic_writer **ret_writer,
                        struct error *err);
/* Ends the segment that is being written and begins another. Any thread. */
int traffic_writer_rotate(struct traffic_writer *writer, struct error *err);
/* Seals and frees, after all lanes were freed; NULL is allowed. */
int traffic_writer_close(struct traffic_writer *writer, struct segment_writer_totals *ret_totals,
                         struct error *err);

/* Returns an owned lane of |writer|. */
struct traffic_lane *traffic_lane_create(struct traffic_writer *writer);
/* Sanitizes |exchange| in place and, where sampling does not leave it out (which is counted), puts it into the lane's
 * block (cheapest in order of start time), which is written where it is full (-1 as from
 * traffic_lane_flush). Bodies are as seen: chunked framing removed, content coding still applied where the head
 * names one. The caller clears the exchange afterwards. */
int traffic_lane_put(struct traffic_lane *lane, struct exchange *exchange, struct error *err);
/* As traffic_lane_put for an exchange as it is stored in a segment with |header|, sanitized or not. Where that is of another master key, what it keyed becomes keyed by
 * ours (filters/rekey.h). Links of what is not stored any more stay; a body that was sanitized before gets no digest, which would be of other bytes than were transferred. */
int traffic_lane_put_stored(struct traffic_lane *lane, const struct segment_header *header,
                            struct exchange *exchange, struct error *err);
/* Compresses the lane's block, so that the next traffic_lane_flush only has to write. Nothing may be put before that. */
void traffic_lane_compress(struct traffic_lane *lane);
/* Writes the lane's block. Returns -1 where it could not be written: its exchanges are lost and counted. */
int traffic_lane_flush(struct traffic_lane *lane, struct error *err);
/* Gets what went through the lane since the last call. */
void traffic_lane_take_counts(struct traffic_lane *lane, struct traffic_counts *ret_counts);
/* Frees; what was not flushed is lost. NULL is allowed. */
void traffic_lane_free(struct traffic_lane *lane);

#endif
