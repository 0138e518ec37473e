#include "filters/policy_memo.h"

#include <sodium.h>
#include <string.h>

/* Takes in the size and both ends of |name|, which tell apart all but contrived names. */
static uint64_t hash_of(struct bytes name, enum policy_place place)
{
    uint64_t front = 0, back = 0;
    if (name.size >= 8) {
        memcpy(&front, name.data, 8);
        memcpy(&back, name.data + name.size - 8, 8);
    } else if (name.size >= 4) {
        memcpy(&front, name.data, 4);
        memcpy(&back, name.data + name.size - 4, 4);
    } else {
        front = (uint64_t)name.data[0] << 8 | name.data[name.size / 2];
        back = name.data[name.size - 1];
    }
    uint64_t hash = (front ^ (name.size << 4 | place)) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32 ^ back) * UINT64_C(0xd6e8feb86659fd93);
    return hash >> 32;
}

static bool fits(struct bytes name)
{
    return name.size > 0 && name.size <= POLICY_MEMO_NAME_SIZE;
}

/* Returns the slot of |name|; |ret_known| tells whether it holds that name already, otherwise it does now and
 * the answer is to be filled in. */
static struct policy_memo_entry *slot_of(struct policy_memo *memo, enum policy_place place, struct bytes name,
                                         bool *ret_known)
{
    struct policy_memo_entry *entry = &memo->entries[hash_of(name, place) & (POLICY_MEMO_SLOTS - 1)];
    *ret_known =
        entry->size == name.size && entry->place == place && memcmp(entry->name, name.data, name.size) == 0;
    if (!*ret_known) {
        memcpy(entry->name, name.data, name.size);
        entry->size = (uint8_t)name.size;
        entry->place = (uint8_t)place;
    }
    return entry;
}

struct policy_header policy_memo_header(struct policy_memo *memo, const struct policy *policy,
                                        struct bytes name)
{
    if (!fits(name))
        return policy_of_header(policy, name);
    bool known;
    struct policy_memo_entry *entry = slot_of(memo, POLICY_IN_HEADER, name, &known);
    if (!known) {
        struct policy_header rule = policy_of_header(policy, name);
        entry->class = (uint8_t)rule.class;
        entry->shape = (uint8_t)rule.shape;
    }
    return (struct policy_header){.class = entry->class, .shape = entry->shape};
}

enum policy_class policy_memo_name(struct policy_memo *memo, const struct policy *policy,
                                   enum policy_place place, struct bytes name, bool *ret_scalar_only)
{
    if (!fits(name))
        return policy_of_name(policy, place, name, ret_scalar_only);
    bool known;
    struct policy_memo_entry *entry = slot_of(memo, place, name, &known);
    if (!known) {
        bool scalar_only = false;
        entry->class = (uint8_t)policy_of_name(policy, place, name, &scalar_only);
        entry->scalar_only = scalar_only;
    }
    if (ret_scalar_only)
        *ret_scalar_only = entry->scalar_only;
    return entry->class;
}

void policy_memo_wipe(struct policy_memo *memo)
{
    sodium_memzero(memo, sizeof *memo);
}
