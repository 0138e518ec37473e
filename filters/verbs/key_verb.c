#include "filters/verbs/key_verb.h"

#include "common/log.h"
#include "common/options.h"
#include "filters/key.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define ID_TEXT_SIZE (2 * SEGMENT_KEY_ID_SIZE + 1)

struct settings {
    const char *new_file;
    const char *rotate;
    const char *show;
};

#define AT(member) offsetof(struct settings, member)
static const struct option_spec option_list[] = {
    {"new", 0, OPTION_TEXT, "FILE", "create a master key there, for its owner alone", AT(new_file)},
    {"rotate", 0, OPTION_TEXT, "FILE", "put a new key in place of this one, which is kept as FILE.ID",
     AT(rotate)},
    {"show", 0, OPTION_TEXT, "FILE", "print the id of a key, as segments name it", AT(show)},
};

static const struct options_spec spec = {
    .verb = "key",
    .summary = "makes, replaces and names the master keys of pseudonyms",
    .arguments = "",
    .options = option_list,
    .option_count = sizeof option_list / sizeof option_list[0],
    .examples = "  rehearse key --new ~/rehearse.key\n"
                "  rehearse key --rotate ~/rehearse.key\n"
                "  rehearse key --show ~/rehearse.key\n",
};

static void format_id(const struct keys *keys, char text[ID_TEXT_SIZE])
{
    for (size_t i = 0; i < SEGMENT_KEY_ID_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", keys_id(keys)[i]);
}

static int print_id(const struct keys *keys, struct error *err)
{
    char id[ID_TEXT_SIZE];
    format_id(keys, id);
    if (printf("%s\n", id) < 0 || fflush(stdout) != 0)
        return error_set(err, ERROR_IO, "cannot write standard output");
    return 0;
}

static int create(const char *path, struct error *err)
{
    struct keys *keys;
    if (keys_create(path, &keys, err) != 0)
        return -1;
    int status = print_id(keys, err);
    keys_free(keys);
    return status;
}

static int show(const char *path, struct error *err)
{
    struct keys *keys;
    if (keys_load(path, &keys, err) != 0)
        return -1;
    int status = print_id(keys, err);
    keys_free(keys);
    return status;
}

/* The old key gets its second name first and the new one takes its place at once, so that there is a key at any time. */
static int rotate(const char *path, struct error *err)
{
    char old[PATH_MAX], fresh[PATH_MAX], id[ID_TEXT_SIZE];
    struct keys *keys;
    if (keys_load(path, &keys, err) != 0)
        return -1;
    format_id(keys, id);
    keys_free(keys);
    if (snprintf(old, sizeof old, "%s.%s", path, id) >= (int)sizeof old ||
        snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return error_set(err, ERROR_USAGE, "the path of the key file is too long");
    if (link(path, old) != 0)
        return error_set_errno(err, ERROR_IO, errno, "cannot keep the old key as '%s'", old);
    if (keys_create(fresh, &keys, err) != 0) {
        unlink(old);
        return -1;
    }
    int status = 0;
    if (rename(fresh, path) != 0) {
        status = error_set_errno(err, ERROR_IO, errno, "cannot put the new key in place of '%s'", path);
        unlink(fresh);
        unlink(old);
    } else {
        log_info("the old key is kept as %s: traffic recorded under it does not join with what comes now, "
                 "and only it prints "
                 "its pseudonyms; destroy it to make them irreversible",
                 old);
        status = print_id(keys, err);
    }
    keys_free(keys);
    return status;
}

int verb_key(int argc, char **argv)
{
    struct settings settings = {0};
    struct option_texts arguments;
    struct error err = {0};
    int status;
    if (!options_start(&spec, argc, argv, &settings, &arguments, &status))
        return status;
    if ((settings.new_file != NULL) + (settings.rotate != NULL) + (settings.show != NULL) != 1)
        status = error_set(&err, ERROR_USAGE, "say one of --new FILE, --rotate FILE and --show FILE");
    else if (settings.new_file)
        status = create(settings.new_file, &err);
    else
        status = settings.rotate ? rotate(settings.rotate, &err) : show(settings.show, &err);
    if (status == 0)
        return 0;
    log_error("%s", err.text);
    return error_exit_status(&err);
}
