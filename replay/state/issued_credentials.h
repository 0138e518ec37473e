/* What answers give out as credentials, for the links that tell of them (LINK_ISSUES): the recorded answer, and the target's in its stead. Pure; views. */
#ifndef REPLAY_STATE_ISSUED_CREDENTIALS_H
#define REPLAY_STATE_ISSUED_CREDENTIALS_H

#include "common/exchange.h"

/* Finds what an answer to the request of |exchange| (|head|; |body| without content coding) gave out for its link numbered |index|: as it stands in the
 * place of that link; of a header line, what stands where the pseudonym stands in the recorded one. Returns false where that cannot be told. */
bool issued_credential_find(const uint8_t *recognition_key, const struct exchange *exchange, size_t index,
                            struct bytes head, struct bytes body, struct bytes *ret_value);

#endif
