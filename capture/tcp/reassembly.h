/* Reassembly of one direction of a TCP connection: segments in any order become one run of bytes, in order,
 * each byte once, with the time of the packet that first carried it.
 *
 * Positions in the stream are offsets: sequence numbers unwrapped to 64 bits, so that a wrap at 4 GiB is
 * none. The caller drives: it offers each segment; what comes in order is handed straight back (nothing is
 * copied), what comes early is stored, and reassembly_front gives it when its turn has come. Where copies
 * overlap, the bytes that were captured first win, and a later copy that differs is reported as a conflict
 * (bytes already delivered are compared by fingerprint, as far as the last FINGERPRINTS segments go). Memory
 * grows with the bytes that are stored, never with distances in sequence space. Finding a place among n stored
 * pieces takes O(log n) steps, whatever order they come in: the tree's shape is drawn at random. */
#ifndef CAPTURE_TCP_REASSEMBLY_H
#define CAPTURE_TCP_REASSEMBLY_H

#include "common/budget.h"
#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define REASSEMBLY_FINGERPRINTS   8
#define REASSEMBLY_NO_FIN         UINT64_MAX
#define REASSEMBLY_DISTANCE_MAX   (UINT32_C(1) << 30) /* farther from the next byte is not of this stream */
#define REASSEMBLY_PIECE_OVERHEAD 120                 /* what a stored piece costs besides its bytes */

/* A run of captured bytes. */
struct reassembly_piece {
    uint64_t offset;
    struct bytes data;
    uint64_t cut_bytes; /* bytes that followed |data| in the packet but were cut by the capture's snaplen */
    uint64_t packet_ns;
    uint64_t ack_offset; /* offset in the other direction that the packet acknowledged; 0: none */
    uint64_t order;      /* counts packets in order of capture */
    bool segment_start;  /* |data| begins the packet's payload */
};

/* What all directions of a thread share. */
struct reassembly_shared {
    struct budget *budget;     /* charged with what is stored */
    uint32_t direction_bytes;  /* limit for one direction, overhead included */
    uint32_t direction_pieces; /* limit for one direction */
    uint64_t random;           /* state of a generator; not 0 */
    uint64_t steps;            /* counts stored pieces that were looked at */
};

struct reassembly_stored;

struct reassembly_fingerprint {
    uint64_t offset;
    uint32_t size;
    uint32_t fingerprint;
};

/* One direction. Read the first five members; the rest is the module's. Invariant: stored pieces are sorted,
 * do not overlap and lie at or after |next|. */
struct reassembly {
    uint64_t next;    /* offset of the next byte to deliver */
    uint64_t highest; /* end of the furthest byte that was captured */
    uint64_t acked;   /* furthest offset that the receiver acknowledged */
    uint64_t fin;     /* offset of the end of the stream, or REASSEMBLY_NO_FIN */
    bool started;
    struct reassembly_stored *root; /* of a search tree (a treap) of the stored pieces */
    struct reassembly_stored *first;
    struct reassembly_stored *last;
    uint32_t pieces;
    uint32_t bytes; /* stored, overhead included */
    uint32_t fingerprint_count;
    struct reassembly_fingerprint fingerprints[REASSEMBLY_FINGERPRINTS];
};

/* What became of an offered segment. */
enum reassembly_verdict {
    REASSEMBLY_IN_ORDER,  /* its new bytes are next: deliver them now, or store them */
    REASSEMBLY_EARLY,     /* it holds bytes after a hole, or that overlap stored ones: store it */
    REASSEMBLY_DUPLICATE, /* every byte of it was captured before; keep-alive probes too */
    REASSEMBLY_OUTSIDE,   /* too far from the stream to be of it */
};

/* Begins the stream at sequence number |sequence|. */
void reassembly_start(struct reassembly *direction, uint32_t sequence);
/* Releases what is stored. */
void reassembly_done(struct reassembly *direction, struct reassembly_shared *shared);
/* Returns the offset of |sequence|, the nearest one to the next byte. Needs a started stream. */
uint64_t reassembly_offset(const struct reassembly *direction, uint32_t sequence);

/* Judges |segment| and writes the part of it that was not delivered yet to |ret_rest| (borrowing the
 * segment's data). |ret_conflict| tells that bytes differ from those of an earlier copy. */
enum reassembly_verdict reassembly_offer(struct reassembly *direction, struct reassembly_shared *shared,
                                         const struct reassembly_piece *segment,
                                         struct reassembly_piece *ret_rest, bool *ret_conflict);
/* Copies those bytes of |piece| that are not stored yet. Returns false where a limit of the direction leaves no
 * room for it; nothing is stored then. */
bool reassembly_store(struct reassembly *direction, struct reassembly_shared *shared,
                      const struct reassembly_piece *piece);
/* Returns the stored piece that is next in order, borrowed until it is popped; NULL where there is none. */
const struct reassembly_piece *reassembly_front(const struct reassembly *direction);
/* Returns the first stored piece, in order or not, borrowed until it is popped. There must be one. */
const struct reassembly_piece *reassembly_first(const struct reassembly *direction);
/* Moves the stream past |piece|, which lies at its next byte (from reassembly_offer or reassembly_front). */
void reassembly_advance(struct reassembly *direction, const struct reassembly_piece *piece);
/* Releases the first stored piece, after it was delivered and advanced over, or given up. */
void reassembly_pop(struct reassembly *direction, struct reassembly_shared *shared);
/* Returns how many bytes are missing before the next stored piece, or, with none stored, before the FIN or
 * what the receiver acknowledged; 0 where nothing is missing. A lone byte that was acknowledged but never
 * seen, with nothing after it, is taken for a FIN and not missing. */
uint64_t reassembly_hole(const struct reassembly *direction);
/* Returns whether nothing is stored, missing or at its end: what most directions are most of the time. */
static inline bool reassembly_is_quiet(const struct reassembly *direction)
{
    return !direction->started || (!direction->first && direction->fin == REASSEMBLY_NO_FIN &&
                                   direction->acked <= direction->next + 1);
}
/* Moves the stream over a hole of |bytes|. */
void reassembly_skip(struct reassembly *direction, uint64_t bytes);

#endif
