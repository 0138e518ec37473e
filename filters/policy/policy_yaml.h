/* Policies in YAML, the language of rehearse-policy(5). */
#ifndef FILTERS_POLICY_POLICY_YAML_H
#define FILTERS_POLICY_POLICY_YAML_H

#include "common/error.h"
#include "filters/policy/policy.h"

#define POLICY_FILE_MAX (1u << 20)

/* Compiles |text|; |file| is what messages call it. On failure |err| has file, line and a hint. */
int policy_yaml_read(const char *file, struct bytes text, struct policy **ret_policy, struct error *err);
/* Reads the file |path|, likewise. */
int policy_load(const char *path, struct policy **ret_policy, struct error *err);

#endif
