/* Noting ids: those that a creating response gives out (201, or an answer to POST, PUT or PATCH: in its Location, header lines and members of JSON named like ids), and
 * those that a request names (segments of its path, fields of query, form and JSON, header lines). What stands under a sensitive name is
 * not noted here, and what the request named itself was not created by its response. */
#ifndef FILTERS_IDS_H
#define FILTERS_IDS_H

#include "common/http1_head.h"
#include "filters/key.h"
#include "filters/locate/body_locator.h"
#include "filters/policy/policy_memo.h"

#define IDS_MAX 16 /* of one exchange and kind; more are not noted */

/* Where ids are noted, and what it takes. All borrowed. */
struct ids {
    struct exchange *exchange;
    const struct keys *keys;
    const struct policy *policy;
    struct policy_memo *memo; /* of |policy| */
    struct detector *detector;
    uint32_t detects; /* the classes it looks for */
    bool creates;     /* its response does */
};

/* Begins with |exchange|, of which the request line and the status are known. */
void ids_begin(struct ids *ids, struct exchange *exchange);
/* Notes what the request target names. */
void ids_note_target(struct ids *ids, struct bytes target);
/* Notes what a header line names or gives out. Returns whether it might in any message. */
bool ids_note_field(struct ids *ids, const struct http1_field *field, bool request);
/* Notes what |text|, a body of |media| without content coding or the beginning of one, names or gives out. */
void ids_note_body(struct ids *ids, enum media media, struct bytes text, bool request);

#endif
