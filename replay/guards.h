/* Guards of a replay: firing is dangerous, so a target that is production is refused unless that is meant. All of a target's addresses
 * count; an IPv4-mapped IPv6 address is the IPv4 address. */
#ifndef REPLAY_GUARDS_H
#define REPLAY_GUARDS_H

#include "common/exchange.h"
#include "common/options.h"
#include "replay/target.h"

/* Refuses (ERROR_USAGE) a |target|, resolved, one of whose addresses is |server|, which the traffic was recorded from. */
int guard_recorded(const struct target *target, const struct address *server, struct error *err);
/* Refuses (ERROR_USAGE) a |target|, resolved, that is called production: |names| are addresses, networks, both with or without a port, and
 * names of hosts. A name is compared with the target's, and resolved: one that cannot be is an error, since nothing could be said of it. */
int guard_production(const struct target *target, const struct option_texts *names, struct error *err);

#endif
