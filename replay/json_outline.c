#include "replay/json_outline.h"

#include "common/mem.h"
#include "filters/locate/json_escape.h"
#include "filters/locate/json_token.h"

#include <stdlib.h>

/* Where a value stands: by the way that all elements of an array share, and by its own. */
struct way {
    uint64_t shape, own;
};

struct reading {
    struct json_outline *outline;
    const uint8_t *at, *end;
    json_outline_fn *judge;
    void *arg;
};

static bool read_value(struct reading *reading, struct way way, unsigned depth);

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return (hash ^ size ^ hash >> 29) * UINT64_C(0x9e3779b97f4a7c15);
}

static bool add(struct json_outline *outline, enum json_outline_part part, uint64_t hash)
{
    size_t count = outline->parts[part].count;
    if (count == JSON_OUTLINE_VALUES_MAX)
        return false;
    if (count == outline->parts[part].capacity) {
        outline->parts[part].capacity = count ? 2 * count : 64;
        outline->parts[part].items =
            xrealloc(outline->parts[part].items, outline->parts[part].capacity * sizeof(uint64_t));
    }
    outline->parts[part].items[outline->parts[part].count++] = hash;
    return true;
}

static uint8_t next_byte(struct reading *reading)
{
    reading->at = json_skip_space(reading->at, reading->end);
    return json_byte(reading->at, reading->end);
}

/* Reads a string, decoded to |outline->plain|. */
static bool read_string(struct reading *reading)
{
    struct json_string string;
    bool cut = false;
    if (next_byte(reading) != '"')
        return false;
    reading->at = json_string_end(reading->at, reading->end, false, &string, &cut);
    if (!reading->at)
        return false;
    buffer_clear(&reading->outline->plain);
    json_unescape(bytes_make(string.start, string.size), &reading->outline->plain);
    return true;
}

static bool read_text(struct reading *reading, struct way way)
{
    if (!read_string(reading))
        return false;
    struct bytes value = buffer_bytes(&reading->outline->plain);
    switch (reading->judge(reading->arg, value)) {
    case JSON_OUTLINE_PLAIN:
        break;
    case JSON_OUTLINE_IS_SENSITIVE:
        return add(reading->outline, JSON_OUTLINE_SENSITIVE, mix(way.own, value.data, value.size));
    case JSON_OUTLINE_PRESENT:
        return add(reading->outline, JSON_OUTLINE_VALUES, mix(way.own, "present", 8));
    }
    return add(reading->outline, JSON_OUTLINE_VALUES, mix(mix(way.own, "s", 1), value.data, value.size));
}

static bool read_plain(struct reading *reading, struct way way, uint8_t first)
{
    static const struct {
        uint8_t first;
        const char *word;
    } words[] = {{'t', "true"}, {'f', "false"}, {'n', "null"}};
    const uint8_t *start = reading->at, *after = NULL;
    bool cut = false, is_word = false;
    for (size_t i = 0; i < 3; i++) {
        if (first != words[i].first)
            continue;
        is_word = true;
        after = json_word_end(start, reading->end, words[i].word, strlen(words[i].word), &cut);
    }
    if (!is_word)
        after = json_number_end(start, reading->end, &cut);
    if (!after)
        return false;
    reading->at = after;
    return add(reading->outline, JSON_OUTLINE_VALUES,
               mix(mix(way.own, "p", 1), start, (size_t)(after - start)));
}

static bool read_member(struct reading *reading, struct way way, unsigned depth)
{
    if (!read_string(reading))
        return false;
    struct bytes name = buffer_bytes(&reading->outline->plain);
    struct way inner = {.shape = mix(way.shape, name.data, name.size),
                        .own = mix(way.own, name.data, name.size)};
    if (next_byte(reading) != ':')
        return false;
    reading->at++;
    return read_value(reading, inner, depth + 1);
}

static bool read_nested(struct reading *reading, struct way way, unsigned depth)
{
    bool object = *reading->at++ == '{';
    uint8_t close = object ? '}' : ']';
    if (depth >= JSON_OUTLINE_DEPTH_MAX)
        return false;
    if (next_byte(reading) == close) {
        reading->at++;
        return true;
    }
    for (uint64_t index = 0;; index++) {
        struct way inner = {.shape = mix(way.shape, "[", 1), .own = mix(way.own, &index, sizeof index)};
        if (object ? !read_member(reading, way, depth) : !read_value(reading, inner, depth + 1))
            return false;
        uint8_t next = next_byte(reading);
        reading->at++;
        if (next == close)
            return true;
        if (next != ',')
            return false;
    }
}

static bool read_value(struct reading *reading, struct way way, unsigned depth)
{
    uint8_t first = next_byte(reading);
    char type = first == '"' || first == '{' || first == '[' || first == 'n' ? (char)first
                : first == 't' || first == 'f'                               ? 'b'
                                                                             : '0';
    if (!add(reading->outline, JSON_OUTLINE_SHAPE, mix(way.shape, &type, 1)))
        return false;
    if (first == '{' || first == '[')
        return read_nested(reading, way, depth);
    return first == '"' ? read_text(reading, way) : read_plain(reading, way, first);
}

static int by_number(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

bool json_outline_take(struct json_outline *outline, struct bytes text, json_outline_fn *judge, void *arg)
{
    if (!text.size)
        text = BYTES_LITERAL("");
    struct reading reading = {
        .outline = outline, .at = text.data, .end = text.data + text.size, .judge = judge, .arg = arg};
    struct way way = {.shape = 1, .own = 1};
    for (unsigned i = 0; i < JSON_OUTLINE_PARTS; i++)
        outline->parts[i].count = 0;
    while (json_skip_space(reading.at, reading.end) < reading.end)
        if (!read_value(&reading, way, 0))
            return false;
    for (unsigned i = 0; i < JSON_OUTLINE_PARTS; i++)
        if (outline->parts[i].count > 0)
            qsort(outline->parts[i].items, outline->parts[i].count, sizeof(uint64_t), by_number);
    size_t count = 0; /* the shape is a set */
    uint64_t *shape = outline->parts[JSON_OUTLINE_SHAPE].items;
    for (size_t i = 0; i < outline->parts[JSON_OUTLINE_SHAPE].count; i++)
        if (count == 0 || shape[count - 1] != shape[i])
            shape[count++] = shape[i];
    outline->parts[JSON_OUTLINE_SHAPE].count = count;
    return true;
}

bool json_outline_same(const struct json_outline *a, const struct json_outline *b,
                       enum json_outline_part part)
{
    size_t count = a->parts[part].count;
    return count == b->parts[part].count &&
           (count == 0 || memcmp(a->parts[part].items, b->parts[part].items, count * sizeof(uint64_t)) == 0);
}

void json_outline_free(struct json_outline *outline)
{
    for (unsigned i = 0; i < JSON_OUTLINE_PARTS; i++)
        free(outline->parts[i].items);
    buffer_free(&outline->plain);
}
