/* Noting the credentials that an exchange issues and uses, and the ids that it creates and refers to. */
#ifndef FILTERS_LINKS_H
#define FILTERS_LINKS_H

#include "common/exchange.h"
#include "filters/locate/locate.h"

#define LINKS_MAX          256 /* of one exchange; more are not noted */
#define LINKS_NAME_SIZE    64
#define LINKS_IDENTITY_MIN 16 /* bytes of a value that can tell one user from another */

/* Returns whether |atom| is a credential that links_note would note. */
bool links_is_noted(const struct atom *atom);
/* Notes |atom|, whose identity is |tag|, on |exchange|, where it is a credential and is not noted yet. Names
 * that are no ordinary words, or may hold something that detectors find, so
 * that no value can hide in one, are noted as "?". */
void links_note(struct exchange *exchange, enum link_kind kind, const struct atom *atom,
                const uint8_t tag[LINK_TAG_SIZE]);
/* Notes an id, LINK_CREATES or LINK_REFERS, once. What the exchange refers to it does not create. At most IDS_MAX of a kind. */
void links_note_id(struct exchange *exchange, enum link_kind kind, enum link_place place, struct bytes name,
                   bool strong, const uint8_t tag[LINK_TAG_SIZE]);

/* Returns the tag of the first credential that |exchange| uses and that tells users apart, LINK_TAG_SIZE bytes borrowed from it; empty: none is noted. */
struct bytes links_subject(const struct exchange *exchange);

/* Writes the name that is kept in links for |name|. */
void links_name(struct bytes name, char text[LINKS_NAME_SIZE + 1]);

/* The links that an exchange had before it is sanitized once more. Zero it; it keeps its memory. */
struct links_former {
    struct exchange links, scratch; /* nothing of them but links is used */
    bool stood[LINKS_MAX];          /* the link's pseudonym stood in the exchange as it was */
};

/* Takes |exchange|'s links out of it. |recognition_key| is that of the pseudonyms in it; NULL: it was not sanitized before. */
void links_take(struct exchange *exchange, const uint8_t *recognition_key, struct links_former *former);
/* Puts those links back that still hold, with the ones that sanitizing noted: of those that it did not note, links whose pseudonym did not stand in the exchange, or still does; where it was
 * not sanitized before, those that may have stood in a body of which not all is stored. The key as before. */
void links_give_back(struct exchange *exchange, const uint8_t *recognition_key, struct links_former *former);
void links_former_done(struct links_former *former);

#endif
