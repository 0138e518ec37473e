#include "filters/rewrite/rewrite.h"

#include "common/http1_head.h"
#include "common/mem.h"
#include "common/percent.h"
#include "filters/rewrite/json_rewrite.h"
#include "filters/rewrite/rewrite_check.h"

#include <assert.h>
#include <stdlib.h>

struct rule {
    enum rewrite_place place;
    enum rewrite_action action;
    struct buffer name, value;
    struct substitution *substitution; /* of REWRITE_SUBSTITUTE */
    struct json_paths paths;           /* of REWRITE_JSON */
    bool touching;                     /* the request at hand */
    uint64_t touched;
};

struct rewriter {
    struct rule **rules;
    size_t count;
    struct buffer scratch[6]; /* 0, 1: before and after a rule; 2, 3: of one value; 4, 5: of a target */
};

struct rewriter *rewriter_create(void)
{
    return xcalloc(1, sizeof(struct rewriter));
}

static void rule_free(struct rule *rule)
{
    buffer_free(&rule->name);
    buffer_free(&rule->value);
    substitution_free(rule->substitution);
    free(rule);
}

void rewriter_free(struct rewriter *rewriter)
{
    if (!rewriter)
        return;
    for (size_t i = 0; i < rewriter->count; i++)
        rule_free(rewriter->rules[i]);
    free(rewriter->rules);
    for (size_t i = 0; i < 6; i++)
        buffer_free(&rewriter->scratch[i]);
    free(rewriter);
}

int rewriter_add(struct rewriter *rewriter, const struct rewrite_rule *added, struct error *err)
{
    if (rewriter->count == REWRITE_RULES_MAX)
        return error_set(err, ERROR_USAGE, "more than %d rewrites", REWRITE_RULES_MAX);
    if (rewrite_check(added, err) != 0)
        return -1;
    struct rule *rule = xcalloc(1, sizeof *rule);
    rule->place = added->place;
    rule->action = added->action;
    buffer_append_bytes(&rule->name, added->name);
    buffer_append_bytes(&rule->value, added->value);
    if ((rule->action == REWRITE_SUBSTITUTE &&
         (substitution_parse(added->value, &rule->substitution, err) != 0 ||
          rewrite_check_replacement(rule->place, rule->substitution, err) != 0)) ||
        (rule->place == REWRITE_JSON &&
         json_paths_add(&rule->paths, buffer_bytes(&rule->name), 1, err) != 0)) {
        rule_free(rule);
        return -1;
    }
    rewriter->rules = xrealloc(rewriter->rules, (rewriter->count + 1) * sizeof(struct rule *));
    rewriter->rules[rewriter->count++] = rule;
    return 0;
}

int rewriter_add_header_line(struct rewriter *rewriter, const char *text, struct error *err)
{
    const char *colon = strchr(text, ':');
    if (!colon)
        return error_set(err, ERROR_USAGE, "the text is not 'Name: value'");
    return rewriter_add(rewriter,
                        &(struct rewrite_rule){.place = REWRITE_HEADER,
                                               .action = REWRITE_SET,
                                               .name = bytes_make(text, (size_t)(colon - text)),
                                               .value = bytes_trim(bytes_of(colon + 1))},
                        err);
}

int rewriter_add_query_pair(struct rewriter *rewriter, const char *text, struct error *err)
{
    const char *sign = strchr(text, '=');
    if (!sign)
        return error_set(err, ERROR_USAGE, "the text is not 'name=value'");
    return rewriter_add(rewriter,
                        &(struct rewrite_rule){.place = REWRITE_QUERY,
                                               .action = REWRITE_SET,
                                               .name = bytes_make(text, (size_t)(sign - text)),
                                               .value = bytes_of(sign + 1)},
                        err);
}

int rewriter_add_all(struct rewriter *rewriter, const struct rewriter *other, struct error *err)
{
    for (size_t i = 0; i < rewriter_count(other); i++) {
        const struct rule *rule = other->rules[i];
        if (rewriter_add(rewriter,
                         &(struct rewrite_rule){.place = rule->place,
                                                .action = rule->action,
                                                .name = buffer_bytes(&rule->name),
                                                .value = buffer_bytes(&rule->value)},
                         err) != 0)
            return -1;
    }
    return 0;
}

struct rewriter *rewriter_copy(const struct rewriter *rewriter)
{
    struct rewriter *copy = rewriter_create();
    struct error err;
    int failed = rewriter_add_all(copy, rewriter, &err);
    assert(!failed); /* it was added once */
    return copy;
}

size_t rewriter_count(const struct rewriter *rewriter)
{
    return rewriter ? rewriter->count : 0;
}

void rewriter_describe(const struct rewriter *rewriter, size_t index, struct buffer *out)
{
    static const char *const places[] = {"path", "host", "query", "header", "json"};
    static const char *const actions[] = {"set ", "remove ", "rewrite "};
    const struct rule *rule = rewriter->rules[index];
    bool named = rule->place != REWRITE_PATH && rule->place != REWRITE_HOST;
    buffer_printf(out, "%s%s ", actions[rule->action], places[rule->place]);
    buffer_append_bytes(out, buffer_bytes(named ? &rule->name : &rule->value));
}

uint64_t rewriter_touched(const struct rewriter *rewriter, size_t index)
{
    return rewriter->rules[index]->touched;
}

void rewriter_begin(struct rewriter *rewriter)
{
    for (size_t i = 0; i < rewriter->count; i++)
        rewriter->rules[i]->touching = false;
}

void rewriter_count_request(struct rewriter *rewriter)
{
    for (size_t i = 0; i < rewriter->count; i++)
        rewriter->rules[i]->touched += rewriter->rules[i]->touching;
}

bool rewriter_discards(const struct rewriter *rewriter, struct bytes name)
{
    for (size_t i = 0; i < rewriter->count; i++)
        if (rewriter->rules[i]->place == REWRITE_HEADER && rewriter->rules[i]->action != REWRITE_SUBSTITUTE &&
            bytes_equal_nocase(buffer_bytes(&rewriter->rules[i]->name), name))
            return true;
    return false;
}

/* Applies one rule to |text|, appending to |out|. Appends nothing, or what is thrown away, unless REWRITE_CHANGED. */
typedef enum rewrite_verdict (*apply_fn)(struct rewriter *rewriter, struct rule *rule, struct bytes text,
                                         struct buffer *out);

/* Applies every rule of |place| to what the one before it left. */
static enum rewrite_verdict apply_all(struct rewriter *rewriter, enum rewrite_place place, apply_fn apply,
                                      struct bytes text, struct buffer *out)
{
    struct buffer *now = &rewriter->scratch[0], *next = &rewriter->scratch[1];
    bool changed = false;
    for (size_t i = 0; i < rewriter->count; i++) {
        struct rule *rule = rewriter->rules[i];
        if (rule->place != place)
            continue;
        buffer_clear(next);
        enum rewrite_verdict verdict = apply(rewriter, rule, text, next);
        if (verdict == REWRITE_FAILED)
            return REWRITE_FAILED;
        if (verdict == REWRITE_SAME)
            continue;
        rule->touching = changed = true;
        struct buffer *before = now;
        now = next;
        next = before;
        text = buffer_bytes(now);
    }
    if (!changed)
        return REWRITE_SAME;
    buffer_append_bytes(out, text);
    return REWRITE_CHANGED;
}

static enum rewrite_verdict verdict_of(enum substitution_verdict verdict)
{
    switch (verdict) {
    case SUBSTITUTION_NONE:
        return REWRITE_SAME;
    case SUBSTITUTION_DONE:
        return REWRITE_CHANGED;
    case SUBSTITUTION_GAVE_UP:
        break;
    }
    return REWRITE_FAILED;
}

static bool holds_blank(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] == 0x7f)
            return true;
    return false;
}

static enum rewrite_verdict apply_path(struct rewriter *rewriter, struct rule *rule, struct bytes path,
                                       struct buffer *out)
{
    (void)rewriter;
    enum rewrite_verdict verdict = verdict_of(substitution_apply(rule->substitution, path, out));
    if (verdict != REWRITE_CHANGED)
        return verdict;
    struct bytes made = buffer_bytes(out);
    bool good = made.size && made.data[0] == '/' && !holds_blank(made) &&
                !memchr(made.data, '?', made.size) && !memchr(made.data, '#', made.size);
    return good ? REWRITE_CHANGED : REWRITE_FAILED;
}

static enum rewrite_verdict apply_host(struct rewriter *rewriter, struct rule *rule, struct bytes host,
                                       struct buffer *out)
{
    (void)rewriter;
    enum rewrite_verdict verdict = verdict_of(substitution_apply(rule->substitution, host, out));
    bool good = out->size && !holds_blank(buffer_bytes(out)) && !memchr(out->data, '/', out->size);
    return verdict == REWRITE_CHANGED && !good ? REWRITE_FAILED : verdict;
}

/* Takes the next pair from the front of |query|, and its name, decoded, to scratch 2. */
static bool next_pair(struct rewriter *rewriter, struct bytes *query, struct bytes *ret_name,
                      struct bytes *ret_value)
{
    if (!query->data)
        return false;
    const uint8_t *end = query->size ? memchr(query->data, '&', query->size) : NULL;
    struct bytes pair = end ? bytes_make(query->data, (size_t)(end - query->data)) : *query;
    *query = end ? bytes_make(end + 1, query->size - pair.size - 1) : (struct bytes){0};
    const uint8_t *sign = pair.size ? memchr(pair.data, '=', pair.size) : NULL;
    *ret_name = sign ? bytes_make(pair.data, (size_t)(sign - pair.data)) : pair;
    *ret_value = sign ? bytes_make(sign + 1, pair.size - ret_name->size - 1) : (struct bytes){0};
    buffer_clear(&rewriter->scratch[2]);
    percent_decode(*ret_name, true, &rewriter->scratch[2]);
    return true;
}

/* What becomes of the value of a pair that |rule| names: appended to |out|, coded. */
static enum rewrite_verdict put_parameter(struct rewriter *rewriter, struct rule *rule, struct bytes value,
                                          struct buffer *out)
{
    struct buffer *plain = &rewriter->scratch[2], *made = &rewriter->scratch[3];
    if (rule->action == REWRITE_SET) {
        percent_encode(buffer_bytes(&rule->value), "", out);
        return REWRITE_CHANGED;
    }
    buffer_clear(plain);
    buffer_clear(made);
    percent_decode(value, true, plain);
    enum rewrite_verdict verdict =
        verdict_of(substitution_apply(rule->substitution, buffer_bytes(plain), made));
    if (verdict == REWRITE_CHANGED)
        percent_encode(buffer_bytes(made), "", out);
    return verdict;
}

/* Applies |rule| to a target with its query. */
static enum rewrite_verdict apply_query(struct rewriter *rewriter, struct rule *rule, struct bytes target,
                                        struct buffer *out)
{
    const uint8_t *mark = memchr(target.data, '?', target.size);
    size_t path = mark ? (size_t)(mark - target.data) : target.size;
    struct bytes query = mark ? bytes_make(mark + 1, target.size - path - 1) : (struct bytes){0};
    struct bytes wanted = buffer_bytes(&rule->name), name, value;
    uint8_t before = '?';
    bool changed = false, is_set = false;
    buffer_append(out, target.data, path);
    while (next_pair(rewriter, &query, &name, &value)) {
        bool named = bytes_equal(buffer_bytes(&rewriter->scratch[2]), wanted);
        if (named && (rule->action == REWRITE_REMOVE || is_set)) {
            changed = true;
            continue;
        }
        buffer_append_byte(out, before);
        before = '&';
        buffer_append_bytes(out, name);
        enum rewrite_verdict verdict = REWRITE_SAME;
        size_t size = out->size;
        if (named) {
            buffer_append_byte(out, '=');
            verdict = put_parameter(rewriter, rule, value, out);
        }
        if (verdict == REWRITE_FAILED)
            return REWRITE_FAILED;
        changed = changed || verdict == REWRITE_CHANGED;
        is_set = is_set || (named && rule->action == REWRITE_SET);
        if (verdict == REWRITE_SAME) {
            out->size = size;
            const uint8_t *end = value.data ? value.data + value.size : name.data + name.size;
            buffer_append(out, name.data + name.size, (size_t)(end - (name.data + name.size)));
        }
    }
    if (rule->action == REWRITE_SET && !is_set) {
        buffer_append_byte(out, before);
        percent_encode(wanted, "", out);
        buffer_append_byte(out, '=');
        percent_encode(buffer_bytes(&rule->value), "", out);
        changed = true;
    }
    return changed ? REWRITE_CHANGED : REWRITE_SAME;
}

enum rewrite_verdict rewriter_target(struct rewriter *rewriter, struct bytes target, struct buffer *out)
{
    struct buffer *made = &rewriter->scratch[4], *last = &rewriter->scratch[5];
    if (!target.size || target.data[0] != '/')
        return REWRITE_SAME;
    buffer_clear(made);
    buffer_clear(last);
    const uint8_t *mark = memchr(target.data, '?', target.size);
    struct bytes path = bytes_make(target.data, mark ? (size_t)(mark - target.data) : target.size);
    enum rewrite_verdict of_path = apply_all(rewriter, REWRITE_PATH, apply_path, path, made);
    if (of_path == REWRITE_FAILED)
        return REWRITE_FAILED;
    if (of_path == REWRITE_CHANGED) {
        buffer_append(made, target.data + path.size, target.size - path.size);
        target = buffer_bytes(made);
    }
    enum rewrite_verdict of_query = apply_all(rewriter, REWRITE_QUERY, apply_query, target, last);
    if (of_query == REWRITE_CHANGED)
        target = buffer_bytes(last);
    enum rewrite_verdict verdict = of_query == REWRITE_SAME ? of_path : of_query;
    if (verdict == REWRITE_CHANGED)
        buffer_append_bytes(out, target);
    return verdict;
}

enum rewrite_verdict rewriter_host(struct rewriter *rewriter, struct bytes host, struct buffer *out)
{
    return apply_all(rewriter, REWRITE_HOST, apply_host, host, out);
}

static void put_line(struct buffer *out, struct bytes name, const struct buffer *value)
{
    buffer_append_bytes(out, name);
    buffer_append_text(out, ": ");
    buffer_append_bytes(out, buffer_bytes(value));
    buffer_append_text(out, "\r\n");
}

/* Appends a line that |rule| names with its value substituted. */
static enum rewrite_verdict substitute_line(struct rewriter *rewriter, struct rule *rule,
                                            const struct http1_field *field, struct buffer *out)
{
    struct buffer *made = &rewriter->scratch[2];
    buffer_clear(made);
    enum rewrite_verdict verdict = verdict_of(substitution_apply(rule->substitution, field->value, made));
    if (verdict != REWRITE_CHANGED) {
        buffer_append_bytes(out, field->line);
        return verdict;
    }
    for (size_t i = 0; i < made->size; i++)
        if (made->data[i] == '\r' || made->data[i] == '\n' || made->data[i] == 0)
            return REWRITE_FAILED; /* a folded line could become one of its own */
    const uint8_t *value = field->value.data ? field->value.data : field->line.data + field->name.size + 1;
    const uint8_t *after = value + field->value.size;
    buffer_append(out, field->line.data, (size_t)(value - field->line.data));
    buffer_append_bytes(out, buffer_bytes(made));
    buffer_append(out, after, (size_t)(field->line.data + field->line.size - after));
    return REWRITE_CHANGED;
}

/* Applies |rule| to header lines. Where it sets one that is not among them, it adds it if it |adds|. */
static enum rewrite_verdict apply_lines(struct rewriter *rewriter, struct rule *rule, struct bytes fields,
                                        bool adds, struct buffer *out)
{
    struct bytes name = buffer_bytes(&rule->name);
    struct http1_field field;
    bool changed = false, is_set = false;
    while (http1_next_field(&fields, &field)) {
        if (!field.split || !bytes_equal_nocase(field.name, name)) {
            buffer_append_bytes(out, field.line);
        } else if (rule->action == REWRITE_SUBSTITUTE) {
            enum rewrite_verdict verdict = substitute_line(rewriter, rule, &field, out);
            if (verdict == REWRITE_FAILED)
                return REWRITE_FAILED;
            changed = changed || verdict == REWRITE_CHANGED;
        } else {
            if (rule->action == REWRITE_SET && !is_set)
                put_line(out, field.name, &rule->value);
            is_set = changed = true;
        }
    }
    if (rule->action == REWRITE_SET && !is_set && adds) {
        put_line(out, name, &rule->value);
        changed = true;
    }
    return changed ? REWRITE_CHANGED : REWRITE_SAME;
}

static enum rewrite_verdict apply_head(struct rewriter *rewriter, struct rule *rule, struct bytes head,
                                       struct buffer *out)
{
    struct bytes fields = http1_fields(head);
    buffer_append(out, head.data, (size_t)(fields.data - head.data));
    return apply_lines(rewriter, rule, fields, true, out);
}

static enum rewrite_verdict apply_trailers(struct rewriter *rewriter, struct rule *rule,
                                           struct bytes trailers, struct buffer *out)
{
    return apply_lines(rewriter, rule, trailers, false, out);
}

enum rewrite_verdict rewriter_trailers(struct rewriter *rewriter, struct bytes trailers, struct buffer *out)
{
    return apply_all(rewriter, REWRITE_HEADER, apply_trailers, trailers, out);
}

enum rewrite_verdict rewriter_head(struct rewriter *rewriter, struct bytes head, struct buffer *out)
{
    return apply_all(rewriter, REWRITE_HEADER, apply_head, head, out);
}

bool rewriter_wants_json(const struct rewriter *rewriter)
{
    for (size_t i = 0; i < rewriter_count(rewriter); i++)
        if (rewriter->rules[i]->place == REWRITE_JSON)
            return true;
    return false;
}

static enum rewrite_verdict apply_json(struct rewriter *rewriter, struct rule *rule, struct bytes text,
                                       struct buffer *out)
{
    const struct json_rewrite rewrite = {.paths = &rule->paths,
                                         .substitution = rule->substitution,
                                         .value = buffer_bytes(&rule->value),
                                         .scratch = {&rewriter->scratch[2], &rewriter->scratch[3]}};
    switch (json_rewrite(&rewrite, text, out)) {
    case JSON_REWRITE_NONE:
        return REWRITE_SAME;
    case JSON_REWRITE_DONE:
        return REWRITE_CHANGED;
    case JSON_REWRITE_GAVE_UP:
    case JSON_REWRITE_NO_JSON:
        break;
    }
    return REWRITE_FAILED;
}

enum rewrite_verdict rewriter_json(struct rewriter *rewriter, struct bytes text, struct buffer *out)
{
    return apply_all(rewriter, REWRITE_JSON, apply_json, text, out);
}
