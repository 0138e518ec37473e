#include "common/exchange_codec.h"

#include <endian.h>
#include <string.h>

/* First byte of the metadata: the layout. The first had no digests, the second no content. */
#define CODEC_FIRST   1
#define CODEC_VERSION 3
/* Bits of a body's byte. Version 1 knows the first, version 2 the second, too. */
#define BODY_BIT_CODED    1u
#define BODY_BIT_DIGESTED 2u
#define BODY_BIT_INLINE   4u /* the content follows */
/* Bits of a link's byte. */
#define LINK_BIT_IDENTITY 1u
#define LINK_BIT_STRONG   2u
#define LINK_NAME_MAX     255 /* names are escaped ASCII and short; a longer one is not ours */
/* Four times what is ever noted of one exchange (filters/links.h); a reader believes no more. */
#define LINKS_MAX 1024

static void put_fixed(struct buffer *out, uint64_t value)
{
    uint64_t bytes = htole64(value);
    buffer_append(out, &bytes, sizeof bytes);
}

static void put_bytes(struct buffer *out, struct bytes view)
{
    buffer_append_varint(out, view.size);
    buffer_append_bytes(out, view);
}

static bool stands_inline(const struct message *request)
{
    return request->body.content.size > 0 && request->body.content.size <= EXCHANGE_INLINE_MAX;
}

static void put_message(struct buffer *out, const struct message *message, bool inlines)
{
    put_bytes(out, buffer_bytes(&message->head));
    put_bytes(out, buffer_bytes(&message->trailers));
    buffer_append_byte(out, (uint8_t)message->body.framing);
    buffer_append_byte(out, (uint8_t)message->body.state);
    buffer_append_byte(out, (uint8_t)message->body.reason);
    buffer_append_byte(out, (uint8_t)((message->body.coded ? BODY_BIT_CODED : 0) |
                                      (message->body.digested ? BODY_BIT_DIGESTED : 0) |
                                      (inlines ? BODY_BIT_INLINE : 0)));
    if (message->body.digested)
        buffer_append(out, message->body.digest, BODY_DIGEST_SIZE);
    buffer_append_varint(out, message->body.wire_bytes);
    buffer_append_varint(out, message->defects);
    put_fixed(out, message->first_ns);
    put_fixed(out, message->last_ns);
    buffer_append_varint(out, message->withheld_lines);
    buffer_append_varint(out, message->withheld_bytes);
    if (inlines)
        put_bytes(out, buffer_bytes(&message->body.content));
}

void exchange_encode(const struct exchange *exchange, struct buffer *meta, struct buffer *payload)
{
    buffer_append_byte(meta, CODEC_VERSION);
    put_fixed(meta, exchange->id);
    put_fixed(meta, exchange->connection);
    put_fixed(meta, exchange->client);
    size_t ip_size = exchange->server.family == AF_INET6 ? 16 : exchange->server.family == AF_INET ? 4 : 0;
    buffer_append_byte(meta, (uint8_t)ip_size);
    buffer_append(meta, exchange->server.ip, ip_size);
    buffer_append_varint(meta, exchange->server.port);
    buffer_append_byte(meta, exchange->tls);
    buffer_append_varint(meta, exchange->status);
    buffer_append_varint(meta, exchange->interim);
    buffer_append_varint(meta, exchange->flags);
    bool inlines = stands_inline(&exchange->request);
    put_message(meta, &exchange->request, inlines);
    put_message(meta, &exchange->response, false);
    buffer_append_varint(meta, exchange->link_count);
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        buffer_append_byte(meta, (uint8_t)link->kind);
        buffer_append_byte(meta, (uint8_t)link->place);
        buffer_append_byte(
            meta, (uint8_t)((link->identity ? LINK_BIT_IDENTITY : 0) | (link->strong ? LINK_BIT_STRONG : 0)));
        buffer_append(meta, link->tag, LINK_TAG_SIZE);
        put_bytes(meta, bytes_of(link->name));
    }
    struct bytes request = inlines ? (struct bytes){0} : buffer_bytes(&exchange->request.body.content);
    struct bytes response = buffer_bytes(&exchange->response.body.content);
    if (request.size + response.size > 0) {
        put_bytes(payload, request);
        buffer_append_bytes(payload, response);
    }
}

static uint64_t fixed_at(const uint8_t *data)
{
    uint64_t value;
    memcpy(&value, data, sizeof value);
    return le64toh(value);
}

/* Takes a byte below |limit|. */
static bool take_byte(struct bytes *view, unsigned limit, unsigned *ret_value)
{
    struct bytes part;
    if (!bytes_take(view, 1, &part) || part.data[0] >= limit)
        return false;
    *ret_value = part.data[0];
    return true;
}

/* Takes a varint of at most |limit|. */
static bool take_number(struct bytes *view, uint64_t limit, uint64_t *ret_value)
{
    return bytes_take_varint(view, ret_value) && *ret_value <= limit;
}

static bool take_bytes(struct bytes *view, struct bytes *ret_part)
{
    uint64_t size;
    return bytes_take_varint(view, &size) && bytes_take(view, size, ret_part);
}

static bool take_buffer(struct bytes *view, bool borrows, struct buffer *to)
{
    struct bytes part;
    if (!take_bytes(view, &part))
        return false;
    if (borrows) {
        buffer_borrow(to, part);
        return true;
    }
    buffer_clear(to);
    buffer_append_bytes(to, part);
    return true;
}

static bool take_digest(struct bytes *view, bool digested, struct body *body)
{
    struct bytes digest;
    if (digested) {
        if (!bytes_take(view, BODY_DIGEST_SIZE, &digest))
            return false;
        memcpy(body->digest, digest.data, digest.size);
    }
    body->digested = digested;
    return true;
}

static bool may_have_content(const struct body *body, size_t size)
{
    return size == 0 || body->state == BODY_KEPT || body->state == BODY_CUT;
}

static bool take_content(struct bytes *view, bool borrows, struct body *body)
{
    return take_buffer(view, borrows, &body->content) && body->content.size > 0 &&
           may_have_content(body, body->content.size);
}

/* Takes framing, state, reason and bits. Each version has one bit more. */
static bool take_kinds(struct bytes *view, unsigned version, struct body *body, unsigned *ret_bits)
{
    struct bytes kinds;
    if (!bytes_take(view, 4, &kinds) || kinds.data[0] > BODY_FRAMING_CLOSE || kinds.data[1] > BODY_DROPPED ||
        kinds.data[2] >= BODY_REASON_COUNT || kinds.data[3] >= 1u << version)
        return false;
    body->framing = (enum body_framing)kinds.data[0];
    body->state = (enum body_state)kinds.data[1];
    body->reason = (enum body_reason)kinds.data[2];
    body->coded = kinds.data[3] & BODY_BIT_CODED;
    *ret_bits = kinds.data[3];
    return true;
}

static bool take_message(struct bytes *view, unsigned version, bool borrows, struct message *message)
{
    unsigned bits;
    struct bytes times;
    uint64_t lines, bytes;
    if (!take_buffer(view, borrows, &message->head) || !take_buffer(view, borrows, &message->trailers) ||
        !take_kinds(view, version, &message->body, &bits) ||
        !take_digest(view, bits & BODY_BIT_DIGESTED, &message->body) ||
        !bytes_take_varint(view, &message->body.wire_bytes) || !bytes_take_varint(view, &message->defects) ||
        !bytes_take(view, 2 * 8, &times) || !take_number(view, UINT32_MAX, &lines) ||
        !take_number(view, UINT32_MAX, &bytes))
        return false;
    message->first_ns = fixed_at(times.data);
    message->last_ns = fixed_at(times.data + 8);
    message->withheld_lines = (uint32_t)lines;
    message->withheld_bytes = (uint32_t)bytes;
    return !(bits & BODY_BIT_INLINE) || take_content(view, borrows, &message->body);
}

static bool take_link(struct bytes *view, struct exchange *exchange)
{
    unsigned kind, place, bits;
    struct bytes tag, name;
    if (!take_byte(view, LINK_KIND_COUNT, &kind) || !take_byte(view, LINK_PLACE_COUNT, &place) ||
        !take_byte(view, (LINK_BIT_IDENTITY | LINK_BIT_STRONG) + 1, &bits) ||
        !bytes_take(view, LINK_TAG_SIZE, &tag) || !take_bytes(view, &name))
        return false;
    if (name.size > LINK_NAME_MAX || (name.size && memchr(name.data, 0, name.size)))
        return false;
    struct link *link =
        exchange_add_link_named(exchange, (enum link_kind)kind, (enum link_place)place, name, tag.data);
    link->identity = bits & LINK_BIT_IDENTITY;
    link->strong = bits & LINK_BIT_STRONG;
    return true;
}

/* Takes what metadata begins with: layout version to port. */
static bool take_begin(struct bytes *view, unsigned *ret_version, struct exchange *exchange)
{
    struct bytes begin, ip;
    uint64_t port;
    if (!bytes_take(view, 1 + 3 * 8 + 1, &begin) || begin.data[0] < CODEC_FIRST ||
        begin.data[0] > CODEC_VERSION)
        return false;
    unsigned ip_size = begin.data[1 + 3 * 8];
    if ((ip_size != 0 && ip_size != 4 && ip_size != 16) || !bytes_take(view, ip_size, &ip) ||
        !take_number(view, UINT16_MAX, &port))
        return false;
    *ret_version = begin.data[0];
    exchange->id = fixed_at(begin.data + 1);
    exchange->connection = fixed_at(begin.data + 1 + 8);
    exchange->client = fixed_at(begin.data + 1 + 2 * 8);
    exchange->server.family = ip_size == 16 ? AF_INET6 : ip_size == 4 ? AF_INET : 0;
    memcpy(exchange->server.ip, ip.data, ip_size);
    exchange->server.port = (uint16_t)port;
    return true;
}

bool exchange_peek_connection(struct bytes meta, uint64_t *ret_connection)
{
    if (meta.size < 1 + 2 * 8 || meta.data[0] < CODEC_FIRST || meta.data[0] > CODEC_VERSION)
        return false;
    *ret_connection = fixed_at(meta.data + 1 + 8);
    return true;
}

bool exchange_peek(struct bytes meta, struct exchange_brief *ret_brief)
{
    struct exchange exchange = {0};
    unsigned version;
    if (!take_begin(&meta, &version, &exchange))
        return false;
    *ret_brief = (struct exchange_brief){.connection = exchange.connection, .server = exchange.server};
    return true;
}

static bool take_exchange(struct bytes view, bool borrows, struct exchange *exchange)
{
    unsigned version, tls;
    uint64_t status, interim, links;
    if (!take_begin(&view, &version, exchange) || !take_byte(&view, 2, &tls) ||
        !take_number(&view, UINT16_MAX, &status) || !take_number(&view, UINT16_MAX, &interim) ||
        !bytes_take_varint(&view, &exchange->flags) ||
        !take_message(&view, version, borrows, &exchange->request) ||
        !take_message(&view, version, borrows, &exchange->response) ||
        exchange->response.body.content.size > 0 || !take_number(&view, LINKS_MAX, &links))
        return false;
    exchange->tls = tls != 0;
    exchange->status = (uint16_t)status;
    exchange->interim = (uint16_t)interim;
    for (uint64_t i = 0; i < links; i++)
        if (!take_link(&view, exchange))
            return false;
    return view.size == 0;
}

static bool decode(struct bytes meta, bool borrows, struct exchange *exchange)
{
    exchange_clear(exchange);
    if (take_exchange(meta, borrows, exchange))
        return true;
    exchange_clear(exchange);
    return false;
}

bool exchange_decode(struct bytes meta, struct exchange *exchange)
{
    return decode(meta, false, exchange);
}

bool exchange_decode_borrowed(struct bytes meta, struct exchange *exchange)
{
    return decode(meta, true, exchange);
}

bool exchange_request_in_payload(const struct exchange *exchange)
{
    const struct body *body = &exchange->request.body;
    return body->content.size == 0 && may_have_content(body, 1);
}

bool exchange_decode_payload(struct bytes payload, struct exchange *exchange)
{
    struct bytes request = {0};
    if (payload.size > 0 && !take_bytes(&payload, &request))
        return false;
    if (!may_have_content(&exchange->request.body, request.size) ||
        !may_have_content(&exchange->response.body, payload.size) ||
        (request.size > 0 && exchange->request.body.content.size > 0))
        return false;
    buffer_append_bytes(&exchange->request.body.content, request);
    buffer_clear(&exchange->response.body.content);
    buffer_append_bytes(&exchange->response.body.content, payload);
    return true;
}
