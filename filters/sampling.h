/* Sampling: which exchanges belong to the P percent that are kept. The decision is a keyed hash of a value against a
 * threshold, so it needs no memory: one value is always in or out under one key, in every capture, and what is in at 1 %
 * is in at 10 %.
 *
 * By session (the default), so that whole users are in or out: the value is the user's credential in the request: a
 * session cookie (by its name), else what follows the scheme in Authorization, else any other cookie of 16 bytes or
 * more that is not named like a tracker's or a CSRF token. An exchange that issues a credential that is in is kept
 * whatever its request says, so that nobody is in whose login is missing: a Set-Cookie is looked at as seen, a token in
 * a body once the sanitizer has noted the exchange's links; which is also how a credential in a query or a request's
 * body counts. An exchange with no credential at all goes by the client's address: the first of X-Forwarded-For,
 * X-Real-IP and the connection's. */
#ifndef FILTERS_SAMPLING_H
#define FILTERS_SAMPLING_H

#include "common/exchange.h"
#include "filters/key.h"

#include <stdbool.h>

enum sampling_by {
    SAMPLING_BY_SESSION,
    SAMPLING_BY_CONNECTION,
    SAMPLING_BY_HEADER, /* of the request; without it, the client's address */
    SAMPLING_BY_COOKIE, /* used, or issued; without it, the client's address */
    SAMPLING_BY_PATH,   /* without query */
    SAMPLING_BY_EXCHANGE,
};

/* A plain value; what it points to is borrowed. Any number of threads may use it. */
struct sampling {
    enum sampling_by by;
    struct bytes name; /* of the header or cookie */
    double pct;        /* 0 to 100 */
    const struct keys *keys;
};

enum sampling_verdict {
    SAMPLING_OUT,
    SAMPLING_IN,
    SAMPLING_LINKS_OR_OUT, /* sampling_keeps_links decides where credentials are issued; else out */
    SAMPLING_LINKS_OR_IN,  /* as before; else in */
};

/* Reads the value of --sample-by: session, connection, header:NAME, cookie:NAME, path or exchange. Returns false where
 * |text| is none. */
bool sampling_parse(const char *text, struct sampling *ret_sampling);
/* Returns whether the head of the request alone decides. */
bool sampling_by_head(const struct sampling *sampling);
/* Judges |exchange| as it was seen; where sampling_by_head says so, its request's head is enough. */
enum sampling_verdict sampling_judge(const struct sampling *sampling, const struct exchange *exchange);
/* Returns whether |exchange|, sanitized now, is kept, where sampling_judge left it open with |verdict|. */
bool sampling_keeps_links(const struct sampling *sampling, enum sampling_verdict verdict,
                          const struct exchange *exchange);

#endif
