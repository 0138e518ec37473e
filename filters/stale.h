/* Digests and signatures that a message carries: what they cover, and whether sanitizing changed it, so that they do not fit
 * any more. Told by header names (Digest, Content-Digest, Repr-Digest, Content-MD5, ETag, checksums of object stores; webhook HMACs,
 * HTTP message signatures, DPoP), by schemes of Authorization (AWS Signature Version 4 and its like), and by signatures in the query
 * (presigned URLs). Coarse where a signature lists what it covers: it is then taken to cover all header lines. Pure. */
#ifndef FILTERS_STALE_H
#define FILTERS_STALE_H

#include "common/exchange.h"
#include "common/http1_head.h"

/* Parts of a message, as bits. */
enum stale_part {
    STALE_CONTENT = 1, /* the body without content coding */
    STALE_CODED = 2,   /* the body as it was transferred */
    STALE_TARGET = 4,
    STALE_HEAD = 8,
};

/* What is known of one message. All zero: nothing yet. */
struct stale {
    unsigned covered[2]; /* parts, by digests and by signatures */
    bool rewritten[2];   /* a digest, a signature was itself replaced */
    unsigned changed;    /* parts that sanitizing changed */
};

/* Notes the header line |field| as it was seen, if it holds a digest or signature, and |kept|, what stands in its place. Returns
 * whether it does. */
bool stale_note_field(struct stale *stale, const struct http1_field *field, struct bytes kept);
/* Notes the request target as it was seen, and |kept|, what stands in its place. */
void stale_note_target(struct stale *stale, struct bytes target, struct bytes kept);
/* Returns whether something covers one of |parts|. */
bool stale_covers(const struct stale *stale, unsigned parts);
/* Notes that sanitizing changed |parts|. */
void stale_note_changed(struct stale *stale, unsigned parts);
/* Returns the exchange flags that follow for a request, or else a response. */
uint64_t stale_flags(const struct stale *stale, bool request);

#endif
