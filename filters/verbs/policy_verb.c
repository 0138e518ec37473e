#include "filters/verbs/policy_verb.h"

#include "common/log.h"
#include "common/options.h"
#include "common/stop.h"
#include "filters/policy/policy_print.h"
#include "filters/policy/policy_yaml.h"
#include "filters/verbs/explain.h"

#include <stdio.h>

#define PATHS_MAX 1024

enum format { FORMAT_TEXT, FORMAT_JSON };

struct settings {
    bool show_default;
    const char *check;
    bool explain;
    const char *policy;
    const char *key_file;
    int format;
    uint64_t limit;
};

#define AT(member) offsetof(struct settings, member)
static const struct option_spec option_list[] = {
    {"show-default", 0, OPTION_FLAG, NULL, "print the policy that is on where no other is given",
     AT(show_default)},
    {"check", 0, OPTION_TEXT, "FILE", "say what is wrong with a policy file, with line and hint", AT(check)},
    {"explain", 0, OPTION_FLAG, NULL,
     "say what becomes of each value, and why, in TRAFFIC, or in exchanges on\nstandard input as inspect "
     "--format "
     "json --bodies writes them",
     AT(explain)},
    {"policy", 0, OPTION_TEXT, "FILE", "with --explain: the policy; otherwise the built-in one", AT(policy)},
    {"key-file", 0, OPTION_TEXT, "FILE",
     "with --explain: the master key, for the pseudonyms that a capture would write", AT(key_file)},
    {"format", 'f', OPTION_CHOICE, "text|json",
     "with --explain: a block of lines an exchange, or a JSON object a line", AT(format)},
    {"limit", 'n', OPTION_COUNT, "N", "with --explain: stop after N exchanges", AT(limit)},
};

static const struct options_spec spec = {
    .verb = "policy",
    .summary =
        "prints, checks and explains policies: what is sensitive in recorded traffic, and what becomes of it",
    .arguments = "[TRAFFIC...]",
    .arguments_max = PATHS_MAX,
    .options = option_list,
    .option_count = sizeof option_list / sizeof option_list[0],
    .examples =
        "  rehearse policy --show-default >my-policy.yaml\n"
        "  rehearse policy --check my-policy.yaml\n"
        "  rehearse policy --explain traffic/ --policy my-policy.yaml --limit 10\n"
        "  echo '{\"path\":\"/?user=jo\",\"request_body\":{\"token\":\"x\"}}' | rehearse policy --explain "
        "--policy my-policy.yaml\n"
        "  rehearse capture -i eth0 -p 80 -o traffic --policy my-policy.yaml --key-file ~/rehearse.key\n",
};

static int show_default(struct error *err)
{
    struct buffer text = {0};
    policy_print_default(&text);
    bool written = fwrite(text.data, 1, text.size, stdout) == text.size && fflush(stdout) == 0;
    buffer_free(&text);
    return written ? 0 : error_set(err, ERROR_IO, "cannot write standard output");
}

static int check(const char *path, struct error *err)
{
    struct policy *policy;
    if (policy_load(path, &policy, err) != 0)
        return -1;
    log_info("%s is a policy", path);
    policy_free(policy);
    return 0;
}

static int explain_with(const struct settings *settings, const struct option_texts *paths, struct error *err)
{
    struct policy *policy = NULL;
    struct keys *keys = NULL;
    int status = settings->policy ? policy_load(settings->policy, &policy, err) : 0;
    if (status == 0 && settings->key_file)
        status = keys_load(settings->key_file, &keys, err);
    struct explain_options options = {.policy = policy ? policy : policy_builtin(),
                                      .keys = keys,
                                      .paths = paths,
                                      .json = settings->format == FORMAT_JSON,
                                      .limit = settings->limit};
    if (status == 0)
        status = explain(&options, err);
    keys_free(keys);
    policy_free(policy);
    return status;
}

static int run(const struct settings *settings, const struct option_texts *arguments, struct error *err)
{
    if (settings->show_default + (settings->check != NULL) + settings->explain != 1)
        return error_set(err, ERROR_USAGE, "say one of --show-default, --check FILE and --explain");
    bool more = settings->policy || settings->key_file || settings->limit || settings->format != FORMAT_TEXT;
    if (!settings->explain && (arguments->count > 0 || more))
        return error_set(err, ERROR_USAGE, "only --explain takes traffic and these options");
    return settings->explain ? explain_with(settings, arguments, err)
           : settings->check ? check(settings->check, err)
                             : show_default(err);
}

int verb_policy(int argc, char **argv)
{
    struct settings settings = {0};
    struct option_texts arguments;
    struct error err = {0};
    int status;
    if (!options_start(&spec, argc, argv, &settings, &arguments, &status))
        return status;
    if (run(&settings, &arguments, &err) == 0)
        return stop_requested() ? 4 : 0;
    log_error("%s", err.text);
    return error_exit_status(&err);
}
