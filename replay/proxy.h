/* The proxy that a replay goes through, taken apart and resolved once, before the run. */
#ifndef REPLAY_PROXY_H
#define REPLAY_PROXY_H

#include "common/error.h"
#include "replay/target.h"

#include <stdbool.h>

enum proxy_kind {
    PROXY_HTTP,    /* forwards http, tunnels https by CONNECT */
    PROXY_HTTPS,   /* the same, itself reached by TLS */
    PROXY_SOCKS4,  /* given the target's IPv4 address */
    PROXY_SOCKS4A, /* given its name */
    PROXY_SOCKS5,  /* given its address */
    PROXY_SOCKS5H, /* given its name */
};

/* A parsed proxy. Read-only once resolved. All memory is its own. */
struct proxy {
    enum proxy_kind kind;
    struct target
        *place; /* where it is: host, port and addresses; its url is the proxy's without user and password */
    char *user, *password; /* percent-decoded; NULL: none */
};

/* Parses "http://[USER:PASSWORD@]HOST[:PORT]", https://, socks4://, socks4a://, socks5:// or socks5h://; what has no
 * scheme is http. Ports as curl has them: 443 for https, else 1080. |ret_proxy| is owned, proxy_free; returns 0, or -1 with
 * |err| (usage). */
int proxy_parse(const char *url, struct proxy **ret_proxy, struct error *err);
/* Returns whether it is the proxy that resolves the target's name. */
bool proxy_resolves(const struct proxy *proxy);
/* Accepts NULL. */
void proxy_free(struct proxy *proxy);

#endif
