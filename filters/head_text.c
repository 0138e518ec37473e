#include "filters/head_text.h"

#include "common/byte_set.h"
#include "filters/detect/detect.h"

#include <string.h>

#define METHOD_MAX  24
#define VERSION_MAX 8

bool head_text_is_token(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (!byte_set_has(&byte_set_tchar, name.data[i]))
            return false;
    return name.size > 0;
}

/* Whether |method| is of the form that all methods have: capitals, parted by '-' or '_'. Where a body is longer than its head says, its rest stands
 * before the next method: with other characters, or one that only ends as a method. */
static bool is_method(struct bytes method)
{
    static const char *const common[] = {"GET", "PUT", "HEAD", "POST", "DELETE", "OPTIONS"};
    if (method.size == 0 || method.size > METHOD_MAX)
        return false;
    for (size_t i = 0; i < method.size; i++)
        if ((method.data[i] < 'A' || method.data[i] > 'Z') && method.data[i] != '-' && method.data[i] != '_')
            return false;
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        size_t size = strlen(common[i]);
        if (method.size >= size && memcmp(method.data + method.size - size, common[i], size) == 0)
            return method.size == size;
    }
    return true;
}

bool head_text_request_line(struct bytes head, struct http1_request_line *ret_line)
{
    if (!http1_request_line(head, ret_line) || !is_method(ret_line->method) || ret_line->target.size == 0 ||
        ret_line->version.size > VERSION_MAX)
        return false;
    for (size_t i = 0; i < ret_line->target.size; i++)
        if (ret_line->target.data[i] <=
            ' ') /* RFC 9112 3.2: no blanks; some rest stands before the method, or after the target */
            return false;
    return true;
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
