/* The section `rewrite:` of a policy, rehearse-policy(5). */
#ifndef FILTERS_REWRITE_REWRITE_YAML_H
#define FILTERS_REWRITE_REWRITE_YAML_H

#include "filters/policy/yaml_reader.h"
#include "filters/rewrite/rewrite.h"

/* Adds the rules of |node| to |rewriter|. On failure the reader's error has file, line and what is wrong, without any value. */
int rewrite_yaml_read(struct yaml_reader *reader, yaml_node_t *node, struct rewriter *rewriter);

#endif
