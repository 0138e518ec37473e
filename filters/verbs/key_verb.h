/* The verb `rehearse key`. */
#ifndef FILTERS_VERBS_KEY_VERB_H
#define FILTERS_VERBS_KEY_VERB_H

/* Runs the verb on its own argv (argv[0] is "key"). Returns the exit status. */
int verb_key(int argc, char **argv);

#endif
