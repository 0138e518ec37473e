/* Strategies: what becomes of a value that a rule of the policy locates. Pure. */
#ifndef FILTERS_STRATEGY_STRATEGY_H
#define FILTERS_STRATEGY_STRATEGY_H

#include "common/buffer.h"
#include "filters/key.h"
#include "filters/pseudonym.h"

#include <stdbool.h>

enum strategy_kind {
    STRATEGY_PRESERVE, /* stays as it is */
    STRATEGY_NULL,     /* becomes empty */
    STRATEGY_REMOVE,   /* goes, and where its syntax allows its name with it */
    STRATEGY_MASK,     /* each character but the first and last few becomes '*' */
    STRATEGY_HASH,     /* becomes its pseudonym (filters/pseudonym.h) */
};
#define STRATEGY_KINDS 5

struct strategy {
    enum strategy_kind kind;
    unsigned keep_first, keep_last; /* characters that a mask leaves; of a value not longer than both none */
};

#define STRATEGY_KEEP_MAX 64

/* Returns "preserve", "null", ... Static. */
const char *strategy_kind_name(enum strategy_kind kind);
/* Returns whether |text| is the name of a kind. */
bool strategy_kind_parse(struct bytes text, enum strategy_kind *ret_kind);
/* Appends what stands in place of |value| to |out|: nothing with NULL and REMOVE, which the caller tells apart. |ret_tag| becomes the
 * value's identity, as of pseudonym_make. Doing it again to the result changes nothing. */
void strategy_apply(const struct strategy *strategy, const struct keys *keys, struct bytes value,
                    struct buffer *out, uint8_t ret_tag[PSEUDONYM_TAG_SIZE]);

#endif
