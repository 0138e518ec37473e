#include "replay/state/id_values.h"

#include "common/id_like.h"
#include "replay/state/json_spot.h"

#include <string.h>

#define NUMBER_MIN 9 /* digits */

static bool is_of_token(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || byte == '-' ||
           byte == '_';
}

static bool is_strong(struct bytes token)
{
    if (token.size < ID_LIKE_STRONG || !id_like_value(token))
        return false;
    for (size_t i = 0; i < token.size && token.size < NUMBER_MIN; i++)
        if (token.data[i] >= 'A')
            return true;
    return token.size >= NUMBER_MIN;
}

/* Takes the tokens of |value|, in which |escape| begins |escape_size| bytes that say another character. */
static void take_tokens(struct bytes value, uint8_t escape, size_t escape_size, id_values_fn *take, void *arg)
{
    static const char *const urls[] = {"/", "%2F", "%2f", "http"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        if (value.size > strlen(urls[i]) && memcmp(value.data, urls[i], strlen(urls[i])) == 0)
            return;
    for (size_t at = 0, end; at < value.size; at = end) {
        end = at + 1;
        if (value.data[at] == escape)
            end = at + escape_size;
        if (!is_of_token(value.data[at]))
            continue;
        while (end < value.size && is_of_token(value.data[end]))
            end++;
        struct bytes token = bytes_make(value.data + at, end - at);
        if (is_strong(token))
            take(arg, token, false);
    }
}

struct taking {
    id_values_fn *take;
    void *arg;
};

/* json_spot_fn */
static void meet(void *arg, struct bytes name, struct bytes value)
{
    const struct taking *taking = arg;
    (void)name;
    if (value.size < ID_LIKE_STRONG)
        return;
    if (value.data[-1] != '"' && is_strong(value))
        taking->take(taking->arg, value, true);
    else if (value.data[-1] == '"')
        take_tokens(value, '\\', 2, taking->take, taking->arg);
}

void id_values_in_json(struct bytes json, id_values_fn *take, void *arg)
{
    struct taking taking = {take, arg};
    json_spot_each(json, meet, &taking);
}

void id_values_in_pairs(struct bytes pairs, id_values_fn *take, void *arg)
{
    struct bytes name, value;
    while (id_like_next_pair(&pairs, &name, &value))
        take_tokens(value, '%', 3, take, arg);
}
