#include "replay/proxy.h"

#include "common/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *scheme;
    enum proxy_kind kind;
} kinds[] = {
    {"http://", PROXY_HTTP},       {"https://", PROXY_HTTPS},   {"socks4://", PROXY_SOCKS4},
    {"socks4a://", PROXY_SOCKS4A}, {"socks5://", PROXY_SOCKS5}, {"socks5h://", PROXY_SOCKS5H},
};

/* Returns |size| bytes of |text| with %XX undone; NULL where one of them is broken, or a NUL. */
static char *decode(const char *text, size_t size)
{
    char *decoded = xmalloc(size + 1), *to = decoded;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '%') {
            *to++ = text[i];
            continue;
        }
        char digits[3] = "";
        if (i + 2 < size)
            memcpy(digits, text + i + 1, 2);
        if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]) ||
            strcmp(digits, "00") == 0) {
            free(decoded);
            return NULL;
        }
        *to++ = (char)strtol(digits, NULL, 16);
        i += 2;
    }
    *to = '\0';
    return decoded;
}

/* Reads "USER[:PASSWORD]". */
static int parse_user(struct proxy *proxy, const char *text, size_t size, struct error *err)
{
    const char *colon = memchr(text, ':', size);
    size_t user_size = colon ? (size_t)(colon - text) : size;
    proxy->user = decode(text, user_size);
    proxy->password = decode(colon ? colon + 1 : "", colon ? size - user_size - 1 : 0);
    if (!proxy->user || !proxy->password)
        return error_set(err, ERROR_USAGE, "the user or password is not percent-encoded as it should be");
    return 0;
}

/* Reads "HOST[:PORT]" with nothing behind it. */
static int parse_place(struct proxy *proxy, const char *scheme, const char *text, struct error *err)
{
    size_t size = strcspn(text, "/?#");
    if (text[size] && strcmp(text + size, "/") != 0)
        return error_set(err, ERROR_USAGE, "nothing may follow the host and port");
    const char *bracket = memchr(text, ']', size);
    bool has_port = strchr(bracket ? bracket : text, ':') != NULL;
    const char *port = has_port ? "" : proxy->kind == PROXY_HTTPS ? ":443" : ":1080";
    char *url = xasprintf("http://%.*s%s", (int)size, text, port);
    int failed = target_parse(url, &proxy->place, err);
    free(url);
    if (failed)
        return -1;
    free(proxy->place->url);
    proxy->place->url = xasprintf("%s%.*s%s", scheme, (int)size, text, port);
    return 0;
}

int proxy_parse(const char *url, struct proxy **ret_proxy, struct error *err)
{
    struct proxy *proxy = xcalloc(1, sizeof *proxy);
    const char *rest = url, *scheme = kinds[0].scheme;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t size = strlen(kinds[i].scheme);
        if (strncasecmp(url, kinds[i].scheme, size) != 0)
            continue;
        proxy->kind = kinds[i].kind;
        scheme = kinds[i].scheme;
        rest = url + size;
    }
    if (rest == url && strstr(url, "://")) {
        proxy_free(proxy);
        return error_set(
            err, ERROR_USAGE,
            "--proxy: must begin with http://, https://, socks4://, socks4a://, socks5:// or socks5h://");
    }
    const char *at = memrchr(rest, '@', strcspn(rest, "/?#"));
    if ((at && parse_user(proxy, rest, (size_t)(at - rest), err)) ||
        parse_place(proxy, scheme, at ? at + 1 : rest, err)) {
        proxy_free(proxy);
        return error_prefix(err, "--proxy");
    }
    *ret_proxy = proxy;
    return 0;
}

bool proxy_resolves(const struct proxy *proxy)
{
    switch (proxy->kind) {
    case PROXY_HTTP:
    case PROXY_HTTPS:
    case PROXY_SOCKS4A:
    case PROXY_SOCKS5H:
        return true;
    case PROXY_SOCKS4:
    case PROXY_SOCKS5:
        return false;
    }
    return false;
}

void proxy_free(struct proxy *proxy)
{
    if (!proxy)
        return;
    target_free(proxy->place);
    free(proxy->user);
    free(proxy->password);
    free(proxy);
}
