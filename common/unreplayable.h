/* Why a recorded exchange cannot be fired truthfully: a capture forecasts it, a replay goes by it. Pure. */
#ifndef COMMON_UNREPLAYABLE_H
#define COMMON_UNREPLAYABLE_H

#include "common/exchange.h"

/* name, text in ledgers */
#define UNREPLAYABLE_REASONS(X)                                                                              \
    X(NONE, "none")                                                                                          \
    X(BODY_CUT, "body_cut")                                                                                  \
    X(BODY_DROPPED, "body_dropped")                                                                          \
    X(UPGRADE, "upgrade")       /* it was upgraded, or asked for it */                                       \
    X(CONNECT, "connect")       /* it opened a tunnel */                                                     \
    X(FLAGGED, "flagged")       /* it has a defect: fired where that is asked for */                         \
    X(INCOMPLETE, "incomplete") /* the recording does not hold all of the request */                         \
    X(HEADER_WITHHELD, "header_withheld")                                                                    \
    X(DEFECT_LOST, "defect_lost") /* it has a defect of which the recording does not keep the bytes */

enum unreplayable {
#define X(name, text) UNREPLAYABLE_##name,
    UNREPLAYABLE_REASONS(X)
#undef X
        UNREPLAYABLE_COUNT
};

/* Returns UNREPLAYABLE_NONE where |exchange|, as it is recorded, can be fired; several reasons: the one that nothing helps against. Looks
 * at the metadata only. */
enum unreplayable unreplayable_judge(const struct exchange *exchange);
/* Returns whether |exchange| has one of the defects that make it FLAGGED. */
bool unreplayable_is_flagged(const struct exchange *exchange);

#endif
