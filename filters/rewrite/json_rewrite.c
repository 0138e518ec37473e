#include "filters/rewrite/json_rewrite.h"

#include "filters/locate/json_escape.h"
#include "filters/locate/json_token.h"

/* A walk over one text. */
struct walk {
    const struct json_rewrite *rewrite;
    const uint8_t *at, *end;
    const uint8_t *copied; /* before it all stands in |out| */
    struct buffer *out;
    struct buffer *plain, *changed; /* scratch */
    bool done;
    bool gave_up;
};

static bool pass_value(struct walk *walk, uint64_t states, bool hit, unsigned depth);

static void put(struct walk *walk, const uint8_t *start, struct bytes value)
{
    buffer_append(walk->out, walk->copied, (size_t)(start - walk->copied));
    buffer_append_bytes(walk->out, value);
    walk->copied = walk->at;
    walk->done = true;
}

static void substitute(struct walk *walk, const struct json_string *string)
{
    buffer_clear(walk->plain);
    buffer_clear(walk->changed);
    json_unescape(bytes_make(string->start, string->size), walk->plain);
    switch (substitution_apply(walk->rewrite->substitution, buffer_bytes(walk->plain), walk->changed)) {
    case SUBSTITUTION_NONE:
        break;
    case SUBSTITUTION_GAVE_UP:
        walk->gave_up = true;
        break;
    case SUBSTITUTION_DONE:
        buffer_clear(walk->plain);
        buffer_append_byte(walk->plain, '"');
        json_append_escaped(buffer_bytes(walk->changed), walk->plain);
        buffer_append_byte(walk->plain, '"');
        put(walk, string->start - 1, buffer_bytes(walk->plain));
        break;
    }
}

static bool pass_string(struct walk *walk, struct json_string *ret_string)
{
    bool cut = false;
    if (json_byte(walk->at, walk->end) != '"')
        return false;
    walk->at = json_string_end(walk->at, walk->end, false, ret_string, &cut);
    return walk->at != NULL;
}

static bool pass_word(struct walk *walk, const char *word)
{
    bool cut = false;
    walk->at = json_word_end(walk->at, walk->end, word, strlen(word), &cut);
    return walk->at != NULL;
}

static bool pass_scalar(struct walk *walk, bool hit)
{
    struct json_string string;
    bool cut = false;
    switch (json_byte(walk->at, walk->end)) {
    case '"':
        if (!pass_string(walk, &string))
            return false;
        if (hit)
            substitute(walk, &string);
        return true;
    case 't':
        return pass_word(walk, "true");
    case 'f':
        return pass_word(walk, "false");
    case 'n':
        return pass_word(walk, "null");
    default:
        walk->at = json_number_end(walk->at, walk->end, &cut);
        return walk->at != NULL;
    }
}

static uint8_t next_byte(struct walk *walk)
{
    walk->at = json_skip_space(walk->at, walk->end);
    return json_byte(walk->at, walk->end);
}

static bool pass_member(struct walk *walk, uint64_t states, unsigned depth)
{
    struct json_string name;
    uint16_t hit = 0;
    next_byte(walk);
    if (!pass_string(walk, &name))
        return false;
    if (states) {
        buffer_clear(walk->plain);
        json_unescape(bytes_make(name.start, name.size), walk->plain);
        states = json_paths_member(walk->rewrite->paths, states, buffer_bytes(walk->plain), &hit);
    }
    if (next_byte(walk) != ':')
        return false;
    walk->at++;
    return pass_value(walk, states, hit != 0, depth + 1);
}

/* Passes an object or an array, of which the first bracket is at |at|. */
static bool pass_nested(struct walk *walk, uint64_t states, unsigned depth)
{
    bool object = *walk->at++ == '{';
    uint8_t close = object ? '}' : ']';
    if (depth >= JSON_REWRITE_DEPTH_MAX)
        return false;
    if (next_byte(walk) == close) {
        walk->at++;
        return true;
    }
    for (uint64_t index = 0;; index++) {
        uint16_t hit = 0;
        uint64_t into = !object && states ? json_paths_element(walk->rewrite->paths, states, index, &hit) : 0;
        if (object ? !pass_member(walk, states, depth) : !pass_value(walk, into, hit != 0, depth + 1))
            return false;
        uint8_t next = next_byte(walk);
        walk->at++;
        if (next == close)
            return true;
        if (next != ',')
            return false;
    }
}

static bool pass_value(struct walk *walk, uint64_t states, bool hit, unsigned depth)
{
    uint8_t first = next_byte(walk);
    const uint8_t *start = walk->at;
    bool set = hit && !walk->rewrite->substitution;
    if (first == '{' || first == '[') {
        if (!pass_nested(walk, set ? 0 : states, depth))
            return false;
    } else if (!pass_scalar(walk, hit && !set)) {
        return false;
    }
    if (set)
        put(walk, start, walk->rewrite->value);
    return true;
}

enum json_rewrite_verdict json_rewrite(const struct json_rewrite *rewrite, struct bytes text,
                                       struct buffer *out)
{
    if (!text.size)
        return JSON_REWRITE_NONE;
    struct walk walk = {.rewrite = rewrite,
                        .at = text.data,
                        .end = text.data + text.size,
                        .copied = text.data,
                        .out = out,
                        .plain = rewrite->scratch[0],
                        .changed = rewrite->scratch[1]};
    bool good = true;
    while (good && json_skip_space(walk.at, walk.end) < walk.end)
        good = pass_value(&walk, rewrite->paths->roots, false, 0);
    if (good && walk.done)
        buffer_append(out, walk.copied, (size_t)(walk.end - walk.copied));
    if (!good)
        return JSON_REWRITE_NO_JSON;
    if (walk.gave_up)
        return JSON_REWRITE_GAVE_UP;
    return walk.done ? JSON_REWRITE_DONE : JSON_REWRITE_NONE;
}

bool json_rewrite_is_plain(struct bytes text)
{
    static const char *const words[] = {"true", "false", "null"};
    bool cut = false;
    for (size_t i = 0; i < 3; i++)
        if (bytes_equal(text, bytes_of(words[i])))
            return true;
    return text.size > 0 && json_number_end(text.data, text.data + text.size, &cut) == text.data + text.size;
}
