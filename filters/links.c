#include "filters/links.h"

#include "filters/detect/detect.h"
#include "filters/ids.h"

#include <string.h>

/* Writes the name that is kept for |name|. */
static void safe_name(struct bytes name, char text[LINKS_NAME_SIZE + 1])
{
    bool ordinary = name.size > 0 && name.size <= LINKS_NAME_SIZE;
    for (size_t i = 0; ordinary && i < name.size; i++) {
        uint8_t byte = name.data[i];
        bool word =
            (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        ordinary = word || (byte && strchr("-_.$[]:", byte));
    }
    if (!ordinary || detect_may_find(name))
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

void links_note(struct exchange *exchange, enum link_kind kind, const struct atom *atom,
                const uint8_t tag[LINK_TAG_SIZE])
{
    if (atom->decision.class != POLICY_CREDENTIAL && atom->decision.class != POLICY_PASSWORD)
        return;
    if (atom->value.size == 0 || exchange->link_count >= LINKS_MAX)
        return;
    char name[LINKS_NAME_SIZE + 1];
    safe_name(atom->name, name);
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
    safe_name(name, text);
    for (size_t i = 0; kind == LINK_CREATES && i < exchange->link_count; i++)
        if (exchange->links[i].kind == LINK_REFERS && memcmp(exchange->links[i].tag, tag, LINK_TAG_SIZE) == 0)
            return;
    if (is_noted(exchange, kind, place, text, tag, &count) || count >= IDS_MAX ||
        exchange->link_count >= LINKS_MAX)
        return;
    exchange_add_link(exchange, kind, place, text, tag)->strong = strong;
}
