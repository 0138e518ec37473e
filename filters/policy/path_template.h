/* Templates of URL paths: /users/{id}/orders/{order}. A segment in braces is one that a rule locates, '*' is any one segment that stays,
 * '...' at the end is any number of segments more. All others are compared decoded, byte for byte. */
#ifndef FILTERS_POLICY_PATH_TEMPLATE_H
#define FILTERS_POLICY_PATH_TEMPLATE_H

#include "common/buffer.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

#define PATH_TEMPLATES_MAX 128
#define PATH_SEGMENTS_MAX  64

struct path_template {
    struct bytes text; /* borrowed */
    uint16_t id;
};

/* Zero-initialised is empty. */
struct path_templates {
    struct path_template items[PATH_TEMPLATES_MAX];
    size_t count;
};

/* Adds the template |text|, borrowed for the set's life, as |id|. On failure |err| says what is wrong. */
int path_templates_add(struct path_templates *templates, struct bytes text, uint16_t id, struct error *err);
/* Returns the id of a template that locates all that |text|, which can be added, would; 0 where none does by itself. */
uint16_t path_templates_covering(const struct path_templates *templates, struct bytes text);
/* Gives the id of the first template that locates each segment of |path|, 0 where there is none, to |ret_ids|, |max| at most. Returns whether
 * there is any. */
bool path_templates_match(const struct path_templates *templates, struct bytes path, size_t max,
                          uint16_t *ret_ids);

#endif
