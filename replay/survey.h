/* The survey: where several threads fire, it looks at the metadata of what is read ahead (read_ahead.h), and knows then which sessions
 * hang together by links or connections: a link group belongs to one thread for its life.
 *
 * A group is placed when its first request is handed over. What joins two groups that are placed on different threads, because it came
 * into sight only then, leaves both where they are: what a thread learns is told to the others (linker.h), but no request waits for one
 * of another thread. So the stretch that is read ahead is to be longer than what can be under way. One thread. */
#ifndef REPLAY_SURVEY_H
#define REPLAY_SURVEY_H

#include "common/exchange.h"
#include "filters/session.h"
#include "replay/judge.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct survey;

/* Borrowed for the survey's life. */
struct survey_options {
    enum session_mode mode;
    const char *session_name;          /* cookie or header; else NULL */
    const struct judge_wishes *wishes; /* or NULL */
    const char *methods;               /* --methods, or NULL */
    bool pooled;                       /* connections do not tie sessions together */
    unsigned threads;                  /* above 1 */
};

/* Returns owned. Past a million sessions, connections or values the rest is not told apart (thread 0), and counted. */
struct survey *survey_create(const struct survey_options *options);
void survey_free(struct survey *survey);

/* Looks at the next record's |meta|, as it stands in a segment; each in order of start. One that cannot be decoded is passed over. */
void survey_look(struct survey *survey, struct bytes meta);
/* Has what follows be looked at from the beginning once more; what belongs together and where stays. */
void survey_rewind(struct survey *survey);

/* Returns the thread that |session| belongs to, from now on; groups are given to the thread with the least to do. */
unsigned survey_thread(struct survey *survey, uint64_t session);

uint64_t survey_overflow(const struct survey *survey);

/* Returns whether |methods| ("GET,HEAD", or NULL: all) lists the method of |exchange|. */
bool survey_method_listed(const char *methods, const struct exchange *exchange);

#endif
