#include "filters/head_text.h"

#include "common/byte_set.h"
#include "common/swar.h"
#include "filters/detect/detect.h"

#include <string.h>
#include <strings.h>

#define METHOD_MAX  24
#define VERSION_MAX 8

bool head_text_is_token(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (!byte_set_has(&byte_set_tchar, name.data[i]))
            return false;
    return name.size > 0;
}

static const struct {
    char name[8];
    uint8_t size;
    bool ends; /* no other method ends in it */
} common_methods[] = {{"GET", 3, true},    {"POST", 4, true},    {"PUT", 3, true},   {"HEAD", 4, true},
                      {"DELETE", 6, true}, {"OPTIONS", 7, true}, {"PATCH", 5, false}};
#define COMMON_METHODS (sizeof common_methods / sizeof common_methods[0])

/* Whether |method| is one that everybody knows, in any case. */
static bool is_known_method(struct bytes method)
{
    for (size_t i = 0; i < COMMON_METHODS; i++)
        if (method.size == common_methods[i].size &&
            strncasecmp((const char *)method.data, common_methods[i].name, method.size) == 0)
            return true;
    return false;
}

/* Whether |method| is of the form that all methods have: capitals, parted by '-' or '_'. Where a body is longer than its head says, its rest stands
 * before the next method: with other characters, or one that only ends as a method. */
static bool is_method(struct bytes method)
{
    for (size_t i = 0; i < method.size; i++)
        if ((method.data[i] < 'A' || method.data[i] > 'Z') && method.data[i] != '-' && method.data[i] != '_')
            return false;
    for (size_t i = 0; i < COMMON_METHODS; i++) {
        size_t size = common_methods[i].size;
        if (common_methods[i].ends && method.size > size &&
            memcmp(method.data + method.size - size, common_methods[i].name, size) == 0)
            return false;
    }
    return method.size > 0 && method.size <= METHOD_MAX;
}

/* Whether |target| has blanks or control bytes. */
static bool has_blanks(struct bytes target)
{
    size_t at = 0;
    for (; target.size - at >= 8; at += 8)
        if (swar_below(swar_load(target.data + at), 0x21))
            return true;
    for (; at < target.size; at++)
        if (target.data[at] <= ' ')
            return true;
    return false;
}

/* Whether |target|, which has blanks or control bytes, is a path with a query all the same, which is looked at as any other. A bare CR would end the line for
 * some readers, and where a method or another path follows a blank, the rest of a body stands before it. */
static bool is_odd_path(struct bytes target)
{
    if (target.data[0] != '/' || memchr(target.data, '\r', target.size) ||
        memchr(target.data, 0, target.size))
        return false;
    for (size_t at = 0, end; at < target.size; at = end + 1) {
        for (end = at; end < target.size && target.data[end] > ' ';)
            end++;
        struct bytes word = bytes_make(target.data + at, end - at);
        if (at > 0 && word.size > 0 && (word.data[0] == '/' || word.data[0] == '*' || is_known_method(word)))
            return false;
    }
    return true;
}

bool head_text_request_line(struct bytes head, struct http1_request_line *ret_line)
{
    if (!http1_request_line(head, ret_line) || ret_line->target.size == 0 ||
        ret_line->version.size > VERSION_MAX)
        return false;
    bool known = is_known_method(ret_line->method);
    if (!known && !is_method(ret_line->method))
        return false;
    /* RFC 9112 3.2: no blanks; some rest may stand before the method, or after the target. Without a version nothing tells where a target with blanks ends. */
    return !has_blanks(ret_line->target) ||
           (known && ret_line->version.size > 0 && is_odd_path(ret_line->target));
}

bool head_text_status_line(struct bytes head)
{
    struct http1_status_line line;
    if (!http1_status_line(head, &line) || line.version.size > VERSION_MAX || line.status.size > 3)
        return false;
    for (size_t i = 0; i < line.status.size; i++)
        if (line.status.data[i] < '0' || line.status.data[i] > '9')
            return false;
    for (size_t i = 0; i < line.reason.size; i++)
        if (line.reason.data[i] < ' ' || line.reason.data[i] == '=')
            return false;
    return !detect_may_find(line.reason);
}

static bool holds_byte(struct bytes text, uint8_t byte)
{
    return text.size > 0 && memchr(text.data, byte, text.size) != NULL;
}

bool head_text_unfold(struct bytes *text, struct buffer *out)
{
    struct bytes value = *text;
    if (!holds_byte(value, '\n'))
        return !holds_byte(value, '\r') && !holds_byte(value, 0);
    buffer_clear(out);
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = value.data[i];
        if (byte == '\r' && i + 1 < value.size && value.data[i + 1] == '\n')
            continue;
        if (byte == '\r' || byte == 0)
            return false;
        if (byte != '\n') {
            buffer_append_byte(out, byte);
            continue;
        }
        while (i + 1 < value.size && (value.data[i + 1] == ' ' || value.data[i + 1] == '\t'))
            i++;
        struct bytes rest = bytes_make(value.data + i + 1, value.size - i - 1);
        struct bytes line = bytes_make(rest.data, head_text_line_size(rest));
        const uint8_t *colon = line.size ? memchr(line.data, ':', line.size) : NULL;
        if (colon && head_text_is_token(bytes_trim(bytes_make(line.data, (size_t)(colon - line.data)))))
            return false;
        buffer_append_byte(out, ' ');
    }
    *text = bytes_trim(buffer_bytes(out)); /* a value may begin with a fold */
    return true;
}
