#include "replay/state/id_spots.h"

#include "common/http1_head.h"
#include "common/id_like.h"
#include "filters/links.h"
#include "filters/pseudonym.h"

#include <string.h>

#define SEEN_MAX 64 /* values under one name that are told apart */

/* Values under one name, in their order: the rank of a link is its value's place here. */
struct seen {
    struct bytes values[SEEN_MAX];
    size_t count;
};

static size_t rank_of(struct seen *seen, struct bytes value)
{
    for (size_t i = 0; i < seen->count; i++)
        if (bytes_equal(seen->values[i], value))
            return i;
    if (seen->count == SEEN_MAX)
        return SEEN_MAX;
    seen->values[seen->count] = value;
    return seen->count++;
}

/* One search for the ids that a request carries under one name and place. */
struct search {
    const struct exchange *exchange;
    enum link_place place;
    const char *name;
    struct seen seen;
    struct id_spot *spots;
    size_t count;
};

static bool is_named(struct bytes name, const char *wanted)
{
    char text[LINKS_NAME_SIZE + 1];
    if (name.size == strlen(wanted) && bytes_equal(name, bytes_of(wanted)))
        return true;
    if (wanted[0] != '?')
        return false;
    links_name(name, text);
    return text[0] == '?';
}

/* Notes |value|, which stands under |name|, where the link of its rank is followed. */
static void meet(struct search *search, struct bytes name, struct bytes value, struct bytes parent)
{
    const struct exchange *exchange = search->exchange;
    if (!is_named(name, search->name))
        return;
    size_t rank = rank_of(&search->seen, value);
    for (size_t i = 0; i < exchange->link_count && search->count < ID_SPOTS_MAX; i++) {
        const struct link *link = &exchange->links[i];
        if (link->kind != LINK_REFERS || link->place != search->place || link->rank != rank ||
            strcmp(link->name, search->name) != 0)
            continue;
        search->spots[search->count++] = (struct id_spot){
            .place = search->place,
            .link = link,
            .value = value,
            .bare = search->place == LINK_PLACE_JSON && value.data[-1] != '"',
            .parent = parent,
        };
        return;
    }
}

static void search_path(struct search *search, struct bytes target)
{
    struct bytes rest = target, segment, before = {0};
    while (id_like_next_segment(&rest, &segment)) {
        bool is_id = id_like_segment(segment);
        if (is_id)
            meet(search, before, segment, bytes_make(target.data, (size_t)(segment.data - target.data)));
        before = is_id || segment.size == PSEUDONYM_CORE_SIZE ? (struct bytes){0} : segment;
    }
}

static void search_pairs(struct search *search, struct bytes pairs)
{
    struct bytes name, value;
    while (id_like_next_pair(&pairs, &name, &value))
        if (id_like_name(name) && id_like_value(value))
            meet(search, name, value, (struct bytes){0});
}

/* The part of |target| from |mark| on, up to a fragment. */
static struct bytes part_from(struct bytes target, uint8_t mark)
{
    const uint8_t *start = target.size ? memchr(target.data, mark, target.size) : NULL;
    if (!start)
        return (struct bytes){0};
    size_t size = target.size - (size_t)(start - target.data);
    const uint8_t *fragment = memchr(start, '#', size);
    return bytes_make(start, fragment ? (size_t)(fragment - start) : size);
}

/* The target from its path on: what stands before it in an absolute one names a host. */
static struct bytes path_on(struct bytes target)
{
    if (!target.size || target.data[0] == '/')
        return target;
    const uint8_t *scheme = memmem(target.data, target.size, "://", 3);
    return scheme ? part_from(bytes_make(scheme + 3, (size_t)(target.data + target.size - scheme) - 3), '/')
                  : (struct bytes){0};
}

static void search_json(struct search *search, struct bytes body)
{
    struct bytes name, value;
    for (size_t at = 0; (at = id_like_next_member(body, at, &name, &value)) != 0;)
        meet(search, name, value, (struct bytes){0});
}

static void search_headers(struct search *search, struct bytes head)
{
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    while (http1_next_field(&fields, &field))
        if (field.split && id_like_header(field.name) && id_like_value(field.value))
            meet(search, field.name, field.value, (struct bytes){0});
}

static void run(struct search *search)
{
    const struct message *request = &search->exchange->request;
    struct bytes head = buffer_bytes(&request->head), body = buffer_bytes(&request->body.content);
    struct http1_request_line line;
    if (!http1_request_line(head, &line))
        return;
    struct bytes target = path_on(line.target);
    switch (search->place) {
    case LINK_PLACE_PATH:
        search_path(search, target);
        return;
    case LINK_PLACE_QUERY:
        target = part_from(target, '?');
        if (target.size)
            search_pairs(search, bytes_make(target.data + 1, target.size - 1));
        return;
    case LINK_PLACE_HEADER:
        search_headers(search, head);
        return;
    case LINK_PLACE_FORM:
        search_pairs(search, body);
        return;
    case LINK_PLACE_JSON:
        search_json(search, body);
        return;
    case LINK_PLACE_COOKIE:
    case LINK_PLACE_BODY:
    case LINK_PLACE_COUNT:
        return;
    }
}

/* Returns whether an earlier link begins the same search. */
static bool is_searched(const struct exchange *exchange, size_t index)
{
    const struct link *link = &exchange->links[index];
    for (size_t i = 0; i < index; i++) {
        const struct link *other = &exchange->links[i];
        if (other->kind == LINK_REFERS && other->place == link->place && strcmp(other->name, link->name) == 0)
            return true;
    }
    return false;
}

/* In the order of the bytes: the head before the body, each from its front. */
void id_spots_sort(struct id_spot *spots, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct id_spot spot = spots[i];
        bool body = spot.place == LINK_PLACE_JSON || spot.place == LINK_PLACE_FORM;
        size_t k = i;
        for (; k > 0; k--) {
            const struct id_spot *before = &spots[k - 1];
            bool body_before = before->place == LINK_PLACE_JSON || before->place == LINK_PLACE_FORM;
            if (body_before < body || (body_before == body && before->value.data < spot.value.data))
                break;
            spots[k] = *before;
        }
        spots[k] = spot;
    }
}

/* Whether all that were noted beside |link| are |seen|, and no others. */
static bool is_complete(const struct seen *seen, const struct link *link)
{
    return link->peers == UINT16_MAX || seen->count == link->peers;
}

size_t id_spots_carried(const struct exchange *exchange, struct id_spot spots[ID_SPOTS_MAX])
{
    struct search search = {.exchange = exchange, .spots = spots};
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        if (link->kind != LINK_REFERS || is_searched(exchange, i))
            continue;
        search.place = link->place;
        search.name = link->name;
        search.seen.count = 0;
        size_t before = search.count;
        run(&search);
        if (!is_complete(&search.seen, link))
            search.count = before;
    }
    id_spots_sort(spots, search.count);
    return search.count;
}

/* Collects what the request of |exchange| named itself: its answer does not create that. */
static void note_named(const struct exchange *exchange, struct seen *seen)
{
    struct bytes head = buffer_bytes(&exchange->request.head), segment, name, value, fields, rest;
    struct http1_request_line line;
    struct http1_field field;
    if (!http1_request_line(head, &line))
        return;
    for (rest = path_on(line.target); id_like_next_segment(&rest, &segment);)
        if (id_like_segment(segment))
            rank_of(seen, segment);
    for (int form = 0; form < 2; form++) {
        rest = form ? buffer_bytes(&exchange->request.body.content) : part_from(line.target, '?');
        rest = !form && rest.size ? bytes_make(rest.data + 1, rest.size - 1) : rest;
        while (id_like_next_pair(&rest, &name, &value))
            if (id_like_name(name) && id_like_value(value))
                rank_of(seen, value);
    }
    for (fields = http1_fields(head); http1_next_field(&fields, &field);)
        if (field.split && id_like_header(field.name) && id_like_value(field.value))
            rank_of(seen, field.value);
    rest = buffer_bytes(&exchange->request.body.content);
    for (size_t at = 0; (at = id_like_next_member(rest, at, &name, &value)) != 0;)
        rank_of(seen, value);
}

static bool is_seen(const struct seen *seen, struct bytes value)
{
    for (size_t i = 0; i < seen->count; i++)
        if (bytes_equal(seen->values[i], value))
            return true;
    return false;
}

bool id_spots_created(const struct exchange *exchange, const struct link *link, struct bytes body,
                      struct id_spot *ret_spot)
{
    struct seen named = {.count = 0}, seen = {.count = 0};
    struct bytes name, value;
    if (link->place != LINK_PLACE_JSON)
        return false;
    note_named(exchange, &named);
    *ret_spot = (struct id_spot){.place = LINK_PLACE_JSON, .link = link};
    for (size_t at = 0; (at = id_like_next_member(body, at, &name, &value)) != 0;)
        if (is_named(name, link->name) && !is_seen(&named, value) && rank_of(&seen, value) == link->rank &&
            !ret_spot->value.data)
            ret_spot->value = value;
    return ret_spot->value.data && is_complete(&seen, link);
}
