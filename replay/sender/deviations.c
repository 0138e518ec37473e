#include "replay/sender/deviations.h"

const char *deviation_name(enum deviation deviation)
{
    static const char *const names[] = {
#define X(name, text) text,
        DEVIATIONS(X)
#undef X
    };
    return names[deviation];
}
