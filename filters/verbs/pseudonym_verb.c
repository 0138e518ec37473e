#include "filters/verbs/pseudonym_verb.h"

#include "common/log.h"
#include "common/options.h"
#include "filters/pseudonym.h"
#include "filters/strategy/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct settings {
    const char *key_file;
    const char *as;
};

static const struct option_spec option_list[] = {
    {"key-file", 'k', OPTION_TEXT, "FILE", "the key that the traffic was recorded under",
     offsetof(struct settings, key_file)},
    {"as", 0, OPTION_TEXT, "TYPE",
     "print fakes of this type instead: email, name, street, phone, zip,\ncard, iban, ip, mac, uuid, digits "
     "or "
     "ssn",
     offsetof(struct settings, as)},
};

static const struct options_spec spec = {
    .verb = "pseudonym",
    .summary =
        "reads values from standard input, one a line, and prints what stands for them in recorded traffic",
    .arguments = "",
    .options = option_list,
    .option_count = sizeof option_list / sizeof option_list[0],
    .examples = "  rehearse pseudonym --key-file prod.key <passwords.txt >staging-passwords.txt\n"
                "  printf '%s\\n' alice@shop.example | rehearse pseudonym --key-file prod.key\n"
                "  rehearse pseudonym --key-file prod.key --as phone <phones.txt >staging-phones.txt\n",
};

/* Finds the type that --as names; FAKE_TYPES where it is not given. Dates have none that depends on the value alone. */
static int find_type(const char *as, unsigned *ret_type, struct error *err)
{
    *ret_type = 0;
    while (*ret_type < FAKE_TYPES &&
           (!as || *ret_type == FAKE_DATE || strcmp(as, fake_type_name(*ret_type)) != 0))
        ++*ret_type;
    if (as && *ret_type == FAKE_TYPES)
        return error_set(err, ERROR_USAGE,
                         "--as: '%s' is none of email, name, street, phone, zip, card, iban, ip, mac, uuid, "
                         "digits, ssn",
                         as);
    return 0;
}

static void put(const struct keys *keys, unsigned type, struct bytes value, struct buffer *out)
{
    if (type == FAKE_TYPES || !fake_make(keys, type, value, (struct bytes){0}, out))
        pseudonym_make(keys, value, out, NULL);
}

/* Copies values to what stands for them, line by line. */
static int stream(const struct keys *keys, unsigned type, struct error *err)
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
        put(keys, type, bytes_make(line, (size_t)size), &out);
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
    unsigned type;
    if (!options_start(&spec, argc, argv, &settings, &arguments, &status))
        return status;
    status = find_type(settings.as, &type, &err);
    if (status == 0 && !settings.key_file)
        status = error_set(
            &err, ERROR_USAGE,
            "--key-file is needed: the key file that capture was given or made with --new-key-file");
    if (status == 0)
        status = keys_load(settings.key_file, &keys, &err);
    if (status == 0)
        status = stream(keys, type, &err);
    keys_free(keys);
    if (status == 0)
        return 0;
    log_error("%s", err.text);
    return error_exit_status(&err);
}
