/* Makes results for tests of statistics, verdict and report: one endpoint's worth at a time. */
#ifndef TESTS_UNIT_REPLAY_RUN_MAKER_H
#define TESTS_UNIT_REPLAY_RUN_MAKER_H

#include "common/clock.h"
#include "replay/result.h"

/* Returns an answered result of |endpoint| (borrowed) with |exchange| as id: status |original| became
 * |replayed| (0: a timeout); times in us. */
static inline struct result make_result(uint64_t exchange, const char *endpoint, unsigned original,
                                        unsigned replayed, uint64_t original_us, uint64_t service_us)
{
    const uint64_t start_ns = NS_PER_S + exchange * NS_PER_MS;
    return (struct result){
        .exchange = exchange,
        .endpoint = bytes_of(endpoint),
        .method = bytes_of("GET"),
        .target = bytes_of("/"),
        .original_status = (uint16_t)original,
        .original_service_ns = original_us * NS_PER_US,
        .outcome = replayed ? RESULT_ANSWERED : RESULT_FAILED,
        .transport = replayed ? TRANSPORT_NONE : TRANSPORT_TIMEOUT,
        .status = (uint16_t)replayed,
        .intended_ns = start_ns,
        .sent_first_ns = start_ns + 20 * NS_PER_US,
        .sent_last_ns = start_ns + 21 * NS_PER_US,
        .first_byte_ns = replayed ? start_ns + 20 * NS_PER_US + service_us * NS_PER_US / 2 : 0,
        .done_ns = start_ns + 20 * NS_PER_US + (replayed ? service_us * NS_PER_US : 30 * NS_PER_S),
    };
}

/* Returns a result that was not fired. */
static inline struct result make_unfired(uint64_t exchange, const char *endpoint, enum result_outcome outcome,
                                         enum unsent_reason reason)
{
    struct result result = make_result(exchange, endpoint, 200, 200, 100, 100);
    result.outcome = outcome;
    result.reason = reason;
    result.status = 0;
    result.sent_first_ns = result.sent_last_ns = result.first_byte_ns = result.done_ns = 0;
    return result;
}

#endif
