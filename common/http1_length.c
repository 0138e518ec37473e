#include "common/http1_length.h"

#include "common/byte_set.h"
#include "common/http1_head.h"
#include "common/swar.h"

#include <string.h>
#include <strings.h>

/* What must be seen once for a host to be told, collected over the fields. */
struct seen {
    struct bytes host;
    unsigned hosts, authorizations, types;
};

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_fold(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Trims SP, HTAB and the line ends of folded lines. */
static struct bytes trim_folds(struct bytes view)
{
    while (view.size > 0 && is_fold(view.data[0]))
        view = bytes_make(view.data + 1, view.size - 1);
    while (view.size > 0 && is_fold(view.data[view.size - 1]))
        view.size--;
    return view;
}

static inline bool name_is(struct bytes name, const char *text)
{
    return name.size == strlen(text) && strncasecmp((const char *)name.data, text, name.size) == 0;
}

static uint64_t judge_name(const struct http1_field *field, const uint8_t *colon)
{
    uint64_t defects = 0;
    size_t raw = (size_t)(colon - field->line.data);
    if (raw == 0)
        return MESSAGE_DEFECT(FIELD_NAME);
    if (is_blank(field->line.data[raw - 1]))
        defects |= MESSAGE_DEFECT(FIELD_SPACE);
    for (size_t i = 0; i < field->name.size; i++) {
        if (!byte_set_has(&byte_set_tchar, field->name.data[i]))
            return defects | MESSAGE_DEFECT(FIELD_NAME);
    }
    return defects;
}

/* Returns the first place from |at| on where eight bytes hold a control byte, or where fewer are left. */
static size_t pass_text(struct bytes value, size_t at)
{
    for (; value.size - at >= 8; at += 8) {
        uint64_t word = swar_load(value.data + at);
        if (swar_below(word, 0x20) | swar_equal(word, 0x7f))
            break;
    }
    return at;
}

static uint64_t judge_value(struct bytes value)
{
    uint64_t defects = 0;
    for (size_t i = pass_text(value, 0); i < value.size; i++) {
        uint8_t byte = value.data[i];
        if (byte >= 0x20 && byte != 0x7f)
            continue;
        if (byte == '\r' && (i + 1 >= value.size || value.data[i + 1] != '\n'))
            defects |= MESSAGE_DEFECT(BARE_CR);
        else if (byte != '\t' && byte != '\r' && byte != '\n')
            defects |= MESSAGE_DEFECT(FIELD_VALUE);
    }
    if (value.size > 0) {
        uint8_t first = value.data[0], last = value.data[value.size - 1];
        bool wide = first == 0xa0 || first == 0x85; /* white space in some character sets, not in HTTP */
        wide |= value.size < 2 || value.data[value.size - 2] < 0x80 ? last == 0xa0 || last == 0x85 : false;
        if (wide)
            defects |= MESSAGE_DEFECT(FIELD_VALUE);
    }
    return defects;
}

/* Line ends and folds within a field. */
static uint64_t judge_lines(struct bytes line)
{
    uint64_t defects = 0;
    size_t at = 0;
    const uint8_t *lf;
    while (at < line.size && (lf = memchr(line.data + at, '\n', line.size - at)) != NULL) {
        size_t end = (size_t)(lf - line.data);
        if (end == 0 || line.data[end - 1] != '\r')
            defects |= MESSAGE_DEFECT(BARE_LF);
        if (end + 1 < line.size)
            defects |= MESSAGE_DEFECT(OBS_FOLD);
        at = end + 1;
    }
    return defects;
}

static void read_length(struct http1_length *length, struct bytes value)
{
    if (value.size == 0) {
        length->defects |= MESSAGE_DEFECT(LENGTH_INVALID);
        length->length_broken = true;
    }
    while (value.size > 0) {
        const uint8_t *comma = memchr(value.data, ',', value.size);
        size_t size = comma ? (size_t)(comma - value.data) : value.size;
        struct bytes element = trim_folds(bytes_make(value.data, size));
        value = bytes_make(value.data + size + (comma != NULL), value.size - size - (comma != NULL));
        uint64_t number;
        if (!bytes_to_u64(element, &number) || number > INT64_MAX || (comma && value.size == 0)) {
            length->defects |= MESSAGE_DEFECT(LENGTH_INVALID);
            length->length_broken = true;
        } else if (length->has_length && number != length->length) {
            length->defects |= MESSAGE_DEFECT(LENGTH_CONFLICT);
            length->length_broken = true;
        } else {
            if (length->has_length)
                length->defects |= MESSAGE_DEFECT(LENGTH_REPEATED);
            if (element.size > 1 && element.data[0] == '0')
                length->defects |= MESSAGE_DEFECT(LENGTH_ZEROS);
            length->has_length = true;
            length->length = number;
        }
    }
}

static bool is_known_coding(struct bytes name)
{
    return name_is(name, "gzip") || name_is(name, "x-gzip") || name_is(name, "deflate") ||
           name_is(name, "compress") || name_is(name, "x-compress");
}

static void read_coding(struct http1_length *length, struct bytes value)
{
    length->has_coding = true;
    do {
        const uint8_t *comma = value.size ? memchr(value.data, ',', value.size) : NULL;
        size_t size = comma ? (size_t)(comma - value.data) : value.size;
        struct bytes element = trim_folds(bytes_make(value.data, size));
        value = bytes_make(value.data + size + (comma != NULL), value.size - size - (comma != NULL));
        if (element.size == 0) {
            length->defects |= MESSAGE_DEFECT(CODING_LIST);
            if (!comma)
                return;
            continue;
        }
        if (name_is(element, "chunked")) {
            if (length->seen_chunked) {
                length->defects |= MESSAGE_DEFECT(CODING_REPEATED);
                length->coding_broken = true;
            }
            length->chunked = length->seen_chunked = true;
        } else {
            if (length->chunked || !is_known_coding(element))
                length->defects |= MESSAGE_DEFECT(CODING_UNKNOWN);
            length->chunked = false;
        }
    } while (value.size > 0);
}

static void read_field(struct http1_length *length, struct seen *seen, const struct http1_field *field)
{
    struct bytes name = field->name;
    bool spaced = field->line.data[name.size] != ':';
    if (name_is(name, "Content-Length")) {
        read_length(length, trim_folds(field->value));
        length->length_broken |= spaced;
    } else if (name_is(name, "Transfer-Encoding")) {
        read_coding(length, trim_folds(field->value));
        length->coding_broken |= spaced;
    } else if (name_is(name, "Host")) {
        seen->hosts++;
        seen->host = field->value;
    } else if (name_is(name, "Expect")) {
        length->expects_continue = name_is(field->value, "100-continue");
    } else if (name_is(name, "Authorization")) {
        seen->authorizations++;
    } else if (name_is(name, "Content-Type")) {
        seen->types++;
    }
}

/* Compares an absolute target's authority with Host (RFC 9112 §3.2.2). */
static bool host_differs(struct bytes head, struct bytes host)
{
    struct http1_request_line line;
    if (!http1_request_line(head, &line) || line.target.size == 0 || line.target.data[0] == '/')
        return false;
    struct bytes target = line.target;
    size_t i = 0;
    while (i + 3 <= target.size && memcmp(target.data + i, "://", 3) != 0)
        i++;
    if (i == 0 || i + 3 > target.size)
        return false;
    struct bytes authority = bytes_make(target.data + i + 3, target.size - i - 3);
    size_t end = 0;
    while (end < authority.size && !memchr("/?#", authority.data[end], 3))
        end++;
    authority.size = end;
    const uint8_t *at = end ? memrchr(authority.data, '@', end) : NULL;
    if (at)
        authority = bytes_make(at + 1, end - (size_t)(at + 1 - authority.data));
    return !bytes_equal_nocase(authority, host);
}

void http1_length_read(struct bytes head, bool request, bool http11, struct http1_length *ret_length)
{
    *ret_length = (struct http1_length){0};
    struct seen seen = {0};
    struct bytes fields = http1_fields(head);
    struct bytes start = bytes_make(head.data, head.size - fields.size);
    uint64_t defects = judge_lines(start) | (judge_value(start) & MESSAGE_DEFECT(BARE_CR));
    if (fields.size > 0 && is_blank(fields.data[0]))
        defects |= MESSAGE_DEFECT(FIELD_FIRST);
    struct http1_field field;
    while (http1_next_field(&fields, &field)) {
        defects |= judge_lines(field.line);
        const uint8_t *colon = memchr(field.line.data, ':', field.line.size);
        const uint8_t *lf = memchr(field.line.data, '\n', field.line.size);
        if (!colon || (lf && lf < colon)) {
            defects |= MESSAGE_DEFECT(FIELD_NO_COLON) | (judge_value(field.line) & ~MESSAGE_DEFECT(OBS_FOLD));
            continue;
        }
        struct bytes before = bytes_make(field.line.data, (size_t)(colon - field.line.data));
        defects |= judge_value(before) & MESSAGE_DEFECT(BARE_CR);
        if (!field.split) {
            defects |= MESSAGE_DEFECT(FIELD_NAME);
            continue;
        }
        defects |= judge_name(&field, colon) | judge_value(field.value);
        read_field(ret_length, &seen, &field);
    }
    if (fields.size > 0) /* the empty line */
        defects |= judge_lines(fields);
    if (seen.hosts > 1 || seen.authorizations > 1 || seen.types > 1)
        defects |= MESSAGE_DEFECT(HEADER_REPEATED);
    if (request && http11 && seen.hosts == 0)
        defects |= MESSAGE_DEFECT(HOST_MISSING);
    if (request && seen.hosts > 0 && host_differs(head, seen.host))
        defects |= MESSAGE_DEFECT(HOST_AMBIGUOUS);
    if (request && ret_length->expects_continue && ret_length->has_length && ret_length->length == 0)
        defects |= MESSAGE_DEFECT(EXPECT_EMPTY);
    ret_length->defects |= defects;
}

enum http1_trust http1_length_of_request(struct http1_length *length, bool http11,
                                         enum body_framing *ret_framing)
{
    *ret_framing = BODY_FRAMING_NONE;
    if (length->has_coding) {
        if (!length->chunked)
            length->defects |= MESSAGE_DEFECT(CODING_UNKNOWN);
        if (!length->chunked || length->coding_broken)
            return HTTP1_STOP_NOW;
        *ret_framing = BODY_FRAMING_CHUNKED;
        if (length->has_length || length->length_broken)
            length->defects |= MESSAGE_DEFECT(LENGTH_AND_CHUNKED);
        if (http11)
            return HTTP1_TRUSTED;
        length->defects |= MESSAGE_DEFECT(CODING_HTTP10);
        return HTTP1_STOP_AFTER;
    }
    if (length->length_broken)
        return HTTP1_STOP_NOW;
    if (length->has_length)
        *ret_framing = BODY_FRAMING_LENGTH;
    return HTTP1_TRUSTED;
}

enum http1_trust http1_length_of_response(struct http1_length *length, bool http11,
                                          enum body_framing *ret_framing)
{
    *ret_framing = BODY_FRAMING_CLOSE;
    if (length->has_coding) {
        if (length->coding_broken)
            return HTTP1_STOP_NOW;
        if (length->has_length || length->length_broken)
            length->defects |= MESSAGE_DEFECT(LENGTH_AND_CHUNKED);
        if (!length->chunked) {
            length->defects |= MESSAGE_DEFECT(CODING_UNKNOWN);
            return HTTP1_TRUSTED;
        }
        *ret_framing = BODY_FRAMING_CHUNKED;
        if (http11)
            return HTTP1_TRUSTED;
        length->defects |= MESSAGE_DEFECT(CODING_HTTP10);
        return HTTP1_STOP_AFTER;
    }
    if (length->length_broken)
        return HTTP1_STOP_NOW;
    if (length->has_length)
        *ret_framing = BODY_FRAMING_LENGTH;
    return HTTP1_TRUSTED;
}

bool http1_length_matters(struct bytes line)
{
    static const char *const names[] = {"Content-Length", "Transfer-Encoding", "Host", "Connection",
                                        "Upgrade"};
    const uint8_t *colon = memchr(line.data, ':', line.size);
    if (!colon)
        return false;
    struct bytes name = bytes_trim(bytes_make(line.data, (size_t)(colon - line.data)));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (name_is(name, names[i]))
            return true;
    }
    return false;
}
