#include "capture/tcp/flow_role.h"

#include <ctype.h>
#include <string.h>

#define METHOD_MAX 32

static bool starts_with(struct bytes view, const char *text)
{
    size_t size = strlen(text);
    return view.size >= size && memcmp(view.data, text, size) == 0;
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
    struct bytes line = {payload.data, line_end ? (size_t)(line_end - payload.data) : payload.size};
    return memmem(line.data, line.size, " HTTP/1.", 8) ? FLOW_HINT_REQUEST : FLOW_HINT_NONE;
}
