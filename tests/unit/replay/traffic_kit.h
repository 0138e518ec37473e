/* A folder with traffic, for tests of what reads one. */
#ifndef TESTS_UNIT_REPLAY_TRAFFIC_KIT_H
#define TESTS_UNIT_REPLAY_TRAFFIC_KIT_H

#include "common/exchange.h"
#include "common/segment/merge.h"

/* Makes |exchange| number |id|; what it was before is still in it. */
typedef void traffic_kit_fill_fn(struct exchange *exchange, uint64_t id);

/* Writes the exchanges 0 to |count| - 1, in order of start, into a new folder, in blocks of |block_bytes| (0: the default). */
void traffic_kit_write(traffic_kit_fill_fn *fill, uint64_t count, size_t block_bytes);
/* Opens that folder. */
struct merge *traffic_kit_open(void);
/* Removes it. Returns 0 unless that failed. */
int traffic_kit_remove(void);

#endif
