/* What a verb says on standard error. Only verbs and workers log; cores never do. Control bytes and what is not
 * UTF-8 are escaped here: a message is one line that does nothing to a terminal. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

enum log_format { LOG_TEXT, LOG_JSON };

/* Sets how messages look; |quiet| leaves errors only. Call once, before threads start. */
void log_init(const char *verb, enum log_format format, bool quiet);

/* Each writes one line (or one JSON object) in one write(2). Thread-safe. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Shows progress: rewrites one line where standard error is a terminal, else prints a line at most every ten
 * seconds; nothing with quiet, and nothing where it would have to wait. Callers may call it as often as they like. One thread only. */
void log_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends a rewritten progress line, if there is one. */
void log_progress_end(void);

#endif
