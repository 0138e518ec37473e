/* Which request a response answers. The requests between two moments at which nothing is under way are a batch: one, or a few
 * that were pipelined. Without holes, responses answer the waiting requests in order. From the first hole on that may have
 * hidden a head, of a request or a response, the responses of the batch are held, and the end of the batch settles them: a
 * client that sends again after its server spoke has all its answers, so the last response answers the last request, the one
 * before it the one before, back to the last hole. What lies between two holes is not guessed. A client that was seen to send
 * while answers were still to come (a sliding window) has no such end: its connection is uncertain after a hole. */
#include "capture/pairing_state.h"

#include <stddef.h>

static struct waiting *first_unanswered(const struct pairing *pairing)
{
    struct waiting *waiting = pairing->first;
    while (waiting && waiting->response_done)
        waiting = waiting->next;
    return waiting;
}

/* The number of messages behind the last hole; |of_requests|: only those without answer count. */
static size_t behind_hole(const struct waiting *from, bool of_requests)
{
    size_t count = 0;
    for (const struct waiting *waiting = from; waiting; waiting = waiting->next) {
        if (of_requests && waiting->response_done)
            continue;
        count = waiting->after_hole ? 1 : count + 1;
    }
    return count;
}

static size_t count_unanswered(const struct pairing *pairing)
{
    size_t count = 0;
    for (const struct waiting *waiting = pairing->first; waiting; waiting = waiting->next)
        count += !waiting->response_done;
    return count;
}

/* Gives the response that |held| has to |request|. */
static void assign(struct pairing *pairing, struct waiting *request, struct waiting *held)
{
    struct exchange *to = &request->exchange, *from = &held->exchange;
    struct message empty = to->response;
    to->response = from->response;
    from->response = empty;
    to->response.defects &= ~MESSAGE_DEFECT(MAYBE_HEAD); /* what it answers is known now */
    to->status = from->status;
    to->interim = from->interim;
    to->flags |= from->flags;
    request->held += held->held;
    held->held = 0;
    request->response_done = true;
    pairing->paired = true;
    pairing->pool->counts.responses_paired++;
}

/* Answers the last requests by the last responses, as many as are certain, and frees what was held. */
static void assign_held(struct pairing *pairing)
{
    size_t unanswered = count_unanswered(pairing), held = pairing->held_count;
    size_t requests = pairing->request_hole ? 0 : behind_hole(pairing->first, true);
    size_t responses = pairing->response_hole ? 0 : behind_hole(pairing->held, false);
    size_t pairs = requests < responses ? requests : responses;
    struct waiting *request = pairing->first;
    for (struct waiting *next, *response = pairing->held; response; response = next, held--) {
        next = response->next;
        if (pairing->answering == response)
            pairing->answering = NULL;
        if (held > pairs) {
            pairing->pool->counts.responses_orphaned++;
        } else {
            for (; request->response_done || unanswered > pairs; request = request->next)
                unanswered -= !request->response_done;
            assign(pairing, request, response);
            unanswered--;
            pairs--;
        }
        waiting_give_back(&pairing->pool->store, response);
    }
    pairing->held = pairing->held_last = NULL;
    pairing->held_count = 0;
}

void pairing_settle(struct pairing *pairing)
{
    bool lost = pairing->answers_lost;
    assign_held(pairing);
    pairing->deferring = pairing->answers_lost = pairing->request_hole = pairing->response_hole = false;
    while (pairing->first) {
        if (!pairing->first->response_done && lost)
            pairing->first->exchange.flags |= EXCHANGE_FLAG(RESPONSE_GAP);
        pairing_hand_over_first(pairing);
    }
}

void pairing_client_goes_on(struct pairing *pairing)
{
    if (!pairing->server_spoke)
        return;
    http1_end_bodiless(pairing->parsers[PAIRING_SERVER]);
    if (pairing->deferring) {
        if (!pairing->answering)
            pairing_settle(pairing);
        return;
    }
    const struct waiting *unanswered = first_unanswered(pairing);
    if (!unanswered)
        pairing->request_hole = false; /* all that was sent before is answered */
    else if (unanswered->answers_before != pairing->answers_seen)
        pairing->slides = true;
}

/* Nothing says any more which response answers which request. */
static void give_up(struct pairing *pairing)
{
    pairing->uncertain = true;
    pairing->pool->counts.connections_uncertain++;
    pairing->answers_lost = true;
    pairing_settle(pairing);
}

struct waiting *pairing_choose(struct pairing *pairing, bool interim)
{
    pairing->hold_next = false;
    if (pairing->owed > 0) {
        pairing->owed -= !interim;
        return NULL;
    }
    struct waiting *unanswered = first_unanswered(pairing);
    if (pairing->uncertain || !unanswered)
        return NULL;
    if (!pairing->deferring && !unanswered->after_hole)
        return unanswered;
    if (pairing->slides && count_unanswered(pairing) > 1) {
        give_up(pairing);
        return NULL;
    }
    pairing->deferring = true;
    pairing->hold_next = pairing->held_count < pairing->pool->settings.max_waiting;
    return NULL;
}

enum http1_answers pairing_held_answers(const struct pairing *pairing)
{
    const struct waiting *first = first_unanswered(pairing);
    for (const struct waiting *waiting = first; waiting; waiting = waiting->next)
        if (waiting->answers != first->answers)
            return HTTP1_ANSWERS_UNKNOWN;
    return first ? first->answers : HTTP1_ANSWERS_UNKNOWN;
}

struct waiting *pairing_hold(struct pairing *pairing)
{
    struct waiting *held = waiting_take(&pairing->pool->store);
    held->answers = pairing_held_answers(pairing);
    held->after_hole = pairing->response_hole;
    pairing->response_hole = false;
    held->exchange.interim = pairing->interim_held;
    held->exchange.flags |= pairing->interim_held ? EXCHANGE_FLAG(INTERIM) : 0;
    pairing->interim_held = 0;
    if (pairing->held_last)
        pairing->held_last->next = held;
    else
        pairing->held = held;
    pairing->held_last = held;
    pairing->held_count++;
    pairing->hold_next = false;
    return held;
}
