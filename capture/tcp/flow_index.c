#include "capture/tcp/flow_index.h"

#include "capture/tcp/flow_state.h"
#include "capture/tcp/siphash.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN UINT32_C(1024)
#define SLOTS_MAX (UINT32_C(1) << 30)

static_assert(sizeof(struct flow_entry) <= FLOW_ENTRY_BYTES_MAX, "a half-open connection is small");

static struct flow_slot *make_slots(uint32_t count)
{
    struct flow_slot *slots = xmalloc(count * sizeof *slots);
    memset(slots, 0xff, count * sizeof *slots); /* every number is NONE */
    return slots;
}

void flow_index_init(struct flow_index *index, struct budget *budget, const uint8_t key[FLOW_INDEX_KEY_SIZE])
{
    *index = (struct flow_index){.budget = budget, .slot_mask = SLOTS_MIN - 1};
    memcpy(index->key, key, sizeof index->key);
    index->slots = make_slots(SLOTS_MIN);
    budget_charge(budget, SLOTS_MIN * sizeof *index->slots);
    for (unsigned i = 0; i < FLOW_LISTS; i++)
        index->lists[i] = (struct flow_list_ends){FLOW_INDEX_NONE, FLOW_INDEX_NONE, 0};
}

void flow_index_done(struct flow_index *index)
{
    assert(index->count == 0);
    for (size_t i = 0; i < index->chunk_count; i++)
        free(index->chunks[i]);
    free(index->chunks);
    free(index->slots);
    budget_release(index->budget, (index->slot_mask + UINT64_C(1)) * sizeof *index->slots);
    *index = (struct flow_index){0};
}

/* IPv4 leaves most of a key empty: what is there fits in two words. */
uint32_t flow_index_hash(const struct flow_index *index, const struct flow_key *key)
{
    uint64_t words[5] = {(uint64_t)key->scope << 32 | (uint32_t)key->port[0] << 16 | key->port[1]};
    if (key->family == AF_INET) {
        memcpy((uint8_t *)&words[1], key->ip[0], 4);
        memcpy((uint8_t *)&words[1] + 4, key->ip[1], 4);
        return (uint32_t)siphash(words, 2, index->key, 1, 3);
    }
    memcpy(&words[1], key->ip, sizeof key->ip);
    return (uint32_t)siphash(words, 5, index->key, 1, 3);
}

static uint32_t slot_count(const struct flow_index *index)
{
    return index->slot_mask + 1;
}

/* Returns the slot of entry |number|, or, for NONE, the first empty one, from |hash|'s place on. */
static uint32_t find_slot(const struct flow_index *index, uint32_t hash, uint32_t number)
{
    uint32_t at = hash & index->slot_mask;
    while (index->slots[at].number != number)
        at = (at + 1) & index->slot_mask;
    return at;
}

/* As memcmp, in line: every packet is compared at least once. */
static inline bool same_key(const struct flow_key *a, const struct flow_key *b)
{
    uint64_t x[5], y[5];
    static_assert(sizeof x + sizeof(uint32_t) == sizeof *a && offsetof(struct flow_key, family) == sizeof x,
                  "");
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    return a->family == b->family &&
           ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4])) == 0;
}

/* Whoever makes keys collide here only makes them be looked for in the table. */
static inline uint32_t recent_place(const struct flow_key *key)
{
    uint64_t words[5];
    memcpy(words, key, sizeof words);
    uint64_t mixed = words[0] + 3 * words[2] + 5 * (words[1] + words[3]) + 7 * words[4];
    return (uint32_t)((mixed * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % FLOW_INDEX_RECENT;
}

uint32_t flow_index_recall(const struct flow_index *index, const struct flow_key *key)
{
    uint32_t number = index->recent[recent_place(key)];
    if (number < index->count && same_key(&flow_index_at(index, number)->key, key))
        return number;
    return FLOW_INDEX_NONE;
}

void flow_index_remember(struct flow_index *index, const struct flow_key *key, uint32_t number)
{
    index->recent[recent_place(key)] = number;
}

static inline uint32_t kin_place(const struct flow_key *key)
{
    uint64_t words[4];
    uint32_t ports;
    memcpy(words, key->ip, sizeof words);
    memcpy(&ports, key->port, sizeof ports);
    uint64_t mixed = words[0] + 3 * words[2] + 5 * (words[1] + words[3]) + 7 * (uint64_t)ports;
    return (uint32_t)((mixed * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % FLOW_INDEX_KIN;
}

uint32_t flow_index_find_kin(const struct flow_index *index, const struct flow_key *key)
{
    uint32_t number = index->kin[kin_place(key)];
    if (number >= index->count)
        return FLOW_INDEX_NONE;
    struct flow_key other = flow_index_at(index, number)->key;
    other.scope = key->scope;
    return same_key(&other, key) ? number : FLOW_INDEX_NONE;
}

uint32_t flow_index_find(const struct flow_index *index, const struct flow_key *key, uint32_t hash)
{
    uint32_t at = hash & index->slot_mask;
    for (; index->slots[at].number != FLOW_INDEX_NONE; at = (at + 1) & index->slot_mask) {
        uint32_t number = index->slots[at].number;
        if (index->slots[at].hash == hash && same_key(&flow_index_at(index, number)->key, key))
            return number;
    }
    return FLOW_INDEX_NONE;
}

static void resize(struct flow_index *index, uint32_t count)
{
    struct flow_slot *old = index->slots;
    uint32_t old_count = slot_count(index);
    index->slots = make_slots(count);
    index->slot_mask = count - 1;
    budget_charge(index->budget, count * sizeof *old);
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i].number != FLOW_INDEX_NONE)
            index->slots[find_slot(index, old[i].hash, FLOW_INDEX_NONE)] = old[i];
    free(old);
    budget_release(index->budget, old_count * sizeof *old);
}

static bool can_grow(const struct flow_index *index)
{
    return slot_count(index) < SLOTS_MAX &&
           budget_has_room(index->budget, UINT64_C(2) * slot_count(index) * sizeof *index->slots);
}

bool flow_index_has_room(const struct flow_index *index)
{
    return index->count < slot_count(index) / 16 * 15 || can_grow(index);
}

static void list_append(struct flow_index *index, uint32_t number, enum flow_list list)
{
    struct flow_list_ends *ends = &index->lists[list];
    struct flow_entry *entry = flow_index_at(index, number);
    entry->list = (uint8_t)list;
    entry->newer = FLOW_INDEX_NONE;
    entry->older = ends->newest;
    if (ends->newest == FLOW_INDEX_NONE)
        ends->oldest = number;
    else
        flow_index_at(index, ends->newest)->newer = number;
    ends->newest = number;
    ends->count++;
}

/* Makes the older neighbour of |entry| name |newer| as its newer one, and the newer neighbour |older| as its older
 * one. */
static void list_relink(struct flow_index *index, const struct flow_entry *entry, uint32_t newer,
                        uint32_t older)
{
    struct flow_list_ends *ends = &index->lists[entry->list];
    if (entry->older == FLOW_INDEX_NONE)
        ends->oldest = newer;
    else
        flow_index_at(index, entry->older)->newer = newer;
    if (entry->newer == FLOW_INDEX_NONE)
        ends->newest = older;
    else
        flow_index_at(index, entry->newer)->older = older;
}

static void list_remove(struct flow_index *index, uint32_t number)
{
    const struct flow_entry *entry = flow_index_at(index, number);
    list_relink(index, entry, entry->newer, entry->older);
    index->lists[entry->list].count--;
}

void flow_index_move(struct flow_index *index, uint32_t number, enum flow_list list)
{
    list_remove(index, number);
    list_append(index, number, list);
}

/* One chunk beyond what is needed is kept, so that a count which goes to and fro allocates nothing. */
static void fit_chunks(struct flow_index *index)
{
    size_t needed = (index->count + FLOW_INDEX_CHUNK - 1) / FLOW_INDEX_CHUNK;
    while (index->chunk_count > needed + 1)
        free(index->chunks[--index->chunk_count]);
    if (index->chunk_count >= needed)
        return;
    if (index->chunk_count == index->chunk_capacity) {
        index->chunk_capacity = index->chunk_capacity ? 2 * index->chunk_capacity : 64;
        index->chunks = xrealloc(index->chunks, index->chunk_capacity * sizeof(struct flow_entry *));
    }
    index->chunks[index->chunk_count++] = xmalloc(FLOW_INDEX_CHUNK * sizeof(struct flow_entry));
}

uint32_t flow_index_add(struct flow_index *index, const struct flow_key *key, uint32_t hash,
                        enum flow_list list)
{
    if (index->count >= slot_count(index) / 4 * 3 && can_grow(index))
        resize(index, 2 * slot_count(index));
    assert(index->count < slot_count(index));
    uint32_t number = index->count++;
    fit_chunks(index);
    budget_charge(index->budget, sizeof(struct flow_entry));
    struct flow_entry *entry = flow_index_at(index, number);
    *entry = (struct flow_entry){.key = *key, .hash = hash};
    index->slots[find_slot(index, hash, FLOW_INDEX_NONE)] = (struct flow_slot){hash, number};
    list_append(index, number, list);
    index->kin[kin_place(key)] = number;
    return number;
}

/* Empties slot |at|, and moves up what was pushed behind it. */
static void empty_slot(struct flow_index *index, uint32_t at)
{
    uint32_t mask = index->slot_mask;
    for (uint32_t next = (at + 1) & mask; index->slots[next].number != FLOW_INDEX_NONE;
         next = (next + 1) & mask) {
        uint32_t place = index->slots[next].hash & mask;
        if (((next - place) & mask) < ((next - at) & mask))
            continue; /* it stands at or after its place only because it is there */
        index->slots[at] = index->slots[next];
        at = next;
    }
    index->slots[at].number = FLOW_INDEX_NONE;
}

void flow_index_remove(struct flow_index *index, uint32_t number)
{
    empty_slot(index, find_slot(index, flow_index_at(index, number)->hash, number));
    list_remove(index, number);
    uint32_t last = --index->count;
    if (number != last) {
        struct flow_entry *moved = flow_index_at(index, last);
        index->slots[find_slot(index, moved->hash, last)].number = number;
        list_relink(index, moved, number, number);
        *flow_index_at(index, number) = *moved;
        if (moved->flow)
            moved->flow->entry = number;
        uint32_t *kin = &index->kin[kin_place(&moved->key)];
        if (*kin == last)
            *kin = number;
    }
    budget_release(index->budget, sizeof(struct flow_entry));
    fit_chunks(index);
    if (index->count < slot_count(index) / 8 && slot_count(index) > SLOTS_MIN)
        resize(index, slot_count(index) / 2);
}
