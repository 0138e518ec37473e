/* Credentials that no replayer can put right by putting values in the place of others: a client computes them anew for each request. Told by the names of
 * links and the scheme of Authorization. Pure. */
#ifndef REPLAY_STATE_UNLINKABLE_H
#define REPLAY_STATE_UNLINKABLE_H

#include "common/exchange.h"

#define UNLINKABLES(X)                                                                                       \
    X(SIGV4, "AWS SigV4 signatures")                                                                         \
    X(HMAC, "HMAC and other signatures")                                                                     \
    X(DPOP, "DPoP proofs")                                                                                   \
    X(DIGEST, "Digest authentication")                                                                       \
    X(NTLM, "NTLM and Negotiate")                                                                            \
    X(PKCE, "PKCE verifiers")                                                                                \
    X(CSRF, "masked CSRF tokens")                                                                            \
    X(TOTP, "one-time codes")
enum unlinkable {
#define X(name, text) UNLINKABLE_##name,
    UNLINKABLES(X)
#undef X
        UNLINKABLE_COUNT
};
#define UNLINKABLE_BIT(name) (1U << UNLINKABLE_##name)

/* Returns "AWS SigV4 signatures", ... Static. */
const char *unlinkable_name(enum unlinkable unlinkable);
/* Returns a bit for each that the request of |exchange| carries; CSRF: that may be one. */
unsigned unlinkable_of(const struct exchange *exchange);
/* The bit of what goes by |name|; 0: nothing of the kind. */
unsigned unlinkable_of_name(const char *name);

#endif
