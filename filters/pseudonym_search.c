#include "filters/pseudonym_search.h"

#include <string.h>

const enum wrapping pseudonym_codings[PSEUDONYM_CODINGS] = {
    WRAPPING_NONE, WRAPPING_PERCENT, WRAPPING_JSON,   WRAPPING_HTML, WRAPPING_QUOTED_PRINTABLE,
    WRAPPING_HEX,  WRAPPING_UTF16LE, WRAPPING_UTF16BE};

/* Decodes the core that begins at |at|, of which every character is a unit. Returns the size that it has in |text|, or 0. Of what is none three units are looked at. */
static size_t decode_core(enum wrapping wrapping, struct bytes text, size_t at,
                          uint8_t core[PSEUDONYM_CORE_SIZE])
{
    uint8_t unit[WRAPPING_UNIT_MAX];
    size_t start = at, count;
    for (size_t i = 0; i < PSEUDONYM_CORE_SIZE; i++) {
        if (at >= text.size)
            return 0;
        at += wrapping_unit(wrapping, text, at, unit, &count);
        if (count != 1 || (i < PSEUDONYM_PREFIX_SIZE && unit[0] != PSEUDONYM_PREFIX[i]))
            return 0;
        core[i] = unit[0];
    }
    return at - start;
}

static void search_plain(const uint8_t *recognition_key, struct bytes text, pseudonym_hit_fn *found,
                         void *arg)
{
    struct pseudonym_found name;
    for (size_t at = 0; pseudonym_find(recognition_key, text, at, &name); at = name.offset + name.size) {
        struct pseudonym_hit hit = {.offset = name.offset, .size = name.size};
        memcpy(hit.tag, name.tag, sizeof hit.tag);
        found(arg, &hit);
    }
}

static void search_coded(const uint8_t *recognition_key, enum wrapping wrapping, struct bytes text,
                         pseudonym_hit_fn *found, void *arg)
{
    struct pseudonym_hit hit;
    uint8_t core[PSEUDONYM_CORE_SIZE];
    struct pseudonym_found name;
    size_t at = 0;
    while ((at = wrapping_next(wrapping, text, at)) < text.size) {
        hit.offset = at;
        hit.size = decode_core(wrapping, text, at, core);
        if (hit.size > 0 && pseudonym_find(recognition_key, bytes_make(core, sizeof core), 0, &name)) {
            memcpy(hit.tag, name.tag, sizeof hit.tag);
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
