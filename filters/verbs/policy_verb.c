#include "filters/verbs/policy_verb.h"

#include "common/log.h"
#include "common/options.h"
#include "filters/policy/policy_print.h"
#include "filters/policy/policy_yaml.h"

#include <stdio.h>

struct settings {
    bool show_default;
    const char *check;
};

#define AT(member) offsetof(struct settings, member)
static const struct option_spec option_list[] = {
    {"show-default", 0, OPTION_FLAG, NULL, "print the policy that is on where no other is given",
     AT(show_default)},
    {"check", 0, OPTION_TEXT, "FILE", "say what is wrong with a policy file, with line and hint", AT(check)},
};

static const struct options_spec spec = {
    .verb = "policy",
    .summary = "prints and checks policies: what is sensitive in recorded traffic, and what becomes of it",
    .arguments = "",
    .options = option_list,
    .option_count = sizeof option_list / sizeof option_list[0],
    .examples =
        "  rehearse policy --show-default >my-policy.yaml\n"
        "  rehearse policy --check my-policy.yaml\n"
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

int verb_policy(int argc, char **argv)
{
    struct settings settings = {0};
    struct option_texts arguments;
    struct error err = {0};
    int status;
    if (!options_start(&spec, argc, argv, &settings, &arguments, &status))
        return status;
    if (settings.show_default == (settings.check != NULL))
        status = error_set(&err, ERROR_USAGE, "say either --show-default or --check FILE");
    else
        status = settings.check ? check(settings.check, &err) : show_default(&err);
    if (status == 0)
        return 0;
    log_error("%s", err.text);
    return error_exit_status(&err);
}
