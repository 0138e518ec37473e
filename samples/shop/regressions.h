/* What the new release got wrong: three regressions on three endpoints, picked by a seed. */
#ifndef SAMPLES_SHOP_REGRESSIONS_H
#define SAMPLES_SHOP_REGRESSIONS_H

#include "samples/shop/endpoints.h"
#include "samples/shop/words.h"

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised there are none. */
struct regressions {
    bool planted;
    bool item_fails[SHOP_ITEMS + 1]; /* GET /items/{id} answers 500 */
    bool noun_fails[SHOP_NOUNS];     /* GET /search with this word answers 404 */
    enum endpoint slow;              /* the endpoint that takes |slow_us| more */
    uint32_t slow_us;
};

/* Plants the three that |seed| picks. */
void regressions_plant(struct regressions *regressions, uint64_t seed);
/* Writes the list of them to |path| as JSON: endpoint and kind (status or latency). Returns 0, or -1 with
 * errno set. */
int regressions_write(const struct regressions *regressions, const char *path);

#endif
