/* Giving up rights once the interface is open. */
#ifndef CAPTURE_PRIVILEGES_H
#define CAPTURE_PRIVILEGES_H

#include "common/error.h"

/* Becomes |user| (a name), with that user's groups, for good. */
int privileges_drop(const char *user, struct error *err);

#endif
