#include "replay/state/login_page.h"

#include "common/http1_head.h"

#include <string.h>

#define SEGMENT_MAX 32 /* of a longer one, the front */

/* Writes |segment| in small letters, without '-' and '_'. */
static void plain(struct bytes segment, char text[SEGMENT_MAX + 1])
{
    size_t size = 0;
    for (size_t i = 0; i < segment.size && size < SEGMENT_MAX; i++) {
        uint8_t byte = segment.data[i];
        if (byte == '-' || byte == '_' || byte == '\0')
            continue;
        text[size++] = (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
    }
    text[size] = '\0';
}

static bool is_of_login(struct bytes segment)
{
    static const char *const parts[] = {"login", "logon", "signin"};
    static const char *const wholes[] = {"auth",   "sso",  "authorize", "authenticate",  "authn",   "oauth",
                                         "oauth2", "saml", "saml2",     "openidconnect", "oauth2.0"};
    char text[SEGMENT_MAX + 1];
    plain(segment, text);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(text, parts[i]))
            return true;
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++)
        if (strcmp(text, wholes[i]) == 0)
            return true;
    return false;
}

bool login_page_follows(uint16_t status, struct bytes head)
{
    struct http1_field field;
    bool redirects = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    if (!redirects || !http1_find_field(head, "Location", &field))
        return false;
    struct bytes rest = field.value;
    const uint8_t *scheme = rest.size ? memmem(rest.data, rest.size, "://", 3) : NULL;
    if (scheme) { /* what names the host is no name of a page */
        const uint8_t *path = memchr(scheme + 3, '/', rest.size - (size_t)(scheme + 3 - rest.data));
        rest = path ? bytes_make(path, rest.size - (size_t)(path - rest.data)) : (struct bytes){0};
    }
    while (rest.size && rest.data[0] != '?' && rest.data[0] != '#') {
        size_t size = 0;
        while (size < rest.size && !memchr("/?#", rest.data[size], 3))
            size++;
        if (is_of_login(bytes_make(rest.data, size)))
            return true;
        if (size < rest.size && rest.data[size] == '/')
            size++;
        else if (size == 0)
            break;
        rest = bytes_make(rest.data + size, rest.size - size);
    }
    return false;
}
