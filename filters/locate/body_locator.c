#include "filters/locate/body_locator.h"

#include "filters/locate/json_locator.h"
#include "filters/locate/urlencoded.h"

#include <string.h>

enum media media_of(struct bytes type)
{
    static const struct {
        const char *name;
        enum media media;
    } known[] = {
        {"application/json", MEDIA_JSON},
        {"text/json", MEDIA_JSON},
        {"application/x-json", MEDIA_JSON},
        {"text/x-json", MEDIA_JSON},
        {"application/x-ndjson", MEDIA_JSON_LINES},
        {"application/ndjson", MEDIA_JSON_LINES},
        {"application/jsonl", MEDIA_JSON_LINES},
        {"application/jsonlines", MEDIA_JSON_LINES},
        {"application/x-www-form-urlencoded", MEDIA_FORM},
    };
    const uint8_t *parameters = type.size ? memchr(type.data, ';', type.size) : NULL;
    if (parameters)
        type.size = (size_t)(parameters - type.data);
    type = bytes_trim(type);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (bytes_equal_nocase(type, bytes_of(known[i].name)))
            return known[i].media;
    struct bytes tail = BYTES_LITERAL("+json");
    if (type.size > tail.size &&
        bytes_equal_nocase(bytes_make(type.data + type.size - tail.size, tail.size), tail))
        return MEDIA_JSON;
    return MEDIA_OTHER;
}

/* Cuts |text| after the last pair that is certain to be whole. */
static struct bytes whole_pairs(struct bytes text)
{
    const uint8_t *last = memrchr(text.data, '&', text.size);
    return bytes_make(text.data, last ? (size_t)(last - text.data) + 1 : 0);
}

static enum body_reason form_locate(struct locator *locator, enum body_extent extent, struct bytes text,
                                    struct buffer *out)
{
    if (extent == BODY_BEGINNING)
        text = whole_pairs(text);
    if (!form_is_plausible(locator, text))
        return BODY_REASON_SYNTAX;
    pairs_locate(locator, LINK_PLACE_FORM, text, out);
    return BODY_REASON_NONE;
}

enum body_reason body_locate(struct locator *locator, enum media media, enum body_extent extent,
                             struct bytes text, struct buffer *out)
{
    if (text.size == 0)
        return BODY_REASON_NONE;
    if (media == MEDIA_FORM)
        return form_locate(locator, extent, text, out);
    if (media == MEDIA_OTHER)
        return BODY_REASON_TYPE;
    if (media == MEDIA_NONE) {
        struct bytes inner = bytes_trim(text);
        if (inner.size == 0 || (inner.data[0] != '{' && inner.data[0] != '['))
            return BODY_REASON_TYPE;
    }
    enum json_locate_count count = media == MEDIA_JSON_LINES ? JSON_LOCATE_MANY : JSON_LOCATE_ONE;
    switch (extent == BODY_WHOLE ? json_locate(locator, text, count, out)
                                 : json_locate_beginning(locator, text, count, out)) {
    case JSON_LOCATED:
        return BODY_REASON_NONE;
    case JSON_NOT_JSON:
        return media == MEDIA_NONE ? BODY_REASON_TYPE : BODY_REASON_SYNTAX;
    case JSON_TOO_DEEP:
        return BODY_REASON_LIMIT;
    }
    return BODY_REASON_SYNTAX;
}
