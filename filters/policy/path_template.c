#include "filters/policy/path_template.h"

#include "common/percent.h"

#include <string.h>

/* Takes the next segment, after its '/'. */
static bool next_segment(struct bytes *path, struct bytes *ret_segment)
{
    if (path->size == 0 || path->data[0] != '/')
        return false;
    const uint8_t *end = path->size > 1 ? memchr(path->data + 1, '/', path->size - 1) : NULL;
    size_t size = end ? (size_t)(end - path->data) : path->size;
    *ret_segment = bytes_make(path->data + 1, size - 1);
    *path = bytes_make(path->data + size, path->size - size);
    return true;
}

static bool is_word(struct bytes segment, const char *word)
{
    return bytes_equal(segment, bytes_of(word));
}

static bool is_hole(struct bytes segment)
{
    return segment.size >= 2 && segment.data[0] == '{' && segment.data[segment.size - 1] == '}';
}

int path_templates_add(struct path_templates *templates, struct bytes text, uint16_t id, struct error *err)
{
    struct bytes rest = text, segment;
    size_t holes = 0, segments = 0;
    bool open_end = false;
    while (next_segment(&rest, &segment)) {
        if (open_end)
            return error_set(err, ERROR_USAGE, "'...' stands only at the end of a path");
        open_end = is_word(segment, "...");
        bool braces = segment.size &&
                      (memchr(segment.data, '{', segment.size) || memchr(segment.data, '}', segment.size));
        if (braces && (!is_hole(segment) || segment.size == 2))
            return error_set(err, ERROR_USAGE, "braces go around a whole segment and hold a name, as {id}");
        holes += braces;
        segments++;
    }
    if (rest.size > 0 || segments == 0)
        return error_set(err, ERROR_USAGE, "a path begins with '/', as path:/users/{id}/...");
    if (holes == 0)
        return error_set(
            err, ERROR_USAGE,
            "no segment of the path is in braces, so that nothing in it is located: as /users/{id}");
    if (segments > PATH_SEGMENTS_MAX || templates->count == PATH_TEMPLATES_MAX)
        return error_set(err, ERROR_USAGE, "more than %d paths, or %d segments in one", PATH_TEMPLATES_MAX,
                         PATH_SEGMENTS_MAX);
    templates->items[templates->count++] = (struct path_template){text, id};
    return 0;
}

/* Whether |earlier| matches each path that |later| does, and locates the same segments in it. */
static bool covers(struct bytes earlier, struct bytes later)
{
    struct bytes wanted, segment;
    while (next_segment(&earlier, &wanted)) {
        if (is_word(wanted, "...")) {
            while (next_segment(&later, &segment))
                if (is_hole(segment))
                    return false;
            return true;
        }
        if (!next_segment(&later, &segment) || is_word(segment, "..."))
            return false;
        bool hole = is_hole(segment), any = hole || is_word(segment, "*");
        if (is_hole(wanted) ? !hole && (any || segment.size == 0)
                            : hole || (!is_word(wanted, "*") && (any || !bytes_equal(wanted, segment))))
            return false;
    }
    return later.size == 0;
}

uint16_t path_templates_covering(const struct path_templates *templates, struct bytes text)
{
    for (size_t i = 0; i < templates->count; i++)
        if (covers(templates->items[i].text, text))
            return templates->items[i].id;
    return 0;
}

/* Returns whether |coded| without its percent codings is |plain|. */
static bool equals_decoded(struct bytes coded, struct bytes plain)
{
    size_t from = 0, at = 0;
    while (from < coded.size && at < plain.size) {
        uint8_t byte;
        from += percent_next(coded, from, &byte);
        if (byte != plain.data[at++])
            return false;
    }
    return from == coded.size && at == plain.size;
}

/* Marks in |located| the segments of |path| that |template| locates. Returns false where it does not match. */
static bool match(struct bytes template, struct bytes path, uint64_t *ret_located)
{
    struct bytes wanted, segment;
    uint64_t located = 0;
    for (unsigned i = 0; next_segment(&template, &wanted); i++) {
        if (is_word(wanted, "...")) {
            *ret_located = located;
            return true;
        }
        if (!next_segment(&path, &segment))
            return false;
        if (is_hole(wanted) && segment.size > 0)
            located |= UINT64_C(1) << i;
        else if (is_hole(wanted) || (!is_word(wanted, "*") && !equals_decoded(segment, wanted)))
            return false;
    }
    *ret_located = located;
    return path.size == 0;
}

bool path_templates_match(const struct path_templates *templates, struct bytes path, size_t max,
                          uint16_t *ret_ids)
{
    bool any = false;
    memset(ret_ids, 0, max * sizeof *ret_ids);
    for (size_t i = 0; i < templates->count; i++) {
        uint64_t located;
        if (!match(templates->items[i].text, path, &located))
            continue;
        for (size_t segment = 0; segment < max && segment < PATH_SEGMENTS_MAX; segment++) {
            if (!(located >> segment & 1) || ret_ids[segment])
                continue;
            ret_ids[segment] = templates->items[i].id;
            any = true;
        }
    }
    return any;
}
