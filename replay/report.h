/* The verb report; see rehearse-report(1). */
#ifndef REPLAY_REPORT_H
#define REPLAY_REPORT_H

/* Runs the verb; argv[0] is its name. Returns the exit status. */
int verb_report(int argc, char **argv);

#endif
