#include "filters/pseudonym_search.h"

#include <string.h>

const enum wrapping pseudonym_codings[PSEUDONYM_CODINGS] = {
    WRAPPING_NONE, WRAPPING_PERCENT, WRAPPING_JSON,   WRAPPING_HTML, WRAPPING_QUOTED_PRINTABLE,
    WRAPPING_HEX,  WRAPPING_UTF16LE, WRAPPING_UTF16BE};

/* Decodes |size| characters from |at| on, of which each is a unit and the first three are |begin|. Returns the size that they have in |text|, or 0.
 * Of what begins otherwise three units are looked at. */
static size_t decode_run(enum wrapping wrapping, struct bytes text, size_t at, const char *begin, size_t size,
                         uint8_t *ret_plain)
{
    uint8_t unit[WRAPPING_UNIT_MAX];
    size_t start = at, count;
    for (size_t i = 0; i < size; i++) {
        if (at >= text.size)
            return 0;
        at += wrapping_unit(wrapping, text, at, unit, &count);
        if (count != 1 || (i < 3 && unit[0] != begin[i]))
            return 0;
        ret_plain[i] = unit[0];
    }
    return at - start;
}

static void search_plain(const uint8_t *recognition_key, struct bytes text, pseudonym_hit_fn *found,
                         void *arg)
{
    struct pseudonym_found name;
    for (size_t at = 0; pseudonym_find(recognition_key, text, at, &name); at = name.offset + name.size) {
        struct pseudonym_hit hit = {
            .offset = name.offset, .size = name.size, .jwt = name.size == PSEUDONYM_JWT_SIZE};
        memcpy(hit.tag, name.tag, sizeof hit.tag);
        found(arg, &hit);
    }
}

/* Reads the pseudonym that begins at |at|. Returns whether there is one. */
static bool read_coded(const uint8_t *recognition_key, enum wrapping wrapping, struct bytes text, size_t at,
                       struct pseudonym_hit *ret_hit)
{
    uint8_t plain[PSEUDONYM_JWT_SIZE];
    static const struct {
        const char *begin;
        size_t size;
    } looks[] = {{PSEUDONYM_PREFIX, PSEUDONYM_CORE_SIZE}, {"eyJ", PSEUDONYM_JWT_SIZE}};
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        struct pseudonym_found name;
        size_t size = decode_run(wrapping, text, at, looks[i].begin, looks[i].size, plain);
        if (size == 0 || !pseudonym_find(recognition_key, bytes_make(plain, looks[i].size), 0, &name) ||
            name.size != looks[i].size)
            continue;
        *ret_hit = (struct pseudonym_hit){.offset = at, .size = size, .jwt = name.size == PSEUDONYM_JWT_SIZE};
        memcpy(ret_hit->tag, name.tag, sizeof ret_hit->tag);
        return true;
    }
    return false;
}

static void search_coded(const uint8_t *recognition_key, enum wrapping wrapping, struct bytes text,
                         pseudonym_hit_fn *found, void *arg)
{
    struct pseudonym_hit hit;
    size_t at = 0;
    while ((at = wrapping_next(wrapping, text, at)) < text.size) {
        if (read_coded(recognition_key, wrapping, text, at, &hit)) {
            found(arg, &hit);
            at += hit.size;
        } else {
            at++;
        }
    }
}

void pseudonym_search(const uint8_t recognition_key[SEGMENT_KEY_SIZE], enum wrapping coding,
                      struct bytes text, pseudonym_hit_fn *found, void *arg)
{
    if (coding == WRAPPING_NONE)
        search_plain(recognition_key, text, found, arg);
    else
        search_coded(recognition_key, coding, text, found, arg);
}
