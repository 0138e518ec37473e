/* A set of values that remembers keyed hashes and no value. What comes when it is full is not remembered. */
#ifndef FILTERS_VALUE_SET_H
#define FILTERS_VALUE_SET_H

#include "common/buffer.h"

#include <stdbool.h>

#define VALUE_SET_MAX (1u << 20)

struct value_set;

/* Returns an owned, empty set. */
struct value_set *value_set_create(void);
/* Frees; NULL is allowed. */
void value_set_free(struct value_set *set);
/* Empties; takes time in what was put in. */
void value_set_clear(struct value_set *set);
/* Puts |value| in. Returns whether it is new. */
bool value_set_add(struct value_set *set, struct bytes value);
/* Returns whether |value| is in. */
bool value_set_has(const struct value_set *set, struct bytes value);

#endif
