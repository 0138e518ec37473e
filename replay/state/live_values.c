#include "replay/state/live_values.h"

#include "common/id_like.h"
#include "common/mem.h"
#include "replay/state/fifo_map.h"
#include "replay/state/json_spot.h"

#include <stdlib.h>
#include <string.h>

struct live {
    struct fifo_entry entry;
    size_t live_size, recorded_size;
    bool weak;
    uint8_t bytes[]; /* both, one after the other */
};

struct live_values {
    struct fifo_map map;
};

struct live_values *live_values_create(size_t limit)
{
    struct live_values *values = xcalloc(1, sizeof *values);
    fifo_map_init(&values->map, limit, free);
    return values;
}

void live_values_free(struct live_values *values)
{
    if (!values)
        return;
    fifo_map_done(&values->map);
    free(values);
}

static const struct live *find(const struct live_values *values, uint32_t iteration, struct bytes text)
{
    const struct live *live = fifo_map_get(&values->map, keymap_text_key(text, iteration));
    return live && bytes_equal(bytes_make(live->bytes, live->live_size), text) ? live : NULL;
}

void live_values_add(struct live_values *values, uint32_t iteration, struct bytes live, struct bytes recorded,
                     bool weak)
{
    struct keymap_key key = keymap_text_key(live, iteration);
    if (!live.size || bytes_equal(live, recorded) || fifo_map_get(&values->map, key))
        return;
    struct live *one = xmalloc(sizeof *one + live.size + recorded.size);
    one->live_size = live.size;
    one->weak = weak;
    one->recorded_size = recorded.size;
    memcpy(one->bytes, live.data, live.size);
    if (recorded.size)
        memcpy(one->bytes + live.size, recorded.data, recorded.size);
    fifo_map_add(&values->map, key, &one->entry);
}

struct turning {
    const struct live_values *values;
    uint32_t iteration;
    const uint8_t *copied;
    struct buffer *out;
    bool any;
};

static bool turn(struct turning *turning, bool id, struct bytes text)
{
    const struct live *live = find(turning->values, turning->iteration, text);
    if (!live || (live->weak && !id))
        return false;
    buffer_append(turning->out, turning->copied, (size_t)(text.data - turning->copied));
    buffer_append(turning->out, live->bytes + live->live_size, live->recorded_size);
    turning->copied = text.data + text.size;
    turning->any = true;
    return true;
}

/* json_spot_fn */
static void meet(void *arg, struct bytes name, struct bytes value)
{
    struct turning *turning = arg;
    if (!value.size || turn(turning, id_like_name(name), value) || !memchr(value.data, '/', value.size))
        return;
    for (size_t at = 0, end; at <= value.size; at = end + 1) {
        for (end = at; end < value.size && !memchr("/?#&=", value.data[end], 5); end++)
            continue;
        if (end > at)
            turn(turning, false, bytes_make(value.data + at, end - at));
    }
}

bool live_values_turn_back(const struct live_values *values, uint32_t iteration, struct bytes json,
                           struct buffer *out)
{
    struct turning turning = {.values = values, .iteration = iteration, .copied = json.data, .out = out};
    if (!values->map.oldest || !json.size)
        return false;
    json_spot_each(json, meet, &turning);
    if (turning.any)
        buffer_append(out, turning.copied, (size_t)(json.data + json.size - turning.copied));
    return turning.any;
}
