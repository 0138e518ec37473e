#include "capture/tcp/flow_role.h"

#include <ctype.h>
#include <string.h>

#define METHOD_MAX 32

static bool starts_with(struct bytes view, const char *text)
{
    size_t size = strlen(text);
    return view.size >= size && memcmp(view.data, text, size) == 0;
}

/* Whether what stands at |target| is the beginning of a path that goes on in the next segment. */
static bool goes_beyond(struct bytes payload, size_t target)
{
    if (target >= payload.size || payload.data[target] != '/')
        return false;
    for (size_t i = target; i < payload.size; i++)
        if (payload.data[i] < 0x20 || payload.data[i] == 0x7f)
            return false;
    return true;
}

enum flow_hint flow_role_hint(struct bytes payload)
{
    if (starts_with(payload, "HTTP/1.") && payload.size >= 12 && payload.data[8] == ' ' &&
        isdigit(payload.data[9]) && isdigit(payload.data[10]) && isdigit(payload.data[11]))
        return FLOW_HINT_RESPONSE;
    size_t method = 0;
    while (method < payload.size && method < METHOD_MAX && isupper(payload.data[method]))
        method++;
    if (method < 3 || method >= payload.size || payload.data[method] != ' ')
        return FLOW_HINT_NONE;
    const uint8_t *line_end = memchr(payload.data, '\n', payload.size);
    if (!line_end)
        return goes_beyond(payload, method + 1) ? FLOW_HINT_REQUEST : FLOW_HINT_NONE;
    struct bytes line = {payload.data, (size_t)(line_end - payload.data)};
    return memmem(line.data, line.size, " HTTP/1.", 8) ? FLOW_HINT_REQUEST : FLOW_HINT_NONE;
}
