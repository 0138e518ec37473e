#include "replay/request_build.h"

#include "replay/state/url_places.h"

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

static bool find_id(void *arg, struct bytes recorded, struct bytes *ret_actual)
{
    const struct build *build = arg;
    return linker_id(build->linker, build->context, recorded, ret_actual);
}

bool request_build_urls(struct build *build, enum link_place place, struct bytes text, struct buffer *out)
{
    const struct url_places places = {find_place, find_id, build, build->recorded_host};
    size_t count = place == LINK_PLACE_JSON ? url_places_in_json(&places, text, out)
                                            : url_places_in_pairs(&places, text, out);
    build->request->found.linked += count;
    return count > 0;
}
