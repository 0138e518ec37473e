#include "replay/state/url_places.h"

#include "common/id_like.h"
#include "common/percent.h"

#include <ctype.h>
#include <string.h>

#define URL_MAX 8192 /* a longer one is left */

bool url_split(struct bytes url, struct bytes *ret_authority, struct bytes *ret_rest)
{
    for (size_t i = 0; i + 3 <= url.size && i < 16; i++) {
        if (memcmp(url.data + i, "://", 3) != 0)
            continue;
        size_t from = i + 3, end = from;
        while (end < url.size && !memchr("/?#", url.data[end], 3))
            end++;
        *ret_authority = (struct bytes){url.data + from, end - from};
        *ret_rest = (struct bytes){url.data + end, url.size - end};
        return true;
    }
    return false;
}

struct bytes url_plain_authority(struct bytes authority)
{
    static const char *const ports[] = {":80", ":443"};
    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(ports[i]);
        if (authority.size > size && memcmp(authority.data + authority.size - size, ports[i], size) == 0)
            authority.size -= size;
    }
    return authority;
}

/* What stands before |url|'s path. Returns false where it has none that is of interest. */
static bool skip_host(const struct url_places *places, struct bytes url, size_t *ret_at)
{
    struct bytes authority, rest;
    *ret_at = 0;
    if (url.size > 1 && url.data[0] == '/')
        return url.data[1] != '/'; /* "//host/path" names another host */
    if (!places->host.size || !url_split(url, &authority, &rest) || url.data[0] != 'h' || !rest.size ||
        !bytes_equal_nocase(url_plain_authority(authority), url_plain_authority(places->host)))
        return false;
    *ret_at = url.size - rest.size;
    return rest.data[0] == '/';
}

/* Finds the place that |url| names: |ret_at| and |ret_size| say where. */
static bool find(const struct url_places *places, struct bytes url, size_t *ret_at, size_t *ret_size,
                 struct bytes *ret_actual)
{
    return url.size <= URL_MAX && skip_host(places, url, ret_at) &&
           places->find(places->arg, bytes_make(url.data + *ret_at, url.size - *ret_at), ret_size,
                        ret_actual);
}

/* Whether |text| needs no escape in JSON. */
static bool is_plain(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < 0x20 || text.data[i] == '"' || text.data[i] == '\\')
            return false;
    return true;
}

static void replace(struct bytes whole, const uint8_t **copied, const uint8_t *at, size_t size,
                    struct bytes actual, struct buffer *out)
{
    if (!*copied)
        *copied = whole.data;
    buffer_append(out, *copied, (size_t)(at - *copied));
    buffer_append_bytes(out, actual);
    *copied = at + size;
}

static size_t end_of(struct bytes whole, const uint8_t *copied, size_t count, struct buffer *out)
{
    if (count)
        buffer_append(out, copied, (size_t)(whole.data + whole.size - copied));
    return count;
}

/* Returns the first character from |at| on that is no white space, or 0. */
static uint8_t after(struct bytes json, const uint8_t *at)
{
    const uint8_t *end = json.data + json.size;
    while (at < end && memchr(" \t\r\n", *at, 4))
        at++;
    return at < end ? *at : 0;
}

/* Finds the place that a string in |json| names, as find has it. */
static bool find_in_string(const struct url_places *places, struct bytes json, struct bytes text,
                           size_t *ret_at, size_t *ret_size, struct bytes *ret_actual)
{
    return text.size >= 2 && (text.data[0] == '/' || text.data[0] == 'h') &&
           find(places, text, ret_at, ret_size, ret_actual) &&
           after(json, text.data + text.size + 1) != ':'; /* else it is a name */
}

size_t url_places_in_json(const struct url_places *places, struct bytes json, struct buffer *out)
{
    const uint8_t *copied = NULL, *end = json.data + json.size;
    size_t count = 0, from, size;
    struct bytes actual;
    for (size_t at = 0; at < json.size;) {
        const uint8_t *quote = memchr(json.data + at, '"', json.size - at);
        const uint8_t *close = quote ? quote + 1 : end;
        while (close < end && *close != '"')
            close += *close == '\\' && close + 1 < end ? 2 : 1;
        if (close >= end)
            break;
        struct bytes text = bytes_make(quote + 1, (size_t)(close - quote) - 1);
        at = (size_t)(close - json.data) + 1;
        if (!find_in_string(places, json, text, &from, &size, &actual) || !is_plain(actual))
            continue;
        replace(json, &copied, text.data + from, size, actual, out);
        count++;
    }
    return end_of(json, copied, count, out);
}

/* Returns how many bytes of the percent-coded |value| say the first |plain| ones. */
static size_t coded_size(struct bytes value, size_t plain)
{
    size_t at = 0;
    for (; plain > 0 && at < value.size; plain--)
        at += value.data[at] == '%' && at + 2 < value.size && isxdigit(value.data[at + 1]) &&
                      isxdigit(value.data[at + 2])
                  ? 3
                  : 1;
    return at;
}

size_t url_places_in_pairs(const struct url_places *places, struct bytes pairs, struct buffer *out)
{
    const uint8_t *copied = NULL;
    size_t count = 0, from, size;
    struct bytes name, value, actual, rest = pairs;
    struct buffer plain = {0}, made = {0};
    while (id_like_next_pair(&rest, &name, &value)) {
        if (value.size < 2 || value.size > URL_MAX || !memchr("/%h", value.data[0], 3))
            continue;
        buffer_clear(&plain);
        percent_decode(value, false, &plain);
        if (!find(places, buffer_bytes(&plain), &from, &size, &actual))
            continue;
        size_t begin = coded_size(value, from), end = coded_size(value, from + size);
        struct bytes replaced = bytes_make(value.data + begin, end - begin);
        buffer_clear(&made);
        if (memchr(replaced.data, '%', replaced.size))
            percent_encode(actual, "", &made);
        else
            buffer_append_bytes(&made, actual);
        replace(pairs, &copied, replaced.data, replaced.size, buffer_bytes(&made), out);
        count++;
    }
    buffer_free(&plain);
    buffer_free(&made);
    return end_of(pairs, copied, count, out);
}
