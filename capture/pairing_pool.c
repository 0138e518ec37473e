#include "capture/pairing_state.h"

#include "common/mem.h"

#include <stdlib.h>

#define DEFAULT_BODY_BYTES (UINT64_C(1) << 20)
#define DEFAULT_HELD_BYTES (UINT64_C(256) << 20)
#define DEFAULT_WAITING    1024

void pairing_counts_add(struct pairing_counts *into, const struct pairing_counts *from)
{
#define X(name, unit, help) into->name += from->name;
    PAIRING_COUNTS(X)
#undef X
    for (unsigned i = 0; i < EXCHANGE_FLAG_COUNT; i++)
        into->flags[i] += from->flags[i];
    for (unsigned i = 0; i < MESSAGE_DEFECT_COUNT; i++) {
        into->request_defects[i] += from->request_defects[i];
        into->response_defects[i] += from->response_defects[i];
    }
}

struct pairing_pool *pairing_pool_create(const struct pairing_settings *settings)
{
    struct pairing_pool *pool = xcalloc(1, sizeof *pool);
    pool->settings = *settings;
    if (pool->settings.max_body_bytes == 0)
        pool->settings.max_body_bytes = DEFAULT_BODY_BYTES;
    if (pool->settings.max_response_body_bytes == 0)
        pool->settings.max_response_body_bytes = pool->settings.max_body_bytes;
    if (pool->settings.max_held_bytes == 0)
        pool->settings.max_held_bytes =
            settings->budget ? settings->budget->limit_bytes / 2 : DEFAULT_HELD_BYTES;
    if (!settings->budget)
        pool->settings.budget = &pool->own_budget;
    pool->own_budget.limit_bytes = UINT64_MAX;
    pool->store = (struct waiting_store){
        .budget = pool->settings.budget,
        .max_body_bytes = {pool->settings.max_body_bytes, pool->settings.max_response_body_bytes},
        .max_held_bytes = pool->settings.max_held_bytes,
        .digest_keys = {settings->digest_keys[0], settings->digest_keys[1]}};
    if (pool->settings.max_waiting == 0)
        pool->settings.max_waiting = DEFAULT_WAITING;
    if (!pool->settings.skip_header)
        pool->settings.skip_header = "X-Rehearse-Run";
    return pool;
}

void pairing_destroy(struct pairing *pairing)
{
    http1_free(pairing->parsers[PAIRING_CLIENT]);
    http1_free(pairing->parsers[PAIRING_SERVER]);
    free(pairing);
}

void pairing_pool_free(struct pairing_pool *pool)
{
    if (!pool)
        return;
    waiting_store_done(&pool->store);
    while (pool->spare_pairings) {
        struct pairing *pairing = pool->spare_pairings;
        pool->spare_pairings = pairing->next;
        pairing_destroy(pairing);
    }
    free(pool);
}

const struct pairing_counts *pairing_pool_counts(const struct pairing_pool *pool)
{
    return &pool->counts;
}
