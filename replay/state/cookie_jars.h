/* What a target said of each session: the cookies that it set, by name, and whether it gave a credential out. One thread. */
#ifndef REPLAY_STATE_COOKIE_JARS_H
#define REPLAY_STATE_COOKIE_JARS_H

#include "common/buffer.h"
#include "common/keymap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cookie_jars;

/* Returns jars for at most |limit| sessions (0: 1,000,000), the oldest of which are forgotten first; a session has at most 64 cookies. */
struct cookie_jars *cookie_jars_create(size_t limit);
/* Accepts NULL. */
void cookie_jars_free(struct cookie_jars *jars);

/* Sets a cookie of |session|. One without a name, longer than 16 KiB or with control characters is passed over. */
void cookie_jars_set(struct cookie_jars *jars, struct keymap_key session, struct bytes name,
                     struct bytes value);
/* Returns the value of a cookie, borrowed until the next change; NULL where there is none. */
const char *cookie_jars_get(const struct cookie_jars *jars, struct keymap_key session, struct bytes name);

/* Notes that |session| was given a credential. */
void cookie_jars_log_in(struct cookie_jars *jars, struct keymap_key session);
bool cookie_jars_logged_in(const struct cookie_jars *jars, struct keymap_key session);

/* Returns a number that grows with each change of what cookie_jars_get returns for |session|. */
uint64_t cookie_jars_version(const struct cookie_jars *jars, struct keymap_key session);
/* Returns how many sessions were forgotten for want of room. */
uint64_t cookie_jars_forgotten(const struct cookie_jars *jars);

#endif
