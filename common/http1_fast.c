#include "common/http1_fast.h"

#include "common/scan16.h"
#include "common/swar.h"

#include <string.h>
#include <strings.h>

#define METHOD_MAX 24

/* clang-format off */
/* byte_set_tchar, a byte for a byte: names are most of what is looked at singly. */
static const uint8_t is_tchar[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0,
};
/* clang-format on */

/* What is collected over the fields. */
struct names {
    bool host, authorization, type;
};

/* Where a text ends. From before |wide| on, sixteen bytes of it can be read. */
struct limit {
    const uint8_t *end, *wide;
};

/* Returns the first place from |at| on that holds a control byte other than HTAB, or the end. */
static inline const uint8_t *pass_text(const uint8_t *at, struct limit limit)
{
    for (; at < limit.wide; at += 16) {
        uint32_t stops = scan16_controls(scan16_load(at));
        if (stops)
            return at + scan16_first(stops);
    }
    while (at < limit.end && (*at >= 0x20 || *at == '\t') && *at != 0x7f)
        at++;
    return at;
}

/* Returns the first place from |at| on that holds a byte outside of 0x21 to 0x7e, or the end. */
static inline const uint8_t *pass_visible(const uint8_t *at, struct limit limit)
{
    for (; at < limit.wide; at += 16) {
        uint32_t stops = scan16_invisible(scan16_load(at));
        if (stops)
            return at + scan16_first(stops);
    }
    while (at<limit.end && * at> 0x20 && *at < 0x7f)
        at++;
    return at;
}

/* Returns where the colon stands after a name at |at|; NULL where there is no name, or something else stands behind it. */
static inline const uint8_t *pass_name(const uint8_t *at, struct limit limit)
{
    const uint8_t *name = at;
    for (; at < limit.wide; at += 16) {
        uint32_t stops = scan16_no_word(scan16_load(at));
        if (!stops)
            continue;
        at += scan16_first(stops);
        break;
    }
    while (at < limit.end && *at != ':') {
        if (!is_tchar[*at])
            return NULL;
        at++;
    }
    return at == limit.end || at == name ? NULL : at;
}

static bool ends_line(const uint8_t *at, const uint8_t *end)
{
    return end - at >= 2 && memcmp(at, "\r\n", 2) == 0;
}

/* Returns where the line after the start line begins, or NULL. */
static const uint8_t *read_request_line(const uint8_t *at, struct limit limit, struct http1_fast_head *head)
{
    const uint8_t *method = at, *end = limit.end;
    while (at < end && at - method <= METHOD_MAX && *at >= 'A' && *at <= 'Z')
        at++;
    size_t size = (size_t)(at - method);
    if (end - at < 2 || size == 0 || size > METHOD_MAX || at[0] != ' ' || at[1] != '/')
        return NULL;
    if (size == 7 && memcmp(method, "CONNECT", 7) == 0)
        return NULL;
    at = pass_visible(at + 1, limit);
    if (end - at < 11 || *at != ' ' || memcmp(at + 1, "HTTP/1.", 7) != 0 || (at[8] != '0' && at[8] != '1') ||
        !ends_line(at + 9, end))
        return NULL;
    head->start.http11 = at[8] == '1';
    return at + 11;
}

static const uint8_t *read_status_line(const uint8_t *at, struct limit limit, struct http1_fast_head *head)
{
    if (limit.end - at < 14 || memcmp(at, "HTTP/1.", 7) != 0 || (at[7] != '0' && at[7] != '1') ||
        at[8] != ' ')
        return NULL;
    head->start.http11 = at[7] == '1';
    unsigned status = 0;
    for (unsigned i = 9; i < 12; i++) {
        unsigned digit = at[i] - (unsigned)'0';
        if (digit > 9)
            return NULL;
        status = status * 10 + digit;
    }
    if (status < 200 || (at[12] != ' ' && at[12] != '\r'))
        return NULL;
    head->start.status = (uint16_t)status;
    at = pass_text(at + 12, limit);
    return ends_line(at, limit.end) ? at + 2 : NULL;
}

/* Whether |size| bytes (4 to 16, or 17) are |lower|, a name in small letters, without case. Of the bytes that a name may hold
 * only letters become letters by 0x20. */
static inline bool name_is(const uint8_t *name, const char *lower, size_t size)
{
    if (size < 8) {
        uint32_t word[2], wanted[2];
        memcpy(&word[0], name, 4);
        memcpy(&word[1], name + size - 4, 4);
        memcpy(&wanted[0], lower, 4);
        memcpy(&wanted[1], lower + size - 4, 4);
        return (word[0] | 0x20202020) == (wanted[0] | 0x20202020) &&
               (word[1] | 0x20202020) == (wanted[1] | 0x20202020);
    }
    for (size_t at = 0;; at += 8) {
        size_t place = size - at >= 8 ? at : size - 8;
        uint64_t word, wanted;
        memcpy(&word, name + place, 8);
        memcpy(&wanted, lower + place, 8);
        if ((word | SWAR_EACH(0x20)) != (wanted | SWAR_EACH(0x20)))
            return false;
        if (size - at <= 8)
            return true;
    }
}

static bool once(bool *seen)
{
    bool before = *seen;
    *seen = true;
    return !before;
}

static bool read_length(struct http1_length *length, struct bytes value)
{
    if (length->has_length || length->has_coding || value.size == 0 || value.size > 18 ||
        (value.data[0] == '0' && value.size > 1))
        return false;
    length->has_length = true;
    for (size_t i = 0; i < value.size; i++) {
        unsigned digit = value.data[i] - (unsigned)'0';
        if (digit > 9)
            return false;
        length->length = length->length * 10 + digit;
    }
    return true;
}

static bool read_coding(struct http1_length *length, struct bytes value)
{
    if (length->has_length || length->has_coding || value.size != 7 || !name_is(value.data, "chunked", 7))
        return false;
    length->has_coding = length->chunked = length->seen_chunked = true;
    return true;
}

/* Takes note of a field. Returns false where it must be looked at more closely. */
static inline bool take_field(struct http1_length *length, struct names *names, struct bytes name,
                              struct bytes value)
{
    switch (name.size) {
    case 4:
        return !name_is(name.data, "host", 4) || once(&names->host);
    case 6:
        if (name_is(name.data, "expect", 6))
            length->expects_continue =
                value.size == 12 && strncasecmp((const char *)value.data, "100-continue", 12) == 0;
        return true;
    case 12:
        return !name_is(name.data, "content-type", 12) || once(&names->type);
    case 13:
        return !name_is(name.data, "authorization", 13) || once(&names->authorization);
    case 14:
        return !name_is(name.data, "content-length", 14) || read_length(length, value);
    case 17:
        return !name_is(name.data, "transfer-encoding", 17) || read_coding(length, value);
    default:
        return true;
    }
}

/* Returns what is between |at| and |end| without SP and HTAB around it. It holds nothing else below '!'. */
static inline struct bytes trim(const uint8_t *at, const uint8_t *end)
{
    at += at < end && *at == ' ';
    struct bytes text = bytes_make(at, (size_t)(end - at));
    return at < end && (*at <= ' ' || end[-1] <= ' ') ? bytes_trim(text) : text;
}

/* Reads the field at |at|. Returns where the next line begins, or NULL. */
static inline const uint8_t *read_field(const uint8_t *at, struct limit limit, struct http1_fast_head *head,
                                        struct names *names)
{
    const uint8_t *name = at;
    at = pass_name(at, limit);
    if (!at)
        return NULL;
    const uint8_t *value = at + 1;
    at = pass_text(value, limit);
    if (limit.end - at < 3 || memcmp(at, "\r\n", 2) != 0 || at[2] == ' ' || at[2] == '\t')
        return NULL;
    struct bytes text = trim(value, at);
    if (text.size > 0 && ((text.data[0] | text.data[text.size - 1]) & 0x80))
        return NULL;
    head->initials |= UINT32_C(1) << (*name & 31);
    if (!take_field(&head->length, names, bytes_make(name, (size_t)(value - 1 - name)), text))
        return NULL;
    return at + 2;
}

bool http1_fast_read(struct bytes data, bool request, const struct http1_limits *limits,
                     struct http1_fast_head *ret_head)
{
    *ret_head = (struct http1_fast_head){0};
    struct names names = {0};
    size_t size = data.size < limits->head_bytes ? data.size : limits->head_bytes;
    const uint8_t *end = data.data + size;
    const struct limit limit = {end, data.data + (size < 16 ? 0 : size - 15)};
    const uint8_t *at = request ? read_request_line(data.data, limit, ret_head)
                                : read_status_line(data.data, limit, ret_head);
    if (!at || (size_t)(at - data.data) > limits->line_bytes)
        return false;
    for (size_t fields = 0; at == end || *at != '\r' || !ends_line(at, end); fields++) {
        at = fields < limits->head_fields ? read_field(at, limit, ret_head, &names) : NULL;
        if (!at)
            return false;
    }
    const struct http1_length *length = &ret_head->length;
    if (request && ret_head->start.http11 && !names.host)
        return false;
    if (request && length->expects_continue && length->has_length && length->length == 0)
        return false;
    ret_head->size = (size_t)(at + 2 - data.data);
    return true;
}
