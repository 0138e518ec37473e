#include "filters/rewrite/rewrite_check.h"

static bool is_any(struct bytes name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal_nocase(name, bytes_of(names[i])))
            return true;
    return false;
}

static int check_header(const struct rewrite_rule *rule, struct error *err)
{
    static const char token[] =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char *const framing[] = {"Content-Length", "Transfer-Encoding", "X-Rehearse-Run"};
    static const char *const kept[] = {"Content-Encoding", "Host"};
    if (!rule->name.size)
        return error_set(err, ERROR_USAGE, "no header is named");
    for (size_t i = 0; i < rule->name.size; i++)
        if (!rule->name.data[i] || !strchr(token, rule->name.data[i]))
            return error_set(err, ERROR_USAGE, "character %zu cannot stand in the name of a header", i + 1);
    if (is_any(rule->name, framing, 3))
        return error_set(err, ERROR_USAGE, "%.*s is not to be rewritten: it follows what is sent",
                         (int)rule->name.size, (const char *)rule->name.data);
    if (rule->action != REWRITE_SET && is_any(rule->name, kept, 1))
        return error_set(err, ERROR_USAGE, "Content-Encoding says how the body is coded, and stays");
    if (rule->action == REWRITE_REMOVE && is_any(rule->name, kept + 1, 1))
        return error_set(err, ERROR_USAGE, "no request can do without Host; --host says which it is");
    for (size_t i = 0; rule->action == REWRITE_SET && i < rule->value.size; i++)
        if ((rule->value.data[i] < ' ' && rule->value.data[i] != '\t') || rule->value.data[i] == 0x7f)
            return error_set(err, ERROR_USAGE, "character %zu cannot stand in the value of a header", i + 1);
    return 0;
}

int rewrite_check(const struct rewrite_rule *rule, struct error *err)
{
    switch (rule->place) {
    case REWRITE_PATH:
    case REWRITE_HOST:
        return 0;
    case REWRITE_QUERY:
        return rule->name.size ? 0 : error_set(err, ERROR_USAGE, "no parameter is named");
    case REWRITE_HEADER:
        return check_header(rule, err);
    case REWRITE_JSON:
        break;
    }
    return rule->name.size ? 0 : error_set(err, ERROR_USAGE, "no JSON path is given");
}

int rewrite_check_replacement(enum rewrite_place place, const struct substitution *substitution,
                              struct error *err)
{
    static const char *const refused[] = {[REWRITE_PATH] = " \t\r\n?#",
                                          [REWRITE_HOST] = " \t\r\n/?#@",
                                          [REWRITE_QUERY] = "",
                                          [REWRITE_HEADER] = "\r\n",
                                          [REWRITE_JSON] = ""};
    static const char *const names[] = {"path", "host", "parameter", "header", "JSON string"};
    size_t at = refused[place][0] ? substitution_holds(substitution, refused[place]) : 0;
    return at ? error_set(err, ERROR_USAGE, "what cannot stand in a %s, at character %zu of the expression",
                          names[place], at)
              : 0;
}
