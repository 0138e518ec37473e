/* Tells when something about the machine's interfaces may have changed, and what one of them is now. Needs no privilege. */
#ifndef CAPTURE_LIVE_LINK_WATCH_H
#define CAPTURE_LIVE_LINK_WATCH_H

#include "common/error.h"

#include <stdbool.h>

/* An interface at this moment. */
struct link_state {
    int index; /* 0: there is none of that name */
    bool up;
};

/* Returns in |ret_fd| an owned socket that becomes readable when an interface changes (rtnetlink(7)). */
int link_watch_open(int *ret_fd, struct error *err);
/* Reads away what the socket tells: only that something changed matters. */
void link_watch_clear(int fd);
/* Looks at |interface| through any socket |fd|. The name "any" is always there. */
struct link_state link_state_of(int fd, const char *interface);
/* Returns whether there still is an interface of this |index|, by whatever name. */
bool link_exists(int fd, int index);

#endif
