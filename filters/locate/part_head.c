#include "filters/locate/part_head.h"

#include "common/byte_set.h"
#include "filters/locate/header_locator.h"
#include "filters/locate/urlencoded.h"

#include <string.h>

static struct bytes part_of(struct bytes text, size_t from, size_t to)
{
    return bytes_make(text.data ? text.data + from : NULL, to - from);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static size_t token_size(struct bytes text)
{
    size_t size = 0;
    while (size < text.size && byte_set_has(&byte_set_tchar, text.data[size]))
        size++;
    return size;
}

/* Takes a value, in quotes or not. A quote after a backslash ends the string for some readers and not for others. */
static bool take_value(struct bytes text, size_t *at, struct bytes *ret_value)
{
    size_t start = *at, end = start;
    bool quoted = start < text.size && text.data[start] == '"';
    if (!quoted) {
        while (end < text.size && text.data[end] != ';' && !is_blank(text.data[end]))
            if (text.data[end++] == '"')
                return false;
        *at = end;
    } else {
        const uint8_t *quote = memchr(text.data + start + 1, '"', text.size - start - 1);
        if (!quote || quote[-1] == '\\')
            return false;
        start++;
        end = (size_t)(quote - text.data);
        *at = end + 1;
    }
    *ret_value = part_of(text, start, end);
    return true;
}

bool parameter_next(struct bytes *rest, struct parameter *ret_parameter)
{
    struct bytes text = *rest;
    size_t at = 0;
    bool separated = false;
    while (at < text.size && (is_blank(text.data[at]) || text.data[at] == ';'))
        separated |= text.data[at++] == ';';
    if (at == text.size) {
        *rest = part_of(text, at, at);
        return false;
    }
    size_t name = token_size(part_of(text, at, text.size));
    if (!separated || name == 0 || at + name >= text.size || text.data[at + name] != '=')
        return false;
    ret_parameter->name = part_of(text, at, at + name);
    at += name + 1;
    if (!take_value(text, &at, &ret_parameter->value))
        return false;
    *rest = part_of(text, at, text.size);
    return true;
}

/* A header line. */
struct line {
    struct bytes name;
    struct bytes before; /* the value, with the colon */
    struct bytes value;
    struct bytes after; /* it, with the line end */
};

/* Takes the next line. Returns false at the end, and where it is none (a fold, a byte that ends lines for some
 * readers): |lines| is then not empty. */
static bool next_line(struct bytes *lines, struct line *ret_line)
{
    const uint8_t *end = lines->size ? memchr(lines->data, '\r', lines->size) : NULL;
    size_t size = end ? (size_t)(end - lines->data) : 0;
    if (!end || lines->size - size < 2 || end[1] != '\n')
        return false;
    struct bytes line = part_of(*lines, 0, size);
    size_t name = token_size(line);
    if (name == 0 || name == size || line.data[name] != ':' || memchr(line.data, '\n', size) ||
        memchr(line.data, 0, size))
        return false;
    struct bytes value = bytes_trim(part_of(line, name + 1, size));
    size_t start = value.size ? (size_t)(value.data - line.data) : size;
    *ret_line = (struct line){.name = part_of(line, 0, name),
                              .before = part_of(line, name, start),
                              .value = value,
                              .after = part_of(*lines, start + value.size, size + 2)};
    *lines = part_of(*lines, size + 2, lines->size);
    return true;
}

static bool is_named(struct bytes name, const char *text)
{
    return bytes_equal_nocase(name, bytes_of(text));
}

static bool is_one_of(struct bytes word, const char *const *words)
{
    for (; *words; words++)
        if (is_named(word, *words))
            return true;
    return false;
}

static bool begins_with(struct bytes word, struct bytes start)
{
    return word.size >= start.size && bytes_equal_nocase(part_of(word, 0, start.size), start);
}

/* Returns the size of a disposition or of a media type at the start of |value|. */
static size_t type_size(struct bytes value)
{
    size_t size = token_size(value);
    if (size > 0 && size < value.size && value.data[size] == '/')
        size += 1 + token_size(part_of(value, size + 1, value.size));
    return size;
}

static bool read_disposition(struct bytes value, struct part_head *head)
{
    struct bytes rest = part_of(value, token_size(value), value.size);
    struct parameter parameter;
    if (rest.size == value.size)
        return false;
    while (parameter_next(&rest, &parameter)) {
        if (is_named(parameter.name, "name")) {
            if (head->named)
                return false;
            head->named = true;
            head->name = parameter.value;
        } else if (begins_with(parameter.name, BYTES_LITERAL("name*"))) {
            return false; /* RFC 7578 has none; who reads it has another name */
        } else if (begins_with(parameter.name, BYTES_LITERAL("filename"))) {
            head->file = true;
        }
    }
    return rest.size == 0;
}

static bool read_type(struct bytes value, struct part_head *head)
{
    static const char *const charsets[] = {"utf-8",      "utf8",   "us-ascii",     "ascii",
                                           "iso-8859-1", "latin1", "windows-1252", NULL};
    struct bytes rest = part_of(value, type_size(value), value.size);
    struct parameter parameter;
    if (head->typed || rest.size == value.size)
        return false;
    head->typed = true;
    head->type = body_type_of(value);
    while (parameter_next(&rest, &parameter))
        if (is_named(parameter.name, "charset") && !is_one_of(parameter.value, charsets))
            head->encoded = true;
    return rest.size == 0;
}

static bool read_line(const struct line *line, bool *disposed, struct part_head *head)
{
    static const char *const codings[] = {"7bit", "8bit", "binary", "quoted-printable", "base64", NULL};
    if (is_named(line->name, "Content-Disposition")) {
        if (*disposed)
            return false;
        *disposed = true;
        return read_disposition(line->value, head);
    }
    if (is_named(line->name, "Content-Type"))
        return read_type(line->value, head);
    if (is_named(line->name, "Content-Transfer-Encoding")) {
        /* the last two are one that changes the content */
        head->encoded |= is_one_of(line->value, codings + 3);
        return is_one_of(line->value, codings);
    }
    if (is_named(line->name, "Content-Encoding"))
        head->encoded |= !is_named(line->value, "identity");
    if (is_named(line->name, "Content-Length")) {
        uint64_t length;
        bool first = !head->has_length;
        head->has_length = true;
        return first && bytes_to_u64(line->value, &length);
    }
    return true;
}

bool part_head_read(struct bytes lines, struct part_head *ret_head)
{
    struct part_head head = {.type = {.media = MEDIA_NONE}};
    struct line line;
    bool disposed = false;
    unsigned count = 0;
    while (next_line(&lines, &line))
        if (++count > PART_HEAD_LINES_MAX || !read_line(&line, &disposed, &head))
            return false;
    *ret_head = head;
    return lines.size == 0;
}

/* Appends the value of |parameter| replaced. */
static void locate_parameter(struct locator *locator, const struct parameter *parameter, struct buffer *out)
{
    struct bytes value = parameter->value;
    struct policy_decision personal = {.class = POLICY_PERSONAL};
    bool extended =
        parameter->name.data[parameter->name.size - 1] == '*'; /* RFC 8187: charset'language'value */
    const uint8_t *quote = extended && value.size ? memrchr(value.data, '\'', value.size) : NULL;
    if (quote) {
        size_t start = (size_t)(quote - value.data) + 1;
        buffer_append_bytes(out, part_of(value, 0, start));
        percent_atom(locator, LINK_PLACE_FORM, personal, parameter->name, part_of(value, start, value.size),
                     false, out);
        return;
    }
    struct buffer *replacement = locator_take(locator);
    struct atom atom = {LINK_PLACE_FORM, personal, parameter->name, value};
    locator_replace(locator, &atom, replacement);
    buffer_append_bytes(out, buffer_bytes(replacement));
    locator_give(locator, replacement);
}

/* Appends |value|, a type with parameters, with those replaced that are not among |known|. */
static void locate_parameters(struct locator *locator, struct bytes value, const char *const *known,
                              struct buffer *out)
{
    size_t copied = type_size(value);
    buffer_append_bytes(out, part_of(value, 0, copied));
    struct bytes rest = part_of(value, copied, value.size);
    struct parameter parameter;
    while (parameter_next(&rest, &parameter)) {
        if (is_one_of(parameter.name, known))
            continue;
        size_t start = (size_t)(parameter.value.data - value.data);
        buffer_append_bytes(out, part_of(value, copied, start));
        locate_parameter(locator, &parameter, out);
        copied = start + parameter.value.size;
    }
    buffer_append_bytes(out, part_of(value, copied, value.size));
}

static void locate_value(struct locator *locator, const struct line *line, struct policy_decision decision,
                         const size_t *length, struct buffer *out)
{
    static const char *const of_disposition[] = {"name", NULL};
    static const char *const of_type[] = {"boundary", "charset",    "type",   "start",
                                          "version",  "start-info", "format", NULL};
    if (is_named(line->name, "Content-Disposition"))
        locate_parameters(locator, line->value, of_disposition, out);
    else if (is_named(line->name, "Content-Type"))
        locate_parameters(locator, line->value, of_type, out);
    else if (length && is_named(line->name, "Content-Length"))
        buffer_printf(out, "%zu", *length);
    else
        header_locate(locator, decision, line->name, line->value, out);
}

void part_head_locate(struct locator *locator, struct bytes lines, const size_t *length, struct buffer *out)
{
    struct line line;
    while (next_line(&lines, &line)) {
        struct policy_decision decision =
            policy_memo_ask(&locator->memo, locator->policy, POLICY_IN_PART_HEAD, line.name);
        if (locator_removes(locator, decision)) {
            locator_remove(locator, &(struct atom){LINK_PLACE_HEADER, decision, line.name, line.value});
            continue;
        }
        if (decision.named_oddly && locate_in_name(locator, line.name))
            continue;
        buffer_append_bytes(out, line.name);
        buffer_append_bytes(out, line.before);
        locate_value(locator, &line, decision, length, out);
        buffer_append_bytes(out, line.after);
    }
}
