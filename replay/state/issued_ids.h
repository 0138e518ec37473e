/* What answers give out as ids, for the links that are followed (lineage.h): the recorded answer, and the target's in its stead. Pure; views. */
#ifndef REPLAY_STATE_ISSUED_IDS_H
#define REPLAY_STATE_ISSUED_IDS_H

#include "common/exchange.h"

/* Returns whether |link| is of an id in a Location. */
bool issued_id_in_location(const struct link *link);
/* Finds what an answer to the request of |exchange| (|head|; |body| without content coding) gave out in the stead of |link|: in its
 * Location before the same words, in the header line of that name, or in JSON what stands at the same spot as the recorded one. Returns false where that cannot be told. */
bool issued_id_find(const struct exchange *exchange, const struct link *link, struct bytes head,
                    struct bytes body, struct bytes *ret_value);
/* The same of the recorded answer. */
bool issued_id_recorded(const struct exchange *exchange, const struct link *link, struct bytes *ret_value);
/* Appends the path of the collection that |link|'s id was created in, as recorded, with the '/' at its end; nothing where it has none. */
void issued_id_collection(const struct exchange *exchange, const struct link *link, struct buffer *out);

#endif
