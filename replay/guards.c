#include "replay/guards.h"

#include "common/address_range.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <strings.h>

/* Returns false for what is no Internet address. Who connects to 0.0.0.0 or :: gets to this machine. */
static bool to_address(const struct sockaddr *from, struct address *ret_address)
{
    static const struct in_addr any;
    static const uint8_t loopback[] = {127, 0, 0, 1};
    const struct sockaddr_in *v4 = (const void *)from;
    const struct sockaddr_in6 *v6 = (const void *)from;
    *ret_address = (struct address){.family = (uint8_t)from->sa_family};
    if (from->sa_family == AF_INET) {
        memcpy(ret_address->ip, memcmp(&v4->sin_addr, &any, 4) == 0 ? (const void *)loopback : &v4->sin_addr,
               4);
        ret_address->port = ntohs(v4->sin_port);
    } else if (from->sa_family == AF_INET6) {
        memcpy(ret_address->ip, IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr) ? &in6addr_loopback : &v6->sin6_addr,
               16);
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && memcmp(ret_address->ip + 12, &any, 4) == 0)
            memcpy(ret_address->ip + 12, loopback, 4);
        ret_address->port = ntohs(v6->sin6_port);
    } else {
        return false;
    }
    return true;
}

static bool lies_in(const struct target *target, const struct address_range *range)
{
    struct address address;
    for (size_t i = 0; i < target->address_count; i++)
        if (to_address((const void *)&target->addresses[i].sockaddr, &address) &&
            address_range_holds(range, &address))
            return true;
    return false;
}

int guard_recorded(const struct target *target, const struct address *server, struct error *err)
{
    char text[ADDRESS_TEXT_SIZE];
    struct address_range range = address_range_of(server);
    if (!lies_in(target, &range))
        return 0;
    return error_set(err, ERROR_USAGE,
                     "the traffic was recorded from %s, the target's own address: give another "
                     "--target, or --allow-production if you mean it",
                     address_format(server, text));
}

static int refuse(const char *name, struct error *err)
{
    return error_set(
        err, ERROR_USAGE,
        "the target is production, by --production %s: give another --target, or --allow-production "
        "if you mean it",
        name);
}

static int guard_name(const struct target *target, const char *name, struct error *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    struct address address;
    bool same = strcasecmp(target->host, name) == 0 && !target->is_unix;
    int status = same ? 0 : getaddrinfo(name, NULL, &hints, &found);
    if (status != 0)
        return error_set(
            err, ERROR_USAGE,
            "--production %s: neither an address, a network nor a host that can be resolved (%s)", name,
            gai_strerror(status));
    for (struct addrinfo *one = found; one && !same; one = one->ai_next) {
        if (!to_address(one->ai_addr, &address))
            continue;
        struct address_range range = address_range_of(&address); /* without a port: every one of the host's */
        same = lies_in(target, &range);
    }
    if (found)
        freeaddrinfo(found);
    return same ? refuse(name, err) : 0;
}

int guard_production(const struct target *target, const struct option_texts *names, struct error *err)
{
    for (size_t i = 0; i < names->count; i++) {
        struct address_range range;
        const char *name = names->items[i];
        if (!address_range_parse(bytes_of(name), &range)) {
            if (guard_name(target, name, err))
                return -1;
        } else if (lies_in(target, &range)) {
            return refuse(name, err);
        }
    }
    return 0;
}
