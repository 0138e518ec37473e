#include "common/options.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/units.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define OPTIONS_MAX 64
#define FIRST_CODE  1000 /* above every letter */

/* What every verb has besides its own table. */
struct common_settings {
    bool help;
    bool quiet;
    int log_format;
    const char *config;
};

static const struct option_spec common_options[] = {
    {"config", 0, OPTION_TEXT, "FILE", "settings in YAML: `name: value`, or below a key with the verb's name",
     offsetof(struct common_settings, config)},
    {"log-format", 0, OPTION_CHOICE, "text|json", "how messages on standard error look",
     offsetof(struct common_settings, log_format)},
    {"quiet", 'q', OPTION_FLAG, NULL, "say nothing on standard error but errors",
     offsetof(struct common_settings, quiet)},
    {"help", 'h', OPTION_FLAG, NULL, "print this help", offsetof(struct common_settings, help)},
};
#define COMMON_COUNT (sizeof common_options / sizeof common_options[0])

/* One option of the running parse: its spec, where it stores, and whether a stronger source has set it. */
struct slot {
    const struct option_spec *spec;
    void *member;
    bool set;
};

struct parse {
    const struct options_spec *spec;
    struct slot slots[OPTIONS_MAX];
    size_t count;
    struct common_settings common;
};

/* What options own for the life of the process: lists and strings of the configuration file. */
static struct kept {
    struct kept *next;
    void *memory;
} * kept_first;

static void *keep(void *memory)
{
    struct kept *entry = xmalloc(sizeof *entry);
    *entry = (struct kept){.next = kept_first, .memory = memory};
    kept_first = entry;
    return memory;
}

/* Appends to a list whose room is the next power of two. */
static void append_text(struct option_texts *list, const char *text)
{
    if ((list->count & (list->count - 1)) == 0) {
        const char **larger = keep(xcalloc(list->count ? list->count * 2 : 1, sizeof *larger));
        if (list->count)
            memcpy(larger, list->items, list->count * sizeof *larger);
        list->items = larger;
    }
    list->items[list->count++] = text;
}

static int store_choice(const struct slot *slot, const char *text, const char *source, struct error *err)
{
    const char *word = slot->spec->value;
    for (int index = 0;; index++) {
        size_t length = strcspn(word, "|");
        if (strlen(text) == length && strncmp(word, text, length) == 0) {
            *(int *)slot->member = index;
            return 0;
        }
        if (!word[length])
            return error_set(err, ERROR_USAGE, "%s: '%s' is not one of %s", source, text, slot->spec->value);
        word += length + 1;
    }
}

static int store_flag(const struct slot *slot, const char *text, const char *source, struct error *err)
{
    if (!text || strcmp(text, "true") == 0 || strcmp(text, "1") == 0 || strcmp(text, "yes") == 0)
        *(bool *)slot->member = true;
    else if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0 || strcmp(text, "no") == 0)
        *(bool *)slot->member = false;
    else
        return error_set(err, ERROR_USAGE, "%s: '%s' is neither true nor false", source, text);
    return 0;
}

static int store(struct slot *slot, const char *text, const char *source, struct error *err)
{
    const char *wanted = NULL;
    switch (slot->spec->type) {
    case OPTION_FLAG:
        return store_flag(slot, text, source, err);
    case OPTION_CHOICE:
        return store_choice(slot, text, source, err);
    case OPTION_TEXT:
        *(const char **)slot->member = text;
        return 0;
    case OPTION_TEXTS:
        append_text(slot->member, text);
        return 0;
    case OPTION_DURATION:
        wanted = units_parse_duration(text, slot->member) ? NULL : "a time such as 250ms, 30s or 5m";
        break;
    case OPTION_SIZE:
        wanted = units_parse_size(text, slot->member) ? NULL : "a size such as 4096, 64K or 1M";
        break;
    case OPTION_COUNT:
        wanted = units_parse_count(text, slot->member) ? NULL : "a whole number";
        break;
    case OPTION_NUMBER:
        wanted = units_parse_number(text, slot->member) ? NULL : "a number of 0 or more";
        break;
    case OPTION_PERCENT:
        wanted = units_parse_percent(text, slot->member) ? NULL : "a percentage from 0% to 100%";
        break;
    }
    return wanted ? error_set(err, ERROR_USAGE, "%s: '%s' is not %s", source, text, wanted) : 0;
}

static void add_slots(struct parse *parse, const struct option_spec *specs, size_t count, void *settings)
{
    for (size_t i = 0; i < count && parse->count < OPTIONS_MAX; i++)
        parse->slots[parse->count++] =
            (struct slot){.spec = &specs[i], .member = (char *)settings + specs[i].offset};
}

static void print_option(const struct option_spec *option)
{
    char left[64];
    int used = option->letter ? snprintf(left, sizeof left, "  -%c, --%s", option->letter, option->name)
                              : snprintf(left, sizeof left, "      --%s", option->name);
    if (option->value)
        snprintf(left + used, sizeof left - (size_t)used, " %s", option->value);
    const char *help = option->help;
    size_t first = strcspn(help, "\n");
    if (strlen(left) > 30)
        printf("%s\n%-31s %.*s\n", left, "", (int)first, help);
    else
        printf("%-31s %.*s\n", left, (int)first, help);
    if (help[first])
        printf("%-31s %s\n", "", help + first + 1);
}

static void print_help(const struct options_spec *spec)
{
    printf("rehearse %s: %s\n\nUsage:\n  rehearse %s [options]%s%s\n\nOptions:\n", spec->verb, spec->summary,
           spec->verb, spec->arguments[0] ? " " : "", spec->arguments);
    for (size_t i = 0; i < spec->option_count; i++)
        print_option(&spec->options[i]);
    for (size_t i = 0; i < COMMON_COUNT; i++)
        print_option(&common_options[i]);
    printf("\nEach option can also be set by the environment (REHEARSE_ and its name, e.g. "
           "REHEARSE_LOG_FORMAT=json) or in\n"
           "the file of --config; a flag wins over the environment, the environment over the file.\n");
    printf("\nExamples:\n%s", spec->examples);
}

static int read_flags(struct parse *parse, int argc, char **argv, struct error *err)
{
    struct option longs[OPTIONS_MAX + 1] = {0};
    char shorts[2 * OPTIONS_MAX + 2] = ":";
    size_t used = 1;
    for (size_t i = 0; i < parse->count; i++) {
        const struct option_spec *spec = parse->slots[i].spec;
        int has_value = spec->type == OPTION_FLAG ? no_argument : required_argument;
        longs[i] = (struct option){spec->name, has_value, NULL, FIRST_CODE + (int)i};
        if (spec->letter) {
            shorts[used++] = spec->letter;
            if (has_value)
                shorts[used++] = ':';
        }
    }
    optind = 0;
    opterr = 0;
    for (;;) {
        int seen = optind ? optind : 1;
        int code = getopt_long(argc, argv, shorts, longs, NULL);
        if (code == -1)
            return 0;
        if (code == ':')
            return error_set(err, ERROR_USAGE, "%s needs a value; see rehearse %s --help", argv[optind - 1],
                             parse->spec->verb);
        struct slot *slot = NULL;
        for (size_t i = 0; i < parse->count && !slot; i++)
            if (code == FIRST_CODE + (int)i || (code < FIRST_CODE && code == parse->slots[i].spec->letter))
                slot = &parse->slots[i];
        if (!slot)
            return error_set(err, ERROR_USAGE, "unknown option '%s'; see rehearse %s --help",
                             argv[optind > seen ? optind - 1 : seen], parse->spec->verb);
        char source[80];
        snprintf(source, sizeof source, "--%s", slot->spec->name);
        if (store(slot, optarg, source, err))
            return -1;
        slot->set = true;
    }
}

static int read_environment(struct parse *parse, struct error *err)
{
    for (size_t i = 0; i < parse->count; i++) {
        struct slot *slot = &parse->slots[i];
        char name[80] = "REHEARSE_";
        size_t used = strlen(name);
        for (const char *from = slot->spec->name; *from && used + 1 < sizeof name; from++)
            name[used++] = *from == '-' ? '_' : (char)toupper((unsigned char)*from);
        name[used] = '\0';
        const char *value = getenv(name);
        if (!value || slot->set || slot->member == &parse->common.help)
            continue;
        if (store(slot, value, name, err))
            return -1;
        slot->set = true;
    }
    return 0;
}

static struct slot *find_slot(struct parse *parse, const char *name)
{
    for (size_t i = 0; i < parse->count; i++)
        if (strcmp(parse->slots[i].spec->name, name) == 0)
            return &parse->slots[i];
    return NULL;
}

static int config_value(struct slot *slot, yaml_document_t *document, yaml_node_t *value, const char *source,
                        struct error *err)
{
    if (value->type == YAML_SCALAR_NODE)
        return store(slot, keep(xstrdup((const char *)value->data.scalar.value)), source, err);
    if (value->type == YAML_SEQUENCE_NODE && slot->spec->type == OPTION_TEXTS) {
        for (yaml_node_item_t *item = value->data.sequence.items.start; item < value->data.sequence.items.top;
             item++) {
            yaml_node_t *node = yaml_document_get_node(document, *item);
            if (node->type != YAML_SCALAR_NODE)
                return error_set(err, ERROR_USAGE, "%s: a list of plain values is expected", source);
            store(slot, keep(xstrdup((const char *)node->data.scalar.value)), source, err);
        }
        return 0;
    }
    return error_set(err, ERROR_USAGE, "%s: a plain value is expected", source);
}

/* Takes the settings of one mapping. At the top level a mapping below the verb's name is entered, those of
 * other verbs are passed over, and a setting that only another verb has is no error: one file may serve them
 * all. */
static int config_mapping(struct parse *parse, const char *path, yaml_document_t *document,
                          yaml_node_t *mapping, bool top, struct error *err)
{
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
         pair++) {
        yaml_node_t *key = yaml_document_get_node(document, pair->key);
        yaml_node_t *value = yaml_document_get_node(document, pair->value);
        char source[256];
        snprintf(source, sizeof source, "%.200s:%zu", path, key->start_mark.line + 1);
        if (key->type != YAML_SCALAR_NODE)
            return error_set(err, ERROR_USAGE, "%s: a name is expected", source);
        const char *name = (const char *)key->data.scalar.value;
        struct slot *slot = find_slot(parse, name);
        if (top && value->type == YAML_MAPPING_NODE) {
            if (strcmp(name, parse->spec->verb) == 0 &&
                config_mapping(parse, path, document, value, false, err))
                return -1;
            continue;
        }
        if (!slot && !top)
            return error_set(err, ERROR_USAGE, "%s: rehearse %s has no setting '%s'", source,
                             parse->spec->verb, name);
        if (!slot || slot->set || slot->member == &parse->common.help ||
            slot->member == &parse->common.config)
            continue;
        if (config_value(slot, document, value, source, err))
            return -1;
        slot->set = true;
    }
    return 0;
}

static int read_config(struct parse *parse, const char *path, struct error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set_errno(err, ERROR_USAGE, errno, "--config %s", path);
    yaml_parser_t parser;
    yaml_document_t document;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_file(&parser, file);
    int result = -1;
    if (!yaml_parser_load(&parser, &document)) {
        error_set(err, ERROR_USAGE, "%s:%zu: %s", path, parser.problem_mark.line + 1,
                  parser.problem ? parser.problem : "not YAML");
    } else {
        yaml_node_t *root = yaml_document_get_root_node(&document);
        if (!root)
            result = 0;
        else if (root->type != YAML_MAPPING_NODE)
            error_set(err, ERROR_USAGE, "%s: a mapping of names to values is expected", path);
        else
            result = config_mapping(parse, path, &document, root, true, err);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    fclose(file);
    return result;
}

static int check_arguments(const struct options_spec *spec, const struct option_texts *arguments,
                           struct error *err)
{
    if (arguments->count < spec->arguments_min)
        return error_set(err, ERROR_USAGE, "%s is missing; see rehearse %s --help", spec->arguments,
                         spec->verb);
    if (arguments->count > spec->arguments_max)
        return error_set(err, ERROR_USAGE, "'%s' is one argument too many; see rehearse %s --help",
                         arguments->items[spec->arguments_max], spec->verb);
    return 0;
}

/* The message about what is wrong with the options already looks as was asked for, as far as that is known. */
static enum options_result options_failed(const struct parse *parse)
{
    const char *format = getenv("REHEARSE_LOG_FORMAT");
    bool json = parse->common.log_format == 1 || (format && strcmp(format, "json") == 0);
    log_init(parse->spec->verb, json ? LOG_JSON : LOG_TEXT, false);
    return OPTIONS_FAIL;
}

enum options_result options_parse(const struct options_spec *spec, int argc, char **argv, void *settings,
                                  struct option_texts *ret_arguments, struct error *err)
{
    struct parse parse = {.spec = spec};
    add_slots(&parse, spec->options, spec->option_count, settings);
    add_slots(&parse, common_options, COMMON_COUNT, &parse.common);
    log_init(spec->verb, LOG_TEXT, false);
    if (read_flags(&parse, argc, argv, err))
        return options_failed(&parse);
    if (parse.common.help) {
        print_help(spec);
        return OPTIONS_DONE;
    }
    if (read_environment(&parse, err) ||
        (parse.common.config && read_config(&parse, parse.common.config, err)))
        return options_failed(&parse);
    log_init(spec->verb, parse.common.log_format == 1 ? LOG_JSON : LOG_TEXT, parse.common.quiet);
    *ret_arguments = (struct option_texts){(const char **)argv + optind, (size_t)(argc - optind)};
    return check_arguments(spec, ret_arguments, err) ? OPTIONS_FAIL : OPTIONS_RUN;
}

bool options_start(const struct options_spec *spec, int argc, char **argv, void *settings,
                   struct option_texts *ret_arguments, int *ret_status)
{
    struct error err = {0};
    switch (options_parse(spec, argc, argv, settings, ret_arguments, &err)) {
    case OPTIONS_RUN:
        return true;
    case OPTIONS_DONE:
        *ret_status = 0;
        return false;
    case OPTIONS_FAIL:
        log_error("%s", err.text);
        *ret_status = error_exit_status(&err);
        return false;
    }
    return false;
}
