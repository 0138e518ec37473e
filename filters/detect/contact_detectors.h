/* Email addresses, and what stands before the '@' of a URL. */
#ifndef FILTERS_DETECT_CONTACT_DETECTORS_H
#define FILTERS_DETECT_CONTACT_DETECTORS_H

#include "common/buffer.h"

#include <stdbool.h>

/* Returns the size of the email address (RFC 5321 §4.1.2 with an unquoted local part, RFC 6531) whose '@' stands at |at|, or 0, and
 * where it begins, not before |floor|. The domain has a dot and ends in letters; "picture@2x.png" is none. */
size_t email_around(struct bytes text, size_t floor, size_t at, size_t *ret_offset);

/* What the last look back from an '@' for "://" found, so that many of them cost no more than one. Zero it. */
struct authority {
    size_t seen; /* up to here was looked at */
    bool found;
    size_t start; /* of what follows "://" */
    size_t colon; /* the first in there, or 0 */
    size_t last;  /* the last '@' in there */
};
/* Returns whether the '@' at |at| ends the userinfo of a URL (RFC 3986 §3.2.1). If so, |ret_user| and |ret_password| are what stands
 * there; the password is empty where there is none. The last '@' of the authority counts. Call for each in order. */
bool userinfo_before(struct bytes text, size_t at, struct authority *authority, struct bytes *ret_user,
                     struct bytes *ret_password);

#endif
