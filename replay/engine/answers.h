/* What becomes of an answer: what it teaches (links), and what it says beside its status (credentials unknown to the target, contents). One thread's. */
#ifndef REPLAY_ENGINE_ANSWERS_H
#define REPLAY_ENGINE_ANSWERS_H

#include "replay/engine/engine.h"
#include "replay/sender/sender.h"

struct answers {
    struct linker *linker;                   /* borrowed, as all but the scratch */
    struct link_values *values;              /* NULL: none */
    struct content_judge *judge;             /* NULL: contents are not compared */
    const struct content_settings *settings; /* its own */
    struct buffer turned; /* scratch: an answer with what the target gave out turned back */
};

/* Returns whose request |job| is. */
struct linker_context answers_context(const struct job *job);
/* Returns how much of the body of |job|'s answer is of interest. */
size_t answers_wanted_body(const struct answers *answers, const struct job *job);
/* Returns whether |outcome|, which ended by no complete answer, is one all the same: the answer is one that lasts because the server waits,
 * its head has come, and its time was over, or it broke off as the recorded one did. */
bool answers_is_enough(const struct job *job, const struct sender_outcome *outcome);
/* Returns how long |job|'s answer, which is such a one, may last once its head has come: as long as the recorded one where that did not end
 * by itself, at the pace of the run; the time-out at most. */
uint64_t answers_longest_ns(const struct job *job, const struct engine_settings *settings);
/* Learns from |outcome|, which is an answer, and adds what it says to |result|'s flags. |conditional|: the request named a validator of the recording. */
void answers_take(struct answers *answers, const struct job *job, bool conditional,
                  const struct sender_outcome *outcome, struct result *result);
void answers_done(struct answers *answers);

#endif
