#include "replay/state/issued_ids.h"

#include "common/http1_head.h"
#include "common/id_like.h"
#include "replay/places.h"
#include "replay/state/id_spots.h"
#include "replay/state/json_spot.h"

#include <string.h>

/* Finds the one header line |name|. */
static bool only_header(struct bytes head, struct bytes name, struct bytes *ret_value)
{
    struct bytes other;
    return places_find_header(head, name, 0, ret_value) && !places_find_header(head, name, 1, &other);
}

/* Splits the path of the recorded Location before and behind the id in it. */
static bool recorded_location(const struct exchange *exchange, struct bytes *ret_parent,
                              struct bytes *ret_tail)
{
    struct bytes value, path, id;
    if (!only_header(buffer_bytes(&exchange->response.head), BYTES_LITERAL("Location"), &value) ||
        !id_like_in_location(value, &path, &id))
        return false;
    const uint8_t *behind = id.data + id.size;
    *ret_parent = bytes_make(path.data, (size_t)(id.data - path.data));
    *ret_tail = bytes_make(behind, (size_t)(path.data + path.size - behind));
    return true;
}

/* Finds what stands in a Location in the stead of the id in the recorded one: before the same words. */
static bool location_id(const struct exchange *exchange, struct bytes head, struct bytes *ret_id)
{
    struct bytes parent, tail, value, path;
    if (!recorded_location(exchange, &parent, &tail) ||
        !only_header(head, BYTES_LITERAL("Location"), &value) || !id_like_location_path(value, &path) ||
        path.size <= tail.size ||
        !bytes_equal(bytes_make(path.data + path.size - tail.size, tail.size), tail))
        return false;
    size_t end = path.size - tail.size, start = end;
    while (path.data[start - 1] != '/')
        start--;
    *ret_id = bytes_make(path.data + start, end - start);
    return end > start;
}

bool issued_id_in_location(const struct link *link)
{
    return link->place == LINK_PLACE_HEADER &&
           bytes_equal_nocase(bytes_of(link->name), BYTES_LITERAL("Location"));
}

bool issued_id_find(const struct exchange *exchange, const struct link *link, struct bytes head,
                    struct bytes body, struct bytes *ret_value)
{
    struct bytes recorded = buffer_bytes(&exchange->response.body.content);
    struct id_spot spot;
    if (issued_id_in_location(link))
        return location_id(exchange, head, ret_value);
    if (link->place == LINK_PLACE_HEADER)
        return only_header(buffer_bytes(&exchange->response.head), bytes_of(link->name), ret_value) &&
               only_header(head, bytes_of(link->name), ret_value) && ret_value->size > 0;
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
    uint64_t place = json_spot_at(recorded, offset);
    struct bytes first; /* a member may be there twice, which nothing tells apart */
    return json_spot_find(recorded, place, &first) && first.data == spot.value.data &&
           json_spot_find(body, place, ret_value);
}

bool issued_id_recorded(const struct exchange *exchange, const struct link *link, struct bytes *ret_value)
{
    return issued_id_find(exchange, link, buffer_bytes(&exchange->response.head),
                          buffer_bytes(&exchange->response.body.content), ret_value);
}

void issued_id_collection(const struct exchange *exchange, const struct link *link, struct buffer *out)
{
    struct bytes parent, tail;
    struct http1_request_line line;
    if (issued_id_in_location(link)) {
        if (recorded_location(exchange, &parent, &tail))
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
