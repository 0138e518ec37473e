/* Ids under names that say nothing of them ("order": "ord-17b", "?ids=ord-17b,ord-18c", a query of GraphQL): what in the strings and numbers of JSON and in the values of
 * queries and forms may be a strong one. Whether it is one, who asks must know. Names of members and what begins as a URL are passed over, and numbers
 * that are short enough to be an amount. Pure; views. */
#ifndef REPLAY_STATE_ID_VALUES_H
#define REPLAY_STATE_ID_VALUES_H

#include "common/buffer.h"

#include <stdbool.h>

/* Takes what may be an id; |bare|: a number of JSON, not in quotes. */
typedef void id_values_fn(void *arg, struct bytes token, bool bare);

void id_values_in_json(struct bytes json, id_values_fn *take, void *arg);
/* The same of name=value pairs, percent-coded. */
void id_values_in_pairs(struct bytes pairs, id_values_fn *take, void *arg);

#endif
