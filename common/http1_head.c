#include "common/http1_head.h"

#include "common/swar.h"

#include <string.h>
#include <strings.h>

static inline bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* Takes a line from the front of |rest|: |ret_line| with its end, |ret_text| without. */
static inline bool take_line(struct bytes *rest, struct bytes *ret_line, struct bytes *ret_text)
{
    if (rest->size == 0)
        return false;
    const uint8_t *lf = memchr(rest->data, '\n', rest->size);
    size_t size = lf ? (size_t)(lf - rest->data) + 1 : rest->size;
    *ret_line = bytes_make(rest->data, size);
    size_t text = lf ? size - 1 : size;
    if (text > 0 && lf && rest->data[text - 1] == '\r')
        text--;
    *ret_text = bytes_make(rest->data, text);
    rest->data += size;
    rest->size -= size;
    return true;
}

/* Reads METHOD SP target SP HTTP/1.x CRLF, what nearly all are. Returns false where it must be looked at more closely. */
static bool plain_request_line(struct bytes head, struct http1_request_line *ret_line)
{
    const struct bytes version = BYTES_LITERAL(" HTTP/1.");
    const uint8_t *lf = head.size ? memchr(head.data, '\n', head.size) : NULL;
    size_t size =
        lf ? (size_t)(lf - head.data) : 0; /* the version ends one before the CR, two before the LF */
    if (size < version.size + 5 || lf[-1] != '\r' || is_blank(lf[-2]) || is_blank(head.data[0]))
        return false;
    const uint8_t *end = lf - 2 - version.size;
    if (memcmp(end, version.data, version.size) != 0 || is_blank(end[-1]))
        return false;
    const uint8_t *blank = memchr(head.data, ' ', (size_t)(end - head.data));
    if (!blank || is_blank(blank[1]) || memchr(head.data, '\t', (size_t)(blank - head.data)))
        return false;
    *ret_line = (struct http1_request_line){
        .method = bytes_make(head.data, (size_t)(blank - head.data)),
        .target = bytes_make(blank + 1, (size_t)(end - blank - 1)),
        .version = bytes_make(end + 1, version.size),
    };
    return true;
}

bool http1_request_line(struct bytes head, struct http1_request_line *ret_line)
{
    struct bytes line, text;
    if (plain_request_line(head, ret_line))
        return true;
    if (!take_line(&head, &line, &text))
        return false;
    text = bytes_trim(text);
    if (text.size == 0)
        return false;
    size_t method = 0;
    while (method < text.size && !is_blank(text.data[method]))
        method++;
    size_t target = method;
    while (target < text.size && is_blank(text.data[target]))
        target++;
    size_t end = text.size;
    size_t version = text.size;
    while (version > target && !is_blank(text.data[version - 1]))
        version--;
    bool cut = line.data[line.size - 1] != '\n'; /* the capture ends inside the line: so may the version */
    size_t compared = cut && text.size - version < 5 ? text.size - version : 5;
    if (version > target && compared > 0 && text.size - version >= compared &&
        strncasecmp((const char *)text.data + version, "HTTP/", compared) == 0) {
        end = version;
        while (end > target && is_blank(text.data[end - 1]))
            end--;
    } else {
        version = text.size;
    }
    *ret_line = (struct http1_request_line){
        .method = bytes_make(text.data, method),
        .target = bytes_make(text.data + target, end - target),
        .version = bytes_make(text.data + version, text.size - version),
    };
    return true;
}

bool http1_status_line(struct bytes head, struct http1_status_line *ret_line)
{
    struct bytes line, text;
    if (!take_line(&head, &line, &text))
        return false;
    if (text.size < 5 || strncasecmp((const char *)text.data, "HTTP/", 5) != 0)
        return false;
    size_t version = 0;
    while (version < text.size && !is_blank(text.data[version]))
        version++;
    size_t status = version;
    while (status < text.size && is_blank(text.data[status]))
        status++;
    size_t status_end = status;
    while (status_end < text.size && !is_blank(text.data[status_end]))
        status_end++;
    *ret_line = (struct http1_status_line){
        .version = bytes_make(text.data, version),
        .status = bytes_make(text.data + status, status_end - status),
        .reason = bytes_trim(bytes_make(text.data + status_end, text.size - status_end)),
    };
    return true;
}

struct bytes http1_fields(struct bytes head)
{
    struct bytes line, text;
    take_line(&head, &line, &text);
    return head;
}

/* Returns where the ':' of a name without blanks and control bytes at the front of |text| stands, or 0. */
static inline size_t plain_name(struct bytes text)
{
    for (size_t at = 0; text.size - at >= 8; at += 8) {
        uint64_t word = swar_load(text.data + at);
        uint64_t stop = swar_equal(word, ':') | swar_below(word, 0x21);
        if (stop) {
            at += swar_first(stop);
            return text.data[at] == ':' ? at : 0;
        }
    }
    return 0;
}

bool http1_next_field(struct bytes *fields, struct http1_field *ret_field)
{
    size_t plain = plain_name(*fields);
    const uint8_t *value = plain ? fields->data + plain + 1 : NULL; /* the data may be NULL, too */
    const uint8_t *plain_end = plain ? memchr(value, '\n', fields->size - plain - 1) : NULL;
    size_t whole = plain_end ? (size_t)(plain_end - fields->data) + 1 : 0;
    if (plain_end && whole < fields->size && !is_blank(fields->data[whole])) { /* nothing is folded */
        plain_end -= plain_end[-1] == '\r';
        *ret_field = (struct http1_field){
            .line = bytes_make(fields->data, whole),
            .name = bytes_make(fields->data, plain),
            .value = bytes_trim(bytes_make(value, (size_t)(plain_end - value))),
            .split = true,
        };
        *fields = bytes_make(fields->data + whole, fields->size - whole);
        return true;
    }
    struct bytes rest = *fields, line, text;
    if (!take_line(&rest, &line, &text) || text.size == 0)
        return false;
    const uint8_t *end = text.data + text.size;
    while (rest.size > 0 && is_blank(rest.data[0])) {
        struct bytes more, more_text;
        take_line(&rest, &more, &more_text);
        end = more_text.data + more_text.size;
    }
    *ret_field = (struct http1_field){.line = bytes_make(line.data, (size_t)(rest.data - line.data))};
    const uint8_t *colon = memchr(text.data, ':', text.size);
    struct bytes name =
        colon ? bytes_trim(bytes_make(text.data, (size_t)(colon - text.data))) : (struct bytes){0};
    if (name.size > 0 && !is_blank(text.data[0])) {
        ret_field->split = true;
        ret_field->name = name;
        ret_field->value = bytes_trim(bytes_make(colon + 1, (size_t)(end - colon - 1)));
    }
    *fields = rest;
    return true;
}

bool http1_find_field(struct bytes head, const char *name, struct http1_field *ret_field)
{
    struct bytes wanted = bytes_of(name);
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    while (fields.size > 0) {
        uint8_t first = fields.data[0];
        bool other = ((first ^ wanted.data[0]) & ~0x20) != 0;
        if (!other && fields.size > wanted.size) {
            uint8_t behind = fields.data[wanted.size];
            other = behind != ':' && !is_blank(behind);
        }
        if (first > ' ' && other) { /* another name: on to the next line */
            const uint8_t *lf = memchr(fields.data, '\n', fields.size);
            if (!lf)
                return false;
            fields = bytes_make(lf + 1, fields.size - (size_t)(lf + 1 - fields.data));
            continue;
        }
        if (!http1_next_field(&fields, &field))
            return false;
        if (field.split && bytes_equal_nocase(field.name, wanted)) {
            *ret_field = field;
            return true;
        }
    }
    return false;
}

bool http1_next_element(struct bytes *list, struct bytes *ret_element)
{
    while (list->size > 0) {
        size_t size = 0;
        bool quoted = false;
        while (size < list->size && (quoted || list->data[size] != ',')) {
            if (list->data[size] == '"')
                quoted = !quoted;
            else if (quoted && list->data[size] == '\\' && size + 1 < list->size)
                size++;
            size++;
        }
        struct bytes element = bytes_trim(bytes_make(list->data, size));
        size_t taken = size < list->size ? size + 1 : size;
        list->data += taken;
        list->size -= taken;
        if (element.size > 0) {
            *ret_element = element;
            return true;
        }
    }
    return false;
}

bool http1_list_has(struct bytes list, const char *token)
{
    struct bytes element;
    while (http1_next_element(&list, &element)) {
        const uint8_t *parameters = memchr(element.data, ';', element.size);
        if (parameters)
            element = bytes_trim(bytes_make(element.data, (size_t)(parameters - element.data)));
        if (bytes_equal_nocase(element, bytes_of(token)))
            return true;
    }
    return false;
}
