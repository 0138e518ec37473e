/* What the target gave out, turned back into what the recording has in its stead, so that answers can be compared. A core; one thread. */
#ifndef REPLAY_STATE_LIVE_VALUES_H
#define REPLAY_STATE_LIVE_VALUES_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_values;

/* Returns owned. |limit| values are remembered (0: 1,000,000), the oldest are forgotten first. */
struct live_values *live_values_create(size_t limit);
/* Accepts NULL. */
void live_values_free(struct live_values *values);
/* In |iteration| |live| stands for |recorded|, both as they stand in JSON or a path. The first one counts. |weak|: only under the name of an id, as it may be
 * anything elsewhere. */
void live_values_add(struct live_values *values, uint32_t iteration, struct bytes live, struct bytes recorded,
                     bool weak);
/* Appends |json| with those scalars, and segments of paths and URLs in strings, turned back. Returns false, with nothing appended, where there is none. */
bool live_values_turn_back(const struct live_values *values, uint32_t iteration, struct bytes json,
                           struct buffer *out);

#endif
