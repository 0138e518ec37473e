/* The rules of the built-in policy, as data. */
#ifndef FILTERS_POLICY_TABLES_H
#define FILTERS_POLICY_TABLES_H

#include "filters/policy/policy.h"

/* Names of one kind, separated by blanks, as keys (letters and digits, lower case). */
struct policy_names {
    const char *title;
    enum policy_class class;
    unsigned places;         /* policy_place bits */
    bool stem;               /* found anywhere in a name */
    bool scalar_only;        /* not for everything inside an object or array */
    enum policy_shape shape; /* headers */
    const char *names;
};

extern const struct policy_names policy_tables[];
extern const size_t policy_tables_count;

#endif
