#include "replay/target.h"

#include "common/mem.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#define HOST_MAX 253

/* Keeps a copy of |found| in |target|, up to the cap. */
static void add_address(struct target *target, const struct sockaddr *found, socklen_t size)
{
    if (target->address_count == TARGET_MAX_ADDRESSES || size > sizeof(struct sockaddr_storage))
        return;
    target->addresses = xrealloc(target->addresses, (target->address_count + 1) * sizeof *target->addresses);
    struct target_address *address = &target->addresses[target->address_count++];
    memset(address, 0, sizeof *address);
    memcpy(&address->sockaddr, found, size);
    address->size = size;
}

/* Asks getaddrinfo and adds what it finds. Returns its status. */
static int look_up(struct target *target, const char *host, int flags)
{
    char service[8];
    snprintf(service, sizeof service, "%u", target->port);
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int status = getaddrinfo(host, service, &hints, &found);
    if (status != 0)
        return status;
    for (struct addrinfo *one = found; one; one = one->ai_next)
        add_address(target, one->ai_addr, one->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

static int parse_unix(const char *path, struct target *target, struct error *err)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    if (path[0] != '/')
        return error_set(err, ERROR_USAGE, "target: unix: needs an absolute path, as in unix:/run/app.sock");
    if (strlen(path) >= sizeof sun.sun_path)
        return error_set(err, ERROR_USAGE, "target: the path of a unix socket has at most %zu bytes",
                         sizeof sun.sun_path - 1);
    memcpy(sun.sun_path, path, strlen(path));
    target->is_unix = true;
    target->host = xstrdup("localhost");
    target->authority = xstrdup("localhost");
    target->base_path = xstrdup("");
    add_address(target, (const struct sockaddr *)&sun, sizeof sun);
    return 0;
}

/* Reads ":PORT", which may be empty, into |target|. */
static int parse_port(const char *text, size_t size, struct target *target, struct error *err)
{
    target->port = target->tls ? 443 : 80;
    if (size <= 1)
        return 0;
    unsigned long port = 0;
    for (size_t i = 1; i < size; i++) {
        if (!isdigit((unsigned char)text[i]) || port > 65535)
            return error_set(err, ERROR_USAGE, "target: the port must be a number from 1 to 65535");
        port = port * 10 + (unsigned long)(text[i] - '0');
    }
    if (port == 0 || port > 65535)
        return error_set(err, ERROR_USAGE, "target: the port must be a number from 1 to 65535");
    target->port = (uint16_t)port;
    return 0;
}

/* Sets what Host says: brackets around IPv6, no zone, no port where it is the scheme's own. */
static void set_authority(struct target *target, bool is_v6)
{
    char *bare = xstrndup(target->host, is_v6 ? strcspn(target->host, "%") : strlen(target->host));
    char *name = is_v6 ? xasprintf("[%s]", bare) : xstrdup(bare);
    if (target->port == (target->tls ? 443 : 80))
        target->authority = xstrdup(name);
    else
        target->authority = xasprintf("%s:%u", name, target->port);
    free(name);
    free(bare);
}

/* Reads "[v6%zone]" with what follows; |ret_rest| is where the port would begin. */
static int parse_v6(const char *text, size_t size, struct target *target, const char **ret_rest,
                    struct error *err)
{
    const char *end = memchr(text, ']', size);
    if (!end || end == text + 1)
        return error_set(err, ERROR_USAGE,
                         "target: an IPv6 address stands in brackets, as in http://[::1]:8080");
    char *inside = xstrndup(text + 1, (size_t)(end - text - 1));
    char *zone = strstr(inside, "%25"); /* RFC 6874 writes the percent sign so */
    if (zone)
        memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
    target->host = inside;
    *ret_rest = end + 1;
    return 0;
}

static int parse_name(const char *text, size_t size, struct target *target, const char **ret_rest,
                      struct error *err)
{
    const char *colon = memchr(text, ':', size);
    size_t length = colon ? (size_t)(colon - text) : size;
    if (colon && memchr(colon + 1, ':', size - length - 1))
        return error_set(err, ERROR_USAGE,
                         "target: an IPv6 address stands in brackets, as in http://[::1]:8080");
    if (length == 0)
        return error_set(err, ERROR_USAGE, "target: the host is missing");
    if (length > HOST_MAX)
        return error_set(err, ERROR_USAGE, "target: the host has more than %d bytes", HOST_MAX);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("-._~", text[i]))
            return error_set(err, ERROR_USAGE, "target: the host holds a byte that no host name has");
    target->host = xstrndup(text, length);
    *ret_rest = text + length;
    return 0;
}

/* Reads "HOST[:PORT]" and the addresses of a literal. */
static int parse_authority(const char *text, size_t size, struct target *target, struct error *err)
{
    if (memchr(text, '@', size))
        return error_set(
            err, ERROR_USAGE,
            "target: a user or password in the URL is not sent; take it out (what stands before @)");
    bool is_v6 = size > 0 && text[0] == '[';
    const char *rest = NULL;
    if ((is_v6 ? parse_v6 : parse_name)(text, size, target, &rest, err) < 0)
        return -1;
    size_t rest_size = size - (size_t)(rest - text);
    if (rest_size > 0 && rest[0] != ':')
        return error_set(err, ERROR_USAGE, "target: only :PORT may follow the host");
    if (parse_port(rest, rest_size, target, err) < 0)
        return -1;
    int status = look_up(target, target->host, AI_NUMERICHOST);
    if (status != 0 && is_v6)
        return error_set(err, ERROR_USAGE, "target: not an IPv6 address in the brackets");
    set_authority(target, is_v6);
    return 0;
}

static int parse_base_path(const char *path, struct target *target, struct error *err)
{
    size_t size = strlen(path);
    if (strpbrk(path, "?#"))
        return error_set(err, ERROR_USAGE, "target: a base URL has no query and no fragment");
    while (size > 0 && path[size - 1] == '/')
        size--;
    target->base_path = xstrndup(path, size);
    return 0;
}

static int parse_url(const char *url, struct target *target, struct error *err)
{
    for (const char *c = url; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            return error_set(err, ERROR_USAGE,
                             "target: spaces, control and non-ASCII bytes must be percent-encoded");
    size_t scheme_size;
    if (strncasecmp(url, "http://", 7) == 0)
        scheme_size = 7;
    else if (strncasecmp(url, "https://", 8) == 0)
        scheme_size = 8;
    else
        return error_set(err, ERROR_USAGE, "target: must begin with http://, https:// or unix:/");
    target->tls = scheme_size == 8;
    const char *authority = url + scheme_size;
    size_t authority_size = strcspn(authority, "/?#");
    if (parse_authority(authority, authority_size, target, err) < 0)
        return -1;
    return parse_base_path(authority + authority_size, target, err);
}

int target_parse(const char *url, struct target **ret_target, struct error *err)
{
    struct target *target = xcalloc(1, sizeof *target);
    target->url = xstrdup(url);
    int status =
        strncmp(url, "unix:", 5) == 0 ? parse_unix(url + 5, target, err) : parse_url(url, target, err);
    if (status < 0) {
        target_free(target);
        return -1;
    }
    *ret_target = target;
    return 0;
}

int target_resolve(struct target *target, struct error *err)
{
    if (target->address_count > 0)
        return 0;
    int status = look_up(target, target->host, 0);
    if (status == EAI_SYSTEM)
        return error_set_errno(err, ERROR_IO, errno, "cannot resolve the target's host %s", target->host);
    if (status != 0)
        return error_set(err, ERROR_IO, "cannot resolve the target's host %s: %s", target->host,
                         gai_strerror(status));
    if (target->address_count == 0)
        return error_set(err, ERROR_IO, "the target's host %s has no address", target->host);
    return 0;
}

void target_set_unknown(struct target *target)
{
    free(target->addresses);
    target->addresses = xcalloc(1, sizeof *target->addresses);
    target->address_count = 1;
}

/* Tries whether this machine has |source|. */
static bool is_ours(const struct target_address *source)
{
    int fd = socket(source->sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ours = fd >= 0 && bind(fd, (const struct sockaddr *)&source->sockaddr, source->size) == 0;
    if (fd >= 0)
        close(fd);
    return ours;
}

int target_add_source(struct target *target, const char *text, struct error *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST},
                    *found = NULL;
    struct target_address source = {0};
    if (target->is_unix)
        return error_set(err, ERROR_USAGE, "--source-ip: a unix socket is reached from no address");
    if (getaddrinfo(text, NULL, &hints, &found) != 0)
        return error_set(err, ERROR_USAGE, "--source-ip: '%s' is not an IP address", text);
    memcpy(&source.sockaddr, found->ai_addr, found->ai_addrlen);
    source.size = found->ai_addrlen;
    freeaddrinfo(found);
    if (!is_ours(&source))
        return error_set(err, ERROR_USAGE,
                         "--source-ip: %s is not an address of this machine ('ip addr' lists them)", text);
    target->sources = xrealloc(target->sources, (target->source_count + 1) * sizeof *target->sources);
    target->sources[target->source_count++] = source;
    return 0;
}

size_t target_ways(const struct target *target)
{
    size_t ways = 0;
    for (size_t i = 0; i < target->address_count; i++)
        for (size_t j = 0; j < target->source_count; j++)
            ways += target->addresses[i].sockaddr.ss_family == target->sources[j].sockaddr.ss_family;
    return target->source_count ? ways : target->address_count;
}

const struct target_address *target_source(const struct target *target, const struct target_address *address,
                                           size_t *turn)
{
    for (size_t i = 0; i < target->source_count; i++) {
        const struct target_address *source = &target->sources[(*turn)++ % target->source_count];
        if (source->sockaddr.ss_family == address->sockaddr.ss_family)
            return source;
    }
    return NULL;
}

void target_free(struct target *target)
{
    if (!target)
        return;
    free(target->url);
    free(target->host);
    free(target->authority);
    free(target->base_path);
    free(target->addresses);
    free(target->sources);
    free(target);
}

char *target_address_text(const struct target_address *address, char *text)
{
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = "";
    char port[8] = "";
    const struct sockaddr *any = (const struct sockaddr *)&address->sockaddr;
    if (any->sa_family == AF_UNIX)
        snprintf(text, TARGET_ADDRESS_TEXT_SIZE, "unix:%s", ((const struct sockaddr_un *)any)->sun_path);
    else if (getnameinfo(any, address->size, host, sizeof host, port, sizeof port,
                         NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(text, TARGET_ADDRESS_TEXT_SIZE, "unknown address");
    else
        snprintf(text, TARGET_ADDRESS_TEXT_SIZE, any->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
                 port);
    return text;
}
