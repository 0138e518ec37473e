/* What contents are compared with: the policy and the key of the traffic. */
#ifndef REPLAY_COMPARING_H
#define REPLAY_COMPARING_H

#include "common/error.h"
#include "common/segment/segment.h"
#include "replay/content.h"

/* Zero-initialised is empty. */
struct comparing {
    struct content_settings settings; /* borrows from here, and from the header */
    struct policy *policy;            /* of the header; NULL: the built-in one */
    struct keys *keys;
};

/* Makes |comparing| fit traffic with |header| (borrowed while it lives), with the key of |key_file|, or without where that is NULL.
 * Fails where it is another key, or where the header's policy cannot be read: nothing is then looked at. */
int comparing_init(struct comparing *comparing, const struct segment_header *header, const char *key_file,
                   struct error *err);
void comparing_done(struct comparing *comparing);

#endif
