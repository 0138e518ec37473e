#include "replay/request.h"

#include "common/coding.h"
#include "common/http1_head.h"
#include "replay/fresh.h"

#include <stdio.h>
#include <string.h>

#define RUN_HEADER "X-Rehearse-Run"

/* What building one request passes around. */
struct build {
    struct request *request;
    const struct request_rules *rules;
    struct linker *linker;
    const struct linker_context *context;
    const struct exchange *exchange;
    struct http1_request_line line;
    struct bytes recorded_host;
    bool conditional_linked;
};

static bool is(struct bytes name, const char *text)
{
    return bytes_equal_nocase(name, bytes_of(text));
}

/* Splits "scheme://authority/rest". Returns false where |url| has no "://". */
static bool split_url(struct bytes url, struct bytes *ret_authority, struct bytes *ret_rest)
{
    for (size_t i = 0; i + 3 <= url.size && i < 16; i++) {
        if (memcmp(url.data + i, "://", 3) != 0)
            continue;
        size_t from = i + 3, end = from;
        while (end < url.size && !memchr("/?#", url.data[end], 3))
            end++;
        *ret_authority = (struct bytes){url.data + from, end - from};
        *ret_rest = (struct bytes){url.data + end, url.size - end};
        return true;
    }
    return false;
}

/* Without the port that is the scheme's own. */
static struct bytes plain_authority(struct bytes authority)
{
    static const char *const ports[] = {":80", ":443"};
    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(ports[i]);
        if (authority.size > size && memcmp(authority.data + authority.size - size, ports[i], size) == 0)
            authority.size -= size;
    }
    return authority;
}

static void put_target(struct build *build)
{
    struct buffer *head = &build->request->head;
    struct bytes target = build->line.target, authority, rest;
    if (target.size && target.data[0] != '/' && target.data[0] != '*' &&
        split_url(target, &authority, &rest)) {
        buffer_append_text(head, build->rules->base_path);
        if (!rest.size || rest.data[0] != '/')
            buffer_append_byte(head, '/');
        target = rest;
    } else if (target.size && target.data[0] == '/') {
        buffer_append_text(head, build->rules->base_path);
    }
    struct buffer *place = &build->request->place;
    buffer_clear(place);
    if (linker_place(build->linker, build->context, target, place)) {
        build->request->found.linked++;
        target = buffer_bytes(place);
    }
    linker_replace(build->linker, build->context, LINK_PLACE_QUERY, target, head, &build->request->found);
}

/* Connection without the option close; an empty |out| says that nothing is left of it. */
static void put_connection(struct bytes value, struct buffer *out)
{
    struct bytes element;
    while (http1_next_element(&value, &element)) {
        if (is(element, "close"))
            continue;
        if (out->size)
            buffer_append_text(out, ", ");
        buffer_append_bytes(out, element);
    }
}

static void put_origin(struct build *build, struct bytes value, struct buffer *out)
{
    struct bytes authority, rest;
    if (build->rules->origin && build->recorded_host.size && split_url(value, &authority, &rest) &&
        bytes_equal_nocase(plain_authority(authority), plain_authority(build->recorded_host))) {
        buffer_append_text(out, build->rules->origin);
        linker_replace(build->linker, build->context, LINK_PLACE_QUERY, rest, out, &build->request->found);
        return;
    }
    linker_replace(build->linker, build->context, LINK_PLACE_QUERY, value, out, &build->request->found);
}

static void put_validators(struct build *build, struct bytes name, struct bytes value, struct buffer *out)
{
    struct bytes element, issued, rest = value;
    bool is_list = is(name, "If-None-Match") || is(name, "If-Match");
    bool linked = false;
    const uint8_t *copied = value.data;
    while (is_list ? http1_next_element(&rest, &element) : rest.size > 0) {
        if (!is_list) {
            element = rest;
            rest.size = 0;
        }
        if (!linker_validator(build->linker, build->context, build->line.target, element, &issued))
            continue;
        buffer_append(out, copied, (size_t)(element.data - copied));
        buffer_append_bytes(out, issued);
        copied = element.data + element.size;
        linked = true;
    }
    buffer_append(out, copied, (size_t)(value.data + value.size - copied));
    if (is(name, "If-None-Match") || is(name, "If-Modified-Since")) {
        build->request->conditional = true;
        build->conditional_linked = build->conditional_linked || linked;
    }
}

static bool is_validator(struct bytes name)
{
    return is(name, "If-None-Match") || is(name, "If-Modified-Since") || is(name, "If-Match") ||
           is(name, "If-Unmodified-Since") || is(name, "If-Range");
}

/* Writes the new value of |field| to |out|. */
static void put_value(struct build *build, const struct http1_field *field, struct buffer *out)
{
    const struct request_rules *rules = build->rules;
    const struct body *body = &build->exchange->request.body;
    if (is(field->name, "Host"))
        buffer_append_bytes(out, rules->host ? bytes_of(rules->host) : field->value);
    else if (is(field->name, "Content-Length") && body->framing == BODY_FRAMING_LENGTH)
        buffer_printf(out, "%zu", build->request->body.size);
    else if (is(field->name, "Connection") && rules->pooled && http1_list_has(field->value, "close"))
        put_connection(field->value, out);
    else if (is(field->name, "Origin") || is(field->name, "Referer"))
        put_origin(build, field->value, out);
    else if (is_validator(field->name))
        put_validators(build, field->name, field->value, out);
    else if (!rules->verbatim && fresh_is_header(field->name))
        fresh_append(field->value, rules->run_id, build->context->iteration, out);
    else
        linker_replace_header(build->linker, build->context, field->name, field->value, out,
                              &build->request->found);
}

static void put_line(struct buffer *head, struct bytes name, struct bytes value)
{
    buffer_append_bytes(head, name);
    buffer_append_text(head, ": ");
    buffer_append_bytes(head, value);
    buffer_append_text(head, "\r\n");
}

/* Where --set-header names |field|, writes the new line in the place of the first such and none for the others. */
static bool put_set(struct build *build, const struct http1_field *field)
{
    const struct request_rules *rules = build->rules;
    for (size_t i = 0; i < rules->set_header_count; i++) {
        if (!bytes_equal_nocase(rules->set_headers[i].name, field->name))
            continue;
        if (!build->request->set.data[i])
            put_line(&build->request->head, field->name, rules->set_headers[i].value);
        build->request->set.data[i] = true;
        return true;
    }
    return false;
}

static void put_field(struct build *build, const struct http1_field *field)
{
    struct buffer *head = &build->request->head, *value = &build->request->scratch[0];
    if (field->split && (is(field->name, RUN_HEADER) || put_set(build, field)))
        return;
    if (!field->split || !field->value.size) {
        buffer_append_bytes(head, field->line);
        return;
    }
    buffer_clear(value);
    put_value(build, field, value);
    if (!value->size && is(field->name, "Connection"))
        return;
    const uint8_t *after = field->value.data + field->value.size;
    buffer_append(head, field->line.data, (size_t)(field->value.data - field->line.data));
    buffer_append_bytes(head, buffer_bytes(value));
    buffer_append(head, after, (size_t)(field->line.data + field->line.size - after));
}

static void put_added(struct build *build)
{
    const struct request_rules *rules = build->rules;
    struct buffer *head = &build->request->head;
    for (size_t i = 0; i < rules->set_header_count; i++)
        if (!build->request->set.data[i])
            put_line(head, rules->set_headers[i].name, rules->set_headers[i].value);
    put_line(head, BYTES_LITERAL(RUN_HEADER), bytes_of(rules->run_id));
}

static enum link_place body_place(struct bytes head)
{
    struct http1_field type;
    if (!http1_find_field(head, "Content-Type", &type))
        return LINK_PLACE_BODY;
    if (memmem(type.value.data, type.value.size, "json", 4))
        return LINK_PLACE_JSON;
    if (memmem(type.value.data, type.value.size, "x-www-form-urlencoded", 21))
        return LINK_PLACE_FORM;
    return LINK_PLACE_BODY;
}

static bool put_body(struct build *build, struct bytes head)
{
    const struct body *body = &build->exchange->request.body;
    struct request *request = build->request;
    struct buffer *plain = &request->scratch[1], *coded = &request->scratch[2];
    struct bytes content = buffer_bytes(&body->content);
    struct http1_field coding;
    if (content.size && !body->coded) {
        buffer_clear(plain);
        linker_replace(build->linker, build->context, body_place(head), content, plain, &request->found);
        content = buffer_bytes(plain);
        if (http1_find_field(head, "Content-Encoding", &coding)) {
            if (coding_encode(coding.value, content, coded) != CODING_OK)
                return false;
            content = buffer_bytes(coded);
        }
    }
    if (body->framing != BODY_FRAMING_CHUNKED) {
        buffer_append_bytes(&request->body, content);
        return true;
    }
    if (content.size) {
        buffer_printf(&request->body, "%zx\r\n", content.size);
        buffer_append_bytes(&request->body, content);
        buffer_append_text(&request->body, "\r\n");
    }
    buffer_append_text(&request->body, "0\r\n");
    linker_replace(build->linker, build->context, LINK_PLACE_HEADER,
                   buffer_bytes(&build->exchange->request.trailers), &request->body, &request->found);
    buffer_append_text(&request->body, "\r\n");
    return true;
}

bool request_build(struct request *request, const struct request_rules *rules, struct linker *linker,
                   const struct linker_context *context, const struct exchange *exchange)
{
    struct build build = {
        .request = request, .rules = rules, .linker = linker, .context = context, .exchange = exchange};
    struct bytes head = buffer_bytes(&exchange->request.head), fields = http1_fields(head);
    struct http1_field field;
    buffer_clear(&request->head);
    buffer_clear(&request->body);
    buffer_clear(&request->set);
    for (size_t i = 0; i < rules->set_header_count; i++)
        buffer_append_byte(&request->set, false);
    request->expect_continue = request->conditional = request->close = false;
    request->found = (struct linker_found){0};
    if (!http1_request_line(head, &build.line) || !put_body(&build, head))
        return false;
    request->method_is_head = bytes_equal(build.line.method, BYTES_LITERAL("HEAD"));
    if (http1_find_field(head, "Host", &field))
        build.recorded_host = field.value;
    const uint8_t *after = build.line.target.data + build.line.target.size;
    buffer_append(&request->head, head.data, (size_t)(build.line.target.data - head.data));
    put_target(&build);
    buffer_append(&request->head, after, (size_t)(fields.data - after));
    while (http1_next_field(&fields, &field)) {
        put_field(&build, &field);
        if (is(field.name, "Expect") && is(field.value, "100-continue"))
            request->expect_continue = request->body.size > 0;
        if (is(field.name, "Connection") && !rules->pooled)
            request->close = request->close || http1_list_has(field.value, "close");
    }
    put_added(&build);
    buffer_append_text(&request->head, "\r\n");
    request->conditional = request->conditional && !build.conditional_linked;
    return true;
}

void request_free(struct request *request)
{
    buffer_free(&request->head);
    buffer_free(&request->body);
    for (size_t i = 0; i < 3; i++)
        buffer_free(&request->scratch[i]);
    buffer_free(&request->place);
    buffer_free(&request->set);
}

bool request_parse_header(const char *text, struct request_header *ret_header)
{
    static const char token[] =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t name = strspn(text, token);
    if (!name || text[name] != ':')
        return false;
    struct bytes value = bytes_trim(bytes_of(text + name + 1));
    for (size_t i = 0; i < value.size; i++)
        if ((value.data[i] < 0x20 && value.data[i] != '\t') || value.data[i] == 0x7f)
            return false;
    *ret_header = (struct request_header){.name = bytes_make(text, name), .value = value};
    /* Framing follows the body that is sent, and the run's id is ours. */
    return !is(ret_header->name, "Content-Length") && !is(ret_header->name, "Transfer-Encoding") &&
           !is(ret_header->name, RUN_HEADER);
}
