#include "common/select_field.h"

#include "common/http1_cookie.h"
#include "common/http1_head.h"
#include "common/percent.h"

#include <assert.h>
#include <string.h>

const struct select_field_info select_fields[SELECT_FIELD_COUNT] = {
#define X(id, name, kind, head, help) [SELECT_FIELD_##id] = {name, SELECT_##kind, head, help},
    SELECT_FIELDS(X)
#undef X
};

static struct bytes rest_from(struct bytes text, size_t at)
{
    return at < text.size ? bytes_make(text.data + at, text.size - at) : (struct bytes){0};
}

static size_t find_byte(struct bytes text, char byte)
{
    const uint8_t *at = text.size ? memchr(text.data, byte, text.size) : NULL;
    return at ? (size_t)(at - text.data) : text.size;
}

/* The request target, taken apart (RFC 9112 §3.2). */
struct target {
    struct bytes authority; /* of absolute-form and CONNECT, else empty */
    struct bytes path;
    struct bytes query;
};

static struct target split_target(const struct http1_request_line *line)
{
    struct bytes text = line->target;
    struct target target = {0};
    text.size = find_byte(text, '#');
    const uint8_t *colons = text.size && text.data[0] != '/' ? memmem(text.data, text.size, "://", 3) : NULL;
    if (bytes_equal(line->method, BYTES_LITERAL("CONNECT"))) {
        target.authority = text;
        return target;
    }
    if (colons) {
        text = rest_from(text, (size_t)(colons - text.data) + 3);
        size_t size = 0;
        while (size < text.size && text.data[size] != '/' && text.data[size] != '?')
            size++;
        target.authority = bytes_make(text.data, size);
        text = rest_from(text, size);
    }
    size_t size = find_byte(text, '?');
    target.path = bytes_make(text.data, size);
    target.query = rest_from(text, size + 1);
    return target;
}

/* Returns |authority| without user information and port. */
static struct bytes host_of(struct bytes authority)
{
    const uint8_t *at = authority.size ? memrchr(authority.data, '@', authority.size) : NULL;
    if (at)
        authority = rest_from(authority, (size_t)(at - authority.data) + 1);
    size_t from = authority.size && authority.data[0] == '[' ? find_byte(authority, ']') : 0;
    authority.size = from + find_byte(rest_from(authority, from), ':');
    return authority;
}

static bool single_value(const struct select_values *values, struct bytes *ret_value)
{
    struct bytes head = buffer_bytes(&values->exchange->request.head);
    struct http1_request_line line;
    if (!http1_request_line(head, &line))
        return false;
    struct target target = split_target(&line);
    struct http1_field field;
    switch (values->field) {
    case SELECT_FIELD_METHOD:
        *ret_value = line.method;
        return true;
    case SELECT_FIELD_TARGET:
        *ret_value = line.target;
        return true;
    case SELECT_FIELD_PATH:
        *ret_value = target.path;
        return true;
    default:
        assert(values->field == SELECT_FIELD_HOST);
        if (target.authority.size == 0 && http1_find_field(head, "Host", &field))
            target.authority = field.value;
        *ret_value = host_of(target.authority);
        return ret_value->size > 0;
    }
}

/* Gets the next header field called |name| (without case). */
static bool next_field(struct bytes *fields, struct bytes name, struct bytes *ret_value)
{
    struct http1_field field;
    while (http1_next_field(fields, &field)) {
        if (!field.split || !bytes_equal_nocase(field.name, name))
            continue;
        *ret_value = field.value;
        return true;
    }
    return false;
}

/* Undoes the coding of a query. */
static struct bytes decode(struct bytes text, struct buffer *scratch)
{
    if (find_byte(text, '%') == text.size && find_byte(text, '+') == text.size)
        return text;
    buffer_clear(scratch);
    percent_decode(text, true, scratch);
    return buffer_bytes(scratch);
}

static bool next_parameter(struct select_values *values, struct bytes *ret_value)
{
    while (values->rest.size > 0) {
        size_t size = find_byte(values->rest, '&');
        struct bytes pair = bytes_make(values->rest.data, size);
        values->rest = rest_from(values->rest, size + 1);
        size_t equals = find_byte(pair, '=');
        if (!bytes_equal(decode(bytes_make(pair.data, equals), values->scratch), values->name))
            continue;
        *ret_value = decode(rest_from(pair, equals + 1), values->scratch);
        return true;
    }
    return false;
}

static bool next_cookie(struct select_values *values, struct bytes *ret_value)
{
    struct http1_cookie cookie;
    do {
        while (http1_next_cookie(&values->list, &cookie)) {
            if (!bytes_equal(cookie.name, values->name))
                continue;
            *ret_value = cookie.value;
            return true;
        }
    } while (next_field(&values->rest, BYTES_LITERAL("Cookie"), &values->list));
    return false;
}

static void begin(struct select_values *values)
{
    const struct exchange *exchange = values->exchange;
    bool response = values->field == SELECT_FIELD_RESPONSE_HEADER;
    struct bytes head = buffer_bytes(response ? &exchange->response.head : &exchange->request.head);
    struct http1_request_line line;
    values->begun = true;
    if (values->field != SELECT_FIELD_QUERY)
        values->rest = http1_fields(head);
    else if (http1_request_line(head, &line))
        values->rest = split_target(&line).query;
}

bool select_next_value(struct select_values *values, struct bytes *ret_value)
{
    bool first = !values->begun;
    if (first)
        begin(values);
    switch (values->field) {
    case SELECT_FIELD_QUERY:
        return next_parameter(values, ret_value);
    case SELECT_FIELD_COOKIE:
        return next_cookie(values, ret_value);
    case SELECT_FIELD_REQUEST_HEADER:
    case SELECT_FIELD_RESPONSE_HEADER:
        return next_field(&values->rest, values->name, ret_value);
    default:
        return first && single_value(values, ret_value);
    }
}

bool select_figure(const struct exchange *exchange, enum select_field field, uint64_t *ret_figure)
{
    bool answered = exchange_has_response(exchange);
    switch (field) {
    case SELECT_FIELD_STATUS:
        *ret_figure = exchange->status;
        return exchange->status != 0;
    case SELECT_FIELD_LATENCY:
        *ret_figure = exchange_latency_ns(exchange);
        return answered;
    case SELECT_FIELD_TTFB:
        *ret_figure = exchange_ttfb_ns(exchange);
        return answered;
    case SELECT_FIELD_REQUEST_BYTES:
        *ret_figure = exchange->request.body.wire_bytes;
        return true;
    case SELECT_FIELD_RESPONSE_BYTES:
        *ret_figure = exchange->response.body.wire_bytes;
        return answered;
    case SELECT_FIELD_CLIENT:
        *ret_figure = exchange->client;
        return true;
    case SELECT_FIELD_CONNECTION:
        *ret_figure = exchange->connection;
        return true;
    case SELECT_FIELD_FLAG:
        *ret_figure = exchange->flags;
        return exchange->flags != 0;
    default:
        assert(field == SELECT_FIELD_DEFECT);
        *ret_figure = exchange->request.defects | exchange->response.defects;
        return *ret_figure != 0;
    }
}
