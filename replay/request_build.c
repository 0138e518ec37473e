#include "replay/request_build.h"

#include "replay/state/id_values.h"
#include "replay/state/plain_credentials.h"
#include "replay/state/url_places.h"

#include <string.h>

void request_build_linked(struct build *build, enum link_place place, struct bytes text, struct buffer *out)
{
    if (build->scans)
        linker_replace(build->linker, build->context, place, text, out, &build->request->found);
    else
        buffer_append_bytes(out, text);
}

static bool is_within(const struct id_spot *spot, struct bytes text)
{
    return text.size && spot->value.data >= text.data && spot->value.data < text.data + text.size;
}

enum link_place request_build_body_place(struct bytes head)
{
    struct http1_field type;
    if (!http1_find_field(head, "Content-Type", &type))
        return LINK_PLACE_BODY;
    if (memmem(type.value.data, type.value.size, "json", 4))
        return LINK_PLACE_JSON;
    if (memmem(type.value.data, type.value.size, "x-www-form-urlencoded", 21))
        return LINK_PLACE_FORM;
    return LINK_PLACE_BODY;
}

/* What adding spots to those of a build needs. */
struct adding {
    struct build *build;
    struct id_spot *spots;
    enum link_place place;
};

/* plain_credentials_fn */
static void add_spot(void *arg, enum link_place place, struct bytes value)
{
    struct adding *adding = arg;
    struct build *build = adding->build;
    if (build->spot_count == ID_SPOTS_MAX || (place == LINK_PLACE_HEADER && build->rules->bearer.data))
        return;
    for (size_t i = 0; i < build->spot_count; i++)
        if (is_within(&adding->spots[i], value))
            return;
    adding->spots[build->spot_count++] = (struct id_spot){.place = place, .value = value};
}

/* id_values_fn */
static void add_id(void *arg, struct bytes token, bool bare)
{
    struct adding *adding = arg;
    struct bytes actual;
    size_t before = adding->build->spot_count;
    if (!linker_id(adding->build->linker, adding->build->context, token, &actual))
        return;
    add_spot(adding, adding->place, token);
    if (adding->build->spot_count > before)
        adding->spots[before].bare = bare;
}

void request_build_find_credentials(struct build *build, struct id_spot *spots)
{
    struct adding adding = {.build = build, .spots = spots};
    plain_credentials_each(build->exchange, add_spot, &adding);
    id_spots_sort(spots, build->spot_count);
}

void request_build_find_ids(struct build *build, struct id_spot *spots, struct bytes head)
{
    struct bytes target = build->request->line.target,
                 content = buffer_bytes(&build->exchange->request.body.content);
    struct adding adding = {build, spots, LINK_PLACE_QUERY};
    const uint8_t *query = target.size ? memchr(target.data, '?', target.size) : NULL;
    size_t before = build->spot_count;
    if (query)
        id_values_in_pairs(bytes_make(query + 1, (size_t)(target.data + target.size - query) - 1), add_id,
                           &adding);
    adding.place = content.size && !build->exchange->request.body.coded ? request_build_body_place(head)
                                                                        : LINK_PLACE_BODY;
    if (adding.place == LINK_PLACE_JSON)
        id_values_in_json(content, add_id, &adding);
    if (adding.place == LINK_PLACE_FORM)
        id_values_in_pairs(content, add_id, &adding);
    if (build->spot_count > before)
        id_spots_sort(spots, build->spot_count);
}

bool request_build_ids(struct build *build, struct bytes text, struct buffer *out)
{
    const uint8_t *copied = text.data;
    bool any = false;
    for (size_t i = 0; i < build->spot_count; i++) {
        const struct id_spot *spot = &build->spots[i];
        if (!is_within(spot, text))
            continue;
        any = true;
        size_t before = out->size;
        buffer_append(out, copied, (size_t)(spot->value.data - copied));
        if (linker_put_id(build->linker, build->context, spot, out)) {
            copied = spot->value.data + spot->value.size;
            build->request->found.linked++;
        } else {
            out->size = before;
            build->request->found.unlinked++;
        }
    }
    if (any)
        buffer_append(out, copied, (size_t)(text.data + text.size - copied));
    return any;
}

static bool find_place(void *arg, struct bytes path, size_t *ret_size, struct bytes *ret_actual)
{
    const struct build *build = arg;
    return linker_place(build->linker, build->context, path, ret_size, ret_actual);
}

bool request_build_urls(struct build *build, enum link_place place, struct bytes text, struct buffer *out)
{
    const struct url_places places = {find_place, build, build->recorded_host};
    size_t count = place == LINK_PLACE_JSON ? url_places_in_json(&places, text, out)
                                            : url_places_in_pairs(&places, text, out);
    build->request->found.linked += count;
    return count > 0;
}
