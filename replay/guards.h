/* Guards of a replay: firing is dangerous, so a target that is production is refused unless that is meant. */
#ifndef REPLAY_GUARDS_H
#define REPLAY_GUARDS_H

#include "common/address_range.h"
#include "common/error.h"
#include "replay/target.h"

/* Refuses (ERROR_USAGE) a |target|, resolved, one of whose addresses is among |servers|, those that the traffic was recorded from. An
 * IPv4-mapped IPv6 address is the IPv4 address. */
int guard_recorded(const struct target *target, const struct address *servers, size_t count,
                   struct error *err);

#endif
