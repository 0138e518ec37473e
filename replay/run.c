#include "replay/run.h"

#include "common/mem.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *run_mode_name(enum run_mode mode)
{
    static const char *const names[] = {"recorded", "max", "rate", "ramp"};
    return names[mode];
}

void run_texts_add(struct run_texts *texts, const char *text)
{
    texts->items = xrealloc(texts->items, (texts->count + 1) * sizeof *texts->items);
    texts->items[texts->count++] = xstrdup(text);
}

void run_rewrites_add(struct run_rewrites *rewrites, struct bytes rule)
{
    rewrites->items = xrealloc(rewrites->items, (rewrites->count + 1) * sizeof *rewrites->items);
    rewrites->items[rewrites->count++] =
        (struct run_rewrite){.rule = xstrndup((const char *)rule.data, rule.size)};
}

static void run_rewrites_free(struct run_rewrites *rewrites)
{
    for (size_t i = 0; i < rewrites->count; i++)
        free(rewrites->items[i].rule);
    free(rewrites->items);
}

static void run_texts_free(struct run_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
}

/* The members that are plain values, once for writing and reading. */
#define TEXT_MEMBERS(X)                                                                                      \
    X(run_id)                                                                                                \
    X(version)                                                                                               \
    X(traffic)                                                                                               \
    X(target)                                                                                                \
    X(session)                                                                                               \
    X(sender)                                                                                                \
    X(pace)                                                                                                  \
    X(content)                                                                                               \
    X(aborted)
#define COUNT_MEMBERS(X)                                                                                     \
    X(connections)                                                                                           \
    X(concurrency)                                                                                           \
    X(sessions)                                                                                              \
    X(threads)                                                                                               \
    X(timeout_ns)                                                                                            \
    X(loop)                                                                                                  \
    X(started_wall_ns)                                                                                       \
    X(ended_wall_ns)                                                                                         \
    X(elapsed_ns)                                                                                            \
    X(cpu_ns)                                                                                                \
    X(firing_cpu_ns)                                                                                         \
    X(read)                                                                                                  \
    X(filtered)                                                                                              \
    X(sampled_out)
#define NUMBER_MEMBERS(X)                                                                                    \
    X(speed)                                                                                                 \
    X(rate_per_s)

/* Text that JSON can hold; where it is not UTF-8, bytes past ASCII become '?'. */
static json_t *text_json(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    size_t size = strlen(text);
    char *plain = xmalloc(size + 1);
    for (size_t i = 0; i <= size; i++)
        plain[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    value = json_string(plain);
    free(plain);
    return value;
}

static json_t *texts_json(const struct run_texts *texts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(list, text_json(texts->items[i]));
    return list;
}

/* JSON integers are signed here. */
static json_int_t clamp(uint64_t value)
{
    return value > INT64_MAX ? INT64_MAX : (json_int_t)value;
}

static json_t *rewrites_json(const struct run_rewrites *rewrites)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rewrites->count; i++) {
        json_t *item = json_object();
        json_object_set_new(item, "rule", text_json(rewrites->items[i].rule));
        json_object_set_new(item, "touched", json_integer(clamp(rewrites->items[i].touched)));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *info_json(const struct run_info *info)
{
    json_t *object = json_object();
    json_object_set_new(object, "schema", json_string(RUN_SCHEMA));
    json_object_set_new(object, "mode", json_string(run_mode_name(info->mode)));
#define X(name) json_object_set_new(object, #name, text_json(info->name));
    TEXT_MEMBERS(X)
#undef X
#define X(name) json_object_set_new(object, #name, json_integer(clamp(info->name)));
    COUNT_MEMBERS(X)
#undef X
#define X(name) json_object_set_new(object, #name, json_real(info->name));
    NUMBER_MEMBERS(X)
#undef X
    json_object_set_new(object, "interrupted", json_boolean(info->interrupted));
    json_object_set_new(object, "notes", texts_json(&info->notes));
    json_object_set_new(object, "gates", texts_json(&info->gates));
    json_object_set_new(object, "rewrites", rewrites_json(&info->rewrites));
    json_object_set_new(object, "deviations", rewrites_json(&info->deviations));
    return object;
}

int run_info_save(const char *folder, const struct run_info *info, struct error *err)
{
    char *path = xasprintf("%s/%s", folder, RUN_FILE);
    char *temporary = xasprintf("%s.tmp", path);
    json_t *object = info_json(info);
    char *text = json_dumps(object, JSON_INDENT(2));
    json_decref(object);
    int status = -1;
    FILE *file = text ? fopen(temporary, "we") : NULL;
    if (!file) {
        error_set_errno(err, ERROR_IO, errno, "cannot write %s", temporary);
        goto done;
    }
    bool written =
        fputs(text, file) >= 0 && fputc('\n', file) != EOF && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int failure = errno;
    if ((fclose(file) != 0 && written) || !written) {
        error_set_errno(err, ERROR_IO, written ? errno : failure, "cannot write %s", temporary);
        unlink(temporary);
        goto done;
    }
    if (rename(temporary, path) != 0) {
        error_set_errno(err, ERROR_IO, errno, "cannot write %s", path);
        unlink(temporary);
        goto done;
    }
    status = 0;
done:
    free(text);
    free(temporary);
    free(path);
    return status;
}

static bool take_text(const json_t *object, const char *name, char **ret_text)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_string(value))
        *ret_text = xstrdup(json_string_value(value));
    return !value || json_is_null(value) || json_is_string(value);
}

static bool take_count(const json_t *object, const char *name, uint64_t *ret_count)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret_count = (uint64_t)json_integer_value(value);
    return true;
}

static bool take_number(const json_t *object, const char *name, double *ret_number)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return true;
    *ret_number = json_number_value(value);
    return json_is_number(value) && *ret_number >= 0;
}

static bool take_texts(const json_t *object, const char *name, struct run_texts *texts)
{
    const json_t *list = json_object_get(object, name);
    if (!list)
        return true;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (!text)
            return false;
        run_texts_add(texts, text);
    }
    return json_is_array(list);
}

static bool take_rewrites(const json_t *object, const char *name, struct run_rewrites *rewrites)
{
    const json_t *list = json_object_get(object, name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *rule = json_string_value(json_object_get(item, "rule"));
        if (!rule)
            return false;
        run_rewrites_add(rewrites, bytes_of(rule));
        if (!take_count(item, "touched", &rewrites->items[i].touched))
            return false;
    }
    return !list || json_is_array(list);
}

static bool take_mode(const json_t *object, enum run_mode *ret_mode)
{
    const char *name = json_string_value(json_object_get(object, "mode"));
    for (int mode = RUN_MODE_RECORDED; name && mode <= RUN_MODE_RAMP; mode++) {
        if (strcmp(name, run_mode_name((enum run_mode)mode)) == 0) {
            *ret_mode = (enum run_mode)mode;
            return true;
        }
    }
    return false;
}

static bool take_info(const json_t *object, struct run_info *info)
{
    bool good = take_mode(object, &info->mode);
#define X(name) good = good && take_text(object, #name, &info->name);
    TEXT_MEMBERS(X)
#undef X
#define X(name) good = good && take_count(object, #name, &info->name);
    COUNT_MEMBERS(X)
#undef X
#define X(name) good = good && take_number(object, #name, &info->name);
    NUMBER_MEMBERS(X)
#undef X
    info->interrupted = json_is_true(json_object_get(object, "interrupted"));
    return good && take_texts(object, "notes", &info->notes) && take_texts(object, "gates", &info->gates) &&
           take_rewrites(object, "rewrites", &info->rewrites) &&
           take_rewrites(object, "deviations", &info->deviations);
}

int run_info_load(const char *folder, struct run_info *ret_info, struct error *err)
{
    char *path = xasprintf("%s/%s", folder, RUN_FILE);
    struct run_info info = {0};
    json_error_t failure;
    json_t *object = NULL;
    int status = -1;
    if (access(path, R_OK) != 0) {
        if (errno == ENOENT && access(folder, F_OK) == 0)
            error_set(err, ERROR_USAGE,
                      "%s is not a run: it holds no %s; name the folder that `rehearse replay -o` wrote",
                      folder, RUN_FILE);
        else
            error_set_errno(err, ERROR_IO, errno, "cannot read %s", path);
        goto done;
    }
    object = json_load_file(path, JSON_REJECT_DUPLICATES, &failure);
    const char *schema = json_string_value(json_object_get(object, "schema"));
    if (!object || !schema || strcmp(schema, RUN_SCHEMA) != 0 || !take_info(object, &info)) {
        error_set(err, ERROR_DATA, "%s is damaged or of another version (wanted schema %s); replay again",
                  path, RUN_SCHEMA);
        run_info_free(&info);
        goto done;
    }
    *ret_info = info;
    status = 0;
done:
    json_decref(object);
    free(path);
    return status;
}

void run_info_free(struct run_info *info)
{
#define X(name) free(info->name);
    TEXT_MEMBERS(X)
#undef X
    run_texts_free(&info->notes);
    run_texts_free(&info->gates);
    run_rewrites_free(&info->rewrites);
    run_rewrites_free(&info->deviations);
    memset(info, 0, sizeof *info);
}
