/* What can be rewritten, and to what. */
#ifndef FILTERS_REWRITE_REWRITE_CHECK_H
#define FILTERS_REWRITE_REWRITE_CHECK_H

#include "filters/rewrite/rewrite.h"
#include "filters/rewrite/substitution.h"

/* Refuses rules that name nothing, or what must not be rewritten, or whose value cannot stand where it is to. |err| says why. */
int rewrite_check(const struct rewrite_rule *rule, struct error *err);
/* Refuses replacements that never make a path, a host or a header value. |err| says at which character. */
int rewrite_check_replacement(enum rewrite_place place, const struct substitution *substitution,
                              struct error *err);

#endif
