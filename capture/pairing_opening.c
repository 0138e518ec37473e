#include "capture/pairing_state.h"

void pairing_opening_end(struct pairing *pairing)
{
    struct proxy_reader *proxy = &pairing->proxy;
    struct bytes held = bytes_make(proxy->held, proxy->held_size);
    proxy->done = true;
    proxy->held_size = 0;
    pairing->proxy_bytes -= held.size;
    http1_feed(pairing->parsers[PAIRING_CLIENT], held, proxy->first_ns, true);
}

void pairing_opening_take(struct pairing *pairing, struct bytes *data, uint64_t packet_ns)
{
    struct pairing_pool *pool = pairing->pool;
    struct proxy_header header;
    size_t before = data->size;
    enum proxy_result result = proxy_reader_take(&pairing->proxy, data, packet_ns, &header);
    pairing->proxy_bytes += before - data->size;
    if (result == PROXY_READ) {
        pool->counts.connections_proxied++;
        if (header.has_source && pool->settings.client_of)
            pairing->connection.client = pool->settings.client_of(pool->settings.arg, &header.source);
        return;
    }
    if (result == PROXY_MORE)
        return;
    if (result == PROXY_MALFORMED)
        pairing_become_other(pairing, "proxy_malformed");
    pairing_opening_end(pairing);
}

uint64_t pairing_opening_lose(struct pairing *pairing, uint64_t bytes)
{
    struct proxy_reader *proxy = &pairing->proxy;
    uint64_t lost = bytes < proxy->left ? bytes : proxy->left;
    pairing->pool->counts.bytes_gap += lost;
    proxy->left = bytes > 0 ? proxy->left - (uint32_t)lost : 0;
    if (proxy->left == 0)
        pairing_opening_end(pairing);
    return bytes - lost;
}
