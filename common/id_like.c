#include "common/id_like.h"

#include "common/scan16.h"

#include <string.h>
#include <strings.h>

#define PATH_SIZE_MAX 8192

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_lower(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_upper(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z';
}

/* Returns whether |name| is |word|, or ends with it as a word of its own. */
static bool ends_with_word(struct bytes name, const char *word)
{
    size_t size = strlen(word);
    if (name.size < size)
        return false;
    const uint8_t *start = name.data + name.size - size;
    if (strncasecmp((const char *)start, word, size) != 0)
        return false;
    if (name.size == size)
        return true;
    uint8_t before = start[-1];
    return memchr("_-.[", before, 4) || ((is_lower(before) || is_digit(before)) && is_upper(*start));
}

bool id_like_name(struct bytes name)
{
    if (name.size > 0 && name.data[name.size - 1] == ']')
        name.size--;
    if (name.size < 2 || (name.data[name.size - 1] | 0x20) != 'd' || (name.data[name.size - 2] | 0x20) != 'i')
        return false; /* as all words do */
    static const char *const words[] = {"id", "uuid", "guid", "uid", "oid"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (ends_with_word(name, words[i]))
            return true;
    return false;
}

bool id_like_header(struct bytes name)
{
    static const char *const others[] = {"request",    "correlation", "trace",       "span",
                                         "parentspan", "transaction", "idempotency", "connection"};
    if (!id_like_name(name))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        size_t size = strlen(others[i]);
        for (size_t at = 0; at + size <= name.size; at++)
            if (strncasecmp((const char *)name.data + at, others[i], size) == 0)
                return false;
    }
    return true;
}

bool id_like_value(struct bytes value)
{
    bool digit = false;
    if (value.size == 0 || value.size > ID_LIKE_SIZE_MAX)
        return false;
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = value.data[i];
        digit = digit || is_digit(byte);
        if (!is_digit(byte) && !is_lower(byte) && !is_upper(byte) && byte != '-' && byte != '_')
            return false;
    }
    return digit;
}

bool id_like_segment(struct bytes segment)
{
    if (!id_like_value(segment))
        return false;
    if ((segment.data[0] | 0x20) != 'v' || segment.size > 3)
        return true;
    for (size_t i = 1; i < segment.size; i++)
        if (!is_digit(segment.data[i]))
            return true;
    return false;
}

bool id_like_location_path(struct bytes location, struct bytes *ret_path)
{
    const uint8_t *start = location.data, *end = start + location.size;
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(schemes[i]);
        if (location.size > length && strncasecmp((const char *)location.data, schemes[i], length) == 0) {
            start = memchr(start + length, '/', location.size - length);
            if (!start)
                return false;
            break;
        }
    }
    size_t size = 0;
    while (start + size < end && start[size] > ' ' && start[size] < 0x7f && start[size] != '?' &&
           start[size] != '#')
        size++;
    bool whole = start + size == end || start[size] == '?' || start[size] == '#';
    if (size > 1 && start[size - 1] == '/')
        size--;
    *ret_path = bytes_make(start, size);
    return whole && size > 1 && size <= PATH_SIZE_MAX && start[0] == '/' && start[1] != '/' &&
           start[size - 1] != '/';
}

bool id_like_in_location(struct bytes location, struct bytes *ret_path, struct bytes *ret_id)
{
    struct bytes rest, segment;
    *ret_id = (struct bytes){0};
    if (!id_like_location_path(location, ret_path))
        return false;
    for (rest = *ret_path; id_like_next_segment(&rest, &segment);)
        if (id_like_segment(segment))
            *ret_id = segment;
    return ret_id->size > 0;
}

bool id_like_next_segment(struct bytes *path, struct bytes *ret_segment)
{
    if (path->size == 0 || path->data[0] != '/')
        return false;
    size_t size = 1;
    while (size < path->size && path->data[size] != '/' && path->data[size] != '?' && path->data[size] != '#')
        size++;
    *ret_segment = bytes_make(path->data + 1, size - 1);
    *path = bytes_make(path->data + size, path->size - size);
    return true;
}

bool id_like_next_pair(struct bytes *pairs, struct bytes *ret_name, struct bytes *ret_value)
{
    while (pairs->size > 0) {
        const uint8_t *end = memchr(pairs->data, '&', pairs->size);
        size_t size = end ? (size_t)(end - pairs->data) : pairs->size;
        struct bytes pair = bytes_make(pairs->data, size);
        *pairs = end ? bytes_make(end + 1, pairs->size - size - 1) : (struct bytes){0};
        const uint8_t *equals = size > 0 ? memchr(pair.data, '=', size) : NULL;
        if (!equals)
            continue;
        *ret_name = bytes_make(pair.data, (size_t)(equals - pair.data));
        *ret_value = bytes_make(equals + 1, size - ret_name->size - 1);
        return true;
    }
    return false;
}

static size_t skip_space(struct bytes json, size_t at)
{
    while (at < json.size && memchr(" \t\r\n", json.data[at], 4))
        at++;
    return at;
}

/* Finds the value at |at|, which must be whole. */
static bool value_at(struct bytes json, size_t at, struct bytes *ret_value)
{
    size_t limit = json.size - at > ID_LIKE_SIZE_MAX + 2 ? at + ID_LIKE_SIZE_MAX + 2 : json.size, end;
    if (at < json.size && json.data[at] == '"') {
        const uint8_t *quote = memchr(json.data + at + 1, '"', limit - at - 1);
        *ret_value =
            quote ? bytes_make(json.data + at + 1, (size_t)(quote - json.data) - at - 1) : (struct bytes){0};
        return quote && id_like_value(*ret_value);
    }
    for (end = at; end < limit && is_digit(json.data[end]); end++)
        continue;
    *ret_value = bytes_make(json.data + at, end - at);
    return end > at && end < json.size && memchr(",}] \t\r\n", json.data[end], 7);
}

/* Finds the name whose closing quote is at |quote|. */
static bool name_before(struct bytes json, size_t quote, struct bytes *ret_name)
{
    for (size_t size = 1; size <= ID_LIKE_SIZE_MAX && size <= quote; size++) {
        uint8_t byte = json.data[quote - size];
        if (byte == '\\')
            return false;
        if (byte != '"')
            continue;
        if (size < quote && json.data[quote - size - 1] == '\\')
            return false; /* the quote is a part of the name */
        *ret_name = bytes_make(json.data + quote - size + 1, size - 1);
        return id_like_name(*ret_name);
    }
    return false;
}

/* Returns where a name of a member may end as those of ids do, at or after |at|: the 'd' before its quote; NULL where none does. */
static const uint8_t *find_name_end(const uint8_t *at, const uint8_t *end)
{
    for (; end - at > SCAN16_SIZE; at += SCAN16_SIZE) {
        uint32_t ends =
            scan16_either(scan16_load(at), 'd', 'D') & scan16_either(scan16_load(at + 1), '"', '"');
        if (ends)
            return at + scan16_first(ends);
    }
    for (; end - at > 1; at++)
        if ((*at | 0x20) == 'd' && at[1] == '"')
            return at;
    return NULL;
}

size_t id_like_next_member(struct bytes json, size_t from, struct bytes *ret_name, struct bytes *ret_value)
{
    while (from < json.size) {
        const uint8_t *found = find_name_end(json.data + from, json.data + json.size);
        if (!found)
            return 0;
        size_t quote = (size_t)(found - json.data) + 1;
        from = quote + 1;
        size_t colon = skip_space(json, from);
        if (colon == json.size || json.data[colon] != ':' || !name_before(json, quote, ret_name))
            continue;
        if (value_at(json, skip_space(json, colon + 1), ret_value))
            return from;
    }
    return 0;
}
