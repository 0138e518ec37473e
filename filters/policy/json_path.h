/* Paths to values in JSON, a subset of RFC 9535: $.user.email, $['user'], $.items[*].id, $.items[0], $.*, $..email. Member names are
 * compared as they are, byte for byte. Many paths are matched side by side while a document is read: a set of states,
 * a bit each, says which step of which path comes next. */
#ifndef FILTERS_POLICY_JSON_PATH_H
#define FILTERS_POLICY_JSON_PATH_H

#include "common/buffer.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

#define JSON_PATH_STATES 64 /* steps of all paths together */

enum json_step_kind { JSON_STEP_NAME, JSON_STEP_INDEX, JSON_STEP_ANY };

struct json_step {
    enum json_step_kind kind;
    bool descends;     /* ".." before it: holds at any depth */
    bool last;         /* the path ends here */
    struct bytes name; /* borrowed from the path's text, or decoded */
    uint64_t index;
    uint16_t id; /* of the path */
};

/* Zero-initialised is empty. */
struct json_paths {
    struct json_step steps[JSON_PATH_STATES];
    size_t count;
    uint64_t roots; /* first steps */
};

/* Adds the path |text|, borrowed for the set's life, as |id|. Ids ascend. On failure |err| says what is wrong and where. */
int json_paths_add(struct json_paths *paths, struct bytes text, uint16_t id, struct error *err);
/* Returns the name where |text| is a path of the form $..name, which is a rule on a name; else an empty one. */
struct bytes json_path_name_only(struct bytes text);
/* Is told of each step of a path in turn; with |last| of its last one. Returns whether to go on. */
typedef bool json_step_fn(void *arg, const struct json_step *step, bool last);
/* Tells |tell| of the steps of the path |text|, up to the first that holds at any depth. */
void json_path_tell(struct bytes text, json_step_fn *tell, void *arg);
/* Steps to whatever |value|, a step of a path, leads to, in the same way. */
uint64_t json_paths_step(const struct json_paths *paths, uint64_t states, const struct json_step *value,
                         uint16_t *ret_id);
/* Steps into a member or an element. |ret_id| becomes the lowest id of a path that ends there, where there is one. */
uint64_t json_paths_member(const struct json_paths *paths, uint64_t states, struct bytes name,
                           uint16_t *ret_id);
uint64_t json_paths_element(const struct json_paths *paths, uint64_t states, uint64_t index,
                            uint16_t *ret_id);

#endif
