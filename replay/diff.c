#include "replay/diff.h"

static int badness(uint16_t status)
{
    if ((status >= 100 && status < 300) || status == 304)
        return 0;
    if (status >= 300 && status < 400)
        return 1;
    return status >= 400 && status < 500 ? 2 : 3;
}

enum diff diff_classify(const struct result *result)
{
    if (result->outcome == RESULT_UNREPLAYABLE || result->outcome == RESULT_NOT_SENT)
        return DIFF_NOT_FIRED;
    if (result->flags & RESULT_FLAG(FILLED))
        return DIFF_FILLED;
    if (result->original_status == 0)
        return DIFF_NO_ORIGINAL;
    if (result->outcome == RESULT_FAILED)
        return DIFF_FAILED;
    if (result->flags & RESULT_FLAG(CREDENTIALS_UNKNOWN))
        return DIFF_CREDENTIALS;
    if (result->status == result->original_status || (result->flags & RESULT_FLAG(CONDITIONAL_EQUAL)))
        return DIFF_SAME;
    int original = badness(result->original_status), replayed = badness(result->status);
    if (replayed != original)
        return replayed > original ? DIFF_WORSE : DIFF_BETTER;
    return DIFF_CHANGED;
}

bool diff_is_pair(enum diff diff)
{
    return diff <= DIFF_FAILED;
}

bool diff_is_worse(enum diff diff)
{
    return diff == DIFF_WORSE || diff == DIFF_FAILED;
}

bool diff_is_comparable(enum diff diff)
{
    return diff == DIFF_SAME || diff == DIFF_CHANGED;
}
