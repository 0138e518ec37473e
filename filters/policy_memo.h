/* What the policy said of names that were asked about lately: traffic repeats a few names endlessly. Names are
 * remembered as they stand, before they are made keys. One slot a hash, the latest name wins: bounded, and
 * whoever sends names that collide only gets the policy's own answer each time. Names of JSON members follow each
 * other in the same order again and again, so that an entry also knows which came after it: the next name is
 * compared with that one before anything is hashed. Zero-initialised is empty; not shared between threads. */
#ifndef FILTERS_POLICY_MEMO_H
#define FILTERS_POLICY_MEMO_H

#include "common/scan16.h"
#include "filters/policy.h"

#define POLICY_MEMO_SLOTS      512 /* a power of two */
#define POLICY_MEMO_NAME_SIZE  32  /* longer names are not remembered */
#define POLICY_MEMO_GUESS_SIZE 16  /* a name that is guessed is shorter */

struct policy_memo_entry {
    uint64_t words[4]; /* the name: its first and last bytes, which meet or overlap */
    uint8_t size;
    uint8_t place; /* 0: the slot is empty */
    uint8_t class;
    uint8_t shape;                          /* of a header */
    uint8_t scalar_only;                    /* of another */
    bool guessable;                         /* |quoted| may be compared with the text of a document */
    uint8_t quoted[POLICY_MEMO_GUESS_SIZE]; /* the name and a quote */
    struct policy_memo_entry *next;         /* which came after it last; NULL: not known */
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
/* Returns the entry of the JSON member |name|, to be read until the memo is asked again; NULL where it is too long. */
struct policy_memo_entry *policy_memo_member(struct policy_memo *memo, const struct policy *policy,
                                             struct bytes name);
/* Returns whether the POLICY_MEMO_GUESS_SIZE bytes at |data| begin with the name of |entry|, unescaped, and a quote. */
static inline bool policy_memo_guess(const struct policy_memo_entry *entry, const uint8_t *data)
{
    uint32_t equal = scan16_equal_all(scan16_load(data), scan16_load(entry->quoted));
    uint32_t wanted =
        (UINT32_C(2) << entry->size % POLICY_MEMO_GUESS_SIZE) - 1; /* longer ones are not guessable */
    return entry->guessable && (equal & wanted) == wanted;
}
/* Empties: names may be what somebody typed. */
void policy_memo_wipe(struct policy_memo *memo);

#endif
