/* The verb replay; see rehearse-replay(1). */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

/* Runs the verb; argv[0] is its name. Returns the exit status. */
int verb_replay(int argc, char **argv);

#endif
