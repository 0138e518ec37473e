#include "common/clock.h"
#include "common/http1_head.h"
#include "common/json_text.h"
#include "filters/verbs/inspect_format.h"

#include <inttypes.h>
#include <string.h>

/* The names of members that were written byte by byte, or in base64. */
struct names {
    const char *items[8];
    size_t count;
};

struct bytes inspect_host(const struct exchange *exchange)
{
    struct bytes head = buffer_bytes(&exchange->request.head);
    struct http1_field field;
    if (http1_find_field(head, "host", &field))
        return field.value;
    struct http1_request_line line;
    if (!http1_request_line(head, &line) || line.target.size == 0)
        return (struct bytes){0};
    const uint8_t *mark = memmem(line.target.data, line.target.size, "://", 3);
    if (!mark || line.target.data[0] == '/')
        return (struct bytes){0};
    struct bytes host = {mark + 3, (size_t)(line.target.data + line.target.size - mark - 3)};
    size_t size = 0;
    while (size < host.size && !memchr("/?#", host.data[size], 3))
        size++;
    host.size = size;
    return host;
}

void inspect_digest(const struct body *body, struct buffer *out)
{
    for (size_t i = 0; i < BODY_DIGEST_SIZE; i++)
        buffer_printf(out, "%02x", body->digest[i]);
}

static void append_string(struct buffer *out, const char *name, struct bytes text, struct names *bytes)
{
    buffer_printf(out, "\"%s\":", name);
    if (json_text_is_utf8(text)) {
        json_text_append(out, text);
    } else {
        json_text_append_bytes(out, text);
        bytes->items[bytes->count++] = name;
    }
}

static bool fields_are_utf8(struct bytes fields)
{
    struct http1_field field;
    while (http1_next_field(&fields, &field))
        if (!json_text_is_utf8(field.split ? field.name : field.line) || !json_text_is_utf8(field.value))
            return false;
    return true;
}

/* Where one string of the member is not UTF-8 all of them are written byte by byte, so that a reader can tell how. */
static void append_fields(struct buffer *out, const char *name, struct bytes head, struct names *bytes)
{
    struct bytes fields = http1_fields(head);
    void (*append)(struct buffer *, struct bytes) = json_text_append;
    if (!fields_are_utf8(fields)) {
        append = json_text_append_bytes;
        bytes->items[bytes->count++] = name;
    }
    buffer_printf(out, "\"%s\":[", name);
    struct http1_field field;
    for (bool first = true; http1_next_field(&fields, &field); first = false) {
        buffer_append_text(out, first ? "[" : ",[");
        append(out, field.name);
        buffer_append_byte(out, ',');
        append(out, field.split ? field.value : bytes_trim(field.line));
        buffer_append_byte(out, ']');
    }
    buffer_append_byte(out, ']');
}

static void append_body(struct buffer *out, const char *name, const struct body *body, bool damaged,
                        struct names *base64)
{
    static const char *const states[] = {"empty", "kept", "cut", "dropped"};
    struct bytes content = buffer_bytes(&body->content);
    buffer_printf(out, ",\"%s\":", name);
    if (body->state == BODY_DROPPED || damaged) {
        buffer_append_text(out, "null");
    } else if (json_text_is_utf8(content)) {
        json_text_append(out, content);
    } else {
        buffer_append_byte(out, '"');
        json_text_append_base64(out, content);
        buffer_append_byte(out, '"');
        base64->items[base64->count++] = name;
    }
    buffer_printf(out, ",\"%s_state\":\"%s\"", name, damaged ? "damaged" : states[body->state]);
    if (body->reason != BODY_REASON_NONE)
        buffer_printf(out, ",\"%s_reason\":\"%s\"", name, body_reason_name(body->reason));
}

static void append_flag(struct buffer *out, bool *first, const char *prefix, const char *name)
{
    buffer_printf(out, "%s\"%s%s\"", *first ? "" : ",", prefix, name);
    *first = false;
}

static void append_flags(struct buffer *out, const struct exchange *exchange)
{
    bool first = true;
    buffer_append_text(out, "\"flags\":[");
    for (unsigned bit = 0; bit < EXCHANGE_FLAG_COUNT; bit++)
        if (exchange->flags >> bit & 1)
            append_flag(out, &first, "", exchange_flag_name(bit));
    for (unsigned bit = 0; bit < MESSAGE_DEFECT_COUNT; bit++)
        if (exchange->request.defects >> bit & 1)
            append_flag(out, &first, "request.", message_defect_name(bit));
    for (unsigned bit = 0; bit < MESSAGE_DEFECT_COUNT; bit++)
        if (exchange->response.defects >> bit & 1)
            append_flag(out, &first, "response.", message_defect_name(bit));
    buffer_append_byte(out, ']');
}

static void append_links(struct buffer *out, const struct exchange *exchange,
                         const struct link_groups *groups)
{
    buffer_append_text(out, ",\"links\":[");
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        buffer_printf(out, "%s{\"kind\":\"%s\",\"place\":\"%s\",\"name\":", i ? "," : "",
                      link_kind_name(link->kind), link_place_name(link->place));
        json_text_append(out, bytes_of(link->name));
        bool id = link->kind == LINK_CREATES || link->kind == LINK_REFERS;
        buffer_printf(out, ",\"%s\":%s,\"tag\":\"", id ? "strong" : "identity",
                      link->identity || link->strong ? "true" : "false");
        for (size_t k = 0; k < LINK_TAG_SIZE; k++)
            buffer_printf(out, "%02x", link->tag[k]);
        uint64_t issuer;
        buffer_append_byte(out, '"');
        if (link_groups_issuer(groups, link, &issuer))
            buffer_printf(out, ",\"from\":\"%016" PRIx64 "\"", issuer);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, ']');
}

static void append_names(struct buffer *out, const char *member, const struct names *names)
{
    if (names->count == 0)
        return;
    buffer_printf(out, ",\"%s\":[", member);
    for (size_t i = 0; i < names->count; i++)
        buffer_printf(out, "%s\"%s\"", i ? "," : "", names->items[i]);
    buffer_append_byte(out, ']');
}

static void append_instant(struct buffer *out, uint64_t ns, const char *before)
{
    if (ns)
        buffer_printf(out, "%s%" PRIu64, before, ns);
    else
        buffer_printf(out, "%snull", before);
}

static void append_figures(struct buffer *out, const struct exchange *exchange)
{
    if (exchange_has_response(exchange))
        buffer_printf(out, "\"ttfb_us\":%" PRIu64 ",\"latency_us\":%" PRIu64 ",",
                      exchange_ttfb_ns(exchange) / NS_PER_US, exchange_latency_ns(exchange) / NS_PER_US);
    else
        buffer_append_text(out, "\"ttfb_us\":null,\"latency_us\":null,");
    append_instant(out, exchange->request.first_ns, "\"times_ns\":[");
    append_instant(out, exchange->request.last_ns, ",");
    append_instant(out, exchange->response.first_ns, ",");
    append_instant(out, exchange->response.last_ns, ",");
    buffer_append_text(out, "],");
}

static void append_body_figures(struct buffer *out, const char *side, const struct body *body)
{
    buffer_printf(out, ",\"%s_body_bytes\":%" PRIu64 ",", side, body->wire_bytes);
    if (!body->digested)
        return;
    buffer_printf(out, "\"%s_body_digest\":\"", side);
    inspect_digest(body, out);
    buffer_append_text(out, "\",");
}

static void append_request(struct buffer *out, const struct exchange *exchange, struct names *bytes)
{
    struct bytes head = buffer_bytes(&exchange->request.head);
    struct http1_request_line line = {0};
    if (!http1_request_line(head, &line))
        line = (struct http1_request_line){0};
    append_string(out, "method", line.method, bytes);
    buffer_printf(out, ",\"scheme\":\"%s\",", exchange->tls ? "https" : "http");
    append_string(out, "host", inspect_host(exchange), bytes);
    buffer_append_byte(out, ',');
    append_string(out, "path", line.target, bytes);
    buffer_append_byte(out, ',');
    struct bytes version = line.version, name;
    if (version.size > 5 && bytes_equal_nocase((struct bytes){version.data, 5}, BYTES_LITERAL("HTTP/")))
        bytes_take(&version, 5, &name);
    append_string(out, "version", version, bytes);
    buffer_append_byte(out, ',');
    append_fields(out, "request_headers", head, bytes);
    append_body_figures(out, "request", &exchange->request.body);
}

void inspect_json(const struct inspect_item *item, struct buffer *out)
{
    const struct exchange *exchange = item->exchange;
    struct names bytes = {0}, base64 = {0};
    char time[CLOCK_ISO8601_SIZE], server[ADDRESS_TEXT_SIZE];
    buffer_printf(out, "{\"id\":\"%016" PRIx64 "\",\"time\":\"%s\",", exchange->id,
                  clock_format_iso8601(exchange->request.first_ns, time));
    buffer_printf(out, "\"session\":\"%016" PRIx64 "\",\"connection\":\"%016" PRIx64 "\",\"server\":\"%s\",",
                  item->session, exchange->connection, address_format(&exchange->server, server));
    append_request(out, exchange, &bytes);
    if (exchange->status != 0) /* 0: bytes without a status line */
        buffer_printf(out, "\"status\":%u,", exchange->status);
    else
        buffer_append_text(out, "\"status\":null,");
    append_fields(out, "response_headers", buffer_bytes(&exchange->response.head), &bytes);
    append_body_figures(out, "response", &exchange->response.body);
    append_figures(out, exchange);
    append_flags(out, exchange);
    if (item->bodies) {
        append_body(out, "request_body", &exchange->request.body, item->body_damaged, &base64);
        append_body(out, "response_body", &exchange->response.body, item->body_damaged, &base64);
    }
    if (item->links)
        append_links(out, exchange, item->links);
    append_names(out, "bytes", &bytes);
    append_names(out, "base64", &base64);
    buffer_append_text(out, "}\n");
}
