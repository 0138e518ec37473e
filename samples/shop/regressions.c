#include "samples/shop/regressions.h"

#include <jansson.h>
#include <stdio.h>

#define ITEMS_FAILING 24 /* of SHOP_ITEMS */
#define NOUNS_FAILING 3  /* of SHOP_NOUNS */

static const struct {
    const char *text;
    bool may_slow;
} endpoints[ENDPOINT_COUNT] = {
#define X(name, method, path, work_us, may_slow) {method " " path, may_slow},
    SHOP_ENDPOINTS(X)
#undef X
};

/* Sets |wanted| of the |count| flags, each choice equally likely. */
static void pick(bool *flags, size_t count, size_t wanted, uint64_t *random)
{
    for (size_t i = 0; i < count && wanted > 0; i++)
        if (words_random(random) % (count - i) < wanted) {
            flags[i] = true;
            wanted--;
        }
}

void regressions_plant(struct regressions *regressions, uint64_t seed)
{
    uint64_t random = seed;
    *regressions = (struct regressions){.planted = true};
    pick(regressions->item_fails + 1, SHOP_ITEMS, ITEMS_FAILING, &random);
    pick(regressions->noun_fails, SHOP_NOUNS, NOUNS_FAILING, &random);
    do
        regressions->slow = (enum endpoint)(words_random(&random) % (ENDPOINT_ORDER_DELETE + 1));
    while (!endpoints[regressions->slow].may_slow);
    regressions->slow_us = 60000 + (uint32_t)(words_random(&random) % 20000);
}

int regressions_write(const struct regressions *regressions, const char *path)
{
    json_t *list = json_array();
    if (regressions->planted) {
        json_array_append_new(
            list, json_pack("{s:s,s:s}", "endpoint", endpoints[ENDPOINT_ITEM].text, "kind", "status"));
        json_array_append_new(
            list, json_pack("{s:s,s:s}", "endpoint", endpoints[ENDPOINT_SEARCH].text, "kind", "status"));
        json_array_append_new(
            list, json_pack("{s:s,s:s}", "endpoint", endpoints[regressions->slow].text, "kind", "latency"));
    }
    int status = json_dump_file(list, path, JSON_INDENT(2));
    json_decref(list);
    return status;
}
