/* Which sender a replay fires with, and through what: the options of that, and what goes together. */
#ifndef REPLAY_SENDING_H
#define REPLAY_SENDING_H

#include "common/error.h"
#include "replay/proxy.h"
#include "replay/run.h"
#include "replay/sender/deviations.h"
#include "replay/sender/sender.h"
#include "replay/target.h"

#include <stdbool.h>

enum sending_choice { SENDING_AUTO, SENDING_HTTP1, SENDING_CURL };

/* What the command line says; texts are borrowed from it. Zero-initialised is the default. */
struct sending {
    int choice; /* enum sending_choice; never AUTO once checked */
    bool http2, prior;
    const char *proxy_url, *cert_file, *key_file;
    struct proxy *proxy; /* owned, made by sending_check; NULL: none */
};

/* Checks what goes together, for |target| (which is parsed), and chooses the sender. Returns 0, or -1 with |err| (usage). */
int sending_check(struct sending *sending, const struct target *target, struct error *err);
/* Resolves |target| and the proxy. A target that a proxy is to resolve need not be known here: that is warned of, since then its
 * addresses cannot be guarded. Returns 0, or -1 with |err|. */
int sending_resolve(const struct sending *sending, struct target *target, struct error *err);
/* Puts into |settings| what the sender is to be told; returns its operations. |sending| may be NULL: the default. */
const struct sender_ops *sending_fill(const struct sending *sending, struct sender_settings *settings);
/* Returns owned words that say what fires, without user or password. */
char *sending_describe(const struct sending *sending);
/* Adds to |info| which of |deviations| happened. */
void sending_note(const struct sending *sending, struct deviations *deviations, struct run_info *info);
void sending_done(struct sending *sending);

#endif
