/* The verb pseudonym; see rehearse-pseudonym(1). */
#ifndef FILTERS_VERBS_PSEUDONYM_VERB_H
#define FILTERS_VERBS_PSEUDONYM_VERB_H

/* Runs the verb; argv[0] is its name. Returns the exit status. */
int verb_pseudonym(int argc, char **argv);

#endif
