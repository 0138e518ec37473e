#include "filters/locate/cookie_locator.h"

#include "filters/locate/urlencoded.h"

#include <string.h>

static struct bytes part_of(struct bytes text, size_t from, size_t to)
{
    return bytes_make(text.data ? text.data + from : NULL, to - from);
}

static bool is_token(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] <= ' ' || name.data[i] >= 0x7f || strchr("()<>@,;\\\"/?={}", name.data[i]))
            return false;
    return name.size > 0;
}

/* Appends |name| with what detectors find in it replaced. Returns whether it differs. */
static bool cookie_name(struct locator *locator, struct bytes name, struct buffer *out)
{
    struct bytes no_name = {0};
    if (!locate_may_find(locator, (struct policy_decision){0}, name)) {
        buffer_append_bytes(out, name);
        return false;
    }
    struct buffer *replacement = locator_take(locator);
    bool changed = locate_nested(locator, LINK_PLACE_COOKIE, no_name, name, replacement);
    buffer_append_bytes(out, changed ? buffer_bytes(replacement) : name);
    locator_give(locator, replacement);
    return changed;
}

/* Appends |raw| replaced; surrounding quotes stay. Under no name it is a credential. */
static void cookie_atom(struct locator *locator, struct policy_decision decision, struct bytes name,
                        struct bytes raw, struct buffer *out)
{
    bool quoted = raw.size >= 2 && raw.data[0] == '"' && raw.data[raw.size - 1] == '"';
    if (quoted) {
        raw = part_of(raw, 1, raw.size - 1);
        buffer_append_byte(out, '"');
    }
    percent_atom(locator, LINK_PLACE_COOKIE, decision, name, raw, false, out);
    if (quoted)
        buffer_append_byte(out, '"');
}

/* Appends name=value; what is no such pair is replaced as a whole. Returns false, and appends nothing, where it goes. */
static bool cookie_pair(struct locator *locator, struct bytes pair, struct buffer *out)
{
    const uint8_t *equals = pair.size ? memchr(pair.data, '=', pair.size) : NULL;
    size_t size = equals ? (size_t)(equals - pair.data) : pair.size;
    struct bytes name = bytes_trim(part_of(pair, 0, size));
    const struct policy_decision unnamed = {.class = POLICY_CREDENTIAL};
    if (!equals || !is_token(name)) {
        cookie_atom(locator, unnamed, (struct bytes){0}, pair, out);
        return true;
    }
    struct policy_decision decision =
        policy_memo_ask(&locator->memo, locator->policy, POLICY_IN_COOKIE, name);
    struct bytes value = bytes_trim(part_of(pair, size + 1, pair.size));
    if (locator_removes(locator, decision)) {
        locator_remove(locator, &(struct atom){LINK_PLACE_COOKIE, decision, name, value});
        return false;
    }
    size_t start = value.size ? (size_t)(value.data - pair.data) : pair.size;
    size_t name_end = (size_t)(name.data - pair.data) + name.size;
    size_t begin = out->size, name_begin = begin + name_end - name.size;
    buffer_append_bytes(out, part_of(pair, 0, name_end - name.size));
    bool replaced = cookie_name(locator, name, out);
    if (replaced && !is_token(part_of(buffer_bytes(out), name_begin, out->size))) {
        out->size = begin; /* it would be no such pair when it is looked at again */
        cookie_atom(locator, unnamed, (struct bytes){0}, pair, out);
        return true;
    }
    buffer_append_bytes(out, part_of(pair, name_end, start));
    /* What the name says now is not what it said. */
    cookie_atom(locator, replaced ? unnamed : decision, replaced ? (struct bytes){0} : name, value, out);
    buffer_append_bytes(out, part_of(pair, start + value.size, pair.size));
    return true;
}

/* Takes up to the next ';'. |ret_part| is trimmed; |ret_before| is the white space before it. */
static bool next_part(struct bytes *text, struct bytes *ret_before, struct bytes *ret_part,
                      struct bytes *ret_after)
{
    if (text->size == 0)
        return false;
    const uint8_t *end = memchr(text->data, ';', text->size);
    size_t size = end ? (size_t)(end - text->data) : text->size;
    size_t taken = end ? size + 1 : size;
    struct bytes part = bytes_trim(part_of(*text, 0, size));
    size_t start = part.size ? (size_t)(part.data - text->data) : 0;
    *ret_before = part_of(*text, 0, start);
    *ret_part = part;
    *ret_after = part_of(*text, start + part.size, taken);
    *text = part_of(*text, taken, text->size);
    return true;
}

void cookies_locate(struct locator *locator, struct bytes value, struct buffer *out)
{
    struct bytes before, part, after;
    size_t begin = out->size, kept = begin; /* where the last cookie that stays ends */
    bool gone = false;                      /* those behind it are removed */
    while (next_part(&value, &before, &part, &after)) {
        size_t start = out->size;
        if (start > begin || !gone) /* else it is the first now */
            buffer_append_bytes(out, before);
        if (part.size > 0 && !cookie_pair(locator, part, out)) {
            out->size = start;
            gone = true;
            continue;
        }
        if (part.size > 0) {
            kept = out->size;
            gone = false;
        }
        buffer_append_bytes(out, after);
    }
    if (gone)
        out->size = kept;
}

static bool only(struct bytes text, const char *more)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool word =
            (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        if (!word && (!byte || !strchr(more, byte)))
            return false;
    }
    return true;
}

/* Returns whether |part| is an attribute as RFC 6265 §4.1.1 and its successors have it, so that nothing hides
 * in it. */
static bool is_attribute(struct bytes part)
{
    static const struct {
        const char *name;
        const char *more; /* bytes of its value beside letters and digits; NULL: it has no value */
        size_t limit;
    } attributes[] = {
        {"Secure", NULL, 0},         {"HttpOnly", NULL, 0}, {"Partitioned", NULL, 0},
        {"Expires", " ,:-+", 48},    {"Max-Age", "-", 20},  {"Domain", ".-_:[]", 255},
        {"Path", "/._-~%+!@", 1024}, {"SameSite", "", 8},   {"Priority", "", 8},
        {"Version", "", 4},
    };
    const uint8_t *equals = memchr(part.data, '=', part.size);
    size_t size = equals ? (size_t)(equals - part.data) : part.size;
    struct bytes name = bytes_trim(part_of(part, 0, size));
    struct bytes value = bytes_trim(part_of(part, equals ? size + 1 : size, part.size));
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        if (bytes_equal_nocase(name, bytes_of(attributes[i].name)))
            return value.size <= attributes[i].limit &&
                   only(value, attributes[i].more ? attributes[i].more : "");
    return false;
}

/* Appends an attribute: of a path, segments are looked at as where they are requested. */
static void attribute_locate(struct locator *locator, struct bytes part, struct buffer *out)
{
    const uint8_t *slash = part.size > 5 ? memchr(part.data, '/', part.size) : NULL;
    size_t size = slash && strncasecmp((const char *)part.data, "Path", 4) == 0 ? (size_t)(slash - part.data)
                                                                                : part.size;
    buffer_append_bytes(out, part_of(part, 0, size));
    url_locate(locator, part_of(part, size, part.size), false, out);
}

void set_cookie_locate(struct locator *locator, struct bytes value, struct buffer *out)
{
    struct bytes before, part, after;
    bool first = true;
    size_t begin = out->size;
    while (next_part(&value, &before, &part, &after)) {
        buffer_append_bytes(out, before);
        if (part.size > 0 && (first || !is_attribute(part))) {
            if (!cookie_pair(locator, part, out) && first) {
                out->size = begin; /* its attributes go with it */
                return;
            }
        } else {
            attribute_locate(locator, part, out);
        }
        buffer_append_bytes(out, after);
        first = false;
    }
}
