/* The verb capture; see rehearse-capture(1). */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

/* Runs the verb; argv[0] is its name. Returns the exit status. */
int verb_capture(int argc, char **argv);

#endif
