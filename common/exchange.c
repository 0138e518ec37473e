#include "common/exchange.h"

#include "common/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINK_NAME_USUAL 32 /* room for most names, with their NUL */

static const char *const flag_names[] = {
#define X(name, text, help) text,
    EXCHANGE_FLAGS(X)
#undef X
};

static const char *const defect_names[] = {
#define X(name, text, help) text,
    MESSAGE_DEFECTS(X)
#undef X
};

static const char *const reason_names[] = {
#define X(name, text) text,
    BODY_REASONS(X)
#undef X
};

static const char *const kind_names[] = {
#define X(name, text) text,
    LINK_KINDS(X)
#undef X
};
static const char *const place_names[] = {
#define X(name, text) text,
    LINK_PLACES(X)
#undef X
};

_Static_assert(EXCHANGE_FLAG_COUNT <= 64 && MESSAGE_DEFECT_COUNT <= 64, "flags are kept in 64 bits");

const char *exchange_flag_name(unsigned bit)
{
    assert(bit < EXCHANGE_FLAG_COUNT);
    return flag_names[bit];
}

const char *message_defect_name(unsigned bit)
{
    assert(bit < MESSAGE_DEFECT_COUNT);
    return defect_names[bit];
}

const char *body_reason_name(enum body_reason reason)
{
    assert(reason < BODY_REASON_COUNT);
    return reason_names[reason];
}

const char *link_kind_name(enum link_kind kind)
{
    assert(kind < LINK_KIND_COUNT);
    return kind_names[kind];
}

const char *link_place_name(enum link_place place)
{
    assert(place < LINK_PLACE_COUNT);
    return place_names[place];
}

char *address_format(const struct address *address, char *text)
{
    char ip[INET6_ADDRSTRLEN] = "?";
    if (address->family)
        inet_ntop(address->family, address->ip, ip, sizeof ip);
    snprintf(text, ADDRESS_TEXT_SIZE, address->family == AF_INET6 ? "[%s]:%u" : "%s:%u", ip, address->port);
    return text;
}

static void message_clear(struct message *message)
{
    enum { BUFFERS_END = offsetof(struct message, body.content) + sizeof message->body.content };
    static_assert(offsetof(struct message, trailers) == sizeof message->head &&
                      offsetof(struct message, body.content) == 2 * sizeof message->head,
                  "all behind the buffers is zeroed");
    buffer_clear(&message->head);
    buffer_clear(&message->trailers);
    buffer_clear(&message->body.content);
    memset((char *)message + BUFFERS_END, 0, sizeof *message - BUFFERS_END);
}

static void message_free(struct message *message)
{
    buffer_free(&message->head);
    buffer_free(&message->trailers);
    buffer_free(&message->body.content);
}

void exchange_clear(struct exchange *exchange)
{
    message_clear(&exchange->request);
    message_clear(&exchange->response);
    static_assert(sizeof *exchange ==
                      offsetof(struct exchange, link_capacity) + sizeof exchange->link_capacity,
                  "all before the messages is zeroed, and the number of links");
    memset(exchange, 0, offsetof(struct exchange, request));
    exchange->link_count = 0;
}

void exchange_free(struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->link_capacity; i++)
        free(exchange->links[i].name);
    free(exchange->links);
    message_free(&exchange->request);
    message_free(&exchange->response);
    *exchange = (struct exchange){0};
}

struct link *exchange_add_link(struct exchange *exchange, enum link_kind kind, enum link_place place,
                               const char *name, const uint8_t tag[LINK_TAG_SIZE])
{
    return exchange_add_link_named(exchange, kind, place, bytes_of(name), tag);
}

struct link *exchange_add_link_named(struct exchange *exchange, enum link_kind kind, enum link_place place,
                                     struct bytes name, const uint8_t tag[LINK_TAG_SIZE])
{
    if (exchange->link_count == exchange->link_capacity) {
        size_t capacity = exchange->link_capacity ? exchange->link_capacity * 2 : 4;
        exchange->links = xrealloc(exchange->links, capacity * sizeof *exchange->links);
        for (size_t i = exchange->link_capacity; i < capacity; i++)
            exchange->links[i] = (struct link){0};
        exchange->link_capacity = capacity;
    }
    struct link *link = &exchange->links[exchange->link_count++];
    if (link->name_capacity <= name.size) {
        link->name_capacity = name.size < LINK_NAME_USUAL ? LINK_NAME_USUAL : name.size + 1;
        link->name = xrealloc(link->name, link->name_capacity);
    }
    if (name.size)
        memcpy(link->name, name.data, name.size);
    link->name[name.size] = '\0';
    memcpy(link->tag, tag, LINK_TAG_SIZE);
    link->kind = kind;
    link->place = place;
    link->identity = link->strong = false;
    link->rank = link->peers = 0;
    return link;
}

bool exchange_uses_credential(const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->link_count; i++)
        if (exchange->links[i].kind == LINK_USES)
            return true;
    return false;
}

bool exchange_has_response(const struct exchange *exchange)
{
    return exchange->status != 0 || exchange->response.first_ns != 0;
}

static uint64_t span_ns(uint64_t from, uint64_t to)
{
    return from && to > from ? to - from : 0;
}

uint64_t exchange_ttfb_ns(const struct exchange *exchange)
{
    return span_ns(exchange->request.last_ns, exchange->response.first_ns);
}

uint64_t exchange_latency_ns(const struct exchange *exchange)
{
    return span_ns(exchange->request.first_ns, exchange->response.last_ns);
}
