#include "filters/value_place.h"

#include <string.h>

static bool is_ordinary(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        uint8_t byte = name.data[i];
        bool word =
            (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        if (!word && !(byte && strchr("-_.$[]:", byte)))
            return false;
    }
    return name.size > 0 && name.size <= VALUE_PLACE_NAME_MAX;
}

void value_place_name(struct detector *detector, struct bytes name, struct buffer *out)
{
    struct detection found;
    /* Beside the name of a key, random text is found too. */
    if (!is_ordinary(name) || detect_find(detector, name, BYTES_LITERAL("token"), DETECT_ALL, &found, 1) > 0)
        buffer_append_byte(out, '?');
    else
        buffer_append_bytes(out, name);
}

const char *value_place_part(enum sanitize_part part)
{
    static const char *const parts[] = {"start-line", "header", "body", "trailer"};
    return parts[part];
}

static const char *side_name(const struct sanitize_event *event)
{
    return event->side == LINK_USES ? "request" : "response";
}

/* Returns whether the place inside the part tells more than the part: the value of a header is in the header, what stands under no name in a body in the body. */
static bool is_inside(const struct sanitize_event *event, bool whole)
{
    if (event->place == LINK_PLACE_BODY && event->name.size == 0)
        return false;
    bool header = event->place == LINK_PLACE_HEADER && event->field.size > 0;
    return !whole && !(header && (event->name.size == 0 || bytes_equal_nocase(event->field, event->name)));
}

void value_place_text(struct detector *detector, const struct sanitize_event *event, bool whole,
                      struct buffer *out)
{
    buffer_printf(out, "%s.%s", side_name(event), value_place_part(event->part));
    if (event->field.size > 0) {
        buffer_append_byte(out, '.');
        value_place_name(detector, event->field, out);
    }
    if (!is_inside(event, whole))
        return;
    buffer_printf(out, " %s", link_place_name(event->place));
    if (event->name.size > 0) {
        buffer_append_byte(out, '.');
        value_place_name(detector, event->name, out);
    }
}

/* Appends ,"member":"name". What a name may hold needs no escape. */
static void append_name(struct detector *detector, const char *member, struct bytes name, struct buffer *out)
{
    buffer_printf(out, ",\"%s\":\"", member);
    value_place_name(detector, name, out);
    buffer_append_byte(out, '"');
}

void value_place_json(struct detector *detector, const struct sanitize_event *event, bool whole,
                      struct buffer *out)
{
    buffer_printf(out, "\"side\":\"%s\",\"part\":\"%s\"", side_name(event), value_place_part(event->part));
    if (event->field.size > 0)
        append_name(detector, "field", event->field, out);
    if (!is_inside(event, whole))
        return;
    buffer_printf(out, ",\"place\":\"%s\"", link_place_name(event->place));
    if (event->name.size > 0)
        append_name(detector, "name", event->name, out);
}
