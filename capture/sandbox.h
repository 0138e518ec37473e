/* Giving up rights: what a process that reads packets may still do once everything is open. */
#ifndef CAPTURE_SANDBOX_H
#define CAPTURE_SANDBOX_H

#include "common/error.h"

#include <stdbool.h>

#define SANDBOX_WRITE_FDS_MAX 3

/* What stays possible in the sandbox. Writing to a packet socket would send what is written: write(2) goes nowhere but to |write_fds|, and to
 * standard output and error. Segments are written by pwritev(2), which sockets refuse. */
struct sandbox_needs {
    const char *folder;                   /* files below it; NULL: none */
    int write_fds[SANDBOX_WRITE_FDS_MAX]; /* -1: none */
};

/* Becomes |user| (a name; NULL: stays who it is) for good, with that user's groups, and empties the capability bounding set. */
int sandbox_become(const char *user, struct error *err);
/* For the parent of a live capture: as sandbox_become, but keeps CAP_NET_RAW, and no other capability. */
int sandbox_keep_raw_sockets(const char *user, struct error *err);
/* Where root records into |folder| of somebody else, becomes its owner, for good: without capabilities root may not write there. Sets |ret_became| to
 * whether that was so. */
int sandbox_become_owner(const char *folder, bool *ret_became, struct error *err);
/* Locks the process in, before it starts a thread: no capability in any set, no_new_privs, no core dump, no file but those under |needs->folder| (NULL:
 * none; Landlock, where the kernel has it) and those that are open, and only the system calls that recording needs (seccomp: anything else
 * fails with EPERM). Builds with a sanitizer or for coverage leave out what their runtime needs: Landlock, seccomp and the ban on being traced. */
int sandbox_enter(const struct sandbox_needs *needs, struct error *err);
/* Tries what the sandbox must refuse, one line each on standard output: "execve EPERM". For tests. */
void sandbox_try(void);

#endif
