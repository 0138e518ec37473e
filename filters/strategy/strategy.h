/* Strategies: what becomes of a value that a rule of the policy locates. Pure. */
#ifndef FILTERS_STRATEGY_STRATEGY_H
#define FILTERS_STRATEGY_STRATEGY_H

#include "common/buffer.h"
#include "filters/detect/detect.h"
#include "filters/key.h"
#include "filters/pseudonym.h"
#include "filters/strategy/fake.h"

#include <stdbool.h>

enum strategy_kind {
    STRATEGY_PRESERVE, /* stays as it is */
    STRATEGY_NULL,     /* becomes empty */
    STRATEGY_REMOVE,   /* goes, and where its syntax allows its name with it */
    STRATEGY_MASK,     /* each character but the first and last few becomes '*' */
    STRATEGY_HASH,     /* becomes its pseudonym (filters/pseudonym.h) */
    STRATEGY_FAKE, /* becomes a value of the same shape that is nobody's (fake.h); where it has not the shape, its pseudonym */
};
#define STRATEGY_KINDS 6

struct strategy {
    enum strategy_kind kind;
    enum fake_type fake;            /* of a fake */
    unsigned keep_first, keep_last; /* characters that a mask leaves; of a value not longer than both none */
};

#define STRATEGY_KEEP_MAX 64

/* Returns "preserve", "null", ... Static. */
const char *strategy_kind_name(enum strategy_kind kind);
/* Appends what stands in place of |value| to |out|: nothing with NULL and REMOVE, which the caller tells apart. |subject| tells whom the value is
 * about, and may be empty (fake.h). Doing it again to the result changes nothing. */
void strategy_apply(const struct strategy *strategy, const struct keys *keys, struct bytes value,
                    struct bytes subject, struct buffer *out);

/* Finds the type of the fakes of what detectors of |class| find. Returns false where there is none. */
bool strategy_fake_of(enum detect_class class, enum fake_type *ret_type);
/* Returns whether |value|, which detectors of |class| found, is a pseudonym or a fake under |recognition_key|. */
bool strategy_is_ours(const uint8_t recognition_key[SEGMENT_KEY_SIZE], enum detect_class class,
                      struct bytes value);

#endif
