#include "replay/places.h"

#include "common/http1_head.h"
#include "common/percent.h"
#include "filters/locate/json_escape.h"

#include <stdio.h>
#include <string.h>

bool places_find_header(struct bytes head, struct bytes name, size_t nth, struct bytes *ret_value)
{
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    while (http1_next_field(&fields, &field)) {
        if (!bytes_equal_nocase(field.name, name) || nth--)
            continue;
        *ret_value = field.value;
        return true;
    }
    return false;
}

/* Splits |view| at the first |byte|; |ret_rest| is what follows it, empty where there is none. */
static bool split(struct bytes view, uint8_t byte, struct bytes *ret_first, struct bytes *ret_rest)
{
    const uint8_t *at = view.size ? memchr(view.data, byte, view.size) : NULL;
    if (!at) {
        *ret_first = view;
        *ret_rest = (struct bytes){0};
        return false;
    }
    size_t before = (size_t)(at - view.data);
    *ret_first = (struct bytes){view.data, before};
    *ret_rest = (struct bytes){at + 1, view.size - before - 1};
    return true;
}

bool places_next_cookie(struct bytes *cookies, struct bytes *ret_name, struct bytes *ret_value)
{
    while (cookies->size) {
        struct bytes pair, rest;
        split(*cookies, ';', &pair, &rest);
        *cookies = rest;
        if (!split(pair, '=', ret_name, ret_value))
            continue;
        *ret_name = bytes_trim(*ret_name);
        *ret_value = bytes_trim(*ret_value);
        return true;
    }
    return false;
}

bool places_find_set_cookie(struct bytes head, struct bytes name, size_t nth, struct bytes *ret_value)
{
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    while (http1_next_field(&fields, &field)) {
        if (!bytes_equal_nocase(field.name, BYTES_LITERAL("Set-Cookie")))
            continue;
        struct bytes cookie_name, value, rest = field.value;
        if (!places_next_cookie(&rest, &cookie_name, &value) || !bytes_equal(cookie_name, name) || nth--)
            continue;
        *ret_value = value;
        return true;
    }
    return false;
}

bool places_find_form(struct bytes body, struct bytes name, size_t nth, struct bytes *ret_value)
{
    while (body.size) {
        struct bytes pair, rest, key, value;
        split(body, '&', &pair, &rest);
        body = rest;
        if (!split(pair, '=', &key, &value) || !bytes_equal(key, name) || nth--)
            continue;
        *ret_value = value;
        return true;
    }
    return false;
}

/* Takes a JSON string from the front of |body|, which begins with its quote. */
static bool take_string(struct bytes *body, struct bytes *ret_text)
{
    for (size_t i = 1; i < body->size; i++) {
        if (body->data[i] == '\\') {
            i++;
        } else if (body->data[i] == '"') {
            *ret_text = (struct bytes){body->data + 1, i - 1};
            *body = (struct bytes){body->data + i + 1, body->size - i - 1};
            return true;
        }
    }
    return false;
}

static void skip_space(struct bytes *body)
{
    while (body->size && memchr(" \t\r\n", body->data[0], 4))
        *body = (struct bytes){body->data + 1, body->size - 1};
}

/* The value at the front of |body|: a string, or a run up to what ends a number or literal. */
static bool json_value(struct bytes body, struct bytes *ret_value)
{
    skip_space(&body);
    if (!body.size)
        return false;
    if (body.data[0] == '"')
        return take_string(&body, ret_value);
    size_t size = 0;
    while (size < body.size && !memchr(",]}{[ \t\r\n", body.data[size], 9))
        size++;
    *ret_value = (struct bytes){body.data, size};
    return size > 0;
}

bool places_find_json(struct bytes body, struct bytes name, size_t nth, struct bytes *ret_value)
{
    while (body.size) {
        struct bytes text;
        const uint8_t *quote = memchr(body.data, '"', body.size);
        if (!quote)
            return false;
        body = (struct bytes){quote, body.size - (size_t)(quote - body.data)};
        if (!take_string(&body, &text))
            return false;
        struct bytes after = body;
        skip_space(&after);
        if (!after.size || after.data[0] != ':' || !bytes_equal(text, name))
            continue;
        after = (struct bytes){after.data + 1, after.size - 1};
        if (json_value(after, ret_value) && nth-- == 0)
            return true;
    }
    return false;
}

/* One walk over the parameters |name| of an answer. */
struct param_walk {
    struct bytes name, value;
    size_t nth;
};

/* Returns whether what ends before |at| begins a parameter: also an '&' that is escaped for JSON or HTML. */
static bool begins_param(struct bytes text, const uint8_t *at)
{
    const struct bytes escaped = BYTES_LITERAL("\\u0026");
    size_t before = (size_t)(at - text.data);
    return before > 0 &&
           (memchr("?&#;", at[-1], 4) ||
            (before >= escaped.size && memcmp(at - escaped.size, escaped.data, escaped.size) == 0));
}

/* Returns whether the one that is looked for stands in |text|. */
static bool find_param(struct param_walk *walk, struct bytes text)
{
    if (!text.size)
        return false; /* which may be nowhere */
    const uint8_t *at = text.data, *end = text.data + text.size, *value;
    while ((at = memmem(at, (size_t)(end - at), walk->name.data, walk->name.size)) != NULL) {
        bool begins = begins_param(text, at);
        at += walk->name.size;
        if (!begins || at == end || *at != '=')
            continue;
        for (value = ++at; at<end && * at> ' ' && !memchr("&#;\"'\\<>", *at, 8); at++)
            continue;
        struct bytes found = bytes_make(value, (size_t)(at - value));
        if (!found.size || bytes_equal(found, walk->value))
            continue;
        walk->value = found;
        if (walk->nth-- == 0)
            return true;
    }
    return false;
}

bool places_find_param(struct bytes head, struct bytes body, struct bytes name, size_t nth,
                       struct bytes *ret_value)
{
    struct param_walk walk = {.name = name, .nth = nth};
    struct bytes location;
    bool found =
        name.size > 0 &&
        ((places_find_header(head, BYTES_LITERAL("Location"), 0, &location) && find_param(&walk, location)) ||
         find_param(&walk, body));
    if (found)
        *ret_value = walk.value;
    return found;
}

void places_decode(enum link_place place, struct bytes raw, struct buffer *out)
{
    switch (place) {
    case LINK_PLACE_QUERY:
    case LINK_PLACE_FORM:
        percent_decode(raw, true, out);
        return;
    case LINK_PLACE_COOKIE:
    case LINK_PLACE_PATH:
        percent_decode(raw, false, out);
        return;
    case LINK_PLACE_JSON:
        json_unescape(raw, out);
        return;
    case LINK_PLACE_HEADER:
    case LINK_PLACE_BODY:
    case LINK_PLACE_COUNT:
        buffer_append_bytes(out, raw);
        return;
    }
}

bool places_has_control(struct bytes plain)
{
    for (size_t i = 0; i < plain.size; i++)
        if ((plain.data[i] < 0x20 && plain.data[i] != '\t') || plain.data[i] == 0x7f)
            return true;
    return false;
}

bool places_encode(enum link_place place, struct bytes plain, struct buffer *out)
{
    switch (place) {
    case LINK_PLACE_PATH:
    case LINK_PLACE_QUERY:
    case LINK_PLACE_FORM:
        percent_encode(plain, "", out);
        return true;
    case LINK_PLACE_COOKIE:
        percent_encode(plain, "!#$&'()*/:<=>?@[]^`{|}", out);
        return true;
    case LINK_PLACE_JSON:
        json_append_escaped(plain, out);
        return true;
    case LINK_PLACE_HEADER:
        if (places_has_control(plain))
            return false;
        buffer_append_bytes(out, plain);
        return true;
    case LINK_PLACE_BODY:
    case LINK_PLACE_COUNT:
        buffer_append_bytes(out, plain);
        return true;
    }
    return false;
}
