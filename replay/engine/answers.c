#include "replay/engine/answers.h"

#include "replay/state/link_rules.h"
#include "replay/state/login_page.h"

#include <string.h>

struct linker_context answers_context(const struct job *job)
{
    return (struct linker_context){.session = job->session,
                                   .iteration = job->iteration,
                                   .recognition_key = job->recognition_key,
                                   .account = job->account};
}

static bool compares_content(const struct answers *answers, const struct job *job)
{
    const struct content_settings *settings = answers->settings;
    return answers->judge && memcmp(job->policy_hash, settings->policy_hash, SEGMENT_HASH_SIZE) == 0 &&
           memcmp(job->recognition_key, settings->recognition_key, SEGMENT_KEY_SIZE) == 0;
}

static bool wants_for_rules(const struct answers *answers, const struct job *job)
{
    return answers->values &&
           link_values_want_body(answers->values, buffer_bytes(&job->exchange.request.head));
}

size_t answers_wanted_body(const struct answers *answers, const struct job *job)
{
    size_t linker = linker_wants_body(&job->exchange);
    if (linker < LINKER_BODY_MAX && wants_for_rules(answers, job))
        linker = LINKER_BODY_MAX;
    size_t content = compares_content(answers, job) && job->exchange.response.body.state == BODY_KEPT
                         ? CONTENT_BODY_MAX
                         : 0;
    return content > linker ? content : linker;
}

static bool is_refusal(uint16_t status)
{
    return status == 401 || status == 403;
}

static uint64_t compare_content(struct answers *answers, const struct linker_context *context,
                                const struct job *job, const struct sender_outcome *outcome)
{
    bool whole = outcome->body.size == outcome->body_bytes;
    struct bytes turned = {0};
    buffer_clear(&answers->turned);
    if (whole &&
        linker_turn_back(answers->linker, context,
                         linker_plain_body(answers->linker, outcome->head, outcome->body), &answers->turned))
        turned = buffer_bytes(&answers->turned);
    return content_compare(answers->judge, &job->exchange, outcome->head, outcome->body, whole, turned);
}

static void learn(struct answers *answers, const struct linker_context *context, const struct job *job,
                  const struct sender_outcome *outcome)
{
    struct bytes body = {0};
    linker_learn(answers->linker, context, &job->exchange, outcome->head, outcome->body);
    if (!answers->values)
        return;
    if (wants_for_rules(answers, job))
        body = linker_plain_body(answers->linker, outcome->head, outcome->body);
    link_values_learn(answers->values, answers->linker, context, buffer_bytes(&job->exchange.request.head),
                      outcome->head, body);
}

void answers_take(struct answers *answers, const struct job *job, bool conditional,
                  const struct sender_outcome *outcome, struct result *result)
{
    const struct linker_context context = answers_context(job);
    uint16_t original = result->original_status, status = outcome->status;
    learn(answers, &context, job, outcome);
    bool login_ok = linker_login_ok(answers->linker, &context);
    if (status == original && outcome->error == TRANSPORT_NONE && compares_content(answers, job))
        result->flags |= compare_content(answers, &context, job, outcome);
    if (login_ok)
        result->flags |= RESULT_FLAG(LOGIN_OK);
    bool refused = is_refusal(status) && original && !is_refusal(original);
    if (!refused && !login_ok && status / 100 == 3 && original && original / 100 != 3)
        refused = exchange_uses_credential(&job->exchange) && login_page_follows(status, outcome->head);
    if (refused && (!login_ok || job->unlinkable))
        result->flags |= RESULT_FLAG(CREDENTIALS_UNKNOWN);
    if (conditional && ((status == 200 && original == 304) || (status == 304 && original == 200)))
        result->flags |= RESULT_FLAG(CONDITIONAL_EQUAL);
}

bool answers_is_enough(const struct job *job, const struct sender_outcome *outcome)
{
    if (!(job->flags & RESULT_FLAG(BY_TTFB)) || !outcome->status)
        return false;
    return outcome->error == TRANSPORT_BODY_TIMEOUT ||
           (outcome->error == TRANSPORT_INCOMPLETE &&
            (job->exchange.flags & EXCHANGE_FLAG(RESPONSE_INCOMPLETE)));
}

uint64_t answers_longest_ns(const struct job *job, const struct engine_settings *settings)
{
    const struct message *response = &job->exchange.response;
    if (!(job->exchange.flags & EXCHANGE_FLAG(RESPONSE_INCOMPLETE)))
        return settings->timeout_ns;
    uint64_t lasted_ns = response->last_ns > response->first_ns ? response->last_ns - response->first_ns : 0;
    double longest_ns = (double)lasted_ns / settings->stream_speed;
    if (longest_ns < 1)
        return 1;
    return longest_ns < (double)settings->timeout_ns ? (uint64_t)longest_ns : settings->timeout_ns;
}

void answers_done(struct answers *answers)
{
    buffer_free(&answers->turned);
}
