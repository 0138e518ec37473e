#include "capture/alignment.h"

#include <stdint.h>

/* The ways are walked place by place. Before a place, |request| and |response| messages of the sides have had theirs, and of the
 * holes that stand before the next ones either hides what it must already, or does not: one of four states, as a set of bits. */
#define REQUESTS_MET  1u /* bits of a state */
#define RESPONSES_MET 2u
#define ALL_MET       (REQUESTS_MET | RESPONSES_MET)
#define STATES        4u

struct walk {
    const struct alignment_side *requests, *responses;
    alignment_may_pair *may_pair;
    const void *arg;
    /* The states that some beginning of a way comes to, and those from which some rest of a way comes to the end. */
    uint8_t come[ALIGNMENT_MAX + 1][ALIGNMENT_MAX + 1], ends[ALIGNMENT_MAX + 1][ALIGNMENT_MAX + 1];
};

/* What stands before message |at| of |side|, or behind the last one. */
static struct alignment_message before(const struct alignment_side *side, size_t at)
{
    return at < side->count ? side->messages[at]
                            : (struct alignment_message){.hole = side->hole, .hidden = side->hidden};
}

/* Returns the bit of |met| where nothing must be hidden before message |at|. */
static unsigned met_at(const struct alignment_side *side, size_t at, unsigned met)
{
    return before(side, at).hidden ? 0 : met;
}

/* What a place may hold, and what comes behind it. */
enum step { STEP_PAIR, STEP_REQUEST, STEP_RESPONSE, STEP_LOST, STEP_NO_REQUEST, STEPS };

/* Returns whether |step| is possible in |state| before |request| and |response|, and what it leads to. */
static bool take_step(const struct walk *walk, enum step step, size_t request, size_t response,
                      unsigned state, size_t ret_at[2], unsigned *ret_state)
{
    const struct alignment_side *requests = walk->requests, *responses = walk->responses;
    bool has_request = request < requests->count && state & REQUESTS_MET;
    bool has_response = response < responses->count && state & RESPONSES_MET;
    bool request_hole = before(requests, request).hole, response_hole = before(responses, response).hole;
    ret_at[0] = request + (step == STEP_PAIR || step == STEP_REQUEST || step == STEP_NO_REQUEST);
    ret_at[1] = response + (step == STEP_PAIR || step == STEP_RESPONSE);
    switch (step) {
    case STEP_PAIR:
        *ret_state =
            met_at(requests, request + 1, REQUESTS_MET) | met_at(responses, response + 1, RESPONSES_MET);
        return has_request && has_response && walk->may_pair(walk->arg, request, response);
    case STEP_REQUEST: /* its response is lost */
        *ret_state = met_at(requests, request + 1, REQUESTS_MET) | RESPONSES_MET;
        return has_request && response_hole;
    case STEP_RESPONSE: /* its request is lost */
        *ret_state = REQUESTS_MET | met_at(responses, response + 1, RESPONSES_MET);
        return has_response && request_hole;
    case STEP_LOST:
        *ret_state = ALL_MET;
        return request_hole && response_hole && state != ALL_MET;
    case STEP_NO_REQUEST:
        *ret_state = met_at(requests, request + 1, REQUESTS_MET) | (state & RESPONSES_MET);
        return has_request && requests->messages[request].optional;
    case STEPS:
        break;
    }
    return false;
}

static void walk_forward(struct walk *walk)
{
    walk->come[0][0] = (uint8_t)(1u << (met_at(walk->requests, 0, REQUESTS_MET) |
                                        met_at(walk->responses, 0, RESPONSES_MET)));
    for (size_t request = 0; request <= walk->requests->count; request++)
        for (size_t response = 0; response <= walk->responses->count; response++)
            for (unsigned state = 0; state < STATES; state++) /* a lost pair leads to the last one */
                for (enum step step = 0; walk->come[request][response] >> state & 1 && step < STEPS; step++) {
                    size_t at[2];
                    unsigned next;
                    if (take_step(walk, step, request, response, state, at, &next))
                        walk->come[at[0]][at[1]] |= (uint8_t)(1u << next);
                }
}

static void walk_backward(struct walk *walk)
{
    walk->ends[walk->requests->count][walk->responses->count] = 1u << ALL_MET;
    for (size_t request = walk->requests->count + 1; request-- > 0;)
        for (size_t response = walk->responses->count + 1; response-- > 0;)
            for (unsigned state = STATES; state-- > 0;)
                for (enum step step = 0; step < STEPS; step++) {
                    size_t at[2];
                    unsigned next;
                    if (take_step(walk, step, request, response, state, at, &next) &&
                        walk->ends[at[0]][at[1]] >> next & 1)
                        walk->ends[request][response] |= (uint8_t)(1u << state);
                }
}

/* Whether some way takes |step| before |request| and |response|. */
static bool is_taken(const struct walk *walk, enum step step, size_t request, size_t response)
{
    for (unsigned state = 0; state < STATES; state++) {
        size_t at[2];
        unsigned next;
        if (walk->come[request][response] >> state & 1 &&
            take_step(walk, step, request, response, state, at, &next) &&
            walk->ends[at[0]][at[1]] >> next & 1)
            return true;
    }
    return false;
}

void alignment_find(const struct alignment_side *requests, const struct alignment_side *responses,
                    alignment_may_pair *may_pair, const void *arg, size_t ret_request[ALIGNMENT_MAX])
{
    struct walk walk = {.requests = requests, .responses = responses, .may_pair = may_pair, .arg = arg};
    walk_forward(&walk);
    walk_backward(&walk);
    for (size_t response = 0; response < responses->count; response++) {
        size_t ways = 0;
        ret_request[response] = ALIGNMENT_NONE;
        for (size_t request = 0; request <= requests->count; request++) {
            if (is_taken(&walk, STEP_PAIR, request, response)) {
                ret_request[response] = request;
                ways++;
            }
            ways += is_taken(&walk, STEP_RESPONSE, request, response);
        }
        if (ways != 1)
            ret_request[response] = ALIGNMENT_NONE;
    }
}
