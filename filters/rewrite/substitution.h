/* An expression s#PATTERN#REPLACEMENT#FLAGS, as of sed: PCRE2 over bytes, with groups and limits. */
#ifndef FILTERS_REWRITE_SUBSTITUTION_H
#define FILTERS_REWRITE_SUBSTITUTION_H

#include "common/buffer.h"
#include "common/error.h"

#define SUBSTITUTION_TEXT_MAX   4096
#define SUBSTITUTION_OUTPUT_MAX ((size_t)64 << 10) /* longer values are given up */
#define SUBSTITUTION_TIMES_MAX  1000               /* with flag g, in one value */

/* Holds what matching needs, too: one thread at a time. */
struct substitution;

enum substitution_verdict {
    SUBSTITUTION_NONE, /* the pattern is not there */
    SUBSTITUTION_DONE,
    SUBSTITUTION_GAVE_UP, /* a limit was hit: on steps, memory, times or output */
};

/* Parses |text| (copied). Any ASCII punctuation but '\' separates; a '\' before it makes it plain. In the replacement $1, \1, ${12} and
 * ${name} stand for groups, $0 for all that matched, $$ and \\ for themselves. Flags: g (all matches, not only the first), i (without case).
 * On failure |err| says what is wrong and at which character of |text|; the text itself is not in it. */
int substitution_parse(struct bytes text, struct substitution **ret_substitution, struct error *err);
/* NULL is allowed. */
void substitution_free(struct substitution *substitution);
/* Finds the first of |bytes| in the plain parts of the replacement. Returns its place in the expression, counted from 1; 0: none. */
size_t substitution_holds(const struct substitution *substitution, const char *bytes);
/* Appends |subject| with what matches replaced; nothing unless SUBSTITUTION_DONE. */
enum substitution_verdict substitution_apply(struct substitution *substitution, struct bytes subject,
                                             struct buffer *out);

#endif
