/* The option --select of a verb. */
#ifndef COMMON_SELECT_OPTION_H
#define COMMON_SELECT_OPTION_H

#include "common/select.h"

/* Compiles |text|, the value of --|option|. Where it is wrong, says so on standard error: what is wrong, the
 * expression, and the place in it, marked. Returns 0, or -1: the verb ends with exit status 2. */
int select_option(const char *option, const char *text, struct select **ret_select);

#endif
