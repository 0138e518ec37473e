/* What an operator is told when a capture ends, beside its ledger: where nothing came of it why, what was lost, what the traffic
 * holds twice. Written to standard error (common/log.h). */
#ifndef CAPTURE_ADVICE_H
#define CAPTURE_ADVICE_H

#include "capture/ledger.h"
#include "capture/recorder.h"
#include "capture/settings.h"

#include <stdbool.h>

/* Says why there may be no request in it, where there is none. |live| says that packets came from an interface. */
void advice_explain_nothing(const struct ledger *ledger, bool live);
/* Names the ports on which HTTP was seen, for a capture to which none was named. */
void advice_name_ports(const struct ledger *ledger);
/* Warns where the recording holds both sides of a proxy, and so each request twice. */
void advice_warn_of_hops(const struct recorder *recorder);
/* Says what was lost, and what to do about it. Returns 0, or 3 where it is more than --max-loss. */
int advice_judge_loss(const struct ledger *ledger, const struct capture_settings *settings);

#endif
