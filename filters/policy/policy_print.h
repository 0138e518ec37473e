/* The built-in policy in the language of policy files (rehearse-policy(5)): read back it is the same policy. */
#ifndef FILTERS_POLICY_POLICY_PRINT_H
#define FILTERS_POLICY_POLICY_PRINT_H

#include "common/buffer.h"

/* Appends the text to |out|. */
void policy_print_default(struct buffer *out);

#endif
