/* The closed loop (--speed max): so many sessions at a time, begun in recorded order; a session that has nothing left makes
 * room for the next. One of which more is read afterwards stands in line again. No clocks: a job is released when its session
 * runs.
 *
 * Where all sessions that run wait for one that was not begun, that is begun above what was asked for, and counted: so it cannot
 * lock up. One thread. */
#ifndef REPLAY_ENGINE_CLOSED_LOOP_H
#define REPLAY_ENGINE_CLOSED_LOOP_H

#include "replay/engine/engine.h"

struct closed_loop;

typedef void (*closed_loop_release_fn)(void *arg, struct job *job);

struct closed_loop *closed_loop_create(uint64_t concurrency, closed_loop_release_fn release, void *arg);
void closed_loop_free(struct closed_loop *loop);
/* Takes |job|, which keeps to its session; releases it at once where that runs. */
void closed_loop_admit(struct closed_loop *loop, struct job *job);
/* |job| is over. */
void closed_loop_done(struct closed_loop *loop, const struct job *job);
/* Begins sessions up to the concurrency. |all_read|: nothing more comes for any session; |blocked|: the
 * reader waits; |in_flight|: requests under way. Returns how many were begun above the concurrency. */
uint64_t closed_loop_fill(struct closed_loop *loop, bool all_read, bool blocked, uint64_t in_flight);

#endif
