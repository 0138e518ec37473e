#include "common/clock.h"
#include "common/http1_head.h"
#include "filters/verbs/inspect_format.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f;
}

/* Appends |text| as one word of a POSIX shell: single quotes around what is plain, printf's octal for every other byte.
 * NUL cannot stand in a word, and a newline at the end would be lost: callers keep those away. */
static void append_word(struct buffer *out, struct bytes text)
{
    if (text.size == 0)
        buffer_append_text(out, "''");
    for (size_t i = 0; i < text.size;) {
        bool plain = is_plain(text.data[i]);
        buffer_append_text(out, plain ? "'" : "\"$(printf '");
        for (; i < text.size && is_plain(text.data[i]) == plain; i++) {
            if (!plain)
                buffer_printf(out, "\\%03o", text.data[i]);
            else if (text.data[i] == '\'')
                buffer_append_text(out, "'\\''");
            else
                buffer_append_byte(out, text.data[i]);
        }
        buffer_append_text(out, plain ? "'" : "')\"");
    }
}

static bool has_byte(struct bytes text, const char *set)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == 0 || strchr(set, text.data[i]))
            return true;
    return false;
}

static bool is_token(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (!isalnum(name.data[i]) && (name.data[i] == 0 || !strchr("!#$%&'*+-.^_`|~", name.data[i])))
            return false;
    return name.size > 0;
}

static bool is_named(struct bytes name, const char *text)
{
    return bytes_equal_nocase(name, bytes_of(text));
}

/* Appends the header fields as options; returns how many cannot be given to curl. */
static unsigned append_fields(struct buffer *out, const struct exchange *exchange)
{
    static const char *const added_by_curl[] = {"Host", "User-Agent", "Accept", "Content-Type"};
    struct bytes head = buffer_bytes(&exchange->request.head), fields = http1_fields(head);
    struct http1_field field;
    unsigned left_out = 0;
    while (http1_next_field(&fields, &field)) {
        if (is_named(field.name, "content-length") || is_named(field.name, "expect"))
            continue;
        if (!field.split || !is_token(field.name) || has_byte(field.value, "\r\n")) {
            left_out++;
            continue;
        }
        struct buffer text = {0};
        buffer_append_bytes(&text, field.name);
        if (field.value.size > 0) {
            buffer_append_text(&text, ": ");
            buffer_append_bytes(&text, field.value);
        } else {
            buffer_append_byte(&text, ';'); /* curl's way to send an empty field */
        }
        buffer_append_text(out, " \\\n  -H ");
        append_word(out, buffer_bytes(&text));
        buffer_free(&text);
    }
    for (size_t i = 0; i < sizeof added_by_curl / sizeof added_by_curl[0]; i++)
        if (!http1_find_field(head, added_by_curl[i], &field))
            buffer_printf(out, " \\\n  -H '%s:'", added_by_curl[i]);
    buffer_append_text(out, " \\\n  -H 'Expect:'");
    return left_out;
}

/* Returns whether |target| can be the path of a URL as it is. */
static bool is_url_path(struct bytes target)
{
    if (target.size == 0 || target.data[0] != '/')
        return false;
    for (size_t i = 0; i < target.size; i++)
        if (target.data[i] <= 0x20 || target.data[i] >= 0x7f || strchr("#\"<>\\^`{|}", target.data[i]))
            return false;
    return true;
}

static void append_url(struct buffer *out, const struct exchange *exchange, struct bytes target)
{
    char server[ADDRESS_TEXT_SIZE];
    struct buffer url = {0};
    buffer_printf(&url, "%s://%s", exchange->tls ? "https" : "http",
                  exchange->server.family ? address_format(&exchange->server, server) : "127.0.0.1");
    if (is_url_path(target)) {
        buffer_append_bytes(&url, target);
    } else {
        buffer_append_byte(&url, '/');
        buffer_append_text(out, " \\\n  --request-target ");
        append_word(out, target);
    }
    buffer_append_text(out, " \\\n  ");
    append_word(out, buffer_bytes(&url));
    buffer_free(&url);
}

/* Appends what feeds the body to curl's standard input. */
static void append_body_source(struct buffer *out, struct bytes content)
{
    buffer_append_text(out, "printf '");
    for (size_t i = 0; i < content.size; i++) {
        uint8_t byte = content.data[i];
        if (byte == '%')
            buffer_append_text(out, "%%");
        else if (is_plain(byte) && byte != '\'' && byte != '\\')
            buffer_append_byte(out, byte);
        else
            buffer_printf(out, "\\%03o", byte);
    }
    buffer_append_text(out, "' | ");
}

static void append_remarks(struct buffer *out, const struct inspect_item *item)
{
    static const char *const states[] = {"empty", "kept", "cut", "dropped"};
    const struct message *request = &item->exchange->request;
    char time[CLOCK_ISO8601_SIZE];
    buffer_printf(out, "# %016" PRIx64 " %s\n", item->exchange->id,
                  clock_format_iso8601(request->first_ns, time));
    if (item->body_damaged)
        buffer_append_text(out, "# the body could not be read: the segment is damaged\n");
    else if (request->body.state == BODY_CUT || request->body.state == BODY_DROPPED)
        buffer_printf(out, "# the body was %s (%s): %zu of %" PRIu64 " bytes are sent\n",
                      states[request->body.state], body_reason_name(request->body.reason),
                      request->body.content.size, request->body.wire_bytes);
    if (request->withheld_lines)
        buffer_printf(out, "# %u header lines could not be sanitized and were not kept\n",
                      request->withheld_lines);
    if (request->trailers.size > 0)
        buffer_append_text(out, "# the trailers are not sent\n");
}

void inspect_curl(const struct inspect_item *item, struct buffer *out)
{
    const struct exchange *exchange = item->exchange;
    struct http1_request_line line;
    append_remarks(out, item);
    if (!http1_request_line(buffer_bytes(&exchange->request.head), &line) || !is_token(line.method) ||
        has_byte(line.target, "\r\n")) {
        buffer_append_text(out, "# curl cannot send this request line\n\n");
        return;
    }
    struct bytes content = buffer_bytes(&exchange->request.body.content);
    bool body = content.size > 0 && !is_named(line.method, "head");
    if (body)
        append_body_source(out, content);
    buffer_append_text(out, "curl -sS -i -g --http1.1 --path-as-is");
    if (is_named(line.method, "head")) {
        buffer_append_text(out, " --head");
    } else {
        buffer_append_text(out, " -X ");
        append_word(out, line.method);
    }
    unsigned left_out = append_fields(out, exchange);
    if (body)
        buffer_append_text(out, " \\\n  --data-binary @-");
    append_url(out, exchange, line.target);
    buffer_append_byte(out, '\n');
    if (left_out)
        buffer_printf(out, "# %u header lines are left out: curl cannot send them\n", left_out);
    buffer_append_byte(out, '\n');
}
