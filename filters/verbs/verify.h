/* The verb verify; see rehearse-verify(1). */
#ifndef FILTERS_VERBS_VERIFY_H
#define FILTERS_VERBS_VERIFY_H

/* Runs the verb; argv[0] is its name. Returns the exit status. */
int verb_verify(int argc, char **argv);

#endif
