#include "replay/state/json_spot.h"

#include "filters/locate/json_token.h"

/* One object or array around what is read. */
struct level {
    uint64_t way;   /* that leads to it */
    uint64_t index; /* of the element that is read; in an object, of the member */
    bool object;
};

struct walk {
    const uint8_t *start, *at, *end;
    struct level levels[JSON_SPOT_DEPTH_MAX + 1]; /* the outermost is the text */
    size_t depth;
    uint64_t way;      /* to the value that comes next */
    struct bytes name; /* the last one */
    bool name_next;
};

/* What a step of a walk met. */
struct scalar {
    size_t offset;
    struct bytes value;
    uint64_t way;
};

static uint64_t mix(uint64_t way, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        way = (way ^ bytes[i]) * UINT64_C(0x100000001b3);
    return (way ^ (way >> 29)) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t member_way(uint64_t way, struct bytes name)
{
    return mix(way ^ 1, name.data, name.size);
}

/* Sets what leads to the element that comes next. */
static void set_way(struct walk *walk)
{
    struct level *level = &walk->levels[walk->depth];
    walk->name_next = level->object;
    if (!level->object)
        walk->way = mix(level->way, &level->index, sizeof level->index);
}

static bool enter(struct walk *walk, bool object)
{
    if (walk->depth == JSON_SPOT_DEPTH_MAX)
        return false;
    walk->levels[++walk->depth] = (struct level){.way = walk->way, .object = object};
    set_way(walk);
    return true;
}

static void leave(struct walk *walk)
{
    if (walk->depth > 0)
        walk->depth--;
}

static void next_element(struct walk *walk)
{
    walk->levels[walk->depth].index++;
    set_way(walk);
}

/* Takes a string: a name, or a scalar. Returns false where the text ends in it. */
static bool take_string(struct walk *walk, struct scalar *scalar, bool *ret_scalar)
{
    struct json_string string;
    bool cut = false;
    const uint8_t *quote = walk->at, *after = json_string_end(walk->at, walk->end, false, &string, &cut);
    if (!after)
        return false;
    walk->at = after;
    *ret_scalar = !walk->name_next;
    if (walk->name_next) {
        walk->way = member_way(walk->levels[walk->depth].way, bytes_make(string.start, string.size));
        walk->name = bytes_make(string.start, string.size);
        walk->name_next = false;
        return true;
    }
    *scalar =
        (struct scalar){(size_t)(quote - walk->start), bytes_make(string.start, string.size), walk->way};
    return true;
}

static void take_plain(struct walk *walk, struct scalar *scalar)
{
    const uint8_t *start = walk->at;
    do
        walk->at++;
    while (walk->at < walk->end && !memchr(",:]}{[\" \t\r\n", *walk->at, 11));
    *scalar = (struct scalar){(size_t)(start - walk->start), bytes_make(start, (size_t)(walk->at - start)),
                              walk->way};
}

/* Goes to the next scalar. Returns false at the end. */
static bool step(struct walk *walk, struct scalar *scalar)
{
    while ((walk->at = json_skip_space(walk->at, walk->end)) < walk->end) {
        uint8_t byte = *walk->at;
        bool is_scalar = false;
        if (byte == '"') {
            if (!take_string(walk, scalar, &is_scalar))
                return false;
            if (is_scalar)
                return true;
            continue;
        }
        if (!memchr("{}[],:", byte, 6)) {
            take_plain(walk, scalar);
            return true;
        }
        walk->at++;
        if ((byte == '{' || byte == '[') && !enter(walk, byte == '{'))
            return false;
        if (byte == '}' || byte == ']')
            leave(walk);
        if (byte == ',')
            next_element(walk);
    }
    return false;
}

static struct walk begin(struct bytes json)
{
    struct walk walk = {.start = json.data, .at = json.data, .end = json.data + json.size};
    walk.levels[0].way = UINT64_C(0xcbf29ce484222325);
    set_way(&walk);
    return walk;
}

uint64_t json_spot_at(struct bytes json, size_t offset)
{
    struct walk walk = begin(json);
    struct scalar scalar;
    while (step(&walk, &scalar) && scalar.offset <= offset)
        if (scalar.offset == offset)
            return scalar.way ? scalar.way : 1;
    return 0;
}

bool json_spot_find(struct bytes json, uint64_t spot, struct bytes *ret_value)
{
    struct walk walk = begin(json);
    struct scalar scalar;
    while (step(&walk, &scalar)) {
        if ((scalar.way ? scalar.way : 1) != spot)
            continue;
        *ret_value = scalar.value;
        return true;
    }
    return false;
}

uint64_t json_spot_of_path(struct bytes path)
{
    struct walk root = begin((struct bytes){0});
    uint64_t way = root.way;
    if (path.size < 2 || path.data[0] != '$')
        return 0;
    for (size_t i = 1, end; i < path.size; i = end) {
        if (path.data[i] == '.') {
            for (end = i + 1; end < path.size && path.data[end] != '.' && path.data[end] != '['; end++)
                continue;
            if (end == i + 1)
                return 0;
            way = member_way(way, bytes_make(path.data + i + 1, end - i - 1));
            continue;
        }
        uint64_t index = 0;
        for (end = i + 1; end < path.size && path.data[end] >= '0' && path.data[end] <= '9' && end < i + 10;
             end++)
            index = index * 10 + (uint64_t)(path.data[end] - '0');
        if (path.data[i] != '[' || end == i + 1 || end == path.size || path.data[end] != ']')
            return 0;
        way = mix(way, &index, sizeof index);
        end++;
    }
    return way ? way : 1;
}

void json_spot_each(struct bytes json, json_spot_fn *fn, void *arg)
{
    struct walk walk = begin(json);
    struct scalar scalar;
    while (step(&walk, &scalar))
        fn(arg, walk.name, scalar.value);
}
