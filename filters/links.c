#include "filters/links.h"

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
    if (!ordinary)
        name = BYTES_LITERAL("?");
    memcpy(text, name.data, name.size);
    text[name.size] = 0;
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
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        if (link->kind == kind && link->place == atom->place && memcmp(link->tag, tag, LINK_TAG_SIZE) == 0 &&
            strcmp(link->name, name) == 0)
            return;
    }
    struct link *link = exchange_add_link(exchange, kind, atom->place, name, tag);
    link->identity = atom->decision.class == POLICY_CREDENTIAL && atom->value.size >= LINKS_IDENTITY_MIN;
}
