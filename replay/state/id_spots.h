/* Where in a message the ids stand that its links name: the rule of the capture (filters/ids.h) gone through once more, for the links that are
 * followed alone, and in their parts of the message alone. Where not as many values are found under a name as were noted (a body was not kept), none of them is
 * taken: which is which cannot be told. Views into the exchange. */
#ifndef REPLAY_STATE_ID_SPOTS_H
#define REPLAY_STATE_ID_SPOTS_H

#include "common/exchange.h"

#define ID_SPOTS_MAX 64 /* of one message; more are left as they are */

struct id_spot {
    enum link_place place;
    const struct link *link; /* NULL: it is known by its value */
    struct bytes value;      /* as it stands */
    bool bare;               /* in JSON: not in quotes */
    struct bytes parent;     /* in a path: what stands before it, from its start, with the '/' */
};

/* Finds what the request of |exchange| carries (LINK_REFERS), in the order of the target, the header lines, the body. Returns how many there are. */
size_t id_spots_carried(const struct exchange *exchange, struct id_spot spots[ID_SPOTS_MAX]);

/* Sorts |spots| so, however they come. */
void id_spots_sort(struct id_spot *spots, size_t count);

/* Finds what an answer to the request of |exchange| gave out for |link| (LINK_CREATES) in |body|, without content coding. Returns false where that cannot be told. */
bool id_spots_created(const struct exchange *exchange, const struct link *link, struct bytes body,
                      struct id_spot *ret_spot);

#endif
