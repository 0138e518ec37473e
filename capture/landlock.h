/* Landlock (landlock(7)): which files a process may open. The C library has no wrapper for it, and distributions' headers are older than their
 * kernels. */
#ifndef CAPTURE_LANDLOCK_H
#define CAPTURE_LANDLOCK_H

#include "common/error.h"

/* Confines this thread and those that it will start to files under |folder| (NULL: none); what is open stays open. Opening TCP connections and
 * signals to other processes are ruled out as well where the kernel can. Where it has no Landlock nothing happens. Needs no_new_privs. */
int landlock_confine(const char *folder, struct error *err);

#endif
