#include "replay/engine/outcome.h"

#include "common/http1_head.h"
#include "replay/engine/answers.h"
#include "replay/engine/retry.h"

uint64_t outcome_since_start(const struct engine *engine, uint64_t mono_ns)
{
    if (!mono_ns)
        return 0;
    return mono_ns > engine->start_mono_ns ? mono_ns - engine->start_mono_ns : 1;
}

/* What is known of |job|, whose request line is |line|, before anything happened. */
static struct result begin_result(const struct job *job, const struct http1_request_line *line)
{
    const struct exchange *exchange = &job->exchange;
    return (struct result){
        .exchange = exchange->id,
        .session = job->session,
        .iteration = job->iteration,
        .method = line->method,
        .target = line->target,
        .original_status = exchange->status,
        .original_service_ns = exchange_latency_ns(exchange),
        .original_ttfb_ns = exchange_ttfb_ns(exchange),
        .flags = job->flags,
        .intended_ns = job->intended_ns,
        .eligible_ns = job->eligible_ns,
    };
}

struct result outcome_unfired(const struct job *job)
{
    struct http1_request_line line = {0};
    http1_request_line(buffer_bytes(&job->exchange.request.head), &line);
    return begin_result(job, &line);
}

/* When the request could have gone: its connection was free, and the caps had room. Where the connection was there
 * all along, what lies between is the replayer's own delay; what a cap waits for is the target. */
static uint64_t slot_of(const struct lane *lane, const struct job *job, const struct sender_outcome *outcome)
{
    bool waited = !lane->was_free || (job->flags & RESULT_FLAG(CONNECTION_WAIT));
    uint64_t slot_ns = waited ? outcome->slot_mono_ns : lane->free_mono_ns;
    if (job->retry && job->retry->due_mono_ns > slot_ns)
        slot_ns = job->retry->due_mono_ns;
    return lane->allowed_mono_ns > slot_ns ? lane->allowed_mono_ns : slot_ns;
}

struct result outcome_fired(const struct engine *engine, const struct job *job, const struct lane *lane,
                            const struct sender_outcome *outcome)
{
    struct result result = begin_result(job, &lane->request.line);
    bool answered = outcome->error == TRANSPORT_NONE || answers_is_enough(job, outcome);
    result.outcome = answered ? RESULT_ANSWERED : RESULT_FAILED;
    result.transport = answered ? TRANSPORT_NONE : outcome->error;
    if (answered && outcome->error != TRANSPORT_NONE)
        result.flags |= RESULT_FLAG(STREAM_ENDED);
    if (!answered && outcome->detail)
        result.detail = bytes_of(outcome->detail);
    result.status = outcome->status;
    result.response_bytes = outcome->body_bytes;
    result.slot_ns = outcome_since_start(engine, slot_of(lane, job, outcome));
    result.connect_ns = outcome->connect_ns;
    result.tls_ns = outcome->tls_ns;
    result.sent_first_ns = outcome_since_start(engine, outcome->sent_first_mono_ns);
    result.sent_last_ns = outcome_since_start(engine, outcome->sent_last_mono_ns);
    result.first_byte_ns = outcome_since_start(engine, outcome->first_byte_mono_ns);
    result.done_ns = outcome_since_start(engine, outcome->done_mono_ns);
    if (outcome->reused)
        result.flags |= RESULT_FLAG(REUSED);
    if (outcome->early_response)
        result.flags |= RESULT_FLAG(EARLY_RESPONSE);
    result.flags |= result_flags_of_answer(outcome->status, outcome->head, outcome->interim_count);
    if (outcome->connected && lane->was_connected && !lane->in_pool)
        result.flags |= RESULT_FLAG(REOPENED);
    return result;
}
