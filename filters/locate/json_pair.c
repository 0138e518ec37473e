#include "filters/locate/json_pair.h"

#include "filters/policy/pair_names.h"

/* Passes the string at |at|; its end where it has none. */
static const uint8_t *string_pass(const uint8_t *at, const uint8_t *end, struct json_string *string)
{
    bool cut;
    const uint8_t *after = json_string_end(at, end, false, string, &cut);
    return after ? after : end;
}

const uint8_t *json_pair_next(const uint8_t *at, const uint8_t *end, struct json_string *ret_text,
                              bool *ret_ended)
{
    unsigned depth = 0;
    *ret_ended = false;
    while (at < end) {
        struct json_string name;
        switch (*at) {
        case '{':
        case '[':
            depth++;
            at++;
            break;
        case '}':
        case ']':
            at++;
            if (depth-- == 0) {
                *ret_ended = true;
                return NULL;
            }
            break;
        case '"':
            at = json_skip_space(string_pass(at, end, &name), end);
            if (depth > 0 || json_byte(at, end) != ':')
                break;
            at = json_skip_space(at + 1, end);
            if (json_byte(at, end) != '"')
                break;
            at = string_pass(at, end, ret_text);
            if (at < end && pair_names_name(bytes_make(name.start, name.size)))
                return at;
            break;
        default:
            at++;
        }
    }
    return NULL;
}
