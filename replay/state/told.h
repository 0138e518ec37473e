/* What one thread of a replay learned, on its way to the others: a link group has one thread, but a value that is used beyond its group
 * is known to all. Bytes in a buffer, within one process. Pure. */
#ifndef REPLAY_STATE_TOLD_H
#define REPLAY_STATE_TOLD_H

#include "common/buffer.h"
#include "common/exchange.h"
#include "common/keymap.h"

#include <stdbool.h>
#include <stdint.h>

enum told_kind {
    TOLD_VALUE, /* under |key| the target gave out |actual|, in the coding of |place|; |recorded|: the path a weak id stands under, or nothing */
    TOLD_PLACE, /* what was created at the path |recorded| is at |actual| */
    TOLD_ID,    /* the strong id |recorded| is |actual| */
    TOLD_LIVE,  /* for comparing: |actual| stands for |recorded| */
};

/* One thing learned. Its bytes are borrowed. */
struct told {
    enum told_kind kind;
    uint32_t iteration; /* but of values, whose key holds it */
    enum link_place place;
    bool weak; /* TOLD_LIVE: under the name of an id only */
    struct keymap_key key;
    struct bytes recorded, actual;
};

void told_append(const struct told *told, struct buffer *out);
/* Takes one from the front of |lessons|, which told_append wrote. Returns false at the end. */
bool told_take(struct bytes *lessons, struct told *ret_told);

#endif
