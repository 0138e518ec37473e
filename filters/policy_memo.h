/* What the policy said of names that were asked about lately: traffic repeats a few names endlessly. Names are
 * remembered as they stand, before they are made keys. One slot a hash, the latest name wins: bounded, and
 * whoever sends names that collide only gets the policy's own answer each time. Zero-initialised is empty; not
 * shared between threads. */
#ifndef FILTERS_POLICY_MEMO_H
#define FILTERS_POLICY_MEMO_H

#include "filters/policy.h"

#define POLICY_MEMO_SLOTS     512 /* a power of two */
#define POLICY_MEMO_NAME_SIZE 32  /* longer names are not remembered */

struct policy_memo_entry {
    uint64_t words[4]; /* the name: its first and last bytes, which meet or overlap */
    uint8_t size;
    uint8_t place; /* 0: the slot is empty */
    uint8_t class;
    uint8_t shape;       /* of a header */
    uint8_t scalar_only; /* of another */
};

struct policy_memo {
    struct policy_memo_entry entries[POLICY_MEMO_SLOTS];
};

/* As policy_of_header. |memo| is only ever used with one |policy|. */
struct policy_header policy_memo_header(struct policy_memo *memo, const struct policy *policy,
                                        struct bytes name);
/* As policy_of_name, likewise. */
enum policy_class policy_memo_name(struct policy_memo *memo, const struct policy *policy,
                                   enum policy_place place, struct bytes name, bool *ret_scalar_only);
/* Empties: names may be what somebody typed. */
void policy_memo_wipe(struct policy_memo *memo);

#endif
