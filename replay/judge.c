#include "replay/judge.h"

#include "common/unreplayable.h"

enum unsent_reason judge_exchange(const struct exchange *exchange)
{
    static const enum unsent_reason reasons[UNREPLAYABLE_COUNT] = {
#define X(name, text) [UNREPLAYABLE_##name] = UNSENT_##name,
        UNREPLAYABLE_REASONS(X)
#undef X
    };
    return reasons[unreplayable_judge(exchange)];
}
