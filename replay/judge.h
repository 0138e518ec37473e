/* What becomes of a recorded exchange: whether it can be fired truthfully, and by what its latency is judged. Pure. */
#ifndef REPLAY_JUDGE_H
#define REPLAY_JUDGE_H

#include "common/exchange.h"
#include "replay/result.h"

/* A longer body is not filled. */
#define JUDGE_FILL_MAX (UINT64_C(16) << 20)

/* What is to be fired although it cannot be as it was. */
struct judge_wishes {
    bool fire_flagged; /* what has a defect whose bytes are kept */
    bool fill_bodies;  /* what lacks its body, or a part of it, with filler of the length that it had */
};

/* Returns UNSENT_NONE where |exchange| is to be fired, else why not: it was upgraded or asked for it, opened a
 * tunnel, the recording lacks part of it, or it has a defect. Adds to |ret_flags| (may be NULL) DEFECTIVE or FILLED where one of
 * |wishes| (NULL: none) lets it be fired. Needs the metadata only. */
enum unsent_reason judge_exchange(const struct exchange *exchange, const struct judge_wishes *wishes,
                                  uint64_t *ret_flags);

/* Makes filler of |exchange|'s request body, which was judged FILLED: as many bytes as were transferred, all x; in quotes where it is
 * called JSON. */
void judge_fill(struct exchange *exchange);

/* Returns whether the answer was, by the evidence of the recording, one that lasts because the server waits for what to send: its
 * media type is text/event-stream, or its head came at once and its body, whose length was not said ahead, came in trickles: over
 * a second, ten times what the first byte took, and slower than JUDGE_TRICKLE_BYTES_PER_S. Such answers are judged by their first byte. */
bool judge_by_ttfb(const struct exchange *exchange);
#define JUDGE_TRICKLE_BYTES_PER_S 16384

#endif
