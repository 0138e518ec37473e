#include "replay/state/plain_credentials.h"

#include "common/http1_head.h"
#include "replay/places.h"

#include <string.h>

struct bytes plain_credential_of(enum link_place place, struct bytes value)
{
    const uint8_t *space =
        place == LINK_PLACE_HEADER && value.size ? memchr(value.data, ' ', value.size) : NULL;
    return space ? bytes_trim(bytes_make(space, (size_t)(value.data + value.size - space))) : value;
}

static bool find_in_query(struct bytes head, struct bytes name, size_t nth, struct bytes *ret_value)
{
    struct http1_request_line line;
    if (!http1_request_line(head, &line) || !line.target.size)
        return false;
    const uint8_t *query = memchr(line.target.data, '?', line.target.size);
    const uint8_t *end = line.target.data + line.target.size;
    return query && places_find_form(bytes_make(query + 1, (size_t)(end - query) - 1), name, nth, ret_value);
}

static bool find(const struct exchange *exchange, const struct link *link, size_t nth,
                 struct bytes *ret_value)
{
    const struct message *request = &exchange->request;
    struct bytes head = buffer_bytes(&request->head), name = bytes_of(link->name);
    struct bytes content = request->body.coded ? (struct bytes){0} : buffer_bytes(&request->body.content);
    switch (link->place) {
    case LINK_PLACE_HEADER:
        if (!places_find_header(head, name, nth, ret_value))
            return false;
        *ret_value = plain_credential_of(link->place, *ret_value);
        return true;
    case LINK_PLACE_QUERY:
        return find_in_query(head, name, nth, ret_value);
    case LINK_PLACE_FORM:
        return places_find_form(content, name, nth, ret_value);
    case LINK_PLACE_JSON:
        return places_find_json(content, name, nth, ret_value);
    case LINK_PLACE_COOKIE:
    case LINK_PLACE_PATH:
    case LINK_PLACE_BODY:
    case LINK_PLACE_COUNT:
        return false;
    }
    return false;
}

void plain_credentials_each(const struct exchange *exchange, plain_credentials_fn *take, void *arg)
{
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        struct bytes value;
        size_t nth = 0;
        for (size_t k = 0; k < i; k++)
            nth += exchange->links[k].kind == LINK_USES && exchange->links[k].place == link->place &&
                   strcmp(exchange->links[k].name, link->name) == 0;
        if (link->kind == LINK_USES && find(exchange, link, nth, &value) && value.size)
            take(arg, link->place, value);
    }
}
