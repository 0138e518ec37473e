/* A spot in JSON: the way of member names and element numbers that leads to a scalar, as one number, by which the same spot is found in another
 * document. Views into the text, which need not be valid as a whole. Linear; depth is bounded. */
#ifndef REPLAY_STATE_JSON_SPOT_H
#define REPLAY_STATE_JSON_SPOT_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_SPOT_DEPTH_MAX 64

/* Returns the spot of the string (whose quote), number or literal stands at |offset|; 0 where none does. */
uint64_t json_spot_at(struct bytes json, size_t offset);
/* Returns the spot that a path like $.user.tokens[0].value leads to, names as they stand in the text; 0 where |path| is none. */
uint64_t json_spot_of_path(struct bytes path);
/* Finds the scalar at |spot|: a string without its quotes, as it stands. */
bool json_spot_find(struct bytes json, uint64_t spot, struct bytes *ret_value);
/* Calls |fn| for each scalar, in order: strings without their quotes; |name| is that of the member that it, or the array around it, is in. */
typedef void json_spot_fn(void *arg, struct bytes name, struct bytes value);
void json_spot_each(struct bytes json, json_spot_fn *fn, void *arg);

#endif
