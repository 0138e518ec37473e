#include "filters/exchange_json.h"

#include "common/http1_head.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* What is read. */
struct reader {
    json_t *object;
    struct error *err;
    unsigned line; /* that the object begins in */
};

static int wrong(const struct reader *reader, const char *name, const char *what)
{
    return error_set(reader->err, ERROR_USAGE, "line %u: \"%s\" is no %s", reader->line, name, what);
}

static bool lists(json_t *object, const char *list, const char *name)
{
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(object, list), index, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
            return true;
    }
    return false;
}

/* Appends |text|, in which each character up to U+00FF is a byte. Returns false where there is another. */
static bool append_latin1(struct bytes text, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte >= 0x80) {
            if ((byte & 0xfc) != 0xc0 || i + 1 == text.size)
                return false;
            byte = (uint8_t)(byte << 6 | (text.data[++i] & 0x3f));
        }
        buffer_append_byte(out, byte);
    }
    return true;
}

/* Appends the string |value|, of the member |name|. */
static int append_string(const struct reader *reader, const char *name, const json_t *value,
                         struct buffer *out)
{
    if (!json_is_string(value))
        return wrong(reader, name, "text");
    struct bytes text = bytes_make(json_string_value(value), json_string_length(value));
    if (!lists(reader->object, "bytes", name))
        buffer_append_bytes(out, text);
    else if (!append_latin1(text, out))
        return wrong(reader, name, "text of bytes");
    return 0;
}

/* Appends the member |name|, or |otherwise| where there is none. */
static int append_member(const struct reader *reader, const char *name, const char *otherwise,
                         struct buffer *out)
{
    const json_t *value = json_object_get(reader->object, name);
    if (value)
        return append_string(reader, name, value, out);
    buffer_append_text(out, otherwise);
    return 0;
}

/* Appends the header lines of the member |name| and the empty line. */
static int append_headers(const struct reader *reader, const char *name, struct buffer *out)
{
    json_t *list = json_object_get(reader->object, name), *pair;
    size_t index;
    if (list && !json_is_array(list))
        return wrong(reader, name, "list of [name, value]");
    json_array_foreach(list, index, pair)
    {
        if (json_array_size(pair) != 2)
            return wrong(reader, name, "list of [name, value]");
        const json_t *field = json_array_get(pair, 0);
        if (append_string(reader, name, field, out) != 0)
            return -1;
        if (json_string_length(field) > 0) /* else a line without a colon */
            buffer_append_text(out, ": ");
        if (append_string(reader, name, json_array_get(pair, 1), out) != 0)
            return -1;
        if (out->data[out->size - 1] != '\n') /* as lines without a colon end already */
            buffer_append_text(out, "\r\n");
    }
    buffer_append_text(out, "\r\n");
    return 0;
}

static int read_request_head(const struct reader *reader, struct buffer *head)
{
    struct http1_field field;
    if (append_member(reader, "method", "GET", head) != 0)
        return -1;
    buffer_append_byte(head, ' ');
    if (append_member(reader, "path", "/", head) != 0)
        return -1;
    buffer_append_text(head, " HTTP/");
    if (append_member(reader, "version", "1.1", head) != 0)
        return -1;
    buffer_append_text(head, "\r\n");
    size_t start = head->size;
    if (append_headers(reader, "request_headers", head) != 0)
        return -1;
    const json_t *host = json_object_get(reader->object, "host");
    if (!host || json_string_length(host) == 0 || http1_find_field(buffer_bytes(head), "host", &field))
        return 0;
    head->size = start; /* a Host line comes first */
    buffer_append_text(head, "Host: ");
    if (append_string(reader, "host", host, head) != 0)
        return -1;
    buffer_append_text(head, "\r\n");
    return append_headers(reader, "request_headers", head);
}

static int read_response_head(const struct reader *reader, struct exchange *exchange)
{
    const json_t *status = json_object_get(reader->object, "status");
    if (!status || json_is_null(status)) {
        exchange->flags |= EXCHANGE_FLAG(NO_RESPONSE);
        return 0;
    }
    if (!json_is_integer(status) || json_integer_value(status) < 100 || json_integer_value(status) > 999)
        return wrong(reader, "status", "status code");
    exchange->status = (uint16_t)json_integer_value(status);
    exchange->response.first_ns = exchange->response.last_ns = exchange->request.last_ns;
    buffer_printf(&exchange->response.head, "HTTP/1.1 %u \r\n", exchange->status);
    return append_headers(reader, "response_headers", &exchange->response.head);
}

static int append_base64(const struct reader *reader, const char *name, const json_t *value,
                         struct buffer *out)
{
    size_t size = json_string_length(value), used = 0;
    if (!json_is_string(value))
        return wrong(reader, name, "base64");
    buffer_reserve(out, size + 1);
    if (sodium_base642bin(out->data, size + 1, json_string_value(value), size, NULL, &used, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return wrong(reader, name, "base64");
    out->size = used;
    return 0;
}

/* Appends what is written as JSON in place of text. */
static int append_document(const struct reader *reader, const char *name, const json_t *value,
                           struct buffer *out)
{
    char *text = json_is_object(value) || json_is_array(value) ? json_dumps(value, JSON_COMPACT) : NULL;
    if (!text)
        return wrong(reader, name, "text and no JSON document");
    buffer_append_text(out, text);
    free(text);
    return 0;
}

/* Takes the words of _state and _reason. */
static void read_state(const struct reader *reader, const char *name, struct body *body)
{
    static const char *const states[] = {"empty", "kept", "cut", "dropped"};
    char member[32];
    snprintf(member, sizeof member, "%s_state", name);
    const char *state = json_string_value(json_object_get(reader->object, member));
    snprintf(member, sizeof member, "%s_reason", name);
    const char *reason = json_string_value(json_object_get(reader->object, member));
    body->state = body->content.size > 0 ? BODY_KEPT : BODY_EMPTY;
    for (unsigned i = 0; state && i < sizeof states / sizeof states[0]; i++)
        if (strcmp(state, states[i]) == 0 && (body->content.size > 0 || i != BODY_KEPT))
            body->state = (enum body_state)i;
    for (unsigned i = 0; reason && i < BODY_REASON_COUNT; i++)
        if (strcmp(reason, body_reason_name((enum body_reason)i)) == 0)
            body->reason = (enum body_reason)i;
}

static int read_body(const struct reader *reader, const char *name, bool coded, struct body *body)
{
    const json_t *value = json_object_get(reader->object, name);
    int status = 0;
    if (!value || json_is_null(value))
        status = 0;
    else if (lists(reader->object, "base64", name))
        status = append_base64(reader, name, value, &body->content);
    else if (json_is_string(value))
        buffer_append(&body->content, json_string_value(value), json_string_length(value));
    else
        status = append_document(reader, name, value, &body->content);
    body->wire_bytes = body->content.size;
    body->coded = coded && body->content.size > 0;
    read_state(reader, name, body);
    return status;
}

static void read_flags(const struct reader *reader, struct exchange *exchange)
{
    for (unsigned bit = 0; bit < EXCHANGE_FLAG_COUNT; bit++)
        if (lists(reader->object, "flags", exchange_flag_name(bit)))
            exchange->flags |= UINT64_C(1) << bit;
}

static uint64_t read_id(const struct reader *reader, const char *name)
{
    const char *text = json_string_value(json_object_get(reader->object, name));
    return text ? strtoull(text, NULL, 16) : 0;
}

static int read_exchange(const struct reader *reader, struct exchange *exchange)
{
    if (!json_is_object(reader->object))
        return error_set(reader->err, ERROR_USAGE, "line %u: not a JSON object", reader->line);
    exchange->id = read_id(reader, "id");
    exchange->connection = read_id(reader, "connection");
    read_flags(reader, exchange);
    bool coded = (exchange->flags & EXCHANGE_FLAG(UNSANITIZED)) != 0;
    if (read_request_head(reader, &exchange->request.head) != 0 || read_response_head(reader, exchange) != 0)
        return -1;
    if (read_body(reader, "request_body", coded, &exchange->request.body) != 0)
        return -1;
    return read_body(reader, "response_body", coded, &exchange->response.body);
}

/* Passes white space. Returns whether anything follows. */
static bool skip_space(FILE *file, unsigned *line)
{
    int byte;
    while ((byte = getc(file)) == ' ' || byte == '\t' || byte == '\r' || byte == '\n')
        *line += byte == '\n';
    if (byte == EOF)
        return false;
    ungetc(byte, file);
    return true;
}

/* What json_load_callback reads from, a byte a time, so that nothing of the next object is taken. */
struct input {
    FILE *file;
    unsigned *line;
};

static size_t read_byte(void *buffer, size_t size, void *arg)
{
    struct input *input = arg;
    int byte = size > 0 ? getc(input->file) : EOF;
    if (byte == EOF)
        return ferror(input->file) ? (size_t)-1 : 0;
    *input->line += byte == '\n';
    *(char *)buffer = (char)byte;
    return 1;
}

enum exchange_json_status exchange_json_read(FILE *file, unsigned *line, struct exchange *exchange,
                                             struct error *err)
{
    exchange_clear(exchange);
    *line += *line == 0;
    bool more = skip_space(file, line);
    if (!more && !ferror(file))
        return EXCHANGE_JSON_END;
    struct reader reader = {.err = err, .line = *line};
    struct input input = {file, line};
    json_error_t ignored; /* it quotes what it does not understand */
    if (more)
        reader.object =
            json_load_callback(read_byte, &input, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &ignored);
    int status;
    if (ferror(file))
        status = error_set_errno(err, ERROR_IO, errno, "cannot read");
    else if (!reader.object)
        status = error_set(err, ERROR_USAGE, "line %u: not JSON", *line);
    else
        status = read_exchange(&reader, exchange);
    json_decref(reader.object);
    return status == 0 ? EXCHANGE_JSON_READ : EXCHANGE_JSON_FAILED;
}
