#include "replay/state/link_rules.h"

#include "common/http1_head.h"
#include "common/mem.h"
#include "common/pattern.h"
#include "filters/locate/json_escape.h"
#include "replay/places.h"
#include "replay/state/fifo_map.h"
#include "replay/state/json_spot.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MAX   (16 * 1024)
#define SUBJECT_MAX (256 * 1024) /* of a body, for patterns */

struct rule {
    struct link_rule rule;
    struct buffer texts; /* that the rule's views are in */
    struct pattern *pattern;
    uint64_t spot;
};

struct link_rules {
    struct rule items[LINK_RULES_MAX];
    size_t count;
};

/* What was given out to a session, by rule. */
struct values {
    struct fifo_entry entry;
    size_t count;
    struct buffer items[]; /* no data: nothing yet */
};

struct link_values {
    struct link_rules *rules;
    struct fifo_map sessions;
    struct rewriter *rewriter, *form;
    struct buffer plain;
};

struct link_rules *link_rules_create(void)
{
    return xcalloc(1, sizeof(struct link_rules));
}

void link_rules_free(struct link_rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < rules->count; i++) {
        buffer_free(&rules->items[i].texts);
        pattern_free(rules->items[i].pattern);
    }
    free(rules);
}

bool link_endpoint_parse(struct bytes text, struct link_endpoint *ret_endpoint)
{
    const uint8_t *space = text.size ? memchr(text.data, ' ', text.size) : NULL;
    if (!space || space == text.data)
        return false;
    size_t size = (size_t)(space - text.data);
    ret_endpoint->method = bytes_make(text.data, size);
    ret_endpoint->path = bytes_trim(bytes_make(space, text.size - size));
    return ret_endpoint->path.size > 0 && ret_endpoint->path.data[0] == '/';
}

/* Takes the segment behind the next '/'. */
static bool next_segment(struct bytes *path, struct bytes *ret_segment)
{
    if (!path->size || path->data[0] != '/')
        return false;
    size_t size = 1;
    while (size < path->size && path->data[size] != '/')
        size++;
    *ret_segment = bytes_make(path->data + 1, size - 1);
    *path = bytes_make(path->data + size, path->size - size);
    return true;
}

static bool is_any(struct bytes segment)
{
    return bytes_equal(segment, BYTES_LITERAL("*")) ||
           (segment.size > 2 && segment.data[0] == '{' && segment.data[segment.size - 1] == '}');
}

static bool fits(const struct link_endpoint *endpoint, const struct http1_request_line *line)
{
    struct bytes wanted = endpoint->path, path = line->target, want, have;
    if (!endpoint->method.size)
        return true;
    if (!bytes_equal(endpoint->method, BYTES_LITERAL("*")) && !bytes_equal(endpoint->method, line->method))
        return false;
    for (size_t i = 0; i < path.size; i++)
        if (path.data[i] == '?' || path.data[i] == '#')
            path.size = i;
    while (next_segment(&wanted, &want)) {
        if (!wanted.size && bytes_equal(want, BYTES_LITERAL("...")))
            return true;
        if (!next_segment(&path, &have) || (!is_any(want) && !bytes_equal(want, have)))
            return false;
    }
    return !path.size;
}

static struct bytes keep(struct buffer *texts, struct bytes text)
{
    struct bytes kept = {texts->data + texts->size, text.size};
    buffer_append_bytes(texts, text);
    return kept;
}

static enum rewrite_place rewrite_place_of(enum inject_place place)
{
    return place == INJECT_HEADER ? REWRITE_HEADER : place == INJECT_JSON ? REWRITE_JSON : REWRITE_QUERY;
}

/* Lets the rewriter say what is wrong with where a value is to be put. */
static int check_sink(const struct link_rule *rule, struct error *err)
{
    if (rule->inject == INJECT_COOKIE)
        return 0;
    struct rewriter *rewriter = rewriter_create();
    const struct rewrite_rule probe = {.place = rewrite_place_of(rule->inject),
                                       .action = REWRITE_SET,
                                       .name = rule->sink,
                                       .value = BYTES_LITERAL("0")};
    int status = rewriter_add(rewriter, &probe, err);
    rewriter_free(rewriter);
    return status;
}

int link_rules_add(struct link_rules *rules, const struct link_rule *rule, struct error *err)
{
    if (rules->count == LINK_RULES_MAX)
        return error_set(err, ERROR_USAGE, "more than %d links", LINK_RULES_MAX);
    struct rule *kept = &rules->items[rules->count];
    *kept = (struct rule){.rule = *rule};
    if (rule->extract == EXTRACT_JSON && !(kept->spot = json_spot_of_path(rule->source)))
        return error_set(err, ERROR_USAGE, "not a path like $.user.token or $.items[0].id");
    if (check_sink(rule, err))
        return -1;
    size_t offset;
    if (rule->extract == EXTRACT_BODY && pattern_compile(rule->source, false, &kept->pattern, &offset, err))
        return error_prefix(err, "at character %zu", offset + 1);
    buffer_reserve(&kept->texts, rule->from.method.size + rule->from.path.size + rule->into.method.size +
                                     rule->into.path.size + rule->source.size + rule->sink.size + 1);
    kept->rule.from.method = keep(&kept->texts, rule->from.method);
    kept->rule.from.path = keep(&kept->texts, rule->from.path);
    kept->rule.into.method = keep(&kept->texts, rule->into.method);
    kept->rule.into.path = keep(&kept->texts, rule->into.path);
    kept->rule.source = keep(&kept->texts, rule->source);
    kept->rule.sink = keep(&kept->texts, rule->sink);
    rules->count++;
    return 0;
}

struct link_rules *link_rules_copy(const struct link_rules *rules)
{
    struct link_rules *copy = link_rules_create();
    struct error none = {0};
    for (size_t i = 0; i < rules->count; i++)
        link_rules_add(copy, &rules->items[i].rule, &none); /* it was right before */
    return copy;
}

/* fifo_map_free_fn */
static void values_free(void *entry)
{
    struct values *values = entry;
    for (size_t i = 0; i < values->count; i++)
        buffer_free(&values->items[i]);
    free(values);
}

struct link_values *link_values_create(struct link_rules *rules, size_t limit)
{
    struct link_values *values = xcalloc(1, sizeof *values);
    values->rules = rules;
    fifo_map_init(&values->sessions, limit, values_free);
    return values;
}

void link_values_free(struct link_values *values)
{
    if (!values)
        return;
    fifo_map_done(&values->sessions);
    rewriter_free(values->rewriter);
    rewriter_free(values->form);
    buffer_free(&values->plain);
    free(values);
}

bool link_values_want_body(const struct link_values *values, struct bytes request)
{
    struct http1_request_line line;
    if (!http1_request_line(request, &line))
        return false;
    for (size_t i = 0; i < values->rules->count; i++) {
        const struct link_rule *rule = &values->rules->items[i].rule;
        if ((rule->extract == EXTRACT_JSON || rule->extract == EXTRACT_BODY) && fits(&rule->from, &line))
            return true;
    }
    return false;
}

static struct values *values_of(struct link_values *values, struct keymap_key key)
{
    struct values *one = fifo_map_get(&values->sessions, key);
    if (one)
        return one;
    one = xcalloc(1, sizeof *one + values->rules->count * sizeof one->items[0]);
    one->count = values->rules->count;
    fifo_map_add(&values->sessions, key, &one->entry);
    return one;
}

static bool find_in_body(struct rule *rule, struct bytes body, struct bytes *ret_value)
{
    size_t start, end;
    if (body.size > SUBJECT_MAX)
        body.size = SUBJECT_MAX;
    if (!body.size || pattern_find(rule->pattern, body) != PATTERN_YES ||
        !pattern_group(rule->pattern, pattern_group_count(rule->pattern) > 0, &start, &end) || end < start)
        return false;
    *ret_value = bytes_make(body.data + start, end - start);
    return true;
}

/* Finds the value of |rule| in an answer, plain, borrowed from there or from |plain|. */
static bool extract(struct rule *rule, struct bytes head, struct bytes body, struct buffer *plain,
                    struct bytes *ret_value)
{
    buffer_clear(plain);
    switch (rule->rule.extract) {
    case EXTRACT_HEADER:
        return places_find_header(head, rule->rule.source, 0, ret_value);
    case EXTRACT_COOKIE:
        return places_find_set_cookie(head, rule->rule.source, 0, ret_value);
    case EXTRACT_JSON:
        if (!json_spot_find(body, rule->spot, ret_value))
            return false;
        places_decode(LINK_PLACE_JSON, *ret_value, plain);
        *ret_value = buffer_bytes(plain);
        return true;
    case EXTRACT_BODY:
        return find_in_body(rule, body, ret_value);
    }
    return false;
}

void link_values_learn(struct link_values *values, struct linker *linker,
                       const struct linker_context *context, struct bytes request, struct bytes head,
                       struct bytes body)
{
    struct http1_request_line line;
    if (!http1_request_line(request, &line))
        return;
    for (size_t i = 0; i < values->rules->count; i++) {
        struct rule *rule = &values->rules->items[i];
        struct bytes value;
        if (!fits(&rule->rule.from, &line) || !extract(rule, head, body, &values->plain, &value) ||
            !value.size || value.size > VALUE_MAX)
            continue;
        if (rule->rule.inject == INJECT_COOKIE) {
            linker_set_cookie(linker, context, rule->rule.sink, value);
            continue;
        }
        struct buffer *kept = &values_of(values, keymap_key(context->session, context->iteration))->items[i];
        buffer_clear(kept);
        buffer_append_bytes(kept, value);
    }
}

/* Adds what |rule| puts into a request. What cannot stand there (a line end in a header) is left out. */
static void add(struct link_values *values, const struct link_rule *rule, struct bytes value)
{
    struct rewriter **rewriter = rule->inject == INJECT_FORM ? &values->form : &values->rewriter;
    struct buffer json = {0};
    struct error unfit = {0};
    if (rule->inject == INJECT_JSON) {
        buffer_append_byte(&json, '"');
        json_append_escaped(value, &json);
        buffer_append_byte(&json, '"');
        value = buffer_bytes(&json);
    }
    if (!*rewriter)
        *rewriter = rewriter_create();
    const struct rewrite_rule set = {
        .place = rewrite_place_of(rule->inject), .action = REWRITE_SET, .name = rule->sink, .value = value};
    rewriter_add(*rewriter, &set, &unfit);
    buffer_free(&json);
}

bool link_values_injection(struct link_values *values, const struct linker_context *context,
                           struct bytes request, struct link_injection *ret_injection)
{
    struct http1_request_line line;
    rewriter_free(values->rewriter);
    rewriter_free(values->form);
    values->rewriter = values->form = NULL;
    const struct values *one =
        fifo_map_get(&values->sessions, keymap_key(context->session, context->iteration));
    if (!one || !http1_request_line(request, &line))
        return false;
    for (size_t i = 0; i < values->rules->count; i++) {
        const struct link_rule *rule = &values->rules->items[i].rule;
        if (one->items[i].size && fits(&rule->into, &line))
            add(values, rule, buffer_bytes(&one->items[i]));
    }
    *ret_injection = (struct link_injection){values->rewriter, values->form};
    return values->rewriter || values->form;
}
