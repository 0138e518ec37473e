#include "filters/verbs/pseudonym_verb.h"

int verb_pseudonym(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 3;
}
