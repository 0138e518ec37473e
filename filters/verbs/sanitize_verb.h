/* The verb sanitize; see rehearse-sanitize(1). */
#ifndef FILTERS_VERBS_SANITIZE_VERB_H
#define FILTERS_VERBS_SANITIZE_VERB_H

/* Runs the verb; argv[0] is its name. Returns the exit status. */
int verb_sanitize(int argc, char **argv);

#endif
