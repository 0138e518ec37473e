#include "filters/detect/contact_detectors.h"

#include "common/json_text.h"
#include "filters/detect/detect_chars.h"

#define LOCAL_MAX  64
#define DOMAIN_MAX 253

/* Whether |label| is the end of a file name that has an '@' in it ("logo@2x.png"), and no top-level domain. */
static bool is_file_suffix(struct bytes label)
{
    static const char suffixes[][5] = {"png", "jpg", "jpeg", "gif",  "svg",  "webp",
                                       "css", "js",  "map",  "json", "html", "tgz"};
    uint8_t lower[5] = {0};
    if (label.size > 4)
        return false;
    for (size_t i = 0; i < label.size; i++)
        lower[i] = char_lower(label.data[i]);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (memcmp(lower, suffixes[i], sizeof lower) == 0)
            return true;
    return false;
}

/* Returns whether |label| can be a top-level domain: letters, or an A-label. */
static bool is_top(struct bytes label)
{
    if (label.size < 2 || is_file_suffix(label))
        return false;
    if (label.size > 4 && bytes_equal_nocase(bytes_make(label.data, 4), BYTES_LITERAL("xn--")))
        return true;
    for (size_t i = 0; i < label.size; i++)
        if (!char_is(label.data[i], CHAR_UPPER | CHAR_LOWER) && label.data[i] < 0x80)
            return false;
    return true;
}

/* Returns the end of the longest domain at |at|, or 0. */
static size_t domain_end(struct bytes text, size_t at)
{
    size_t label = at, end = at, found = 0;
    unsigned labels = 0;
    for (;; end++) {
        bool inside = end < text.size && end - at < DOMAIN_MAX &&
                      (char_is(text.data[end], CHAR_WORD) || text.data[end] >= 0x80 || text.data[end] == '-');
        if (inside)
            continue;
        size_t last = end;
        while (last > label && text.data[last - 1] == '-')
            last--;
        if (last == label || text.data[label] == '-' || last - label > 63)
            return found;
        labels++;
        if (labels > 1 && is_top(bytes_make(text.data + label, last - label)))
            found = last;
        if (last < end || end >= text.size || text.data[end] != '.' || end - at >= DOMAIN_MAX)
            return found;
        label = end + 1;
    }
}

/* Returns whether [start, end) is ASCII or UTF-8. */
static bool is_utf8(struct bytes text, size_t start, size_t end)
{
    size_t at = start;
    while (at < end && text.data[at] < 0x80)
        at++;
    return at == end || json_text_is_utf8(bytes_make(text.data + start, end - start));
}

size_t email_around(struct bytes text, size_t floor, size_t at, size_t *ret_offset)
{
    size_t start = at;
    while (start > floor && at - start < LOCAL_MAX && char_is(text.data[start - 1], CHAR_LOCAL))
        start--;
    /* The beginning of a quoted text, and dots, are not of the address. */
    while (start < at && (text.data[start] == '.' || text.data[start] == '\'' || text.data[start] == '-'))
        start++;
    if (start == at || text.data[at - 1] == '.')
        return 0;
    size_t end = domain_end(text, at + 1);
    if (end == 0)
        return 0;
    /* Bytes that are no UTF-8 are of something else: what is left after them counts. */
    if (!is_utf8(text, start, end))
        for (size_t i = start; i < at; i++)
            if (text.data[i] >= 0x80)
                start = i + 1;
    if (start == at || !is_utf8(text, start, end))
        return 0;
    *ret_offset = start;
    return end - start;
}

/* Bytes that end a look back for "://". */
static bool ends_authority(uint8_t byte)
{
    return char_is(byte, CHAR_STOP) || byte == '/' || byte == '?' || byte == '#' || byte == '\\';
}

/* Whether "://" stands before |at|; in JSON, and in JSON in JSON, its slashes may be escaped. */
static bool follows_scheme(struct bytes text, size_t at)
{
    for (unsigned slashes = 0; slashes < 2; slashes++) {
        if (at == 0 || text.data[--at] != '/')
            return false;
        for (unsigned escapes = 0; escapes < 8 && at > 0 && text.data[at - 1] == '\\'; escapes++)
            at--;
    }
    return at > 0 && text.data[at - 1] == ':';
}

/* Remembers the authority that begins at |start| and holds the '@' at |at|. */
static void authority_begin(struct bytes text, size_t start, size_t at, struct authority *authority)
{
    authority->start = start;
    authority->colon = authority->last = 0;
    authority->found = follows_scheme(text, start);
    if (!authority->found)
        return;
    /* The last '@' ends the userinfo, the first colon its user. */
    for (size_t i = start; i < text.size && !ends_authority(text.data[i]); i++) {
        if (text.data[i] == '@')
            authority->last = i;
        else if (text.data[i] == ':' && i < at && authority->colon == 0)
            authority->colon = i;
    }
}

bool userinfo_before(struct bytes text, size_t at, struct authority *authority, struct bytes *ret_user,
                     struct bytes *ret_password)
{
    size_t start = at;
    while (start > authority->seen && !ends_authority(text.data[start - 1]))
        start--;
    if (start > authority->seen)
        authority_begin(text, start, at, authority);
    authority->seen = at;
    if (!authority->found || at != authority->last || authority->start >= at)
        return false;
    size_t colon = authority->colon ? authority->colon : at;
    *ret_user = bytes_make(text.data + authority->start, colon - authority->start);
    *ret_password = colon < at ? bytes_make(text.data + colon + 1, at - colon - 1) : (struct bytes){0};
    return true;
}
