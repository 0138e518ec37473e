#include "replay/sender/curl_request.h"

#include "common/http1_head.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Lines that keep libcurl from adding fields, and what ends texts, beside the bytes of the request itself. */
#define TEXT_GROWS 64

static bool is(struct bytes name, const char *text)
{
    return bytes_equal_nocase(name, bytes_of(text));
}

/* Returns |text| kept with a NUL at its end. There is room for it. */
static char *keep(struct curl_request *built, struct bytes text)
{
    size_t at = built->text.size;
    assert(text.size < built->text.capacity - at);
    buffer_append_bytes(&built->text, text);
    buffer_append_byte(&built->text, '\0');
    return (char *)built->text.data + at;
}

/* Links are set once all nodes are there, since they move. */
static void add_line(struct curl_request *built, char *line)
{
    if (built->node_count == built->node_capacity) {
        built->node_capacity = built->node_capacity ? built->node_capacity * 2 : 32;
        built->nodes = xrealloc(built->nodes, built->node_capacity * sizeof *built->nodes);
    }
    built->nodes[built->node_count++] = (struct curl_slist){.data = line};
}

/* Links the nodes in [from, to); returns the first, NULL for none. */
static struct curl_slist *link_nodes(struct curl_request *built, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        built->nodes[i].next = i + 1 < to ? &built->nodes[i + 1] : NULL;
    return from < to ? &built->nodes[from] : NULL;
}

static bool is_of_the_connection(struct bytes name)
{
    static const char *const names[] = {"Connection",        "Keep-Alive", "Proxy-Connection",
                                        "Transfer-Encoding", "TE",         "Upgrade"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is(name, names[i]))
            return true;
    return false;
}

static bool has_upper_case(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] >= 'A' && name.data[i] <= 'Z')
            return true;
    return false;
}

/* Joins folded lines with a space, as RFC 9113 §8.2.1 has no line ends in values. */
static void unfold(struct curl_request *built, char *line)
{
    char *to = line;
    for (const char *from = line; *from; from++) {
        if (*from != '\r' && *from != '\n') {
            *to++ = *from;
            continue;
        }
        while (from[1] == '\r' || from[1] == '\n' || from[1] == ' ' || from[1] == '\t')
            from++;
        *to++ = ' ';
        built->deviations |= DEVIATION(FOLDED);
    }
    *to = '\0';
}

/* Returns |line| without its line end. */
static struct bytes without_end(struct curl_request *built, struct bytes line)
{
    if (line.size && line.data[line.size - 1] == '\n')
        line.size--;
    if (line.size && line.data[line.size - 1] == '\r')
        line.size--;
    else
        built->deviations |= DEVIATION(LINE_ENDS);
    return line;
}

/* What was seen among the fields. */
struct seen {
    bool host, accept, expect;
};

static void note_field(struct seen *seen, const struct http1_field *field)
{
    seen->host |= is(field->name, "Host");
    seen->accept |= is(field->name, "Accept");
    seen->expect |= is(field->name, "Expect");
}

/* Notes what becomes of |field|, the |index|th. Returns whether it is sent at all. */
static bool judge_field(struct curl_request *built, const struct http1_field *field, size_t index,
                        const struct curl_way *way)
{
    if (!field->split || memchr(field->line.data, '\0', field->line.size)) {
        built->deviations |= DEVIATION(FIELD_LEFT_OUT);
        return false;
    }
    if (built->is_head && (is(field->name, "Content-Length") || is(field->name, "Transfer-Encoding")) &&
        (built->deviations & DEVIATION(HEAD_BODY)))
        return false;
    if (way->http2) {
        if (has_upper_case(field->name) && !is(field->name, "Host"))
            built->deviations |= DEVIATION(LOWER_CASE);
        if (!is_of_the_connection(field->name))
            return true;
        built->deviations |= DEVIATION(HOP_BY_HOP);
        return !is(field->name, "Transfer-Encoding"); /* the others libcurl leaves out where it is HTTP/2 */
    }
    if (is(field->name, "Host") && (index > 0 || !bytes_equal(field->name, BYTES_LITERAL("Host"))))
        built->deviations |= DEVIATION(HOST_MOVED);
    return true;
}

static void put_field(struct curl_request *built, const struct http1_field *field, const struct curl_way *way)
{
    struct bytes line = without_end(built, field->line);
    if (field->value.size > 0) {
        char *text = keep(built, line);
        if (way->http2)
            unfold(built, text);
        add_line(built, text);
        return;
    }
    /* "Name:" would take the field out, "Name;" sends it without a value. */
    size_t size = (size_t)((const uint8_t *)memchr(line.data, ':', line.size) - line.data);
    if (size + 1 < line.size)
        built->deviations |= DEVIATION(EMPTY_VALUE);
    char *text = keep(built, bytes_make(line.data, size + 1));
    text[size] = ';';
    add_line(built, text);
}

static void put_fields(struct curl_request *built, struct bytes head, const struct curl_way *way,
                       struct seen *seen)
{
    static char no_host[] = "Host:", no_accept[] = "Accept:", no_expect[] = "Expect:";
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    for (size_t index = 0; http1_next_field(&fields, &field); index++) {
        note_field(seen, &field);
        if (judge_field(built, &field, index, way))
            put_field(built, &field, way);
    }
    if (!seen->host)
        add_line(built, no_host);
    if (!seen->accept)
        add_line(built, no_accept);
    if (!seen->expect)
        add_line(built, no_expect);
}

/* Takes the chunk at the front of |body|: RFC 9112 §7.1. Returns false at the last one, or where there is none. */
static bool next_chunk(struct bytes *body, struct bytes *ret_content)
{
    const uint8_t *lf = memchr(body->data, '\n', body->size);
    size_t size = 0, line = lf ? (size_t)(lf - body->data) + 1 : 0;
    for (size_t i = 0; i < line; i++) {
        unsigned c = body->data[i] | 0x20U;
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            break;
        size = size * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *body = bytes_make(body->data + line, body->size - line);
    if (!size || size > body->size || body->size - size < 2)
        return false;
    *ret_content = bytes_make(body->data, size);
    *body = bytes_make(body->data + size + 2, body->size - size - 2);
    return true;
}

static void put_trailers(struct curl_request *built, struct bytes lines, const struct curl_way *way)
{
    struct http1_field field;
    while (http1_next_field(&lines, &field)) {
        if (way->http2) {
            built->deviations |= DEVIATION(TRAILERS_LEFT_OUT);
            continue;
        }
        if (!field.split || memchr(field.line.data, '\0', field.line.size)) {
            built->deviations |= DEVIATION(FIELD_LEFT_OUT);
            continue;
        }
        struct bytes line = without_end(built, field.line);
        const uint8_t *colon = memchr(line.data, ':', line.size);
        if (field.value.data != colon + 2 || colon[1] != ' ')
            built->deviations |= DEVIATION(TRAILER_SPACE);
        size_t at = built->text.size;
        buffer_append_bytes(&built->text, field.name); /* libcurl takes "name: value" only */
        buffer_append_text(&built->text, ": ");
        keep(built, field.value);
        add_line(built, (char *)built->text.data + at);
    }
}

/* Returns the lines of the trailers. */
static struct bytes take_chunks(struct curl_request *built, struct bytes body)
{
    struct bytes chunk;
    buffer_clear(&built->joined);
    for (size_t count = 0; next_chunk(&body, &chunk); count++) {
        if (count == 1)
            buffer_append_bytes(&built->joined, built->content);
        if (count >= 1)
            buffer_append_bytes(&built->joined, chunk);
        built->content = count ? buffer_bytes(&built->joined) : chunk;
    }
    built->chunked = true;
    if (built->content.size)
        built->deviations |= DEVIATION(CHUNKS);
    return body;
}

/* Takes the content out of |body|. Returns the lines of the trailers. */
static struct bytes take_body(struct curl_request *built, struct bytes head, struct bytes body)
{
    struct http1_field coding;
    built->has_body = body.size > 0 && !built->is_head;
    if (!built->has_body)
        return (struct bytes){0};
    if (http1_find_field(head, "Transfer-Encoding", &coding) && http1_list_has(coding.value, "chunked"))
        return take_chunks(built, body);
    built->content = body;
    return (struct bytes){0};
}

static void put_target(struct curl_request *built, struct bytes target, const struct curl_way *way)
{
    if (!way->absolute) {
        built->target = keep(built, target);
        return;
    }
    size_t at = built->text.size;
    built->deviations |= DEVIATION(ABSOLUTE_TARGET);
    buffer_append_text(&built->text, way->absolute);
    keep(built, is(target, "*") ? (struct bytes){0} : target); /* RFC 9112 §3.2.4 */
    built->target = (char *)built->text.data + at;
}

void curl_request_build(struct curl_request *built, const struct sender_request *request,
                        const struct curl_way *way)
{
    struct http1_request_line line = {0};
    struct seen seen = {0};
    *built = (struct curl_request){.text = built->text,
                                   .joined = built->joined,
                                   .nodes = built->nodes,
                                   .node_capacity = built->node_capacity,
                                   .is_head = request->method_is_head};
    http1_request_line(request->head, &line);
    built->http10 = bytes_equal(line.version, BYTES_LITERAL("HTTP/1.0"));
    if (way->http2)
        built->deviations |= DEVIATION(PSEUDO_FIELDS);
    else if (!built->http10 && !bytes_equal(line.version, BYTES_LITERAL("HTTP/1.1")))
        built->deviations |= DEVIATION(VERSION);
    if (built->is_head && request->body.size)
        built->deviations |= DEVIATION(HEAD_BODY);
    struct bytes trailers = take_body(built, request->head, request->body);
    buffer_clear(&built->text); /* which must not move from here on */
    buffer_reserve(&built->text, 3 * (request->head.size + trailers.size) + TEXT_GROWS +
                                     (way->absolute ? strlen(way->absolute) : 0));
    built->method = keep(built, line.method);
    put_target(built, line.target, way);
    put_fields(built, request->head, way, &seen);
    size_t fields = built->node_count;
    put_trailers(built, trailers, way);
    built->trailers = link_nodes(built, fields, built->node_count);
    built->fields = link_nodes(built, 0, fields);
}

void curl_request_free(struct curl_request *built)
{
    buffer_free(&built->text);
    buffer_free(&built->joined);
    free(built->nodes);
    *built = (struct curl_request){0};
}
