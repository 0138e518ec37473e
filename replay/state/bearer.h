/* The bearer token of the target: from a file that is read again when it changes, or from a command that prints a token and its lifetime. The main thread keeps it
 * fresh; the threads that fire take it. A token is never printed or stored. */
#ifndef REPLAY_STATE_BEARER_H
#define REPLAY_STATE_BEARER_H

#include "common/buffer.h"
#include "common/error.h"

#include <stdint.h>

#define BEARER_TOKEN_MAX ((size_t)16 * 1024)

struct bearer;

/* Reads the token from |file|, or from what |command| (of the shell) prints; one of them is NULL. Waits for the command, 30 s at most. Returns 0 and the owned
 * bearer, or -1 with |err|. */
int bearer_open(const char *file, const char *command, struct bearer **ret_bearer, struct error *err);
/* Accepts NULL. Ends a command under way. */
void bearer_free(struct bearer *bearer);

/* Main thread, now and then: looks whether the file changed (once a second), begins the command ahead of the token's end, takes what it printed. Where that fails
 * it warns, keeps the token that is there and tries again. Never waits. */
void bearer_tick(struct bearer *bearer, uint64_t now_mono_ns);
/* Returns how often a new token was taken, and how often that failed, since the start. */
uint64_t bearer_renewals(const struct bearer *bearer);
uint64_t bearer_failures(const struct bearer *bearer);

/* Any thread: brings |value| ("Bearer TOKEN") up to date; |version| is 0 at first. Costs an atomic load where nothing changed. */
void bearer_value(struct bearer *bearer, uint64_t *version, struct buffer *value);

/* Takes the token from what a file holds, or a command printed: a line, before which "Bearer " may stand; with |ret_life_ns|, a second line may hold a lifetime ("900",
 * "15m"), or all of it is a JSON object with "access_token" (or "token") and "expires_in", in seconds. The lifetime is 0 where none is told. Returns NULL, or what is
 * wrong, without anything of the text. */
const char *bearer_parse(struct bytes text, struct buffer *ret_token, uint64_t *ret_life_ns);

#endif
