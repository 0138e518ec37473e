#include "replay/created.h"

#include "common/http1_head.h"
#include "common/id_like.h"
#include "common/mem.h"
#include "replay/state/fifo_map.h"

#include <stdlib.h>
#include <string.h>

#define PATH_MAX_SIZE 8192 /* a longer place is not linked */

struct place {
    struct fifo_entry entry;
    struct buffer recorded, actual;
};

struct created {
    char *base_path;
    struct fifo_map places;
};

/* fifo_map_free_fn */
static void place_free(void *entry)
{
    struct place *place = entry;
    buffer_free(&place->recorded);
    buffer_free(&place->actual);
    free(place);
}

struct created *created_create(const char *base_path, size_t limit)
{
    struct created *created = xcalloc(1, sizeof *created);
    created->base_path = xstrdup(base_path);
    fifo_map_init(&created->places, limit, place_free);
    return created;
}

void created_free(struct created *created)
{
    if (!created)
        return;
    fifo_map_done(&created->places);
    free(created->base_path);
    free(created);
}

static const struct place *find(const struct created *created, uint32_t iteration, struct bytes path)
{
    const struct place *place = fifo_map_get(&created->places, keymap_text_key(path, iteration));
    return place && bytes_equal(buffer_bytes(&place->recorded), path) ? place : NULL;
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

bool created_locations(const struct created *created, struct bytes recorded_head, struct bytes actual_head,
                       struct bytes *ret_recorded, struct bytes *ret_actual)
{
    if (!location_path(recorded_head, ret_recorded) || !location_path(actual_head, ret_actual))
        return false;
    size_t base = strlen(created->base_path);
    if (base && ret_actual->size > base + 1 && memcmp(ret_actual->data, created->base_path, base) == 0 &&
        ret_actual->data[base] == '/')
        *ret_actual = bytes_make(ret_actual->data + base, ret_actual->size - base);
    return true;
}

void created_add(struct created *created, uint32_t iteration, struct bytes recorded, struct bytes actual)
{
    struct keymap_key key = keymap_text_key(recorded, iteration);
    struct place *place = fifo_map_get(&created->places, key);
    if (recorded.size > PATH_MAX_SIZE || actual.size > PATH_MAX_SIZE ||
        (!place && bytes_equal(recorded, actual)))
        return;
    if (!place) {
        place = xcalloc(1, sizeof *place);
        fifo_map_add(&created->places, key, &place->entry);
    }
    buffer_clear(&place->recorded); /* of another one, should both have the same key */
    buffer_append_bytes(&place->recorded, recorded);
    buffer_clear(&place->actual);
    buffer_append_bytes(&place->actual, actual);
}

bool created_exact(const struct created *created, uint32_t iteration, struct bytes recorded,
                   struct bytes *ret_actual)
{
    const struct place *place = find(created, iteration, recorded);
    if (place)
        *ret_actual = buffer_bytes(&place->actual);
    return place != NULL;
}

bool created_find(const struct created *created, uint32_t iteration, struct bytes target, size_t *ret_size,
                  struct bytes *ret_actual)
{
    if (!created_any(created) || target.size < 2 || target.data[0] != '/')
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
        *ret_actual = buffer_bytes(&place->actual);
        return true;
    }
    return false;
}

bool created_any(const struct created *created)
{
    return created->places.oldest != NULL;
}

uint64_t created_forgotten(const struct created *created)
{
    return created->places.forgotten;
}
