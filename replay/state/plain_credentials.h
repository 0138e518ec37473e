/* Where in a request of traffic recorded with --unsanitized its credentials stand: no pseudonym shows it, so it is told by the names in its links. Cookies are left out: a
 * target sets them by name. Pure; views. */
#ifndef REPLAY_STATE_PLAIN_CREDENTIALS_H
#define REPLAY_STATE_PLAIN_CREDENTIALS_H

#include "common/exchange.h"

/* Takes a credential as it stands in |place|: of a header, what follows the scheme. */
typedef void plain_credentials_fn(void *arg, enum link_place place, struct bytes value);

/* Returns the credential in |value|, which stands in |place|. */
struct bytes plain_credential_of(enum link_place place, struct bytes value);
/* Calls |take| for each credential that the request of |exchange| carries in a header line, its query, or a form or JSON without content coding. */
void plain_credentials_each(const struct exchange *exchange, plain_credentials_fn *take, void *arg);

#endif
