#include "capture/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* One plain counter of the table. */
struct counter {
    const char *section;
    const char *name;
    size_t offset;
};

static const struct counter counters[] = {
#define X(section, name, help) {#section, #name, offsetof(struct ledger, section##_##name)},
    LEDGER_COUNTS(X)
#undef X
};
#define COUNTERS (sizeof counters / sizeof counters[0])

static const char *const loss_names[] = {
#define X(name, text) text,
    LEDGER_LOSSES(X)
#undef X
};

static const char *const filter_names[] = {
#define X(name, text) text,
    LEDGER_FILTERS(X)
#undef X
};

static const char *const unreplayable_names[] = {
#define X(name, text) text,
    UNREPLAYABLE_REASONS(X)
#undef X
};

static uint64_t value_of(const struct ledger *ledger, const struct counter *counter)
{
    uint64_t value;
    memcpy(&value, (const char *)ledger + counter->offset, sizeof value);
    return value;
}

void ledger_add_protocol(struct ledger *ledger, const char *protocol)
{
    size_t at = 0;
    while (at < ledger->not_http_count && strcmp(ledger->not_http[at].name, protocol) != 0)
        at++;
    if (at == LEDGER_PROTOCOLS_MAX)
        at--;
    struct ledger_named *named = &ledger->not_http[at];
    if (at == ledger->not_http_count) {
        snprintf(named->name, sizeof named->name, "%s", protocol);
        ledger->not_http_count++;
    }
    named->count++;
}

void ledger_add_filtered(struct ledger *ledger, enum ledger_filter filter, uint64_t count)
{
    ledger->filtered[filter] += count;
    ledger->requests_filtered += count;
}

static uint64_t lost_requests(const struct ledger *ledger)
{
    uint64_t lost = 0;
    for (unsigned i = 0; i < LEDGER_LOSS_COUNT; i++)
        lost += ledger->lost[i];
    return lost;
}

static uint64_t filtered_requests(const struct ledger *ledger)
{
    uint64_t filtered = 0;
    for (unsigned i = 0; i < LEDGER_FILTER_COUNT; i++)
        filtered += ledger->filtered[i];
    return filtered;
}

bool ledger_balances(const struct ledger *ledger)
{
    return ledger->requests_filtered == filtered_requests(ledger) &&
           ledger->requests_seen == ledger->requests_recorded + ledger->requests_filtered +
                                        ledger->requests_sampled_out + lost_requests(ledger) &&
           ledger->responses_seen == ledger->responses_paired + ledger->responses_orphaned &&
           ledger->bytes_reassembled == ledger->bytes_recorded + ledger->bytes_skipped + ledger->bytes_opaque;
}

static double share_pct(uint64_t lost, uint64_t kept)
{
    return lost + kept ? 100.0 * (double)lost / (double)(lost + kept) : 0;
}

double ledger_loss_pct(const struct ledger *ledger)
{
    double packets = share_pct(ledger->packets_dropped_kernel + ledger->packets_dropped_interface,
                               ledger->packets_received);
    double bytes = share_pct(ledger->bytes_gap, ledger->bytes_reassembled);
    uint64_t lost = lost_requests(ledger);
    double requests = share_pct(lost, ledger->requests_seen > lost ? ledger->requests_seen - lost : 0);
    double most = packets > bytes ? packets : bytes;
    return most > requests ? most : requests;
}

/* A map of the ledger: what it stands under, its names and counts. */
struct map {
    const char *section;
    const char *name;
    const struct ledger_named *items;
    size_t count;
};

#define MAP_ITEMS 64
_Static_assert(MESSAGE_DEFECT_COUNT <= MAP_ITEMS && LEDGER_PROTOCOLS_MAX <= MAP_ITEMS &&
                   NET_VERDICT_COUNT + LEDGER_LINKS_MAX <= MAP_ITEMS,
               "a map holds every name");

/* Calls |visit| for each map, with those items that are not zero. */
static void visit_maps(const struct ledger *ledger, void (*visit)(void *arg, const struct map *map),
                       void *arg)
{
    struct ledger_named items[MAP_ITEMS];
    size_t count = 0;
#define ADD(text, value)                                                                                     \
    if ((value) != 0 && count < MAP_ITEMS) {                                                                 \
        snprintf(items[count].name, sizeof items[count].name, "%s", text);                                   \
        items[count++].count = (value);                                                                      \
    }
#define FLUSH(section, name)                                                                                 \
    visit(arg, &(struct map){section, name, items, count});                                                  \
    count = 0
    for (unsigned i = NET_TCP + 1; i < NET_VERDICT_COUNT; i++)
        ADD(net_verdict_name(i), ledger->not_decoded[i])
    for (size_t i = 0; i < ledger->link_count; i++)
        ADD(ledger->links[i].name, ledger->links[i].count)
    FLUSH("packets", "not_decoded");
    for (unsigned i = 0; i < NET_TUNNEL_COUNT; i++)
        ADD(net_tunnel_name(i), ledger->decapsulated[i])
    FLUSH("packets", "decapsulated");
    for (size_t i = 0; i < ledger->not_http_count; i++)
        ADD(ledger->not_http[i].name, ledger->not_http[i].count)
    FLUSH("connections", "not_http");
    for (size_t i = 0; i < ledger->ports.count; i++) {
        char port[8];
        snprintf(port, sizeof port, "%u", ledger->ports.ports[i].port);
        ADD(port, ledger->ports.ports[i].requests)
    }
    ADD("others", ledger->ports.others)
    FLUSH("requests", "ports");
    for (unsigned i = 0; i < LEDGER_FILTER_COUNT; i++)
        ADD(filter_names[i], ledger->filtered[i])
    FLUSH("requests", "filtered_by");
    for (unsigned i = 0; i < LEDGER_LOSS_COUNT; i++)
        ADD(loss_names[i], ledger->lost[i])
    FLUSH("requests", "lost");
    for (unsigned i = 0; i < BODY_REASON_COUNT; i++)
        ADD(body_reason_name(i), ledger->body_dropped[i])
    FLUSH("bodies", "dropped");
    for (unsigned i = UNREPLAYABLE_NONE + 1; i < UNREPLAYABLE_COUNT; i++)
        ADD(unreplayable_names[i], ledger->unreplayable[i])
    FLUSH("requests", "unreplayable");
    for (unsigned i = 0; i < EXCHANGE_FLAG_COUNT; i++)
        ADD(exchange_flag_name(i), ledger->flags[i])
    FLUSH("requests", "flags");
    for (unsigned i = 0; i < MESSAGE_DEFECT_COUNT; i++)
        ADD(message_defect_name(i), ledger->request_defects[i])
    FLUSH("requests", "defects");
    for (unsigned i = 0; i < MESSAGE_DEFECT_COUNT; i++)
        ADD(message_defect_name(i), ledger->response_defects[i])
    FLUSH("responses", "defects");
#undef ADD
#undef FLUSH
}

struct print_state {
    FILE *to;
    const char *section;
};

static void print_map(void *arg, const struct map *map)
{
    struct print_state *state = arg;
    if (strcmp(map->section, state->section) != 0 || map->count == 0)
        return;
    fprintf(state->to, ", %s (", map->name);
    for (size_t i = 0; i < map->count; i++)
        fprintf(state->to, "%s%s %" PRIu64, i ? ", " : "", map->items[i].name, map->items[i].count);
    fputc(')', state->to);
}

void ledger_print(const struct ledger *ledger, FILE *to)
{
    const char *section = NULL;
    for (size_t i = 0; i < COUNTERS; i++) {
        const struct counter *counter = &counters[i];
        uint64_t value = value_of(ledger, counter);
        bool first = !section || strcmp(section, counter->section) != 0;
        if (first)
            fprintf(to, "%-12s", counter->section);
        section = counter->section;
        if (first || value != 0)
            fprintf(to, "%s%s %" PRIu64, first ? "" : ", ", counter->name, value);
        if (i + 1 == COUNTERS || strcmp(counters[i + 1].section, section) != 0) {
            visit_maps(ledger, print_map, &(struct print_state){to, section});
            fputc('\n', to);
        }
    }
}

static void add_map(void *arg, const struct map *map)
{
    json_t *section = json_object_get(arg, map->section);
    json_t *object = json_object();
    for (size_t i = 0; i < map->count; i++)
        json_object_set_new(object, map->items[i].name, json_integer((json_int_t)map->items[i].count));
    json_object_set_new(section, map->name, object);
}

int ledger_write_json(const struct ledger *ledger, FILE *to)
{
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_string("rehearse.ledger/1"));
    for (size_t i = 0; i < COUNTERS; i++) {
        json_t *section = json_object_get(root, counters[i].section);
        if (!section) {
            section = json_object();
            json_object_set_new(root, counters[i].section, section);
        }
        json_object_set_new(section, counters[i].name,
                            json_integer((json_int_t)value_of(ledger, &counters[i])));
    }
    visit_maps(ledger, add_map, root);
    json_object_set_new(root, "loss_pct", json_real(ledger_loss_pct(ledger)));
    json_object_set_new(root, "balances", json_boolean(ledger_balances(ledger)));
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    int result = fprintf(to, "%s\n", text) < 0 || fflush(to) != 0 ? -1 : 0;
    free(text);
    return result;
}
