/* The one way a failure of the environment (file, network, configuration) travels up to the verb that reports
 * it. */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

/* What kind of failure it is; decides the exit status (see error_exit_status). */
enum error_kind {
    ERROR_NONE = 0,
    ERROR_USAGE, /* wrong flag, configuration or policy: exit status 2 */
    ERROR_IO,    /* file, network or run-time failure: exit status 3 */
    ERROR_DATA,  /* a file of ours is damaged: exit status 3, or 1 where the verb is a check */
};

/* A failure with its text: one line, no trailing newline, says what to do where that is known. Plain value;
 * zero it. */
struct error {
    enum error_kind kind;
    char text[512];
};

/* Sets |err| (may be NULL) to |kind| and a printf text, replacing what it held. Always returns -1. */
int error_set(struct error *err, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set, appending ": " and strerror(|errnum|). Always returns -1. */
int error_set_errno(struct error *err, enum error_kind kind, int errnum, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts a printf text and ": " before the text that |err| (may be NULL) holds; the kind stays. Always returns
 * -1. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Returns the exit status of CLI.md for |err|: 2 for usage, 3 for everything else. */
int error_exit_status(const struct error *err);

#endif
