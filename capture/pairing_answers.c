/* Which request a response answers. The requests between two moments at which nothing is under way are a batch: one, or a few
 * that were pipelined. Without holes, responses answer the waiting requests in order. From the first hole on that may have
 * hidden a head, of a request or a response, the responses of the batch are held, and the end of the batch settles them: a
 * client that sends again after its server spoke has all its answers, so that there are as many of them as requests, and each has
 * the place of its request (capture/alignment.h). Behind the end of a message whose length is known, a hole hides at least one
 * more. Where they can be laid beside each other in no way, not all answers are here, and none is certain. A batch that the end of
 * the capture, a reset or a limit breaks off has no end to count back from, unless it is all that was seen of a connection: one
 * request and its answer. A client that was seen to send while answers were still to come (a sliding window) has none at all: its
 * connection is uncertain after a hole. Where a request of the batch may be lost, its answers are read without knowing what they answer: what follows a head that says a length, a body or the next status line,
 * tells an answer to HEAD. */
#include "capture/alignment.h"
#include "capture/pairing_state.h"

#include "common/http1_head.h"

#include <stddef.h>

#define EMPTY_MAX 4 /* in a hole of more bytes behind a request lies another, not empty lines */
#define INTERIM_MAX                                                                                          \
    64 /* and in one of more bytes behind a response not a 100 (Continue) alone, which has no fields */

static struct waiting *first_unanswered(const struct pairing *pairing)
{
    struct waiting *waiting = pairing->first;
    while (waiting && waiting->response_done)
        waiting = waiting->next;
    return waiting;
}

/* Whether |held| has a body that it has only if it answers no HEAD: otherwise it is the answers behind it. */
static bool may_hold_answers(const struct waiting *held)
{
    return (held->exchange.response.defects & MESSAGE_DEFECT(MAYBE_HEAD)) &&
           held->exchange.response.body.wire_bytes > 0;
}

/* Whether a hole over answers of this batch may hold interim ones alone. */
static bool may_hide_interim(const struct pairing *pairing)
{
    for (const struct waiting *waiting = pairing->first; waiting; waiting = waiting->next) {
        struct http1_field field;
        if (http1_find_field(buffer_bytes(&waiting->exchange.request.head), "Expect", &field))
            return true;
    }
    return pairing->hints;
}

static size_t count_unanswered(const struct pairing *pairing)
{
    size_t count = 0;
    for (const struct waiting *waiting = pairing->first; waiting; waiting = waiting->next)
        count += !waiting->response_done;
    return count;
}

/* Whether |held|, read without knowing what it answers, can answer |request|: one with a body no HEAD, and one that says a length
 * and has no body nothing else. */
static bool can_answer(const struct waiting *request, const struct waiting *held)
{
    const struct message *response = &held->exchange.response;
    bool maybe_head = response->defects & MESSAGE_DEFECT(MAYBE_HEAD);
    if (request->answers == HTTP1_ANSWERS_HEAD)
        return maybe_head || response->body.wire_bytes == 0;
    return !maybe_head || response->body.wire_bytes > 0 ||
           (held->exchange.flags & EXCHANGE_FLAG(RESPONSE_INCOMPLETE));
}

/* What was missed of |exchange|'s response, which answers HEAD, is none of it: nothing of a body was seen. */
static void make_bodiless(struct exchange *exchange)
{
    struct body *body = &exchange->response.body;
    *body = (struct body){.content = body->content, .framing = body->framing};
    buffer_clear(&body->content);
    exchange->flags &= ~(EXCHANGE_FLAG(RESPONSE_INCOMPLETE) | EXCHANGE_FLAG(RESPONSE_GAP));
}

/* Gives the response that |held| has to |request|. */
static void assign(struct pairing *pairing, struct waiting *request, struct waiting *held)
{
    struct exchange *to = &request->exchange, *from = &held->exchange;
    if (request->answers == HTTP1_ANSWERS_HEAD && (from->response.defects & MESSAGE_DEFECT(MAYBE_HEAD)))
        make_bodiless(from);
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

/* A batch with holes: the requests without answer, and the responses that are held. */
struct batch {
    struct alignment_side requests, responses;
    struct waiting *request[ALIGNMENT_MAX], *response[ALIGNMENT_MAX];
};

static bool may_pair(const void *arg, size_t request, size_t response)
{
    const struct batch *batch = arg;
    return can_answer(batch->request[request], batch->response[response]);
}

/* Notes that messages may be lost before all of |side|'s. */
static void open_front(struct alignment_side *side)
{
    if (side->count > 0)
        side->messages[0].hole = true;
    else
        side->hole = true;
}

static void gather_requests(const struct pairing *pairing, struct batch *batch, size_t skipped)
{
    struct alignment_side *side = &batch->requests;
    for (struct waiting *waiting = pairing->first; waiting; waiting = waiting->next) {
        if (waiting->response_done || (skipped > 0 && skipped--))
            continue;
        side->messages[side->count] = (struct alignment_message){
            .hole = waiting->after_hole, .hidden = waiting->after_hidden, .optional = waiting->doubtful};
        batch->request[side->count++] = waiting;
    }
    side->hole = pairing->request_hole;
    side->hidden = pairing->request_hid;
}

/* Behind an answer that may be to HEAD, as many may follow as what looks like its body holds. */
static void gather_responses(const struct pairing *pairing, struct batch *batch, size_t skipped)
{
    struct alignment_side *side = &batch->responses;
    bool interim = may_hide_interim(pairing), odd = false;
    for (struct waiting *held = pairing->held; held; held = held->next) {
        if (skipped > 0 && skipped--)
            continue;
        side->messages[side->count] = (struct alignment_message){.hole = held->after_hole || odd,
                                                                 .hidden = held->after_hidden && !interim};
        batch->response[side->count++] = held;
        odd = may_hold_answers(held);
    }
    side->hole = pairing->response_hole || odd;
    side->hidden = pairing->response_hid && !interim;
    if (pairing->connection.server_midstream && !pairing->paired)
        open_front(side);
}

static void gather(const struct pairing *pairing, struct batch *batch)
{
    size_t requests = count_unanswered(pairing), responses = pairing->held_count;
    batch->requests.count = batch->responses.count = 0;
    gather_requests(pairing, batch, requests > ALIGNMENT_MAX ? requests - ALIGNMENT_MAX : 0);
    gather_responses(pairing, batch, responses > ALIGNMENT_MAX ? responses - ALIGNMENT_MAX : 0);
    if (requests > ALIGNMENT_MAX || responses > ALIGNMENT_MAX) {
        open_front(&batch->requests);
        open_front(&batch->responses);
    }
}

/* Answers as many requests as are certain by the responses that are held, and frees these. */
static void assign_held(struct pairing *pairing)
{
    if (!pairing->held)
        return;
    struct batch batch;
    size_t answered[ALIGNMENT_MAX];
    gather(pairing, &batch);
    alignment_find(&batch.requests, &batch.responses, may_pair, &batch, answered);
    for (size_t i = 0; i < batch.responses.count; i++)
        if (answered[i] != ALIGNMENT_NONE)
            assign(pairing, batch.request[answered[i]], batch.response[i]);
        else
            pairing->pool->counts.responses_orphaned++;
    pairing->pool->counts.responses_orphaned += pairing->held_count - batch.responses.count;
    for (struct waiting *next, *held = pairing->held; held; held = next) {
        next = held->next;
        if (pairing->answering == held)
            pairing->answering = NULL;
        waiting_give_back(&pairing->pool->store, held);
    }
    pairing->held = pairing->held_last = NULL;
    pairing->held_count = 0;
}

void pairing_settle(struct pairing *pairing)
{
    bool lost = pairing->answers_lost;
    assign_held(pairing);
    pairing->deferring = pairing->answers_lost = false;
    pairing->interim_held = 0; /* its response was lost */
    pairing->request_hole = pairing->request_hid = pairing->response_hole = pairing->response_hid = false;
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
        pairing->request_hole = pairing->request_hid = false; /* all that was sent before is answered */
    else if (unanswered->answers_before != pairing->answers_seen)
        pairing->slides = true;
}

/* Whether all that is open is what a connection showed whose beginning was not seen: one request, then one response, and no hole
 * before either. Only a client that sent the request ahead of another's answer makes them no pair. */
static bool is_lone_pair(const struct pairing *pairing)
{
    return pairing->connection.midstream && !pairing->request_hole && !pairing->uncertain &&
           pairing->answers_seen == 1 && pairing->held_count == 1 && !pairing->held->after_hole &&
           pairing->count == 1 && http1_counts(pairing->parsers[PAIRING_CLIENT])->bytes_gap == 0;
}

void pairing_break_off(struct pairing *pairing)
{
    if (is_lone_pair(pairing)) /* a hole behind the response hides no answer to what was asked */
        pairing->response_hole = pairing->response_hid = false;
    else
        pairing->response_hole |= pairing->deferring;
    pairing_settle(pairing);
}

void pairing_note_hole(struct pairing *pairing, enum pairing_side side, uint64_t beyond)
{
    bool hid = beyond > (side == PAIRING_SERVER ? INTERIM_MAX : EMPTY_MAX) && !pairing->surplus[side];
    if (side == PAIRING_SERVER) {
        pairing->answers_lost = pairing->deferring = pairing->server_spoke = true;
        pairing->response_end = beyond == 1;
        pairing->response_hole |= !pairing->response_end;
        pairing->response_hid |= hid;
        pairing->at_hole = true;
        return;
    }
    /* Right behind a hole of the server's, nothing says which of the lost requests the lost answers were to; and an answer
     * that none waited for may be to one of them. */
    hid &= !pairing->at_hole && !pairing->unasked;
    pairing->response_hid &= !pairing->at_hole;
    pairing_client_goes_on(pairing);
    pairing->request_hole = true;
    pairing->request_hid |= hid;
    pairing->server_spoke = pairing->unasked = false;
}

void pairing_give_up(struct pairing *pairing)
{
    pairing->uncertain = true;
    pairing->pool->counts.connections_uncertain++;
    pairing->answers_lost = true;
    pairing_break_off(pairing);
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
        pairing_give_up(pairing);
        return NULL;
    }
    pairing->deferring = true;
    pairing->hold_next = pairing->held_count < pairing->pool->settings.max_waiting;
    return NULL;
}

enum http1_answers pairing_held_answers(const struct pairing *pairing)
{
    const struct waiting *first = first_unanswered(pairing);
    bool known = first && !pairing->request_hole; /* it may answer a request that was lost */
    for (const struct waiting *waiting = first; waiting; waiting = waiting->next)
        known = known && !waiting->after_hole && waiting->answers == first->answers;
    return known ? first->answers : HTTP1_ANSWERS_UNKNOWN;
}

struct waiting *pairing_hold(struct pairing *pairing)
{
    struct waiting *held = waiting_take(&pairing->pool->store);
    held->answers = pairing_held_answers(pairing);
    held->after_hole = pairing->response_hole;
    held->after_hidden = pairing->response_hid;
    pairing->response_hole = pairing->response_hid = false;
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
