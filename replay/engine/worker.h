/* A worker: one thread with its event loop, its sender, its lanes, and the requests of the link groups that
 * are its own. */
#ifndef REPLAY_ENGINE_WORKER_H
#define REPLAY_ENGINE_WORKER_H

#include "common/error.h"
#include "replay/engine/engine.h"

struct worker;

/* Starts the thread of worker number |index|; owned, worker_join. */
int worker_start(struct engine *engine, unsigned index, struct worker **ret_worker, struct error *err);
/* Wakes the worker's loop. Any thread. */
void worker_kick(struct worker *worker);
/* Waits for the thread, which ends once the reader is done and nothing is left, and frees. Accepts NULL. */
void worker_join(struct worker *worker);

#endif
