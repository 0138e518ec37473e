/* Created resources: where a recorded request created something (201 with Location) and the target's copy of it got
 * another place, later requests for the recorded place go to the target's.
 *
 * The unit is the path of Location, not the id alone: "/orders/17" becomes "/orders/94", and so does the beginning of
 * "/orders/17/lines?x=1", but "/items/17" is another thing. The longest known path wins. Pure; one thread. */
#ifndef REPLAY_CREATED_H
#define REPLAY_CREATED_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct created;

/* Returns owned state. |base_path| (copied, "" for none, no slash at its end) is what the target's paths begin with and the
 * recorded ones do not. At most |limit| places are remembered (0: 1,000,000), the oldest are
 * forgotten first. */
struct created *created_create(const char *base_path, size_t limit);
void created_free(struct created *created);

/* Finds what a recorded response says was created, and where it is by what the target answered to the same request; both as heads, what is
 * returned borrowed from them. Returns false unless both are 201 with a Location whose path is absolute, or an http(s) URL with one. */
bool created_locations(const struct created *created, struct bytes recorded_head, struct bytes actual_head,
                       struct bytes *ret_recorded, struct bytes *ret_actual);

/* Learns that in |iteration| |recorded| is |actual| at the target; of two told for the same place the later one counts. */
void created_add(struct created *created, uint32_t iteration, struct bytes recorded, struct bytes actual);
/* Finds what was created as |recorded| and nothing else. */
bool created_exact(const struct created *created, uint32_t iteration, struct bytes recorded,
                   struct bytes *ret_actual);
/* Finds the created place that request |target| (origin form) names at its front, |ret_size| bytes of it, and where that is at the target, borrowed.
 * Returns false where it names none that moved in |iteration|. */
bool created_find(const struct created *created, uint32_t iteration, struct bytes target, size_t *ret_size,
                  struct bytes *ret_actual);

/* Returns whether any place is known. */
bool created_any(const struct created *created);

/* Returns how many places were forgotten for want of room. */
uint64_t created_forgotten(const struct created *created);

#endif
