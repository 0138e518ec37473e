#include "common/segment/origins.h"

#include "common/fast_hash.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SLOTS (2 * ORIGINS_MAX) /* a power of two */

static size_t ip_size(uint8_t family)
{
    return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

static bool is_same(const struct address *a, const struct address *b)
{
    return a->port == b->port && a->family == b->family && memcmp(a->ip, b->ip, ip_size(a->family)) == 0;
}

/* Returns the slot of |address|, or the free one where it belongs. Half of them are free, and all of them can be looked through. */
static uint16_t *slot_of(const struct origins *origins, const struct address *address)
{
    uint64_t ip = fast_hash(bytes_make(address->ip, ip_size(address->family)));
    size_t at = (size_t)(fast_hash_mix(ip, address->port) >> 32) % SLOTS;
    while (origins->slots[at] && !is_same(&origins->items[origins->slots[at] - 1], address))
        at = (at + 1) % SLOTS;
    return &origins->slots[at];
}

bool origins_add(struct origins *origins, const struct address *address)
{
    if (!ip_size(address->family))
        return false;
    if (origins->count && is_same(&origins->items[origins->count - 1], address))
        return false;
    if (!origins->slots)
        origins->slots = xcalloc(SLOTS, sizeof *origins->slots);
    uint16_t *slot = slot_of(origins, address);
    if (*slot)
        return false;
    if (origins->count == ORIGINS_MAX) {
        origins->over = true;
        return true;
    }
    if ((origins->count & (origins->count - 1)) == 0)
        origins->items =
            xrealloc(origins->items, (origins->count ? 2 * origins->count : 1) * sizeof *origins->items);
    origins->items[origins->count++] = *address;
    *slot = (uint16_t)origins->count;
    return true;
}

void origins_add_all(struct origins *origins, const struct origins *from)
{
    for (size_t i = 0; i < from->count; i++)
        origins_add(origins, &from->items[i]);
    origins->over |= from->over;
}

void origins_clear(struct origins *origins)
{
    if (origins->count)
        memset(origins->slots, 0, SLOTS * sizeof *origins->slots);
    origins->count = 0;
    origins->over = false;
}

void origins_free(struct origins *origins)
{
    free(origins->items);
    free(origins->slots);
    *origins = (struct origins){0};
}

void origins_encode(const struct origins *origins, struct buffer *out)
{
    assert(!origins->over);
    for (size_t i = 0; i < origins->count; i++) {
        const struct address *address = &origins->items[i];
        size_t size = ip_size(address->family);
        buffer_append_byte(out, (uint8_t)size);
        buffer_append(out, address->ip, size);
        buffer_append_byte(out, (uint8_t)address->port);
        buffer_append_byte(out, (uint8_t)(address->port >> 8));
    }
}

bool origins_decode(struct bytes encoded, struct origins *origins)
{
    struct bytes size, ip, port;
    while (encoded.size > 0) {
        if (!bytes_take(&encoded, 1, &size) || (size.data[0] != 4 && size.data[0] != 16) ||
            !bytes_take(&encoded, size.data[0], &ip) || !bytes_take(&encoded, 2, &port))
            return false;
        struct address address = {.family = size.data[0] == 4 ? AF_INET : AF_INET6,
                                  .port = (uint16_t)(port.data[0] | port.data[1] << 8)};
        memcpy(address.ip, ip.data, ip.size);
        origins_add(origins, &address);
    }
    return true;
}
