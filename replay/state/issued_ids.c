#include "replay/state/issued_ids.h"

#include "common/http1_head.h"
#include "common/id_like.h"
#include "replay/places.h"
#include "replay/state/id_spots.h"
#include "replay/state/json_spot.h"

#include <string.h>

/* Splits the path of the Location, if there is one alone, behind its last '/'. */
static bool location_id(struct bytes head, struct bytes *ret_parent, struct bytes *ret_id)
{
    struct bytes path, value, other;
    if (!places_find_header(head, BYTES_LITERAL("Location"), 0, &value) ||
        places_find_header(head, BYTES_LITERAL("Location"), 1, &other) ||
        !id_like_location_path(value, &path))
        return false;
    size_t size = path.size;
    while (path.data[size - 1] != '/')
        size--;
    *ret_parent = bytes_make(path.data, size);
    *ret_id = bytes_make(path.data + size, path.size - size);
    return true;
}

bool issued_id_find(const struct exchange *exchange, const struct link *link, struct bytes head,
                    struct bytes body, struct bytes *ret_value)
{
    struct bytes parent, recorded = buffer_bytes(&exchange->response.body.content);
    struct id_spot spot;
    if (link->place == LINK_PLACE_HEADER)
        return location_id(buffer_bytes(&exchange->response.head), &parent, ret_value) &&
               location_id(head, &parent, ret_value);
    if (!recorded.size) { /* not kept: all that is told is the name */
        bool found = id_spots_created(exchange, link, body, &spot);
        *ret_value = spot.value;
        return found;
    }
    if (!id_spots_created(exchange, link, recorded, &spot))
        return false;
    size_t offset = (size_t)(spot.value.data - recorded.data);
    if (offset > 0 && recorded.data[offset - 1] == '"')
        offset--;
    return json_spot_find(body, json_spot_at(recorded, offset), ret_value);
}

bool issued_id_recorded(const struct exchange *exchange, const struct link *link, struct bytes *ret_value)
{
    return issued_id_find(exchange, link, buffer_bytes(&exchange->response.head),
                          buffer_bytes(&exchange->response.body.content), ret_value);
}

void issued_id_collection(const struct exchange *exchange, const struct link *link, struct buffer *out)
{
    struct bytes parent = {0}, id;
    struct http1_request_line line;
    if (link->place == LINK_PLACE_HEADER) {
        if (location_id(buffer_bytes(&exchange->response.head), &parent, &id))
            buffer_append_bytes(out, parent);
    } else if (http1_request_line(buffer_bytes(&exchange->request.head), &line)) {
        size_t size = 0;
        while (size < line.target.size && !memchr("?#", line.target.data[size], 2))
            size++;
        buffer_append(out, line.target.data, size);
        if (size > 0 && out->data[out->size - 1] != '/')
            buffer_append_byte(out, '/');
    }
}
