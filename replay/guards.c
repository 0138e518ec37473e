#include "replay/guards.h"

#include <arpa/inet.h>
#include <string.h>

static bool same_address(const struct target_address *target, const struct address *server)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const struct sockaddr_in *v4 = (const void *)&target->sockaddr;
    const struct sockaddr_in6 *v6 = (const void *)&target->sockaddr;
    if (target->sockaddr.ss_family == AF_INET)
        return ntohs(v4->sin_port) == server->port &&
               ((server->family == AF_INET && memcmp(&v4->sin_addr, server->ip, 4) == 0) ||
                (server->family == AF_INET6 && memcmp(server->ip, mapped, 12) == 0 &&
                 memcmp(&v4->sin_addr, server->ip + 12, 4) == 0));
    return target->sockaddr.ss_family == AF_INET6 && ntohs(v6->sin6_port) == server->port &&
           ((server->family == AF_INET6 && memcmp(&v6->sin6_addr, server->ip, 16) == 0) ||
            (server->family == AF_INET && memcmp(&v6->sin6_addr, mapped, 12) == 0 &&
             memcmp((const uint8_t *)&v6->sin6_addr + 12, server->ip, 4) == 0));
}

int guard_recorded(const struct target *target, const struct address *servers, size_t count,
                   struct error *err)
{
    for (size_t i = 0; i < target->address_count; i++) {
        for (size_t j = 0; j < count; j++) {
            char text[ADDRESS_TEXT_SIZE];
            if (same_address(&target->addresses[i], &servers[j]))
                return error_set(err, ERROR_USAGE,
                                 "the traffic was recorded from %s, the target's own address: give another "
                                 "--target, or --allow-production if you mean it",
                                 address_format(&servers[j], text));
        }
    }
    return 0;
}
