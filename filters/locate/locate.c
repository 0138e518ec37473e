#include "filters/locate/locate.h"

#include "filters/locate/json_locator.h"
#include "filters/locate/urlencoded.h"

#include <assert.h>
#include <string.h>

void locator_done(struct locator *locator)
{
    for (unsigned i = 0; i < LOCATOR_POOL; i++)
        buffer_free(&locator->pool[i]);
    policy_memo_wipe(&locator->memo);
}

struct buffer *locator_take(struct locator *locator)
{
    assert(locator->pool_used < LOCATOR_POOL);
    struct buffer *buffer = &locator->pool[locator->pool_used++];
    buffer_clear(buffer);
    return buffer;
}

void locator_give(struct locator *locator, struct buffer *buffer)
{
    assert(locator->pool_used > 0 && buffer == &locator->pool[locator->pool_used - 1]);
    locator->pool_used--;
}

bool locator_replace(struct locator *locator, const struct atom *atom, struct buffer *out)
{
    buffer_clear(out);
    locator->replace(locator->arg, atom, out);
    return !bytes_equal(buffer_bytes(out), atom->value);
}

/* What a value may hold besides itself. */
struct inside {
    bool json, pairs, url;
};

static bool holds(struct bytes value, uint8_t byte)
{
    return memchr(value.data, byte, value.size) != NULL;
}

/* |value| is trimmed. It claims JSON where it begins as text with members does, so that what cannot be read in it
 * may be one. */
static struct inside look_inside(struct bytes value)
{
    if (value.size < 2)
        return (struct inside){.pairs = value.size > 0 && value.data[0] == '='};
    return (struct inside){
        .json = (value.data[0] == '{' || value.data[0] == '[') && holds(value, '"'),
        .pairs = holds(value, '='),
        .url = holds(value, ':') && memmem(value.data, value.size, "://", 3) != NULL,
    };
}

bool locate_may_find(struct bytes value)
{
    struct inside inside = look_inside(bytes_trim(value));
    return inside.json || inside.pairs || inside.url;
}

bool locate_nested(struct locator *locator, enum link_place place, struct bytes name, struct bytes value,
                   struct buffer *out)
{
    buffer_clear(out);
    struct bytes inner = bytes_trim(value);
    struct inside inside = look_inside(inner);
    if (!inside.json && !inside.pairs && !inside.url)
        return false;
    if (locator->depth >= LOCATOR_DEPTH_MAX) {
        /* Deeper than anyone looks: fails closed. */
        struct atom atom = {.place = place, .class = POLICY_PERSONAL, .name = name, .value = value};
        return locator_replace(locator, &atom, out);
    }
    locator->depth++;
    bool failed = false;
    if (inside.json)
        failed = json_locate(locator, inner, JSON_LOCATE_ONE, out) != JSON_LOCATED;
    else if (url_has_start(value))
        url_locate(locator, value, false, out);
    else
        pairs_locate(locator, place, value, out); /* also what follows a '?' in a relative URL */
    locator->depth--;
    if (failed) {
        struct atom atom = {.place = place, .class = POLICY_PERSONAL, .name = name, .value = value};
        return locator_replace(locator, &atom, out);
    }
    return !bytes_equal(buffer_bytes(out), inside.json ? inner : value);
}
