#include "filters/policy/policy_memo.h"

#include "filters/detect/detect_names.h"
#include "filters/policy/pair_names.h"

#include <sodium.h>
#include <string.h>

static uint64_t load8(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

static uint32_t load4(const uint8_t *data)
{
    uint32_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

/* Makes |name| words that, with its size, are the name. */
static inline void name_words(struct bytes name, uint64_t words[4])
{
    const uint8_t *data = name.data;
    size_t size = name.size;
    words[2] = words[3] = 0;
    if (size >= 8) {
        words[0] = load8(data);
        words[1] = load8(data + size - 8);
        if (size > 16) {
            words[2] = load8(data + 8);
            words[3] = load8(data + size - 16);
        }
    } else if (size >= 4) {
        words[0] = load4(data);
        words[1] = load4(data + size - 4);
    } else {
        words[0] = (uint64_t)data[0] << 8 | data[size / 2];
        words[1] = data[size - 1];
    }
}

static bool fits(struct bytes name)
{
    return name.size > 0 && name.size <= POLICY_MEMO_NAME_SIZE;
}

static struct policy_decision ask(const struct policy_memo *memo, const struct policy *policy,
                                  enum policy_place place, struct bytes name)
{
    struct policy_decision decision = place & POLICY_IN_HEADS
                                          ? policy_of_header(policy, memo->recognition_key, place, name)
                                          : policy_of_name(policy, memo->recognition_key, place, name);
    bool detects = policy_detect_classes(policy) != 0;
    decision.hinted = detects && detect_name_hints(name) & HINTS_LOOK;
    decision.paired = place == POLICY_IN_JSON && pair_names_value(name);
    decision.named_oddly = detects && (place & POLICY_IN_HEADS) && detect_may_find(name);
    return decision;
}

/* Asks |policy| and keeps what it says in |entry|. */
static void learn(const struct policy_memo *memo, struct policy_memo_entry *entry,
                  const struct policy *policy, enum policy_place place, struct bytes name)
{
    *entry = (struct policy_memo_entry){
        .size = (uint8_t)name.size,
        .place = (uint8_t)place,
        .decision = ask(memo, policy, place, name),
    };
    name_words(name, entry->words);
}

/* Returns what is remembered of |name|, which fits. */
static inline struct policy_memo_entry *recall(struct policy_memo *memo, const struct policy *policy,
                                               enum policy_place place, struct bytes name)
{
    uint64_t words[4];
    name_words(name, words);
    uint64_t hash = (words[0] ^ words[2] ^ (name.size << 8 | place)) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32 ^ words[1] ^ words[3]) * UINT64_C(0xd6e8feb86659fd93);
    struct policy_memo_entry *entry = &memo->entries[hash >> 32 & (POLICY_MEMO_SLOTS - 1)];
    uint64_t differs = (words[0] ^ entry->words[0]) | (words[1] ^ entry->words[1]) |
                       (words[2] ^ entry->words[2]) | (words[3] ^ entry->words[3]);
    if (differs != 0 || entry->size != name.size || entry->place != place)
        learn(memo, entry, policy, place, name);
    return entry;
}

struct policy_decision policy_memo_ask(struct policy_memo *memo, const struct policy *policy,
                                       enum policy_place place, struct bytes name)
{
    return fits(name) ? recall(memo, policy, place, name)->decision : ask(memo, policy, place, name);
}

struct policy_memo_entry *policy_memo_member(struct policy_memo *memo, const struct policy *policy,
                                             struct bytes name)
{
    return fits(name) ? recall(memo, policy, POLICY_IN_JSON, name) : NULL;
}

_Static_assert(POLICY_MEMO_JOINTS == 2, "the first becomes the second");

void policy_memo_join(struct policy_memo_entry *from, struct policy_memo_entry *to, struct bytes text,
                      size_t name_start)
{
    struct policy_memo_joint *joint = &from->joints[0];
    if (text.size == 0 || text.size > POLICY_MEMO_JOINT_SIZE)
        return;
    for (size_t i = 0; i < POLICY_MEMO_JOINTS; i++)
        if (bytes_equal(text, bytes_make(joint[i].text, joint[i].size)))
            return;
    joint[1] = joint[0];
    memcpy(joint->text, text.data, text.size);
    joint->used = UINT32_MAX >> (POLICY_MEMO_JOINT_SIZE - text.size);
    joint->known = true;
    joint->public = to->decision.class == POLICY_PUBLIC && !to->decision.hinted && !to->decision.paired;
    joint->size = (uint8_t)text.size;
    joint->name_start = (uint8_t)name_start;
    joint->name_size = to->size;
    joint->decision = to->decision;
    joint->to = to;
}

void policy_memo_wipe(struct policy_memo *memo)
{
    sodium_memzero(memo, sizeof *memo);
}
