#include "common/clock.h"
#include "common/http1_head.h"
#include "common/units.h"
#include "filters/verbs/inspect_format.h"

#include <inttypes.h>
#include <string.h>

#define PATH_WIDTH 40
#define HOST_WIDTH 20

/* Appends |text| shortened to |width| columns and padded to it; everything but printable ASCII is escaped. */
static void append_column(struct buffer *out, struct bytes text, size_t width)
{
    size_t start = out->size;
    for (size_t i = 0; i < text.size; i++) {
        size_t before = out->size;
        if (text.data[i] >= 0x20 && text.data[i] < 0x7f && text.data[i] != '\\')
            buffer_append_byte(out, text.data[i]);
        else
            buffer_printf(out, "\\x%02x", text.data[i]);
        bool last = i + 1 == text.size;
        if (out->size - start > width - (last ? 0 : 1)) {
            out->size = before;
            while (out->size - start > width - 1)
                out->size--;
            buffer_append_byte(out, '~');
            break;
        }
    }
    while (out->size - start < width)
        buffer_append_byte(out, ' ');
    buffer_append_byte(out, ' ');
}

static void append_text_column(struct buffer *out, const char *text, size_t width)
{
    append_column(out, bytes_of(text), width);
}

void inspect_table_head(struct buffer *out)
{
    append_text_column(out, "time", 27);
    append_text_column(out, "id", 16);
    append_text_column(out, "session", 16);
    append_text_column(out, "method", 7);
    append_text_column(out, "host", HOST_WIDTH);
    append_text_column(out, "path", PATH_WIDTH);
    append_text_column(out, "status", 6);
    append_text_column(out, "ttfb", 8);
    append_text_column(out, "latency", 8);
    append_text_column(out, "bytes", 8);
    buffer_append_text(out, "flags\n");
}

static void append_flag(struct buffer *out, bool *first, const char *prefix, const char *name)
{
    buffer_printf(out, "%s%s%s", *first ? "" : ",", prefix, name);
    *first = false;
}

static void append_flags(struct buffer *out, const struct exchange *exchange)
{
    bool first = true;
    for (unsigned bit = 0; bit < EXCHANGE_FLAG_COUNT; bit++)
        if (exchange->flags >> bit & 1)
            append_flag(out, &first, "", exchange_flag_name(bit));
    for (unsigned bit = 0; bit < MESSAGE_DEFECT_COUNT; bit++) {
        if (exchange->request.defects >> bit & 1)
            append_flag(out, &first, "request.", message_defect_name(bit));
        if (exchange->response.defects >> bit & 1)
            append_flag(out, &first, "response.", message_defect_name(bit));
    }
    if (first)
        buffer_append_byte(out, '-');
    buffer_append_byte(out, '\n');
}

static void append_links(struct buffer *out, const struct exchange *exchange,
                         const struct link_groups *groups)
{
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        buffer_printf(out, "    %-7s %s ", link_kind_name(link->kind), link_place_name(link->place));
        append_text_column(out, link->name, 30);
        for (size_t k = 0; k < LINK_TAG_SIZE; k++)
            buffer_printf(out, "%02x", link->tag[k]);
        uint64_t issuer;
        if (link_groups_issuer(groups, link, &issuer))
            buffer_printf(out, " from %016" PRIx64, issuer);
        buffer_append_text(out, link->identity ? " identity\n" : "\n");
    }
}

void inspect_table(const struct inspect_item *item, struct buffer *out)
{
    const struct exchange *exchange = item->exchange;
    struct http1_request_line line = {0};
    if (!http1_request_line(buffer_bytes(&exchange->request.head), &line))
        line = (struct http1_request_line){0};
    char time[CLOCK_ISO8601_SIZE], figure[UNITS_TEXT_SIZE];
    clock_format_iso8601(exchange->request.first_ns, time);
    append_column(out, bytes_make(time, 26), 27); /* to the microsecond */
    buffer_printf(out, "%016" PRIx64 " %016" PRIx64 " ", exchange->id, item->session);
    append_column(out, line.method, 7);
    append_column(out, inspect_host(exchange), HOST_WIDTH);
    append_column(out, line.target, PATH_WIDTH);
    if (exchange_has_response(exchange)) {
        buffer_printf(out, "%-6u ", exchange->status);
        append_text_column(out, units_format_duration(exchange_ttfb_ns(exchange), figure), 8);
        append_text_column(out, units_format_duration(exchange_latency_ns(exchange), figure), 8);
    } else {
        append_text_column(out, "-", 6);
        append_text_column(out, "-", 8);
        append_text_column(out, "-", 8);
    }
    append_text_column(out, units_format_size(exchange->response.body.wire_bytes, figure), 8);
    append_flags(out, exchange);
    if (item->links)
        append_links(out, exchange, item->links);
}

static void append_message(struct buffer *out, const char *what, const struct inspect_item *item,
                           const struct message *message)
{
    static const char *const states[] = {"empty", "kept", "cut", "dropped"};
    const struct body *body = &message->body;
    char time[CLOCK_ISO8601_SIZE];
    buffer_printf(out, "==== %s %016" PRIx64 " %s, body %s", what, item->exchange->id,
                  clock_format_iso8601(message->first_ns, time),
                  item->body_damaged ? "damaged" : states[body->state]);
    if (body->reason != BODY_REASON_NONE)
        buffer_printf(out, " (%s)", body_reason_name(body->reason));
    buffer_printf(out, ", %" PRIu64 " bytes on the wire, %zu kept", body->wire_bytes, body->content.size);
    if (body->digested) {
        buffer_append_text(out, ", digest ");
        inspect_digest(body, out);
    }
    if (message->withheld_lines)
        buffer_printf(out, ", %u header lines withheld", message->withheld_lines);
    buffer_append_text(out, " ====\n");
    buffer_append_bytes(out, buffer_bytes(&message->head));
    buffer_append_bytes(out, buffer_bytes(&body->content));
    buffer_append_bytes(out, buffer_bytes(&message->trailers));
    if (out->data[out->size - 1] != '\n')
        buffer_append_byte(out, '\n');
}

void inspect_raw(const struct inspect_item *item, struct buffer *out)
{
    append_message(out, "request", item, &item->exchange->request);
    if (exchange_has_response(item->exchange))
        append_message(out, "response", item, &item->exchange->response);
}
