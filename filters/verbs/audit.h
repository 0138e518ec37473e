/* The verb audit; see rehearse-audit(1). */
#ifndef FILTERS_VERBS_AUDIT_H
#define FILTERS_VERBS_AUDIT_H

/* Runs the verb; argv[0] is its name. Returns the exit status. */
int verb_audit(int argc, char **argv);

#endif
