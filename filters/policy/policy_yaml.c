#include "filters/policy/policy_yaml.h"

#include "common/mem.h"
#include "common/select.h"
#include "filters/policy/policy_build.h"
#include "filters/policy/policy_location.h"
#include "filters/policy/yaml_reader.h"
#include "filters/rewrite/rewrite_yaml.h"
#include "filters/sampling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct reading {
    struct yaml_reader yaml;
    struct policy *policy;
    struct bytes text;
    size_t rewrites_from,
        rewrites_to; /* lines of the section `rewrite:`, from 0; the second: behind it, 0: to the end */
};

/* The keys that say a strategy, as they stand in a mapping together with others. */
struct strategy_nodes {
    const yaml_node_t *whole; /* the mapping */
    const yaml_node_t *kind, *first, *last, *type;
};

/* Reads what a fake is to look like. |class|: of detectors, which has one of its own, or NULL. */
static int read_fake(struct reading *reading, const struct strategy_nodes *nodes,
                     const enum detect_class *class, enum fake_type *ret_type)
{
    const char *words[FAKE_TYPES];
    if (!nodes->type && class && strategy_fake_of(*class, ret_type))
        return 0;
    if (!nodes->type)
        return yaml_reader_fail(&reading->yaml, nodes->kind,
                                "no 'type' says what the fake looks like: email, name, street, phone, ...");
    for (unsigned i = 0; i < FAKE_TYPES; i++)
        words[i] = fake_type_name((enum fake_type)i);
    int word = yaml_reader_word(&reading->yaml, nodes->type, "type", words, FAKE_TYPES);
    *ret_type = (enum fake_type)word;
    return word < 0 ? -1 : 0;
}

static int read_strategy(struct reading *reading, const struct strategy_nodes *nodes,
                         const enum detect_class *class, struct strategy *ret_strategy)
{
    const char *words[STRATEGY_KINDS];
    struct yaml_reader *yaml = &reading->yaml;
    const yaml_node_t *first = nodes->first, *last = nodes->last;
    uint64_t keep_first = 0, keep_last = 0;
    enum fake_type type = FAKE_EMAIL;
    for (unsigned i = 0; i < STRATEGY_KINDS; i++)
        words[i] = strategy_kind_name((enum strategy_kind)i);
    if (!nodes->kind)
        return yaml_reader_fail(yaml, nodes->whole, "no 'strategy' is given");
    int word = yaml_reader_word(yaml, nodes->kind, "strategy", words, STRATEGY_KINDS);
    if (word < 0 ||
        (first && yaml_reader_number(yaml, first, "keep_first", STRATEGY_KEEP_MAX, &keep_first) != 0) ||
        (last && yaml_reader_number(yaml, last, "keep_last", STRATEGY_KEEP_MAX, &keep_last) != 0) ||
        (word == STRATEGY_FAKE && read_fake(reading, nodes, class, &type) != 0))
        return -1;
    if ((first || last) && word != STRATEGY_MASK)
        return yaml_reader_fail(yaml, first ? first : last,
                                "keep_first and keep_last go with 'strategy: mask'");
    if (nodes->type && word != STRATEGY_FAKE)
        return yaml_reader_fail(yaml, nodes->type, "type goes with 'strategy: fake'");
    *ret_strategy = (struct strategy){.kind = (enum strategy_kind)word,
                                      .fake = type,
                                      .keep_first = (unsigned)keep_first,
                                      .keep_last = (unsigned)keep_last};
    return 0;
}

/* Adds a rule for |strategy| whose location is |text|. Returns its number; POLICY_NO_RULE after an error. */
static uint16_t add_rule(struct reading *reading, const yaml_node_t *node, const char *text,
                         const struct strategy *strategy)
{
    struct policy_rule rule = {.location = policy_build_copy(reading->policy, bytes_of(text)),
                               .line = yaml_line(node),
                               .strategy = *strategy};
    uint16_t number = policy_build_rule(reading->policy, &rule);
    if (number == POLICY_NO_RULE)
        yaml_reader_fail(&reading->yaml, node, "more than %d rules", POLICY_RULES_MAX);
    return number;
}

static int read_rule(struct reading *reading, const yaml_node_t *node)
{
    static const char *const keys[] = {"locate", "strategy", "keep_first", "keep_last", "type", "why"};
    struct yaml_reader *yaml = &reading->yaml;
    yaml_node_t *values[COUNT(keys)], *item;
    struct strategy strategy;
    if (yaml_reader_mapping(yaml, node, "a rule", keys, COUNT(keys), values) != 0)
        return -1;
    const struct strategy_nodes nodes = {node, values[1], values[2], values[3], values[4]};
    if (read_strategy(reading, &nodes, NULL, &strategy) != 0)
        return -1;
    if (!values[0])
        return yaml_reader_fail(yaml, node, "no 'locate' says where the values are");
    if (yaml_reader_filled(yaml, values[0], "locate") != 0)
        return -1;
    for (size_t at = 0; (item = yaml_reader_item(yaml, values[0], &at));) {
        struct bytes text = yaml_scalar(item);
        struct error wrong;
        if (text.size == 0 || text.size > 1024 || memchr(text.data, 0, text.size))
            return yaml_reader_fail(yaml, item, "locate: wanted a location, as request.header.X-Customer");
        const char *location = policy_build_copy(reading->policy, text);
        uint16_t number = add_rule(reading, item, location, &strategy);
        if (number == POLICY_NO_RULE)
            return -1;
        if (policy_location_add(reading->policy, number,
                                bytes_of(reading->policy->rules[number - 1].location), &wrong) != 0)
            return yaml_reader_fail(yaml, item, "locate %.200s: %s", location, wrong.text);
    }
    return 0;
}

static int read_each(struct reading *reading, yaml_node_t *node,
                     int (*read)(struct reading *reading, const yaml_node_t *node))
{
    yaml_node_t *item;
    for (size_t at = 0; node && (item = yaml_reader_item(&reading->yaml, node, &at));)
        if (read(reading, item) != 0)
            return -1;
    return 0;
}

/* Reads what detectors do about one class. */
static int read_detector(struct reading *reading, enum detect_class class, yaml_node_t *value)
{
    static const char *const keys[] = {"strategy", "keep_first", "keep_last", "type"};
    yaml_node_t *values[COUNT(keys)] = {value};
    struct strategy strategy;
    char location[64];
    if (bytes_equal(yaml_scalar(value), bytes_of("off"))) {
        reading->policy->detect_classes &= ~DETECT_BIT(class);
        return 0;
    }
    if (value->type != YAML_SCALAR_NODE &&
        yaml_reader_mapping(&reading->yaml, value, "a detector", keys, COUNT(keys), values) != 0)
        return -1;
    const struct strategy_nodes nodes = {value, values[0], values[1], values[2], values[3]};
    if (read_strategy(reading, &nodes, &class, &strategy) != 0)
        return -1;
    if (strategy.kind == STRATEGY_PRESERVE)
        return yaml_reader_fail(
            &reading->yaml, value,
            "what stays is not looked for: say 'off', or preserve it where it is located");
    snprintf(location, sizeof location, "detect.%s", detect_class_name(class));
    reading->policy->detects[class] =
        strategy.kind == STRATEGY_HASH ? POLICY_NO_RULE : add_rule(reading, value, location, &strategy);
    return 0;
}

static int read_detect(struct reading *reading, yaml_node_t *node)
{
    const char *names[DETECT_CLASSES];
    yaml_node_t *values[DETECT_CLASSES];
    for (unsigned i = 0; i < DETECT_CLASSES; i++)
        names[i] = detect_class_name((enum detect_class)i);
    if (yaml_reader_mapping(&reading->yaml, node, "detect", names, DETECT_CLASSES, values) != 0)
        return -1;
    for (unsigned i = 0; i < DETECT_CLASSES; i++)
        if (values[i] && read_detector(reading, (enum detect_class)i, values[i]) != 0)
            return -1;
    return 0;
}

/* Joins the items of |node|, whose places and kind |names| has, as keys with blanks between, as names of policy_tables.h are. */
static int join_names(struct reading *reading, yaml_node_t *node, struct policy_names *names)
{
    struct buffer text = {0};
    yaml_node_t *item;
    int status = 0;
    for (size_t at = 0; status == 0 && (item = yaml_reader_item(&reading->yaml, node, &at));) {
        char key[POLICY_KEY_MAX];
        size_t size = policy_key(yaml_scalar(item), false, key);
        if (size == 0)
            status = yaml_reader_fail(&reading->yaml, item,
                                      "no name: names are compared by their letters and digits");
        else if (policy_build_has_name(reading->policy, names, bytes_make((const uint8_t *)key, size)))
            status = yaml_reader_fail(&reading->yaml, item,
                                      "can never match: the same name stands before, in the same places");
        if (text.size > 0)
            buffer_append_byte(&text, ' ');
        buffer_append(&text, key, size);
    }
    names->names = policy_build_copy(reading->policy, buffer_bytes(&text));
    buffer_free(&text);
    return status;
}

static int read_names(struct reading *reading, const yaml_node_t *node)
{
    static const char *const keys[] = {"title", "class", "in", "shape", "plain_values_only",
                                       "names", "stems"};
    const char *classes[POLICY_CLASS_COUNT - 1], *places[POLICY_PLACES_COUNT], *shapes[POLICY_SHAPE_COUNT];
    struct yaml_reader *yaml = &reading->yaml;
    yaml_node_t *values[COUNT(keys)], *item;
    struct policy_names names = {0};
    for (unsigned i = 0; i < COUNT(classes); i++)
        classes[i] = policy_class_name((enum policy_class)i);
    for (unsigned i = 0; i < COUNT(places); i++)
        places[i] = policy_place_name(i);
    for (unsigned i = 0; i < COUNT(shapes); i++)
        shapes[i] = policy_shape_name((enum policy_shape)i);
    if (yaml_reader_mapping(yaml, node, "names", keys, COUNT(keys), values) != 0)
        return -1;
    if (!values[1] || !values[2] || !values[5] == !values[6])
        return yaml_reader_fail(yaml, node, "wanted 'class', 'in' and either 'names' or 'stems'");
    int class = yaml_reader_word(yaml, values[1], "class", classes, COUNT(classes));
    int shape = values[3] ? yaml_reader_word(yaml, values[3], "shape", shapes, COUNT(shapes)) : 0;
    if (class < 0 || shape < 0 ||
        (values[4] && yaml_reader_bool(yaml, values[4], "plain_values_only", &names.scalar_only) != 0))
        return -1;
    for (size_t at = 0; (item = yaml_reader_item(yaml, values[2], &at));) {
        int place = yaml_reader_word(yaml, item, "place", places, COUNT(places));
        if (place < 0)
            return -1;
        names.places |= 1u << place;
    }
    names.class = (enum policy_class) class;
    names.shape = (enum policy_shape)shape;
    names.stem = values[6];
    if (names.shape != POLICY_WHOLE && (names.places & ~(unsigned)POLICY_IN_HEADERS))
        return yaml_reader_fail(yaml, values[3], "shape goes with names of headers only");
    yaml_node_t *list = values[5] ? values[5] : values[6];
    if (yaml_reader_filled(yaml, values[2], "in") != 0 || yaml_reader_filled(yaml, list, "names") != 0 ||
        join_names(reading, list, &names) != 0)
        return -1;
    return policy_build_names(reading->policy, &names)
               ? 0
               : yaml_reader_fail(yaml, values[6], "more than %d stems", POLICY_STEMS_MAX);
}

/* Appends the expressions of |node|, any of which may hold. */
static int join_expressions(struct reading *reading, yaml_node_t *node, const char *before,
                            struct buffer *out)
{
    yaml_node_t *item;
    bool first = true;
    for (size_t at = 0; (item = yaml_reader_item(&reading->yaml, node, &at)); first = false) {
        struct select *select;
        struct select_span span;
        struct error wrong;
        struct bytes text = yaml_scalar(item);
        if (text.size == 0 || memchr(text.data, 0, text.size))
            return yaml_reader_fail(&reading->yaml, item, "wanted an expression, see rehearse-select(7)");
        if (select_compile((const char *)text.data, &select, &span, &wrong) != 0)
            return yaml_reader_fail(&reading->yaml, item, "%s", wrong.text);
        select_free(select);
        if (first)
            buffer_printf(out, "%s%s(", out->size > 0 ? " && " : "", before);
        buffer_printf(out, "%s(%s)", first ? "" : " || ", (const char *)text.data);
    }
    if (!first)
        buffer_append_byte(out, ')');
    return 0;
}

static int read_select(struct reading *reading, yaml_node_t *node)
{
    static const char *const keys[] = {"keep", "drop"};
    yaml_node_t *values[COUNT(keys)];
    struct buffer text = {0};
    int status = yaml_reader_mapping(&reading->yaml, node, "select", keys, COUNT(keys), values);
    for (unsigned i = 0; i < COUNT(keys) && status == 0; i++)
        status = values[i] ? yaml_reader_filled(&reading->yaml, values[i], keys[i]) : 0;
    if (status == 0 && values[0])
        status = join_expressions(reading, values[0], "", &text);
    if (status == 0 && values[1])
        status = join_expressions(reading, values[1], "!", &text);
    if (status == 0 && text.size > SELECT_TEXT_MAX)
        status = yaml_reader_fail(&reading->yaml, node, "all expressions together are longer than %d bytes",
                                  SELECT_TEXT_MAX);
    if (status == 0 && text.size > 0) {
        buffer_append_byte(&text, 0);
        reading->policy->select = xstrdup((const char *)text.data);
    }
    buffer_free(&text);
    return status;
}

static int read_sample(struct reading *reading, yaml_node_t *node)
{
    static const char *const keys[] = {"percent", "by"};
    yaml_node_t *values[COUNT(keys)];
    struct sampling sampling;
    if (yaml_reader_mapping(&reading->yaml, node, "sample", keys, COUNT(keys), values) != 0)
        return -1;
    if (!values[0])
        return yaml_reader_fail(&reading->yaml, node, "no 'percent' says how much");
    char *end;
    const char *text = (const char *)yaml_scalar(values[0]).data;
    double percent = text ? strtod(text, &end) : -1;
    if (!text || *end || !(percent >= 0 && percent <= 100))
        return yaml_reader_fail(&reading->yaml, values[0], "percent: wanted a number from 0 to 100");
    reading->policy->sample_pct = percent;
    if (!values[1])
        return 0;
    const char *by = (const char *)yaml_scalar(values[1]).data;
    if (!by || !sampling_parse(by, &sampling))
        return yaml_reader_fail(&reading->yaml, values[1],
                                "by: wanted session, connection, header:NAME, cookie:NAME, path or exchange");
    reading->policy->sample_by = xstrdup(by);
    return 0;
}

static int read_otherwise(struct reading *reading, yaml_node_t *node)
{
    static const char *const words[] = {"keep", "hash", "null"};
    int word = yaml_reader_word(&reading->yaml, node, "word", words, COUNT(words));
    if (word <= 0)
        return word;
    struct strategy strategy = {.kind = word == 1 ? STRATEGY_HASH : STRATEGY_NULL};
    uint16_t number = add_rule(reading, node, "otherwise", &strategy);
    if (number == POLICY_NO_RULE)
        return -1;
    reading->policy->otherwise = policy_build_decision(reading->policy, number, POLICY_PUBLIC);
    return 0;
}

/* Returns whether |text| has other ends of lines than LF and CRLF, which YAML knows, too. */
static bool has_odd_lines(struct bytes text)
{
    static const char *const ends[] = {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
    for (size_t i = 0; i < COUNT(ends); i++)
        if (memmem(text.data, text.size, ends[i], strlen(ends[i])))
            return true;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\r' && (i + 1 == text.size || text.data[i + 1] != '\n'))
            return true;
    return false;
}

/* Reads what is for a replay alone, and notes its lines. */
static int read_rewrites(struct reading *reading, const yaml_node_t *root, yaml_node_t *node)
{
    const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
    if (root->data.mapping.style == YAML_FLOW_MAPPING_STYLE || has_odd_lines(reading->text))
        return yaml_reader_fail(&reading->yaml, node,
                                "rewrite: wanted on lines of its own, which traffic does not keep");
    while (yaml_reader_node(&reading->yaml, pair->value) != node)
        pair++;
    reading->rewrites_from = yaml_reader_node(&reading->yaml, pair->key)->start_mark.line;
    if (pair + 1 < root->data.mapping.pairs.top)
        reading->rewrites_to = yaml_reader_node(&reading->yaml, pair[1].key)->start_mark.line;
    reading->policy->rewrites = rewriter_create();
    return rewrite_yaml_read(&reading->yaml, node, reading->policy->rewrites);
}

/* Appends |text| with the lines of the rewrites empty, so that all others keep their numbers. */
static void leave_out_rewrites(const struct reading *reading, struct bytes text, struct buffer *out)
{
    size_t line = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool inside =
            line >= reading->rewrites_from && (reading->rewrites_to == 0 || line < reading->rewrites_to);
        if (!inside || text.data[i] == '\n')
            buffer_append_byte(out, text.data[i]);
        line += text.data[i] == '\n';
    }
}

static int read_document(struct reading *reading, const yaml_node_t *root)
{
    static const char *const keys[] = {"version",   "extends", "select", "sample", "sanitize",
                                       "otherwise", "detect",  "names",  "rewrite"};
    static const char *const bases[] = {"default", "none"};
    struct yaml_reader *yaml = &reading->yaml;
    yaml_node_t *values[COUNT(keys)];
    uint64_t version = 0;
    if (yaml_reader_mapping(yaml, root, "a policy", keys, COUNT(keys), values) != 0)
        return -1;
    if (!values[0])
        return yaml_reader_fail(yaml, root, "no 'version: 1' says in which language it is written");
    if (!bytes_to_u64(yaml_scalar(values[0]), &version) || version != 1)
        return yaml_reader_fail(yaml, values[0], "version: wanted 1, the only one there is");
    int base = values[1] ? yaml_reader_word(yaml, values[1], "base", bases, COUNT(bases)) : 0;
    if (base < 0 || (values[2] && read_select(reading, values[2]) != 0) ||
        (values[3] && read_sample(reading, values[3]) != 0) ||
        read_each(reading, values[4], read_rule) != 0 ||
        (values[5] && read_otherwise(reading, values[5]) != 0) ||
        (values[6] && read_detect(reading, values[6]) != 0) ||
        read_each(reading, values[7], read_names) != 0 ||
        (values[8] && read_rewrites(reading, root, values[8]) != 0))
        return -1;
    if (base == 0)
        policy_build_default_names(reading->policy);
    return 0;
}

int policy_yaml_read(const char *file, struct bytes text, struct policy **ret_policy, struct error *err)
{
    struct reading reading = {.yaml = {.file = file, .err = err}, .text = text};
    if (yaml_reader_open(&reading.yaml, text) != 0)
        return -1;
    reading.policy = xmalloc(sizeof *reading.policy);
    policy_build_begin(reading.policy);
    int status = read_document(&reading, yaml_reader_root(&reading.yaml));
    yaml_reader_close(&reading.yaml);
    if (status != 0) {
        policy_free(reading.policy);
        return -1;
    }
    struct buffer kept = {0};
    if (reading.policy->rewrites)
        leave_out_rewrites(&reading, text, &kept);
    policy_build_end(reading.policy, reading.policy->rewrites ? buffer_bytes(&kept) : text);
    buffer_free(&kept);
    *ret_policy = reading.policy;
    return 0;
}

int policy_load(const char *path, struct policy **ret_policy, struct error *err)
{
    struct buffer text = {0};
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set_errno(err, ERROR_USAGE, errno, "policy %s", path);
    int status = 0;
    for (size_t got = 1; got > 0 && text.size <= POLICY_FILE_MAX;) {
        buffer_reserve(&text, 65536);
        got = fread(text.data + text.size, 1, 65536, file);
        text.size += got;
    }
    if (ferror(file))
        status = error_set_errno(err, ERROR_IO, errno, "policy %s", path);
    else if (text.size > POLICY_FILE_MAX)
        status = error_set(err, ERROR_USAGE, "policy %s: longer than %u bytes", path, POLICY_FILE_MAX);
    else
        status = policy_yaml_read(path, buffer_bytes(&text), ret_policy, err);
    fclose(file);
    buffer_free(&text);
    return status;
}
