#include "filters/rewrite/rewrite_yaml.h"

#include "filters/locate/json_escape.h"
#include "filters/rewrite/json_rewrite.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* In the order of enum rewrite_place, then of enum rewrite_action. */
static const char *const keys[] = {"path", "host",   "query",   "header", "json",
                                   "set",  "remove", "replace", "why"};
enum { ACTIONS = REWRITE_JSON + 1, WHY = ACTIONS + REWRITE_SUBSTITUTE + 1 };

/* Finds the one value among |count| from |first| on. Returns its place, or -1 after an error. */
static int only_one(struct yaml_reader *reader, const yaml_node_t *rule, yaml_node_t *const *values,
                    int first, int end, const char *words)
{
    int found = -1;
    for (int i = first; i < end; i++) {
        if (!values[i])
            continue;
        if (found >= 0)
            return yaml_reader_fail(reader, values[i], "'%s' and '%s' in one rule", keys[found], keys[i]);
        found = i;
    }
    return found >= 0 ? found : yaml_reader_fail(reader, rule, "a rule has one of %s", words);
}

/* Appends the scalar |node| as JSON: what is written without quotes and is a number, true, false or null stays, all else is a
 * string. */
static void put_json(const yaml_node_t *node, struct buffer *out)
{
    struct bytes text = yaml_scalar(node);
    if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && json_rewrite_is_plain(text)) {
        buffer_append_bytes(out, text);
        return;
    }
    buffer_append_byte(out, '"');
    json_append_escaped(text, out);
    buffer_append_byte(out, '"');
}

static int add(struct yaml_reader *reader, const yaml_node_t *node, const struct rewrite_rule *rule,
               const char *key, struct rewriter *rewriter)
{
    struct error wrong = {0};
    if (memchr(rule->name.data ? rule->name.data : (const uint8_t *)"", 0, rule->name.size) ||
        (rule->value.data && memchr(rule->value.data, 0, rule->value.size)))
        return yaml_reader_fail(reader, node, "%s: a NUL cannot stand there", key);
    return rewriter_add(rewriter, rule, &wrong) == 0
               ? 0
               : yaml_reader_fail(reader, node, "%s: %s", key, wrong.text);
}

/* Reads what is done to the value that stands at |place|. */
static int read_action(struct yaml_reader *reader, const yaml_node_t *node, yaml_node_t *const *values,
                       struct rewrite_rule *rule, struct rewriter *rewriter)
{
    struct buffer json = {0};
    bool removed = true;
    int action = only_one(reader, node, values, ACTIONS, WHY, "set, remove, replace");
    if (action < 0)
        return -1;
    yaml_node_t *value = values[action];
    rule->action = (enum rewrite_action)(action - ACTIONS);
    if (rule->action == REWRITE_REMOVE && yaml_reader_bool(reader, value, "word", &removed) != 0)
        return -1;
    if (rule->action == REWRITE_REMOVE && (!removed || rule->place == REWRITE_JSON))
        return yaml_reader_fail(reader, value,
                                removed ? "a JSON member can be set to null, and not removed"
                                        : "'remove' is true, or is left out");
    if (value->type != YAML_SCALAR_NODE)
        return yaml_reader_fail(reader, value, "%s: wanted one value", keys[action]);
    if (rule->action == REWRITE_SUBSTITUTE)
        rule->value = yaml_scalar(value);
    else if (rule->action == REWRITE_SET && rule->place != REWRITE_JSON)
        rule->value = yaml_scalar(value);
    else if (rule->action == REWRITE_SET) {
        put_json(value, &json);
        rule->value = buffer_bytes(&json);
    }
    int status = add(reader, value, rule, keys[action], rewriter);
    buffer_free(&json);
    return status;
}

static int read_rule(struct yaml_reader *reader, const yaml_node_t *node, struct rewriter *rewriter)
{
    yaml_node_t *values[COUNT(keys)];
    if (yaml_reader_mapping(reader, node, "a rewrite", keys, COUNT(keys), values) != 0)
        return -1;
    int place = only_one(reader, node, values, 0, ACTIONS, "path, host, query, header, json");
    if (place < 0)
        return -1;
    struct rewrite_rule rule = {.place = (enum rewrite_place)place};
    if (values[place]->type != YAML_SCALAR_NODE || yaml_scalar(values[place]).size == 0)
        return yaml_reader_fail(reader, values[place], "%s: wanted one value", keys[place]);
    if (rule.place != REWRITE_PATH && rule.place != REWRITE_HOST) {
        rule.name = yaml_scalar(values[place]);
        return read_action(reader, node, values, &rule, rewriter);
    }
    for (int i = ACTIONS; i < WHY; i++)
        if (values[i])
            return yaml_reader_fail(reader, values[i], "%s takes the expression itself: '%s: s#a#b#'",
                                    keys[place], keys[place]);
    rule.action = REWRITE_SUBSTITUTE;
    rule.value = yaml_scalar(values[place]);
    return add(reader, values[place], &rule, keys[place], rewriter);
}

int rewrite_yaml_read(struct yaml_reader *reader, yaml_node_t *node, struct rewriter *rewriter)
{
    yaml_node_t *item;
    if (node->type != YAML_SEQUENCE_NODE && node->type != YAML_MAPPING_NODE)
        return yaml_reader_fail(reader, node, "rewrite: wanted a list of rules");
    for (size_t at = 0; (item = yaml_reader_item(reader, node, &at));)
        if (read_rule(reader, item, rewriter) != 0)
            return -1;
    return 0;
}
