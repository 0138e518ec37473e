#include "replay/sender/http2_remark.h"

#include <string.h>

/* Reads the number behind |mark| in |text|: the last one, as what comes before it may be anything. */
static bool number_behind(struct bytes text, const char *mark, uint64_t *ret_number)
{
    size_t size = strlen(mark);
    const uint8_t *end = text.data + text.size, *at = NULL, *next = text.data;
    while (next < end && (next = memmem(next, (size_t)(end - next), mark, size)) != NULL)
        at = next += size;
    if (!at || at == end || *at < '0' || *at > '9')
        return false;
    *ret_number = 0;
    for (; at < end && *at >= '0' && *at <= '9' && *ret_number < UINT64_C(1) << 40; at++)
        *ret_number = *ret_number * 10 + (uint64_t)(*at - '0');
    return true;
}

static bool begins(struct bytes text, const char *with)
{
    size_t size = strlen(with);
    return text.size >= size && memcmp(text.data, with, size) == 0;
}

enum http2_remark http2_remark_read(struct bytes text, uint64_t *ret_number)
{
    *ret_number = 0;
    if (begins(text, "REFUSED_STREAM"))
        return HTTP2_REMARK_REFUSED;
    if (begins(text, "Using Stream ID: "))
        return number_behind(text, "Using Stream ID: ", ret_number) ? HTTP2_REMARK_STREAM : HTTP2_REMARK_NONE;
    if (begins(text, "Re-using existing connection #") || begins(text, "Connected to "))
        return number_behind(text, "#", ret_number) ? HTTP2_REMARK_CONNECTION : HTTP2_REMARK_NONE;
    if (begins(text, "rec") && memmem(text.data, text.size, " GOAWAY,", 8)) /* "recveived" in 7.88 */
        return number_behind(text, "last_stream=", ret_number) ? HTTP2_REMARK_GOAWAY : HTTP2_REMARK_NONE;
    return HTTP2_REMARK_NONE;
}
