/* The survey: where several threads fire, it reads the metadata of all traffic once, before the run, and knows then which
 * sessions hang together by links or connections: a link group belongs to one thread for its life. */
#ifndef REPLAY_SURVEY_H
#define REPLAY_SURVEY_H

#include "common/segment/merge.h"
#include "filters/session.h"
#include "replay/judge.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct survey;

struct survey_options {
    enum session_mode mode;
    const char *session_name;          /* cookie or header; else NULL */
    const struct judge_wishes *wishes; /* or NULL */
    const char *methods;               /* --methods, or NULL */
    bool pooled;                       /* connections do not tie sessions together */
    unsigned threads;                  /* above 1 */
};

/* Reads |merge| to its end and rewinds it. Returns owned. Past a million sessions, connections or values the
 * rest is not told apart (thread 0), and counted. */
struct survey *survey_make(struct merge *merge, const struct survey_options *options);
void survey_free(struct survey *survey);

/* Returns the thread that |session| belongs to; groups are given to the thread with the least to do. */
unsigned survey_thread(struct survey *survey, uint64_t session);

uint64_t survey_overflow(const struct survey *survey);

/* Returns whether |methods| ("GET,HEAD", or NULL: all) lists the method of |exchange|. */
bool survey_method_listed(const char *methods, const struct exchange *exchange);

#endif
