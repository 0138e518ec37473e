#include "replay/state/lineage.h"

#include "common/hashset.h"
#include "common/http1_head.h"
#include "common/id_like.h"
#include "common/keymap.h"
#include "common/mem.h"
#include "filters/ids.h"
#include "replay/state/issued_ids.h"
#include "replay/state/unlinkable.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 1000000

struct lineage {
    struct keymap
        values; /* ids that an answer gave out, and nobody had carried before: when, as a pointer's value */
    struct hashset carried; /* ids that a request carried before any answer gave them out */
    size_t limit;
    struct keymap issued; /* credentials that answers gave out */
    struct keymap users;  /* sessions that showed a credential */
    uint64_t followed;
    uint64_t overflow;
    uint64_t logged_in_before;
    bool came_logged_in; /* the last one did */
    unsigned unlinkable; /* of the last */
    uint64_t unlinkables[UNLINKABLE_COUNT];
};

_Static_assert(sizeof(uintptr_t) >= sizeof(uint64_t), "an instant fits in a pointer");

/* What a map holds that only knows keys. */
static char known;

struct lineage *lineage_create(size_t limit)
{
    struct lineage *lineage = xcalloc(1, sizeof *lineage);
    lineage->limit = limit ? limit : LIMIT_DEFAULT;
    return lineage;
}

void lineage_free(struct lineage *lineage)
{
    if (!lineage)
        return;
    keymap_free(&lineage->values);
    hashset_free(&lineage->carried);
    keymap_free(&lineage->issued);
    keymap_free(&lineage->users);
    free(lineage);
}

static bool is_id(const struct link *link)
{
    return link->kind == LINK_CREATES || link->kind == LINK_REFERS;
}

/* Ids have tags apart from those of credentials, and weak ones under each collection its own. FNV-1a: the tag is a keyed hash already. */
static void set_apart(struct link *link, struct bytes collection)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325), tag;
    for (size_t i = 0; !link->strong && i < collection.size; i++)
        hash = (hash ^ collection.data[i]) * UINT64_C(0x100000001b3);
    memcpy(&tag, link->tag, sizeof tag);
    tag ^= hash;
    memcpy(link->tag, &tag, sizeof tag);
}

/* Numbers the link |index| among those of its kind, place and name. */
static void set_rank(struct exchange *exchange, size_t index)
{
    struct link *link = &exchange->links[index];
    size_t of_kind = 0;
    link->rank = link->peers = 0;
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *other = &exchange->links[i];
        if (other->kind != link->kind)
            continue;
        of_kind++;
        if (other->place != link->place || strcmp(other->name, link->name) != 0)
            continue;
        link->peers++;
        link->rank += i < index;
    }
    if (of_kind >= IDS_MAX)
        link->peers = UINT16_MAX;
}

/* The last name in |path|, up to |end| (NULL: all of it): not an empty segment. */
static struct bytes last_name(struct bytes path, const uint8_t *end)
{
    struct bytes segment, name = {0};
    while (id_like_next_segment(&path, &segment) && (!end || segment.data < end))
        if (segment.size > 0)
            name = segment;
    return name;
}

/* Finds the name under which what |link| gives out is created: where its place is told, there, else the last of the request's path. */
static struct bytes created_in(const struct exchange *exchange, const struct link *link)
{
    struct http1_request_line line;
    struct http1_field field;
    struct bytes path, id;
    if (issued_id_in_location(link))
        return http1_find_field(buffer_bytes(&exchange->response.head), "Location", &field) &&
                       id_like_in_location(field.value, &path, &id)
                   ? last_name(path, id.data)
                   : (struct bytes){0};
    if (http1_request_line(buffer_bytes(&exchange->request.head), &line))
        return last_name(line.target, NULL);
    return (struct bytes){0};
}

/* Returns when the id of |link| was given out; 0: it was not. */
static uint64_t given_out_ns(const struct lineage *lineage, const struct link *link)
{
    return (uintptr_t)keymap_get(&lineage->values, keymap_tag_key(link->tag, 0));
}

static uint64_t hash_of(const struct link *link)
{
    uint64_t hash;
    memcpy(&hash, link->tag, sizeof hash);
    return hash;
}

/* Returns whether there is room for one more id. */
static bool has_room(struct lineage *lineage)
{
    bool room = lineage->values.count + lineage->carried.count < lineage->limit;
    lineage->overflow += !room;
    return room;
}

/* Returns whether the id that |link| carries is followed. */
static bool follow_carried(struct lineage *lineage, const struct exchange *exchange, struct link *link)
{
    if (!link->strong && link->place != LINK_PLACE_PATH)
        return false;
    set_apart(link, bytes_of(link->name));
    uint64_t answer_ns = given_out_ns(lineage, link);
    if (answer_ns && answer_ns <= exchange->request.first_ns)
        return true;
    if (answer_ns) /* who asked had it from elsewhere */
        keymap_remove(&lineage->values, keymap_tag_key(link->tag, 0));
    if (answer_ns || lineage->values.count + lineage->carried.count < lineage->limit)
        hashset_add(&lineage->carried, hash_of(link)); /* which may know it already */
    else
        lineage->overflow += !hashset_has(&lineage->carried, hash_of(link));
    return false;
}

/* Returns whether the id that |link| gives out is followed. */
static bool follow_created(struct lineage *lineage, const struct exchange *exchange, struct link *link)
{
    struct bytes collection = link->strong ? (struct bytes){0} : created_in(exchange, link);
    if (!exchange->response.first_ns || (!link->strong && !collection.size))
        return false;
    set_apart(link, collection);
    if (given_out_ns(lineage, link))
        return true;
    if (hashset_has(&lineage->carried, hash_of(link)) || !has_room(lineage))
        return false;
    keymap_set(&lineage->values, keymap_tag_key(link->tag, 0),
               (void *)(uintptr_t)exchange->response.first_ns);
    return true;
}

static void set_limited(struct lineage *lineage, struct keymap *map, struct keymap_key key)
{
    if (map->count < lineage->limit)
        keymap_set(map, key, &known);
    else
        lineage->overflow++;
}

/* Notes whether |session|, which shows the credential |link|, has it from before the capture. */
static void note_shown(struct lineage *lineage, uint64_t session, bool issued)
{
    struct keymap_key key = keymap_key(session, 0);
    if (keymap_get(&lineage->users, key))
        return;
    set_limited(lineage, &lineage->users, key);
    lineage->logged_in_before += !issued;
    lineage->came_logged_in = !issued;
}

/* Whether |link| is of what a client makes up to know its own login by (OAuth's state, OpenID's nonce): whoever shows it need not have logged in. */
static bool is_nonce(const struct link *link)
{
    return strcmp(link->name, "state") == 0 || strcmp(link->name, "nonce") == 0;
}

static void note_credentials(struct lineage *lineage, uint64_t session, struct exchange *exchange)
{
    const unsigned csrf = UNLINKABLE_BIT(CSRF);
    unsigned unlinkable = exchange->link_count || exchange->flags ? unlinkable_of(exchange) : 0;
    bool masked = false;
    lineage->came_logged_in = false;
    for (size_t i = 0; i < exchange->link_count; i++) {
        struct link *link = &exchange->links[i];
        if (link->kind != LINK_USES || (!link->identity && !unlinkable))
            continue;
        bool issued = keymap_get(&lineage->issued, keymap_tag_key(link->tag, 0)) != NULL;
        link->rank = issued ? 0 : LINEAGE_UNISSUED;
        masked |= unlinkable && !issued && unlinkable_of_name(link->name) == csrf;
        if (link->identity && (issued || !(unlinkable || is_nonce(link))))
            note_shown(lineage, session, issued);
    }
    if (!masked)
        unlinkable &= ~csrf;
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        if (link->kind == LINK_ISSUES && !keymap_get(&lineage->issued, keymap_tag_key(link->tag, 0)))
            set_limited(lineage, &lineage->issued, keymap_tag_key(link->tag, 0));
    }
    lineage->unlinkable = unlinkable;
    for (unsigned i = 0; unlinkable && i < UNLINKABLE_COUNT; i++)
        lineage->unlinkables[i] += unlinkable >> i & 1;
}

void lineage_expect(const struct lineage *lineage, const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->link_count; i++) {
        struct link link = exchange->links[i];
        if (!is_id(&link)) {
            keymap_fetch(&lineage->issued, keymap_tag_key(link.tag, 0));
            continue;
        }
        if (link.kind == LINK_CREATES && !link.strong)
            continue; /* where that stands, takes longer to tell */
        set_apart(&link, bytes_of(link.name));
        keymap_fetch(&lineage->values, keymap_tag_key(link.tag, 0));
        hashset_fetch(&lineage->carried, hash_of(&link));
    }
}

void lineage_follow(struct lineage *lineage, uint64_t session, struct exchange *exchange)
{
    note_credentials(lineage, session, exchange);
    size_t kept = 0;
    bool carries = false;
    /* What the request carries stands before what its answer gives out: the first pass ranks while all are there. */
    for (size_t i = 0; i < exchange->link_count; i++)
        if (is_id(&exchange->links[i]))
            set_rank(exchange, i);
    for (size_t i = 0; i < exchange->link_count; i++) {
        struct link link = exchange->links[i];
        bool follows = true;
        if (link.kind == LINK_REFERS)
            follows = follow_carried(lineage, exchange, &link);
        else if (link.kind == LINK_CREATES)
            follows = follow_created(lineage, exchange, &link);
        exchange->links[i] = link;
        if (!follows)
            continue;
        carries |= link.kind == LINK_REFERS;
        exchange->links[i] = exchange->links[kept];
        exchange->links[kept++] = link;
    }
    exchange->link_count = kept;
    lineage->followed += carries;
}

uint64_t lineage_followed(const struct lineage *lineage)
{
    return lineage->followed;
}

uint64_t lineage_overflow(const struct lineage *lineage)
{
    return lineage->overflow;
}

unsigned lineage_unlinkable(const struct lineage *lineage)
{
    return lineage->unlinkable;
}

const uint64_t *lineage_unlinkables(const struct lineage *lineage)
{
    return lineage->unlinkables;
}

uint64_t lineage_logged_in_before(const struct lineage *lineage)
{
    return lineage->logged_in_before;
}

bool lineage_came_logged_in(const struct lineage *lineage)
{
    return lineage->came_logged_in;
}
