#include "tests/unit/capture/packet_kit.h"

#include "common/clock.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void *on_open(void *arg, const struct flow_info *info)
{
    struct packet_kit *kit = arg;
    assert_int_equal(info->server.port, 80);
    return pairing_create(kit->pool,
                          &(struct pairing_connection){.connection = 7,
                                                       .midstream = info->midstream,
                                                       .server_midstream = info->server_midstream});
}

static enum pairing_side side_of(enum flow_side side)
{
    return side == FLOW_CLIENT ? PAIRING_CLIENT : PAIRING_SERVER;
}

static void on_data(void *connection, enum flow_side side, struct bytes data, uint64_t packet_ns, bool start)
{
    pairing_feed(connection, side_of(side), data, packet_ns, start);
}

static void on_gap(void *connection, enum flow_side side, uint64_t bytes, uint64_t packet_ns)
{
    pairing_gap(connection, side_of(side), bytes, packet_ns);
}

static void on_mark(void *connection, enum flow_side side, enum flow_mark mark)
{
    pairing_mark(connection, side_of(side),
                 mark == FLOW_CONFLICT ? EXCHANGE_FLAG(CONFLICT) : EXCHANGE_FLAG(URGENT));
}

static void on_end(void *connection, enum flow_side side, uint64_t packet_ns)
{
    pairing_end(connection, side_of(side), true, packet_ns);
}

static void on_close(void *connection, bool clean, uint64_t packet_ns)
{
    pairing_finish(connection, clean, packet_ns);
    pairing_free(connection);
}

static void append_escaped(struct buffer *text, struct bytes view)
{
    for (size_t i = 0; i < view.size; i++) {
        if (view.data[i] >= 0x20 && view.data[i] < 0x7f)
            buffer_append_byte(text, view.data[i]);
        else
            buffer_printf(text, "<%02x>", view.data[i]);
    }
}

static void append_message(struct buffer *text, const struct message *message)
{
    buffer_printf(text, "|%llu-%llu ", (unsigned long long)(message->first_ns / NS_PER_MS),
                  (unsigned long long)(message->last_ns / NS_PER_MS));
    append_escaped(text, buffer_bytes(&message->head));
    buffer_append_text(text, "+");
    append_escaped(text, buffer_bytes(&message->body.content));
    buffer_append_text(text, "+");
    append_escaped(text, buffer_bytes(&message->trailers));
    buffer_printf(text, "+%llu", (unsigned long long)message->body.wire_bytes);
    for (unsigned bit = 0; bit < MESSAGE_DEFECT_COUNT; bit++) {
        if (message->defects >> bit & 1)
            buffer_printf(text, " %s", message_defect_name(bit));
    }
}

static void on_done(void *arg, struct exchange *exchange)
{
    struct packet_kit *kit = arg;
    struct buffer *text = &kit->text;
    buffer_printf(text, "%u", exchange->status);
    for (unsigned bit = 0; bit < EXCHANGE_FLAG_COUNT; bit++) {
        if (exchange->flags >> bit & 1)
            buffer_printf(text, " %s", exchange_flag_name(bit));
    }
    append_message(text, &exchange->request);
    append_message(text, &exchange->response);
    buffer_append_text(text, "\n");
}

void packet_kit_open(struct packet_kit *kit)
{
    static const uint8_t key[16] = {1};
    *kit = (struct packet_kit){.now_ns = NS_PER_S, .base = {1000, 5000}, .client_port = 40000};
    const struct flow_handler handler = {kit, on_open, on_data, on_gap, on_mark, on_end, on_close};
    kit->pool = pairing_pool_create(&(struct pairing_settings){.done = on_done, .arg = kit});
    static const uint16_t ports[] = {80};
    kit->table = flow_table_create(&(struct flow_settings){.hash_key = key, .ports = ports, .port_count = 1},
                                   &handler);
}

void packet_kit_close(struct packet_kit *kit)
{
    flow_finish(kit->table);
    const struct flow_counts *flows = flow_table_counts(kit->table);
    const struct pairing_counts *counts = pairing_pool_counts(kit->pool);
    assert_int_equal(flows->bytes_delivered, counts->bytes_reassembled);
    assert_int_equal(counts->bytes_reassembled,
                     counts->bytes_recorded + counts->bytes_skipped + counts->bytes_opaque);
    assert_int_equal(counts->responses_seen, counts->responses_paired + counts->responses_orphaned);
    flow_table_free(kit->table);
    packet_kit_append_counts(kit);
    pairing_pool_free(kit->pool);
}

void packet_kit_append_counts(struct packet_kit *kit)
{
    const struct pairing_counts *counts = pairing_pool_counts(kit->pool);
#define X(name, unit, help)                                                                                  \
    if (counts->name != 0)                                                                                   \
        buffer_printf(&kit->text, "%s %llu ", #name, (unsigned long long)counts->name);
    PAIRING_COUNTS(X)
#undef X
}

void packet_kit_put(struct packet_kit *kit, enum flow_side side, uint8_t flags, int64_t offset, int64_t ack,
                    struct bytes payload)
{
    /* A copy of the exact size lets the address sanitizer see reading beyond it. */
    uint8_t *copy = payload.size ? malloc(payload.size) : NULL;
    if (copy)
        memcpy(copy, payload.data, payload.size);
    const struct address ends[2] = {
        {.family = AF_INET, .ip = {10, 0, 0, 1}, .port = kit->client_port},
        {.family = AF_INET, .ip = {10, 0, 0, 2}, .port = 80},
    };
    const struct tcp_segment segment = {
        .source = ends[side],
        .destination = ends[!side],
        .sequence = kit->base[side] + (flags & TCP_SYN ? 0 : 1) + (uint32_t)offset,
        .acknowledgement = kit->base[!side] + 1 + (uint32_t)ack,
        .flags = flags,
        .scope = kit->scope,
        .payload = bytes_make(copy, payload.size),
        .payload_wire_bytes = (uint32_t)payload.size,
    };
    assert_int_equal(flow_take(kit->table, &segment, kit->now_ns), NET_TCP);
    free(copy);
}

void packet_kit_handshake(struct packet_kit *kit)
{
    packet_kit_put(kit, FLOW_CLIENT, TCP_SYN, 0, 0, (struct bytes){0});
    packet_kit_put(kit, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, (struct bytes){0});
    packet_kit_put(kit, FLOW_CLIENT, TCP_ACK, 0, 0, (struct bytes){0});
}
