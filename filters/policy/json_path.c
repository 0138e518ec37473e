#include "filters/policy/json_path.h"

#include <assert.h>
#include <string.h>

/* Reads a path. */
struct cursor {
    struct bytes text;
    size_t at;
};

static int wrong(const struct cursor *cursor, struct error *err, const char *what)
{
    return error_set(err, ERROR_USAGE, "%s at character %zu of the JSON path", what, cursor->at + 1);
}

static bool take(struct cursor *cursor, const char *word)
{
    size_t size = strlen(word);
    if (cursor->text.size - cursor->at < size || memcmp(cursor->text.data + cursor->at, word, size) != 0)
        return false;
    cursor->at += size;
    return true;
}

/* Takes a bare name: up to what begins the next step. */
static struct bytes take_name(struct cursor *cursor)
{
    size_t start = cursor->at;
    while (cursor->at < cursor->text.size && !strchr(".[]'\"* \t", cursor->text.data[cursor->at]))
        cursor->at++;
    return bytes_make(cursor->text.data + start, cursor->at - start);
}

/* Takes what stands between brackets, of which the first was taken. */
static int take_bracket(struct cursor *cursor, struct json_step *ret_step, struct error *err)
{
    uint8_t quote = cursor->at < cursor->text.size ? cursor->text.data[cursor->at] : 0;
    if (take(cursor, "*]")) {
        ret_step->kind = JSON_STEP_ANY;
        return 0;
    }
    if (quote == '\'' || quote == '"') {
        size_t start = ++cursor->at;
        while (cursor->at < cursor->text.size && cursor->text.data[cursor->at] != quote)
            cursor->at++;
        ret_step->kind = JSON_STEP_NAME;
        ret_step->name = bytes_make(cursor->text.data + start, cursor->at - start);
        return take(cursor, quote == '"' ? "\"]" : "']") ? 0 : wrong(cursor, err, "no closing quote and ']'");
    }
    size_t start = cursor->at;
    while (cursor->at < cursor->text.size && cursor->text.data[cursor->at] >= '0' &&
           cursor->text.data[cursor->at] <= '9')
        cursor->at++;
    ret_step->kind = JSON_STEP_INDEX;
    if (!bytes_to_u64(bytes_make(cursor->text.data + start, cursor->at - start), &ret_step->index))
        return wrong(cursor, err, "wanted a number, '*' or a name in quotes between [ and ]");
    return take(cursor, "]") ? 0 : wrong(cursor, err, "no ']'");
}

static int take_step(struct cursor *cursor, struct json_step *ret_step, struct error *err)
{
    *ret_step = (struct json_step){.descends = take(cursor, "..")};
    if (!ret_step->descends && take(cursor, "["))
        return take_bracket(cursor, ret_step, err);
    if (!ret_step->descends && !take(cursor, "."))
        return wrong(cursor, err, "wanted '.', '..' or '['");
    if (ret_step->descends && take(cursor, "["))
        return take_bracket(cursor, ret_step, err);
    if (take(cursor, "*")) {
        ret_step->kind = JSON_STEP_ANY;
        return 0;
    }
    ret_step->kind = JSON_STEP_NAME;
    ret_step->name = take_name(cursor);
    return ret_step->name.size > 0 ? 0 : wrong(cursor, err, "wanted a name");
}

int json_paths_add(struct json_paths *paths, struct bytes text, uint16_t id, struct error *err)
{
    struct cursor cursor = {.text = text};
    size_t count = paths->count;
    if (!take(&cursor, "$"))
        return error_set(err, ERROR_USAGE, "a JSON path begins with '$', as $.user.email or $..email");
    if (cursor.at == text.size)
        return error_set(err, ERROR_USAGE, "'$' alone is the whole document: locate 'body' instead");
    while (cursor.at < text.size) {
        if (count == JSON_PATH_STATES)
            return error_set(err, ERROR_USAGE,
                             "more than %d steps in all JSON paths together; $..name counts none",
                             JSON_PATH_STATES);
        if (take_step(&cursor, &paths->steps[count], err) != 0)
            return -1;
        paths->steps[count++].id = id;
    }
    paths->roots |= UINT64_C(1) << paths->count;
    paths->steps[count - 1].last = true;
    paths->count = count;
    return 0;
}

struct bytes json_path_name_only(struct bytes text)
{
    struct cursor cursor = {.text = text};
    struct json_step step;
    struct error err;
    if (!take(&cursor, "$") || take_step(&cursor, &step, &err) != 0 || cursor.at < text.size)
        return (struct bytes){0};
    return step.descends && step.kind == JSON_STEP_NAME ? step.name : (struct bytes){0};
}

void json_path_tell(struct bytes text, json_step_fn *tell, void *arg)
{
    struct cursor cursor = {.text = text};
    struct json_step step;
    struct error err;
    bool more = take(&cursor, "$");
    while (more && cursor.at < text.size)
        more = take_step(&cursor, &step, &err) == 0 && !step.descends &&
               tell(arg, &step, cursor.at == text.size);
}

uint64_t json_paths_step(const struct json_paths *paths, uint64_t states, const struct json_step *value,
                         uint16_t *ret_id)
{
    uint64_t next = 0;
    while (states) {
        unsigned state = (unsigned)__builtin_ctzll(states);
        const struct json_step *step = &paths->steps[state];
        states &= states - 1;
        if (step->descends)
            next |= UINT64_C(1) << state;
        bool matches = step->kind == JSON_STEP_ANY ||
                       (step->kind == value->kind &&
                        (step->kind == JSON_STEP_INDEX ? step->index == value->index
                                                       : bytes_equal(step->name, value->name)));
        if (!matches)
            continue;
        if (!step->last)
            next |= UINT64_C(1) << (state + 1);
        else if (*ret_id == 0 || step->id < *ret_id)
            *ret_id = step->id;
    }
    return next;
}

uint64_t json_paths_member(const struct json_paths *paths, uint64_t states, struct bytes name,
                           uint16_t *ret_id)
{
    return json_paths_step(paths, states, &(struct json_step){.kind = JSON_STEP_NAME, .name = name}, ret_id);
}

uint64_t json_paths_element(const struct json_paths *paths, uint64_t states, uint64_t index, uint16_t *ret_id)
{
    return json_paths_step(paths, states, &(struct json_step){.kind = JSON_STEP_INDEX, .index = index},
                           ret_id);
}
