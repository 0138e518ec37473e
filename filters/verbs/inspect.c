#include "filters/verbs/inspect.h"

int verb_inspect(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 3;
}
