/* An exchange as a segment record: metadata (everything but bodies, and of a request a short one) and payload (the bodies that
 * metadata does not hold), so that a replay which does not compare bodies hardly ever needs a payload. FORMAT.md in segment/ specifies
 * the bytes. */
#ifndef COMMON_EXCHANGE_CODEC_H
#define COMMON_EXCHANGE_CODEC_H

#include "common/exchange.h"

/* Appends |exchange|'s metadata to |meta| and its kept bodies to |payload|. */
void exchange_encode(const struct exchange *exchange, struct buffer *meta, struct buffer *payload);
#define EXCHANGE_INLINE_MAX 4096 /* bytes of a request's content that stand in its metadata */

/* Fills |exchange| (cleared first) from metadata alone; bodies have their sizes and states but no content, unless it is a request's that
 * stands there.
 * Returns false where |meta| is not one; |exchange| is then cleared. */
bool exchange_decode(struct bytes meta, struct exchange *exchange);
/* The same without copying: heads, trailers and content are borrowed from |meta| until |exchange| is cleared, freed or filled again. */
bool exchange_decode_borrowed(struct bytes meta, struct exchange *exchange);
/* What can be told of an exchange without decoding all of it. */
struct exchange_brief {
    uint64_t connection;
    struct address server;
};
/* Reads that from metadata. Returns false where |meta| is too short for it or of another version; the rest is not looked at. */
bool exchange_peek(struct bytes meta, struct exchange_brief *ret_brief);
/* The same of the connection alone. */
bool exchange_peek_connection(struct bytes meta, uint64_t *ret_connection);
/* Returns whether the request's content, of which |exchange| has none after it was decoded, may stand in the payload. */
bool exchange_request_in_payload(const struct exchange *exchange);
/* Adds the content that stands in the payload. Returns false where |payload| does not fit what the metadata says. */
bool exchange_decode_payload(struct bytes payload, struct exchange *exchange);

#endif
