#include "filters/verbs/pseudonym_verb.h"

#include "common/log.h"
#include "common/options.h"
#include "filters/pseudonym.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

struct settings {
    const char *key_file;
};

static const struct option_spec option_list[] = {
    {"key-file", 'k', OPTION_TEXT, "FILE", "the key that the traffic was recorded under",
     offsetof(struct settings, key_file)},
};

static const struct options_spec spec = {
    .verb = "pseudonym",
    .summary =
        "reads values from standard input, one a line, and prints what stands for them in recorded traffic",
    .arguments = "",
    .options = option_list,
    .option_count = sizeof option_list / sizeof option_list[0],
    .examples = "  rehearse pseudonym --key-file prod.key <passwords.txt >staging-passwords.txt\n"
                "  printf '%s\\n' alice@shop.example | rehearse pseudonym --key-file prod.key\n",
};

/* Copies values to pseudonyms, line by line. */
static int stream(const struct keys *keys, struct error *err)
{
    struct buffer out = {0};
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    bool written = true;
    while (written && (size = getline(&line, &capacity, stdin)) >= 0) {
        if (size > 0 && line[size - 1] == '\n')
            size--;
        if (size > 0 && line[size - 1] == '\r')
            size--;
        buffer_clear(&out);
        pseudonym_make(keys, bytes_make(line, (size_t)size), &out, NULL);
        buffer_append_byte(&out, '\n');
        written = fwrite(out.data, 1, out.size, stdout) == out.size;
    }
    free(line);
    buffer_free(&out);
    if (ferror(stdin))
        return error_set(err, ERROR_IO, "cannot read standard input");
    if (!written || fflush(stdout) != 0)
        return error_set(err, ERROR_IO, "cannot write standard output");
    return 0;
}

int verb_pseudonym(int argc, char **argv)
{
    struct settings settings = {0};
    struct option_texts arguments;
    struct error err = {0};
    struct keys *keys = NULL;
    int status;
    if (!options_start(&spec, argc, argv, &settings, &arguments, &status))
        return status;
    status = 0;
    if (!settings.key_file)
        status = error_set(
            &err, ERROR_USAGE,
            "--key-file is needed: the key file that capture was given or made with --new-key-file");
    if (status == 0)
        status = keys_load(settings.key_file, &keys, &err);
    if (status == 0)
        status = stream(keys, &err);
    keys_free(keys);
    if (status == 0)
        return 0;
    log_error("%s", err.text);
    return error_exit_status(&err);
}
