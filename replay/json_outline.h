/* What a JSON document holds, as hashes, to be compared with those of another: its shape (which members there are, of which types, those
 * of all elements of an array together) and its values, the sensitive ones apart. A core; memory is bounded. */
#ifndef REPLAY_JSON_OUTLINE_H
#define REPLAY_JSON_OUTLINE_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_OUTLINE_DEPTH_MAX  64
#define JSON_OUTLINE_VALUES_MAX 200000

enum json_outline_part { JSON_OUTLINE_SHAPE, JSON_OUTLINE_VALUES, JSON_OUTLINE_SENSITIVE };
#define JSON_OUTLINE_PARTS 3

/* Zero-initialised is empty; reused. */
struct json_outline {
    struct {
        uint64_t *items;
        size_t count, capacity;
    } parts[JSON_OUTLINE_PARTS];
    struct buffer plain; /* scratch */
};

/* What a string is taken for. */
enum json_outline_value {
    JSON_OUTLINE_PLAIN,
    JSON_OUTLINE_IS_SENSITIVE, /* told by its value */
    JSON_OUTLINE_PRESENT,      /* sensitive, and told by its place alone, among the values */
};
typedef enum json_outline_value json_outline_fn(void *arg, struct bytes value);

/* Makes |outline| that of |text|, any number of JSON values. |judge| tells of each string (decoded, not of names). Returns false where it
 * is no JSON, or over a limit. */
bool json_outline_take(struct json_outline *outline, struct bytes text, json_outline_fn *judge, void *arg);
/* Returns whether both are the same in |part|. */
bool json_outline_same(const struct json_outline *a, const struct json_outline *b,
                       enum json_outline_part part);
void json_outline_free(struct json_outline *outline);

#endif
