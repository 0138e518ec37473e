/* Regular expressions (PCRE2, over bytes) with limits, so that no subject can make one run for long. */
#ifndef COMMON_PATTERN_H
#define COMMON_PATTERN_H

#include "common/buffer.h"
#include "common/error.h"

#include <stdbool.h>

/* Holds what matching needs, too: one thread at a time. */
struct pattern;

enum pattern_verdict {
    PATTERN_NO,
    PATTERN_YES,
    PATTERN_GAVE_UP, /* a limit on steps or memory was hit */
};

/* Compiles |text| (syntax of pcre2pattern(3), without UTF), translated to machine code where the system allows
 * it. |any_case|: letters match without case. On failure |ret_offset| is the place in |text|; |err| says what
 * is wrong there. */
int pattern_compile(struct bytes text, bool any_case, struct pattern **ret_pattern, size_t *ret_offset,
                    struct error *err);
/* Looks for the pattern anywhere in |subject|. Allocates nothing once warm. */
enum pattern_verdict pattern_find(struct pattern *pattern, struct bytes subject);
/* As pattern_find from |from| (at most the size) on; what stands before is context: '^' does not match there. */
enum pattern_verdict pattern_find_from(struct pattern *pattern, struct bytes subject, size_t from);
/* Returns how many groups the pattern has, the whole not counted, and the number of the one called |name|, 0 where there is none. */
unsigned pattern_group_count(const struct pattern *pattern);
unsigned pattern_group_named(const struct pattern *pattern, const char *name);
/* Tells where |group| (0: the whole) stands in the subject of the last PATTERN_YES. Returns false where it took no part. \K in a
 * lookahead can put the start behind the end. */
bool pattern_group(const struct pattern *pattern, unsigned group, size_t *ret_start, size_t *ret_end);
/* NULL is allowed. */
void pattern_free(struct pattern *pattern);

#endif
