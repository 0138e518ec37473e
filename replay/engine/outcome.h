/* What a sender says of a request, as a result: the clocks of the run, and what was its own delay. */
#ifndef REPLAY_ENGINE_OUTCOME_H
#define REPLAY_ENGINE_OUTCOME_H

#include "replay/engine/lanes.h"

/* Returns |mono_ns| as an instant of the run: since its start, at least 1; 0 for 0. */
uint64_t outcome_since_start(const struct engine *engine, uint64_t mono_ns);
/* Returns what there is to say of |job| before it is fired. Views borrow from it. */
struct result outcome_unfired(const struct job *job);
/* Returns what |job|, fired on |lane|, came to by |outcome|; what its answer says beside that is not looked at. Views borrow from |job|. */
struct result outcome_fired(const struct engine *engine, const struct job *job, const struct lane *lane,
                            const struct sender_outcome *outcome);

#endif
