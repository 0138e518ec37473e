#include "filters/locate/json_names.h"

#include "filters/locate/json_escape.h"
#include "filters/locate/json_token.h"

bool json_names_next(struct bytes *text, struct buffer *ret_name)
{
    buffer_clear(ret_name);
    const uint8_t *end = text->data + text->size;
    const uint8_t *at = text->size ? memchr(text->data, '"', text->size) : NULL;
    while (at) {
        struct json_string string;
        bool cut;
        const uint8_t *after = json_string_end(at, end, false, &string, &cut);
        if (!after)
            break;
        if (json_byte(json_skip_space(after, end), end) == ':') {
            json_unescape(bytes_make(string.start, string.size), ret_name);
            *text = bytes_make(after, (size_t)(end - after));
            return true;
        }
        at = after < end ? memchr(after, '"', (size_t)(end - after)) : NULL;
    }
    *text = (struct bytes){0};
    return false;
}
