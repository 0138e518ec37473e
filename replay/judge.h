/* Whether a recorded exchange can be fired truthfully. Needs the metadata only. Pure. */
#ifndef REPLAY_JUDGE_H
#define REPLAY_JUDGE_H

#include "common/exchange.h"
#include "replay/result.h"

/* Returns UNSENT_NONE where |exchange| can be fired, else why not: it was upgraded or asked for it, opened a
 * tunnel, the recording lacks part of it, or its framing was such that bytes made from what is kept would be
 * another request. */
enum unsent_reason judge_exchange(const struct exchange *exchange);

#endif
