#include "filters/locate/json_token.h"

#include "filters/locate/json_escape.h"

const uint8_t *json_string_rest(const uint8_t *at, const uint8_t *end, struct json_string *string,
                                bool *ret_cut)
{
    while (at < end && *at == '\\') {
        string->escaped = true;
        bool coded = end - at > 3 && at[1] == 'u';
        string->coded |= coded;
        string->hidden |= coded && at[2] == '0' && at[3] == '0';
        at = json_escape_end(at, end, ret_cut);
        if (!at)
            return NULL;
        at = json_run_end(at, end, &string->marked);
    }
    string->size = (size_t)(at - string->start);
    *ret_cut = at == end;
    return at < end && *at == '"' ? at + 1 : NULL;
}

/* Returns where the digits from |at| on end. */
static const uint8_t *digits_end(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (uint8_t)(*at - '0') < 10)
        at++;
    return at;
}

/* Returns where the digits end that have to be at |at|, else NULL. */
static const uint8_t *digits_pass(const uint8_t *at, const uint8_t *end, bool *ret_cut)
{
    const uint8_t *after = digits_end(at, end);
    *ret_cut = after == end;
    return after == at ? NULL : after;
}

const uint8_t *json_number_any_end(const uint8_t *at, const uint8_t *end, bool *ret_cut)
{
    at += json_byte(at, end) == '-';
    const uint8_t *whole = at;
    at = digits_pass(whole, end, ret_cut);
    if (!at || (*whole == '0' && at - whole > 1))
        return NULL;
    if (json_byte(at, end) == '.') {
        at = digits_pass(at + 1, end, ret_cut);
        if (!at)
            return NULL;
    }
    if ((json_byte(at, end) | 0x20) == 'e') {
        at++;
        at += json_byte(at, end) == '+' || json_byte(at, end) == '-';
        at = digits_pass(at, end, ret_cut);
    }
    return at;
}
