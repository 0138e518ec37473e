/* The command line of a verb, from one table: parsing, environment, configuration file and help text.
 *
 * A setting comes from the flag, else the environment (REHEARSE_ and the name in capitals, '-' as '_'), else
 * the file of
 * --config (YAML: `name: value`, or the same below a key with the verb's name), else what the caller put into
 * the settings struct beforehand. Every verb also gets --help, --quiet, --log-format and --config. */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>

enum option_type {
    OPTION_FLAG,     /* bool */
    OPTION_TEXT,     /* const char * */
    OPTION_TEXTS,    /* struct option_texts; repeatable */
    OPTION_DURATION, /* uint64_t, nanoseconds */
    OPTION_SIZE,     /* uint64_t, bytes */
    OPTION_COUNT,    /* uint64_t */
    OPTION_NUMBER,   /* double */
    OPTION_PERCENT,  /* double, 0 to 100 */
    OPTION_CHOICE,   /* int: index into the '|'-separated words of |value| */
};

/* Values of a repeatable option, in order. The strings are borrowed from the spec's lifetime (argv,
 * environment) or owned by the process for its life (configuration file). */
struct option_texts {
    const char **items;
    size_t count;
};

/* One option. */
struct option_spec {
    const char *name; /* long name without dashes */
    char letter;      /* short form, or 0 */
    enum option_type type;
    const char *value; /* what the help shows for the value; for OPTION_CHOICE its words; NULL for a flag */
    const char *help;  /* one line; a second line after \n is indented */
    size_t offset;     /* of the member in the settings struct */
};

/* A verb's command line. */
struct options_spec {
    const char *verb;
    const char *summary;   /* one line: what the verb does */
    const char *arguments; /* what follows the options in the usage line, e.g. "TRAFFIC", or "" */
    size_t arguments_min;
    size_t arguments_max;
    const char *examples; /* complete lines, each with its newline */
    const struct option_spec *options;
    size_t option_count;
};

enum options_result {
    OPTIONS_RUN,  /* go on */
    OPTIONS_DONE, /* help was printed: exit status 0 */
    OPTIONS_FAIL, /* |err| says why: exit status 2 */
};

/* Parses |argv| (argv[0] is the verb) into |settings| as |spec| says and initialises the log. |ret_arguments|
 * receives the operands, borrowed from argv. */
enum options_result options_parse(const struct options_spec *spec, int argc, char **argv, void *settings,
                                  struct option_texts *ret_arguments, struct error *err);

/* How a verb begins: options_parse, and a failure is reported. Returns whether the verb goes on; if not, |ret_status| is
 * its exit status. */
bool options_start(const struct options_spec *spec, int argc, char **argv, void *settings,
                   struct option_texts *ret_arguments, int *ret_status);

#endif
