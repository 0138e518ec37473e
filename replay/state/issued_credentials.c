#include "replay/state/issued_credentials.h"

#include "filters/pseudonym.h"
#include "replay/places.h"

#include <string.h>

/* In the recorded header value the pseudonym stands between a prefix and a suffix ("Bearer ", a path): what
 * stands between the same in the target's value is the target's. */
static bool header_middle(const uint8_t *recognition_key, const struct link *link, struct bytes recorded,
                          struct bytes *value)
{
    struct pseudonym_found found;
    for (size_t from = 0; pseudonym_find(recognition_key, recorded, from, &found);
         from = found.offset + found.size) {
        if (memcmp(found.tag, link->tag, sizeof found.tag) != 0)
            continue;
        size_t at = found.offset, after = recorded.size - at - found.size;
        const uint8_t *suffix = recorded.data + at + found.size;
        if (value->size <= at + after || memcmp(value->data, recorded.data, at) != 0 ||
            memcmp(value->data + value->size - after, suffix, after) != 0)
            return false;
        *value = (struct bytes){value->data + at, value->size - at - after};
        return true;
    }
    return true; /* not told how it stood: take all of it */
}

/* Returns how many links of its kind, place and name stand before the one numbered |index|. */
static size_t same_before(const struct exchange *exchange, size_t index)
{
    const struct link *link = &exchange->links[index];
    size_t count = 0;
    for (size_t i = 0; i < index; i++) {
        const struct link *other = &exchange->links[i];
        if (other->kind == link->kind && other->place == link->place && strcmp(other->name, link->name) == 0)
            count++;
    }
    return count;
}

bool issued_credential_find(const uint8_t *recognition_key, const struct exchange *exchange, size_t index,
                            struct bytes head, struct bytes body, struct bytes *ret_value)
{
    const struct link *link = &exchange->links[index];
    size_t nth = same_before(exchange, index);
    struct bytes name = bytes_of(link->name), recorded;
    switch (link->place) {
    case LINK_PLACE_COOKIE:
        return places_find_set_cookie(head, name, nth, ret_value);
    case LINK_PLACE_HEADER:
        if (!places_find_header(head, name, nth, ret_value))
            return false;
        return !places_find_header(buffer_bytes(&exchange->response.head), name, nth, &recorded) ||
               header_middle(recognition_key, link, recorded, ret_value);
    case LINK_PLACE_JSON:
        return places_find_json(body, name, nth, ret_value);
    case LINK_PLACE_FORM:
        return places_find_form(body, name, nth, ret_value);
    case LINK_PLACE_QUERY:
        return places_find_param(head, body, name, nth, ret_value);
    case LINK_PLACE_PATH:
    case LINK_PLACE_BODY:
    case LINK_PLACE_COUNT:
        return false;
    }
    return false;
}
