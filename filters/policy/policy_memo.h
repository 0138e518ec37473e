/* What the policy said of names that were asked about lately: traffic repeats a few names endlessly. Names are
 * remembered as they stand, before they are made keys. One slot a hash, the latest name wins: bounded, and
 * whoever sends names that collide only gets the policy's own answer each time. Names of JSON members follow each
 * other in the same order again and again, so that an entry also knows the text that led from its value to the next member's
 * (a joint, as ',"name":', the last two that differ): where the same bytes stand again, neither are they taken apart nor is the name looked up.
 * Zero-initialised is empty, set |recognition_key|; not shared between threads. */
#ifndef FILTERS_POLICY_MEMO_H
#define FILTERS_POLICY_MEMO_H

#include "common/scan16.h"
#include "filters/policy/policy.h"

#define POLICY_MEMO_SLOTS      512 /* a power of two */
#define POLICY_MEMO_NAME_SIZE  32  /* longer names are not remembered */
#define POLICY_MEMO_JOINT_SIZE 32  /* nor are longer joints */
#define POLICY_MEMO_JOINTS     2   /* of a name, which may stand in documents of several shapes */

struct policy_memo_entry;

/* From a comma or brace to where the value of the next member begins. It says all of that member itself: the slot of |to| may
 * have become another name's. */
struct policy_memo_joint {
    uint8_t text[POLICY_MEMO_JOINT_SIZE];
    uint32_t used; /* a bit for each byte of |text| that counts */
    bool known;
    bool public; /* and known, and its name calls for no look */
    uint8_t size;
    uint8_t name_start;
    uint8_t name_size;
    struct policy_decision decision;
    struct policy_memo_entry *to;
};

struct policy_memo_entry {
    uint64_t words[4]; /* the name: its first and last bytes, which meet or overlap */
    uint8_t size;
    uint8_t place; /* 0: the slot is empty */
    struct policy_decision decision;
    struct policy_memo_joint joints[POLICY_MEMO_JOINTS]; /* the latest first */
};

struct policy_memo {
    const uint8_t *recognition_key; /* of the pseudonyms that names may hold, borrowed; NULL: of none */
    struct policy_memo_entry begin; /* comes before the first member of a document */
    struct policy_memo_entry entries[POLICY_MEMO_SLOTS];
};

/* As policy_of_header and policy_of_name, whatever |place| is. |memo| is only ever used with one |policy|. */
struct policy_decision policy_memo_ask(struct policy_memo *memo, const struct policy *policy,
                                       enum policy_place place, struct bytes name);
/* Returns the entry of the JSON member |name|, to be read until the memo is asked again; NULL where it is too long. */
struct policy_memo_entry *policy_memo_member(struct policy_memo *memo, const struct policy *policy,
                                             struct bytes name);
/* Remembers that |text| led from the value of |from| to the value of |to|, whose name stands unescaped at |name_start| of it. */
void policy_memo_join(struct policy_memo_entry *from, struct policy_memo_entry *to, struct bytes text,
                      size_t name_start);
/* Returns whether the POLICY_MEMO_JOINT_SIZE bytes at |data| begin with the text of |joint|. One that is not known fits anything. */
static inline bool policy_memo_joint_fits(const struct policy_memo_joint *joint, const uint8_t *data)
{
    uint32_t equal = scan16_equal_all(scan16_load(data), scan16_load(joint->text)) |
                     scan16_equal_all(scan16_load(data + 16), scan16_load(joint->text + 16)) << 16;
    return (joint->used & ~equal) == 0;
}
/* Empties: names may be what somebody typed. */
void policy_memo_wipe(struct policy_memo *memo);

#endif
