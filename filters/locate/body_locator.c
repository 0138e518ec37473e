#include "filters/locate/body_locator.h"

#include "filters/locate/json_locator.h"
#include "filters/locate/multipart_locator.h"
#include "filters/locate/urlencoded.h"

#include <string.h>

static enum media media_of(struct bytes type)
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
        {"text/plain", MEDIA_TEXT},
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
    struct bytes multipart = BYTES_LITERAL("multipart/");
    if (type.size > multipart.size && bytes_equal_nocase(bytes_make(type.data, multipart.size), multipart))
        return MEDIA_MULTIPART;
    return MEDIA_OTHER;
}

/* Whether text in the charset |name| has the bytes of ASCII for its characters, and no others in which they could hide. */
static bool is_ascii_based(struct bytes name)
{
    static const char *const whole[] = {"", "utf-8", "utf8", "us-ascii", "ascii"};
    static const char *const begins[] = {"iso-8859-", "iso8859", "latin", "windows-125",
                                         "cp125",     "koi8-",   "euc-"};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (bytes_equal_nocase(name, bytes_of(whole[i])))
            return true;
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        struct bytes begin = bytes_of(begins[i]);
        if (name.size > begin.size && bytes_equal_nocase(bytes_make(name.data, begin.size), begin))
            return true;
    }
    return false;
}

/* Whether each charset that the parameters of |type| name can be read. */
static bool charset_is_known(struct bytes type)
{
    struct bytes rest = type;
    while (rest.size > 0) {
        const uint8_t *end = memchr(rest.data, ';', rest.size);
        size_t size = end ? (size_t)(end - rest.data) : rest.size;
        struct bytes parameter = bytes_trim(bytes_make(rest.data, size)), name = BYTES_LITERAL("charset=");
        rest = bytes_make(rest.data + size + (end != NULL), rest.size - size - (end != NULL));
        if (parameter.size < name.size || !bytes_equal_nocase(bytes_make(parameter.data, name.size), name))
            continue;
        struct bytes value = bytes_trim(bytes_make(parameter.data + name.size, parameter.size - name.size));
        if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
            value = bytes_make(value.data + 1, value.size - 2);
        if (!is_ascii_based(value))
            return false;
    }
    return true;
}

struct body_type body_type_of(struct bytes type)
{
    struct body_type read = {.media = media_of(type)};
    if (read.media == MEDIA_MULTIPART)
        read.boundary = multipart_boundary(type);
    else if (!charset_is_known(type))
        read.media = MEDIA_OTHER;
    return read;
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
    size_t before = out->size;
    pairs_locate(locator, LINK_PLACE_FORM, text, out);
    /* What stands for a name may be taken for something else, by whoever reads it next. */
    struct bytes result = bytes_make(out->data + before, out->size - before);
    return form_is_plausible(locator, result) ? BODY_REASON_NONE : BODY_REASON_SYNTAX;
}

/* Returns whether |text| begins as JSON with members or elements does. */
static bool looks_like_json(struct bytes text)
{
    text = bytes_trim(text);
    return text.size > 0 && (text.data[0] == '{' || text.data[0] == '[');
}

static enum body_reason json_body_locate(struct locator *locator, enum media media, enum body_extent extent,
                                         struct bytes text, struct buffer *out)
{
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

enum body_reason body_locate(struct locator *locator, struct body_type type, enum body_extent extent,
                             struct bytes text, struct buffer *out)
{
    if (text.size == 0)
        return BODY_REASON_NONE;
    switch (type.media) {
    case MEDIA_FORM:
        return form_locate(locator, extent, text, out);
    case MEDIA_MULTIPART:
        return multipart_locate(locator, type.boundary, extent, text, out);
    case MEDIA_NONE:
        if (!looks_like_json(text))
            return BODY_REASON_TYPE;
        return json_body_locate(locator, type.media, extent, text, out);
    case MEDIA_JSON:
    case MEDIA_JSON_LINES:
        return json_body_locate(locator, type.media, extent, text, out);
    case MEDIA_TEXT:
    case MEDIA_OTHER:
        break;
    }
    return BODY_REASON_TYPE;
}
