#include "replay/state/links_file.h"

#include "common/mem.h"
#include "filters/policy/yaml_reader.h"
#include "filters/pseudonym.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX     ((size_t)8 << 20)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* In the order of enum extract_place, and of enum inject_place. */
static const char *const extract_keys[] = {"header", "cookie", "json", "body", "from"};
static const char *const inject_keys[] = {"header", "query", "form", "json", "cookie", "into"};
#define EXTRACTS 4
#define INJECTS  5

static int want_scalar(struct yaml_reader *reader, const yaml_node_t *node, const char *key)
{
    struct bytes text = yaml_scalar(node);
    if (node->type == YAML_SCALAR_NODE && text.size && !memchr(text.data, 0, text.size))
        return 0;
    return yaml_reader_fail(reader, node, "%s: wanted one value", key);
}

/* Finds the one value among the first |places| of |values|. Returns its place, or -1 after an error. */
static int only_one(struct yaml_reader *reader, const yaml_node_t *node, yaml_node_t *const *values,
                    const char *const *keys, int places, const char *words)
{
    int found = -1;
    for (int i = 0; i < places; i++) {
        if (!values[i])
            continue;
        if (found >= 0)
            return yaml_reader_fail(reader, values[i], "'%s' and '%s' in one: take one", keys[found],
                                    keys[i]);
        found = i;
    }
    if (found < 0)
        return yaml_reader_fail(reader, node, "wanted one of %s", words);
    return want_scalar(reader, values[found], keys[found]) ? -1 : found;
}

static int read_endpoint(struct yaml_reader *reader, const yaml_node_t *node, const char *key,
                         struct link_endpoint *ret_endpoint)
{
    if (node->type == YAML_SCALAR_NODE && link_endpoint_parse(yaml_scalar(node), ret_endpoint))
        return 0;
    return yaml_reader_fail(reader, node,
                            "%s: wanted a method and a path, like 'GET /form/{id}'; '*' is any method", key);
}

static int read_link(struct yaml_reader *reader, yaml_node_t *node, struct link_rules *rules)
{
    static const char *const keys[] = {"extract", "inject", "why"};
    yaml_node_t *parts[COUNT(keys)], *from[COUNT(extract_keys)], *into[COUNT(inject_keys)];
    struct link_rule rule = {0};
    struct error wrong = {0};
    if (yaml_reader_mapping(reader, node, "a link", keys, COUNT(keys), parts) != 0)
        return -1;
    if (!parts[0] || !parts[1])
        return yaml_reader_fail(reader, node, "a link has 'extract' and 'inject'");
    if (yaml_reader_mapping(reader, parts[0], "extract", extract_keys, COUNT(extract_keys), from) != 0 ||
        yaml_reader_mapping(reader, parts[1], "inject", inject_keys, COUNT(inject_keys), into) != 0)
        return -1;
    if (!from[EXTRACTS])
        return yaml_reader_fail(reader, parts[0], "extract: 'from' is missing, like 'from: GET /form'");
    if (read_endpoint(reader, from[EXTRACTS], "from", &rule.from) != 0 ||
        (into[INJECTS] && read_endpoint(reader, into[INJECTS], "into", &rule.into) != 0))
        return -1;
    int extract = only_one(reader, parts[0], from, extract_keys, EXTRACTS, "header, cookie, json, body");
    int inject = extract < 0 ? -1
                             : only_one(reader, parts[1], into, inject_keys, INJECTS,
                                        "header, query, form, json, cookie");
    if (inject < 0)
        return -1;
    rule.extract = (enum extract_place)extract;
    rule.inject = (enum inject_place)inject;
    rule.source = yaml_scalar(from[extract]);
    rule.sink = yaml_scalar(into[inject]);
    if (rule.inject == INJECT_COOKIE && into[INJECTS])
        return yaml_reader_fail(
            reader, into[INJECTS],
            "'into' and 'cookie' exclude each other: a cookie replaces the recorded one in all requests");
    if (link_rules_add(rules, &rule, &wrong) != 0)
        return yaml_reader_fail(reader, node, "%s", wrong.text);
    return 0;
}

/* A token stands in a line of a head, which it must not end. */
static int want_token(struct yaml_reader *reader, const yaml_node_t *node)
{
    struct bytes text = yaml_scalar(node);
    if (want_scalar(reader, node, "tokens"))
        return -1;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < ' ' || text.data[i] == 0x7f)
            return yaml_reader_fail(reader, node, "tokens: a line end or control character in a value");
    return 0;
}

static int read_tokens(struct yaml_reader *reader, yaml_node_t *node, struct account *account)
{
    if (node->type != YAML_MAPPING_NODE)
        return yaml_reader_fail(reader, node,
                                "tokens: wanted names and values, like {sid: ..., Authorization: ...}");
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        const yaml_node_t *name = yaml_reader_node(reader, pair->key),
                          *value = yaml_reader_node(reader, pair->value);
        if (want_token(reader, name) || want_token(reader, value))
            return -1;
        account->tokens = xrealloc(account->tokens, (account->token_count + 1) * sizeof *account->tokens);
        account->tokens[account->token_count++] = (struct account_token){
            .name = xstrndup((const char *)yaml_scalar(name).data, yaml_scalar(name).size),
            .value = xstrndup((const char *)yaml_scalar(value).data, yaml_scalar(value).size)};
    }
    return 0;
}

static int read_text(struct yaml_reader *reader, const yaml_node_t *node, const char *key, char **ret_text)
{
    if (!node)
        return 0;
    if (want_scalar(reader, node, key))
        return -1;
    *ret_text = xstrndup((const char *)yaml_scalar(node).data, yaml_scalar(node).size);
    return 0;
}

static int read_user(struct yaml_reader *reader, const yaml_node_t *node, const uint8_t *recognition_key,
                     struct account *account)
{
    struct pseudonym_found found;
    account->for_all = !node;
    if (!node)
        return 0;
    if (node->type != YAML_SCALAR_NODE || !pseudonym_find(recognition_key, yaml_scalar(node), 0, &found) ||
        found.size != yaml_scalar(node).size)
        return yaml_reader_fail(
            reader, node,
            "user: not a pseudonym of this traffic; `rehearse pseudonym` prints that of a name, or leave "
            "'user' out for one account for all");
    memcpy(account->tag, found.tag, sizeof account->tag);
    return 0;
}

static int read_account(struct yaml_reader *reader, yaml_node_t *node, const uint8_t *recognition_key,
                        struct accounts *accounts)
{
    static const char *const keys[] = {"user", "name", "password", "tokens"};
    yaml_node_t *values[COUNT(keys)];
    struct account account = {0};
    if (yaml_reader_mapping(reader, node, "an account", keys, COUNT(keys), values) != 0)
        return -1;
    if (!values[1] && !values[2] && !values[3])
        return yaml_reader_fail(reader, node, "an account has 'name', 'password' or 'tokens'");
    if (read_user(reader, values[0], recognition_key, &account) != 0)
        return -1;
    int status = read_text(reader, values[1], "name", &account.name);
    if (!status)
        status = read_text(reader, values[2], "password", &account.password);
    if (!status && values[3])
        status = read_tokens(reader, values[3], &account);
    /* Taken in any case: they know how to wipe it. */
    if (!accounts_add(accounts, &account) && !status)
        status = yaml_reader_fail(reader, node,
                                  account.for_all ? "a second account without 'user'"
                                                  : "a second account for this user, or too many");
    return status;
}

static int read_all(struct yaml_reader *reader, const uint8_t *recognition_key, struct links_file *file)
{
    static const char *const keys[] = {"links", "credentials"};
    yaml_node_t *values[COUNT(keys)], *item;
    if (yaml_reader_mapping(reader, yaml_reader_root(reader), "a file of --links", keys, COUNT(keys),
                            values) != 0)
        return -1;
    for (size_t i = 0; i < COUNT(keys); i++)
        if (values[i] && values[i]->type != YAML_SEQUENCE_NODE)
            return yaml_reader_fail(reader, values[i], "%s: wanted a list, each item begun with '- '",
                                    keys[i]);
    if (values[0])
        file->rules = link_rules_create();
    if (values[1])
        file->accounts = accounts_create();
    for (size_t at = 0; values[0] && (item = yaml_reader_item(reader, values[0], &at));)
        if (read_link(reader, item, file->rules) != 0)
            return -1;
    for (size_t at = 0; values[1] && (item = yaml_reader_item(reader, values[1], &at));)
        if (read_account(reader, item, recognition_key, file->accounts) != 0)
            return -1;
    return 0;
}

int links_file_read(const char *path, struct bytes text, const uint8_t recognition_key[SEGMENT_KEY_SIZE],
                    struct links_file *ret_file, struct error *err)
{
    struct yaml_reader reader = {.file = path,
                                 .advice =
                                     "; wanted `links:` or `credentials:`, see LINKS in rehearse-replay(1)",
                                 .err = err};
    *ret_file = (struct links_file){0};
    if (yaml_reader_open(&reader, text) != 0)
        return -1;
    int status = read_all(&reader, recognition_key, ret_file);
    yaml_reader_close(&reader);
    if (status)
        links_file_done(ret_file);
    return status;
}

int links_file_load(const char *path, const uint8_t recognition_key[SEGMENT_KEY_SIZE],
                    struct links_file *ret_file, struct error *err)
{
    struct buffer text = {0};
    FILE *file = fopen(path, "re");
    int status = 0;
    if (!file)
        return error_set_errno(err, ERROR_USAGE, errno, "--links %s", path);
    for (size_t got = 1; got > 0 && text.size <= FILE_MAX;) {
        buffer_reserve(&text, text.size + 65536);
        got = fread(text.data + text.size, 1, 65536, file);
        text.size += got;
    }
    if (ferror(file))
        status = error_set_errno(err, ERROR_IO, errno, "--links %s", path);
    else if (text.size > FILE_MAX)
        status = error_set(err, ERROR_USAGE, "--links %s: longer than %zu MiB", path, FILE_MAX >> 20);
    else
        status = links_file_read(path, buffer_bytes(&text), recognition_key, ret_file, err);
    fclose(file);
    if (text.size)
        sodium_memzero(text.data, text.size);
    buffer_free(&text);
    return status;
}

void links_file_done(struct links_file *file)
{
    link_rules_free(file->rules);
    accounts_free(file->accounts);
    *file = (struct links_file){0};
}
