/* Fresh values for identifiers that must not repeat between runs (Idempotency-Key, X-Request-ID, traceparent
 * and kin): same length, same shape (digits stay digits, hexadecimal stays hexadecimal, letters keep their
 * case, everything else stays), equal values stay equal and different ones different within a run and
 * iteration. Each character is moved by an offset that depends on the key and on the characters before it,
 * which can be undone from left to right: no two values meet. Parts shorter than 8 characters beside longer
 * ones (versions, flags, the middle of a UUID) stay. Pure. */
#ifndef REPLAY_FRESH_H
#define REPLAY_FRESH_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* Returns whether the header |name| carries such an identifier. */
bool fresh_is_header(struct bytes name);
/* Appends the fresh value of |value| for |run_id| and |iteration|. */
void fresh_append(struct bytes value, const char *run_id, uint32_t iteration, struct buffer *out);

#endif
