#include "filters/links.h"

#include "filters/detect/detect.h"
#include "filters/ids.h"
#include "filters/pseudonym_search.h"

#include <string.h>

struct bytes links_subject(const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->link_count; i++)
        if (exchange->links[i].kind == LINK_USES && exchange->links[i].identity)
            return bytes_make(exchange->links[i].tag, sizeof exchange->links[i].tag);
    return (struct bytes){0};
}

void links_name(struct bytes name, char text[LINKS_NAME_SIZE + 1])
{
    bool ordinary = name.size > 0 && name.size <= LINKS_NAME_SIZE;
    for (size_t i = 0; ordinary && i < name.size; i++) {
        uint8_t byte = name.data[i];
        bool word =
            (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        ordinary = word || (byte && strchr("-_.$[]:", byte));
    }
    /* In place of a name that held something stands a pseudonym, when it is sanitized once more. What only has the form of one is not told
     * either: it need not be, and it may be one under another key. */
    if (!ordinary || pseudonym_begins(name) || detect_may_find(name))
        name = BYTES_LITERAL("?");
    memcpy(text, name.data, name.size);
    text[name.size] = 0;
}

/* Returns whether |exchange| has the link; |ret_count| is how many of its kind it has. */
static bool is_noted(const struct exchange *exchange, enum link_kind kind, enum link_place place,
                     const char *name, const uint8_t tag[LINK_TAG_SIZE], size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        *ret_count += link->kind == kind;
        if (link->kind == kind && link->place == place && memcmp(link->tag, tag, LINK_TAG_SIZE) == 0 &&
            strcmp(link->name, name) == 0)
            return true;
    }
    return false;
}

bool links_is_noted(const struct atom *atom)
{
    return (atom->decision.class == POLICY_CREDENTIAL || atom->decision.class == POLICY_PASSWORD) &&
           atom->value.size > 0;
}

void links_note(struct exchange *exchange, enum link_kind kind, const struct atom *atom,
                const uint8_t tag[LINK_TAG_SIZE])
{
    if (!links_is_noted(atom) || exchange->link_count >= LINKS_MAX)
        return;
    char name[LINKS_NAME_SIZE + 1];
    links_name(atom->name, name);
    size_t count;
    if (is_noted(exchange, kind, atom->place, name, tag, &count))
        return;
    struct link *link = exchange_add_link(exchange, kind, atom->place, name, tag);
    link->identity = atom->decision.class == POLICY_CREDENTIAL && atom->value.size >= LINKS_IDENTITY_MIN;
}

void links_note_id(struct exchange *exchange, enum link_kind kind, enum link_place place, struct bytes name,
                   bool strong, const uint8_t tag[LINK_TAG_SIZE])
{
    size_t count;
    char text[LINKS_NAME_SIZE + 1];
    links_name(name, text);
    for (size_t i = 0; kind == LINK_CREATES && i < exchange->link_count; i++)
        if (exchange->links[i].kind == LINK_REFERS && memcmp(exchange->links[i].tag, tag, LINK_TAG_SIZE) == 0)
            return;
    if (is_noted(exchange, kind, place, text, tag, &count) || count >= IDS_MAX ||
        exchange->link_count >= LINKS_MAX)
        return;
    exchange_add_link(exchange, kind, place, text, tag)->strong = strong;
}

static bool is_same(const struct link *a, const struct link *b)
{
    return a->kind == b->kind && a->place == b->place && memcmp(a->tag, b->tag, LINK_TAG_SIZE) == 0 &&
           strcmp(a->name, b->name) == 0;
}

static const struct link *find(const struct exchange *exchange, const struct link *wanted)
{
    for (size_t i = 0; i < exchange->link_count; i++)
        if (is_same(&exchange->links[i], wanted))
            return &exchange->links[i];
    return NULL;
}

/* Returns whether |link| was noted before, or may have been under a name that was not to be told: what stands in place of such a name now is not what it
 * was called. */
static bool was_noted(const struct exchange *former, const struct link *link)
{
    struct link unnamed = *link;
    unnamed.name = (char *)"?";
    return find(former, link) || find(former, &unnamed);
}

static bool is_of_request(const struct link *link)
{
    return link->kind == LINK_USES || link->kind == LINK_REFERS;
}

/* Returns whether the value of |link| may have stood where nothing is stored any more. */
static bool is_of_lost_body(const struct exchange *exchange, const struct link *link)
{
    const struct message *message = is_of_request(link) ? &exchange->request : &exchange->response;
    bool whole = message->body.state == BODY_KEPT || message->body.state == BODY_EMPTY;
    return !whole && link->place != LINK_PLACE_HEADER && link->place != LINK_PLACE_COOKIE;
}

static void add(struct exchange *exchange, const struct link *link)
{
    if (exchange->link_count >= LINKS_MAX)
        return;
    struct link *added = exchange_add_link(exchange, link->kind, link->place, link->name, link->tag);
    added->identity = link->identity;
    added->strong = link->strong;
}

/* What is looked for in the texts of one message. */
struct presence {
    const struct exchange *links;
    bool request;
    bool *present;
};

/* pseudonym_hit_fn */
static void note_present(void *arg, const struct pseudonym_hit *hit)
{
    struct presence *presence = arg;
    for (size_t i = 0; i < presence->links->link_count && i < LINKS_MAX; i++) {
        const struct link *link = &presence->links->links[i];
        presence->present[i] |=
            is_of_request(link) == presence->request && memcmp(link->tag, hit->tag, LINK_TAG_SIZE) == 0;
    }
}

/* Tells which of |links|' pseudonyms stand in |exchange|, on their side. */
static void find_present(const struct exchange *links, const struct exchange *exchange,
                         const uint8_t *recognition_key, bool ret_present[LINKS_MAX])
{
    memset(ret_present, 0, LINKS_MAX);
    if (!recognition_key || links->link_count == 0)
        return;
    for (int side = 0; side < 2; side++) {
        const struct message *message = side == 0 ? &exchange->request : &exchange->response;
        const struct buffer *texts[] = {&message->head, &message->trailers, &message->body.content};
        struct presence presence = {links, side == 0, ret_present};
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            for (size_t k = 0; k < PSEUDONYM_CODINGS; k++)
                pseudonym_search(recognition_key, pseudonym_codings[k], buffer_bytes(texts[i]), note_present,
                                 &presence);
    }
}

static void swap(struct exchange *a, struct exchange *b)
{
    struct exchange kept = *a;
    a->links = b->links;
    a->link_count = b->link_count;
    a->link_capacity = b->link_capacity;
    b->links = kept.links;
    b->link_count = kept.link_count;
    b->link_capacity = kept.link_capacity;
}

void links_take(struct exchange *exchange, const uint8_t *recognition_key, struct links_former *former)
{
    former->links.link_count = 0;
    swap(exchange, &former->links);
    find_present(&former->links, exchange, recognition_key, former->stood);
}

void links_give_back(struct exchange *exchange, const uint8_t *recognition_key, struct links_former *former)
{
    bool stands[LINKS_MAX];
    struct exchange *all = &former->scratch;
    find_present(&former->links, exchange, recognition_key, stands);
    all->link_count = 0;
    for (size_t i = 0; i < former->links.link_count && i < LINKS_MAX; i++) {
        const struct link *link = &former->links.links[i];
        bool holds = recognition_key ? stands[i] || !former->stood[i] : is_of_lost_body(exchange, link);
        if (holds || find(exchange, link))
            add(all, link);
    }
    for (size_t i = 0; i < exchange->link_count; i++)
        if (!was_noted(&former->links, &exchange->links[i]))
            add(all, &exchange->links[i]);
    swap(exchange, all);
}

void links_former_done(struct links_former *former)
{
    exchange_free(&former->links);
    exchange_free(&former->scratch);
}
