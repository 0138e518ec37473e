/* The target: the base URL that a replay fires at, taken apart and resolved once, before the run. */
#ifndef REPLAY_TARGET_H
#define REPLAY_TARGET_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* One address of a target, ready for connect(2). */
struct target_address {
    struct sockaddr_storage sockaddr;
    socklen_t size;
};

/* A parsed target. Read-only once resolved, so that threads may share it. All memory is its own. */
struct target {
    char *url;       /* as given */
    bool tls;        /* https */
    bool is_unix;    /* unix:/path */
    char *host;      /* name or address without brackets; "localhost" for unix */
    char *authority; /* what Host and :authority say: host, brackets for IPv6, port where it is not the
                        scheme's */
    char *base_path; /* "" or "/prefix", never with a slash at its end */
    uint16_t port;   /* 0 for unix */
    struct target_address *addresses; /* filled by target_resolve; used in turn */
    size_t address_count;             /* at most TARGET_MAX_ADDRESSES */
    struct target_address
        *sources; /* addresses of this machine to connect from, in turn; none: the kernel's choice */
    size_t source_count;
};

#define TARGET_MAX_ADDRESSES     64
#define TARGET_ADDRESS_TEXT_SIZE 128

/* Parses "http://HOST[:PORT][/BASE]", "https://...", "HOST" being a name, an IPv4 address or [IPv6] (with
 * %zone), or "unix:/path". User information, queries and fragments are refused. |ret_target| is owned,
 * target_free; returns 0, or -1 with |err| (usage). Resolves nothing, except that addresses are filled for
 * literals and unix sockets. */
int target_parse(const char *url, struct target **ret_target, struct error *err);
/* Fills the addresses by getaddrinfo (blocks; call before the loops start); does nothing where they are
 * known. Returns 0, or -1 with |err| (I/O). */
int target_resolve(struct target *target, struct error *err);
/* Takes |target|, which cannot be resolved here, as having one address of no family: for a proxy that resolves it. */
void target_set_unknown(struct target *target);
/* Adds an address of this machine to connect from. Returns 0, or -1 with |err| (usage): it is no address, or not one of this machine's, or the
 * target is a unix socket. */
int target_add_source(struct target *target, const char *text, struct error *err);
/* Returns how many pairs there are of a source and an address of the target that can be reached from it; where no sources were added, one for
 * each address. 0: none of the sources is of a family of the target's. */
size_t target_ways(const struct target *target);
/* Returns the source of |address|'s family whose turn it is, |*turn| being the caller's own count; NULL: any. */
const struct target_address *target_source(const struct target *target, const struct target_address *address,
                                           size_t *turn);
/* Accepts NULL. */
void target_free(struct target *target);

/* Writes "192.0.2.1:80", "[2001:db8::1]:80" or "unix:/path" (cut to fit) into |text| of
 * TARGET_ADDRESS_TEXT_SIZE bytes; returns |text|. */
char *target_address_text(const struct target_address *address, char *text);

#endif
