/* The verb inspect; see rehearse-inspect(1). */
#ifndef FILTERS_VERBS_INSPECT_H
#define FILTERS_VERBS_INSPECT_H

/* Runs the verb; argv[0] is its name. Returns the exit status. */
int verb_inspect(int argc, char **argv);

#endif
