#include "common/http1_cookie.h"

#include <string.h>

static size_t find_byte(struct bytes text, char byte)
{
    const uint8_t *at = text.size ? memchr(text.data, byte, text.size) : NULL;
    return at ? (size_t)(at - text.data) : text.size;
}

static struct bytes rest_from(struct bytes text, size_t at)
{
    return at < text.size ? bytes_make(text.data + at, text.size - at) : (struct bytes){0};
}

bool http1_next_cookie(struct bytes *list, struct http1_cookie *ret_cookie)
{
    while (list->size > 0) {
        size_t size = find_byte(*list, ';');
        struct bytes pair = bytes_make(list->data, size);
        *list = rest_from(*list, size + 1);
        size_t equals = find_byte(pair, '=');
        if (equals == pair.size)
            continue;
        struct bytes value = bytes_trim(rest_from(pair, equals + 1));
        if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
            value = bytes_make(value.data + 1, value.size - 2);
        *ret_cookie = (struct http1_cookie){bytes_trim(bytes_make(pair.data, equals)), value};
        return true;
    }
    return false;
}
