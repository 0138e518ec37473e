/* Noting the credentials that an exchange issues and uses, and the ids that it creates and refers to. */
#ifndef FILTERS_LINKS_H
#define FILTERS_LINKS_H

#include "common/exchange.h"
#include "filters/locate/locate.h"

#define LINKS_MAX          256 /* of one exchange; more are not noted */
#define LINKS_NAME_SIZE    64
#define LINKS_IDENTITY_MIN 16 /* bytes of a value that can tell one user from another */

/* Notes |atom|, whose identity is |tag|, on |exchange|, where it is a credential and is not noted yet. Names
 * that are no ordinary words, or may hold something that detectors find, so
 * that no value can hide in one, are noted as "?". */
void links_note(struct exchange *exchange, enum link_kind kind, const struct atom *atom,
                const uint8_t tag[LINK_TAG_SIZE]);
/* Notes an id, LINK_CREATES or LINK_REFERS, once. What the exchange refers to it does not create. At most IDS_MAX of a kind. */
void links_note_id(struct exchange *exchange, enum link_kind kind, enum link_place place, struct bytes name,
                   bool strong, const uint8_t tag[LINK_TAG_SIZE]);

#endif
