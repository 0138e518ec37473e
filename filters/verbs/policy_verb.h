/* The verb `rehearse policy`. */
#ifndef FILTERS_VERBS_POLICY_VERB_H
#define FILTERS_VERBS_POLICY_VERB_H

/* Runs the verb on its own argv (argv[0] is "policy"). Returns the exit status. */
int verb_policy(int argc, char **argv);

#endif
