#include "replay/created.h"

#include "common/http1_head.h"
#include "common/id_like.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 1000000
#define CHAINS_FIRST  64
#define PATH_MAX_SIZE 8192 /* a longer place is not linked */

struct place {
    struct place *next;
    uint64_t hash;
    uint32_t iteration;
    char *recorded;
    size_t recorded_size;
    char *actual;
    size_t actual_size;
};

struct created {
    char *base_path;
    size_t limit;
    struct place **chains;
    size_t chain_count; /* a power of two */
    size_t count;
    uint64_t overflow;
};

struct created *created_create(const char *base_path, size_t limit)
{
    struct created *created = xcalloc(1, sizeof *created);
    created->base_path = xstrdup(base_path);
    created->limit = limit ? limit : LIMIT_DEFAULT;
    created->chain_count = CHAINS_FIRST;
    created->chains = xcalloc(created->chain_count, sizeof(struct place *));
    return created;
}

void created_free(struct created *created)
{
    if (!created)
        return;
    for (size_t i = 0; i < created->chain_count; i++)
        for (struct place *place = created->chains[i], *next; place; place = next) {
            next = place->next;
            free(place->recorded);
            free(place->actual);
            free(place);
        }
    free(created->chains);
    free(created->base_path);
    free(created);
}

static uint64_t hash_of(uint32_t iteration, struct bytes path)
{
    uint64_t hash =
        UINT64_C(0xcbf29ce484222325) ^ iteration; /* FNV-1a; the target chooses no keys, the recording does */
    for (size_t i = 0; i < path.size; i++)
        hash = (hash ^ path.data[i]) * UINT64_C(0x100000001b3);
    return hash ^ (hash >> 32);
}

static struct place *find(const struct created *created, uint32_t iteration, struct bytes path)
{
    uint64_t hash = hash_of(iteration, path);
    struct place *place = created->chains[hash & (created->chain_count - 1)];
    while (place && (place->hash != hash || place->iteration != iteration ||
                     !bytes_equal(bytes_make(place->recorded, place->recorded_size), path)))
        place = place->next;
    return place;
}

static void grow(struct created *created)
{
    size_t wider = created->chain_count * 2;
    struct place **chains = xcalloc(wider, sizeof(struct place *));
    for (size_t i = 0; i < created->chain_count; i++)
        for (struct place *place = created->chains[i], *next; place; place = next) {
            next = place->next;
            place->next = chains[place->hash & (wider - 1)];
            chains[place->hash & (wider - 1)] = place;
        }
    free(created->chains);
    created->chains = chains;
    created->chain_count = wider;
}

static void add(struct created *created, uint32_t iteration, struct bytes recorded, struct bytes actual)
{
    struct place *place = find(created, iteration, recorded);
    if (!place && created->count == created->limit) {
        created->overflow++;
        return;
    }
    if (!place) {
        if (created->count == created->chain_count)
            grow(created);
        place = xcalloc(1, sizeof *place);
        place->hash = hash_of(iteration, recorded);
        place->iteration = iteration;
        place->recorded = xmemdup(recorded.data, recorded.size);
        place->recorded_size = recorded.size;
        struct place **chain = &created->chains[place->hash & (created->chain_count - 1)];
        place->next = *chain;
        *chain = place;
        created->count++;
    }
    free(place->actual);
    place->actual = xmemdup(actual.data, actual.size);
    place->actual_size = actual.size;
}

/* Finds the path of a 201's Location. */
static bool location_path(struct bytes head, struct bytes *ret_path)
{
    struct http1_status_line line;
    struct http1_field field;
    if (!http1_status_line(head, &line) || !bytes_equal(line.status, BYTES_LITERAL("201")) ||
        !http1_find_field(head, "Location", &field))
        return false;
    return id_like_location_path(field.value, ret_path);
}

bool created_learn(struct created *created, uint32_t iteration, struct bytes recorded_head,
                   struct bytes actual_head)
{
    struct bytes recorded, actual;
    if (!location_path(recorded_head, &recorded) || !location_path(actual_head, &actual))
        return false;
    size_t base = strlen(created->base_path);
    if (base && actual.size > base + 1 && memcmp(actual.data, created->base_path, base) == 0 &&
        actual.data[base] == '/')
        actual = bytes_make(actual.data + base, actual.size - base);
    created_add(created, iteration, recorded, actual);
    return !bytes_equal(recorded, actual);
}

void created_add(struct created *created, uint32_t iteration, struct bytes recorded, struct bytes actual)
{
    if (recorded.size <= PATH_MAX_SIZE && actual.size <= PATH_MAX_SIZE &&
        (!bytes_equal(recorded, actual) || find(created, iteration, recorded)))
        add(created, iteration, recorded, actual);
}

bool created_exact(const struct created *created, uint32_t iteration, struct bytes recorded,
                   struct bytes *ret_actual)
{
    const struct place *place = created->count ? find(created, iteration, recorded) : NULL;
    if (place)
        *ret_actual = bytes_make(place->actual, place->actual_size);
    return place != NULL;
}

bool created_find(const struct created *created, uint32_t iteration, struct bytes target, size_t *ret_size,
                  struct bytes *ret_actual)
{
    if (created->count == 0 || target.size < 2 || target.data[0] != '/')
        return false;
    size_t size = 0;
    while (size < target.size && size <= PATH_MAX_SIZE && target.data[size] != '?' &&
           target.data[size] != '#')
        size++;
    for (; size > 1; size--) {
        bool border = size == target.size || target.data[size] == '/' || target.data[size] == '?' ||
                      target.data[size] == '#';
        const struct place *place = border ? find(created, iteration, bytes_make(target.data, size)) : NULL;
        if (!place)
            continue;
        *ret_size = size;
        *ret_actual = bytes_make(place->actual, place->actual_size);
        return true;
    }
    return false;
}

bool created_any(const struct created *created)
{
    return created->count > 0;
}

uint64_t created_overflow(const struct created *created)
{
    return created->overflow;
}
