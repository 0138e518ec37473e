#include "filters/locate/multipart_locator.h"

#include "common/percent.h"
#include "filters/locate/part_head.h"

#include <string.h>

#define BOUNDARY_MAX 70

static struct bytes part_of(struct bytes text, size_t from, size_t to)
{
    return bytes_make(text.data ? text.data + from : NULL, to - from);
}

static bool is_boundary(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool word =
            (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        if (!word && (!byte || !strchr("'()+_,-./:=? ", byte)))
            return false;
    }
    return text.size > 0 && text.size <= BOUNDARY_MAX && text.data[text.size - 1] != ' ';
}

struct bytes multipart_boundary(struct bytes type)
{
    struct bytes boundary = {0};
    const uint8_t *parameters = type.size ? memchr(type.data, ';', type.size) : NULL;
    if (!parameters)
        return boundary;
    struct bytes rest = part_of(type, (size_t)(parameters - type.data), type.size);
    struct parameter parameter;
    while (parameter_next(&rest, &parameter)) {
        if (!bytes_equal_nocase(parameter.name, BYTES_LITERAL("boundary")))
            continue;
        if (boundary.size > 0 || !is_boundary(parameter.value))
            return (struct bytes){0};
        boundary = parameter.value;
    }
    return rest.size == 0 ? boundary : (struct bytes){0};
}

/* Reads |text|; |mark| is what delimiter lines begin with. */
struct reader {
    struct locator *locator;
    struct bytes text;
    uint8_t mark[2 + BOUNDARY_MAX];
    size_t mark_size;
    enum body_extent extent;
    struct buffer *out;
    unsigned parts;
    bool left_out; /* content of a part is */
};

/* A delimiter line. */
struct delimiter {
    size_t start;
    size_t end;
    bool last;
};

enum found { FOUND, FOUND_NOTHING, FOUND_DOUBT };

/* Reads the delimiter line at |start|. One that the text ends in is none yet. */
static enum found read_delimiter(const struct reader *reader, size_t start, struct delimiter *ret_delimiter)
{
    struct bytes text = reader->text;
    size_t at = start + reader->mark_size;
    bool last = text.size - at >= 2 && text.data[at] == '-' && text.data[at + 1] == '-';
    bool cut = reader->extent == BODY_BEGINNING;
    if (last)
        at += 2;
    else if (cut && text.size - at == 1 && text.data[at] == '-')
        return FOUND_NOTHING;
    while (at < text.size && (text.data[at] == ' ' || text.data[at] == '\t'))
        at++;
    bool ends = text.size - at >= 2 && text.data[at] == '\r' && text.data[at + 1] == '\n';
    if (!ends && cut && (at == text.size || (text.size - at == 1 && text.data[at] == '\r')))
        return FOUND_NOTHING;
    if (!ends && !(last && at == text.size))
        return FOUND_DOUBT;
    *ret_delimiter = (struct delimiter){.start = start, .end = ends ? at + 2 : at, .last = last};
    return FOUND;
}

/* Finds the first delimiter line from |at|, which is where a line begins. In doubt where one reader could see a
 * delimiter and another none: after another line end than CRLF, or with more bytes in its line. */
static enum found find_delimiter(const struct reader *reader, size_t at, struct delimiter *ret_delimiter)
{
    struct bytes text = reader->text;
    while (at < text.size) {
        const uint8_t *hit = memmem(text.data + at, text.size - at, reader->mark, reader->mark_size);
        if (!hit)
            return FOUND_NOTHING;
        size_t start = (size_t)(hit - text.data);
        if (start == 0 || (start >= 2 && hit[-1] == '\n' && hit[-2] == '\r'))
            return read_delimiter(reader, start, ret_delimiter);
        if (hit[-1] == '\n' || hit[-1] == '\r')
            return FOUND_DOUBT;
        /* The next one cannot begin in the same line. */
        const uint8_t *end = hit;
        while (end < text.data + text.size && *end != '\n' && *end != '\r')
            end++;
        at = (size_t)(end - text.data);
    }
    return FOUND_NOTHING;
}

static bool is_white(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!memchr(" \t\r\n", text.data[i], 4))
            return false;
    return true;
}

/* Returns whether |content| is text: no control bytes but those that lay it out. */
static bool is_text(struct bytes content)
{
    for (size_t i = 0; i < content.size; i++)
        if ((content.data[i] < ' ' && !memchr("\t\r\n", content.data[i], 3)) || content.data[i] == 0x7f)
            return false;
    return true;
}

static struct policy_decision decide(struct locator *locator, struct bytes name)
{
    struct policy_decision decision =
        policy_memo_ask(&locator->memo, locator->policy, POLICY_IN_MULTIPART, name);
    if (decision.class != POLICY_PUBLIC || !name.size || !memchr(name.data, '%', name.size))
        return decision;
    struct buffer *decoded = locator_take(locator); /* browsers escape quotes so; others may undo all of it */
    percent_decode(name, false, decoded);
    decision = policy_memo_ask(&locator->memo, locator->policy, POLICY_IN_MULTIPART, buffer_bytes(decoded));
    locator_give(locator, decoded);
    return decision;
}

/* Writes a value that is text to |out|, replaced as its name or what is in it demands. */
static void locate_text(struct locator *locator, struct bytes name, struct policy_decision decision,
                        struct bytes content, struct buffer *out)
{
    struct atom atom = {LINK_PLACE_FORM, decision, name, content};
    if (decision.class != POLICY_PUBLIC)
        locator_replace(locator, &atom, out);
    else if (!locate_nested(locator, LINK_PLACE_FORM, name, content, out)) {
        buffer_clear(out);
        buffer_append_bytes(out, content);
    }
}

/* Appends content that is located by its type. Returns whether all of it could be. */
static bool locate_typed(struct reader *reader, const struct part_head *head, struct bytes content,
                         struct buffer *out)
{
    struct locator *locator = reader->locator;
    if (head->type.media == MEDIA_MULTIPART && locator->depth >= LOCATOR_DEPTH_MAX)
        return false;
    locator->depth += head->type.media == MEDIA_MULTIPART;
    enum body_reason reason = body_locate(locator, head->type, BODY_WHOLE, content, out);
    locator->depth -= head->type.media == MEDIA_MULTIPART;
    if (reason != BODY_REASON_NONE && reason != BODY_REASON_PARTS)
        buffer_clear(out);
    return reason == BODY_REASON_NONE;
}

/* Writes what is kept of a part's |content| to |out|, which is empty. Returns whether that is all of it. */
static bool locate_content(struct reader *reader, const struct part_head *head, struct bytes content,
                           struct buffer *out)
{
    if (content.size == 0)
        return true;
    if (head->encoded)
        return false;
    bool text = !head->typed || head->type.media == MEDIA_TEXT;
    struct policy_decision decision = {0};
    if (head->named)
        decision = decide(reader->locator, head->name);
    if (text) {
        if (!head->named || head->file || !is_text(content))
            return false;
        locate_text(reader->locator, head->name, decision, content, out);
        return true;
    }
    /* What is sensitive as a whole and has a structure has no pseudonym that keeps it. */
    if (decision.class != POLICY_PUBLIC && !decision.scalar_only)
        return false;
    return locate_typed(reader, head, content, out);
}

/* Returns whether |content| could be taken for more than content. */
static bool holds_mark(const struct reader *reader, struct bytes content)
{
    return content.size > 0 && memmem(content.data, content.size, reader->mark, reader->mark_size);
}

/* Splits |part| at the empty line after its header lines. Returns false where there is none. */
static bool split_part(struct bytes part, struct bytes *ret_lines, struct bytes *ret_content)
{
    size_t size = 0;
    if (part.size < 2 || memcmp(part.data, "\r\n", 2) != 0) {
        const uint8_t *end = part.size ? memmem(part.data, part.size, "\r\n\r\n", 4) : NULL;
        if (!end)
            return false;
        size = (size_t)(end - part.data) + 2;
    }
    *ret_lines = part_of(part, 0, size);
    *ret_content = part_of(part, size + 2, part.size);
    return true;
}

/* Returns whether the part with |head| is to go, and tells so. */
static bool part_goes(struct reader *reader, const struct part_head *head, struct bytes content)
{
    if (!head->named || !policy_has_removes(reader->locator->policy))
        return false;
    struct policy_decision decision = decide(reader->locator, head->name);
    bool goes = locator_removes(reader->locator, decision);
    if (goes)
        locator_remove(reader->locator, &(struct atom){LINK_PLACE_FORM, decision, head->name, content});
    return goes;
}

/* Appends |part|, unless it goes. */
static enum body_reason locate_part(struct reader *reader, struct bytes part, bool *ret_gone)
{
    struct bytes lines, content;
    struct part_head head;
    if (!split_part(part, &lines, &content) || !part_head_read(lines, &head))
        return BODY_REASON_SYNTAX;
    *ret_gone = part_goes(reader, &head, content);
    if (*ret_gone)
        return BODY_REASON_NONE;
    struct buffer *kept = locator_take(reader->locator);
    bool all = locate_content(reader, &head, content, kept);
    bool changed = !bytes_equal(buffer_bytes(kept), content);
    if (changed && holds_mark(reader, buffer_bytes(kept))) {
        buffer_clear(kept);
        all = false;
    }
    reader->left_out |= !all;
    part_head_locate(reader->locator, lines, all && changed ? &kept->size : NULL, reader->out);
    buffer_append_text(reader->out, "\r\n");
    buffer_append_bytes(reader->out, buffer_bytes(kept));
    locator_give(reader->locator, kept);
    return BODY_REASON_NONE;
}

/* Appends what is certain of a part that was cut: its header lines where they are whole. */
static enum body_reason locate_cut_part(struct reader *reader, struct bytes part)
{
    struct bytes lines, content;
    struct part_head head;
    if (!split_part(part, &lines, &content))
        return BODY_REASON_NONE;
    if (!part_head_read(lines, &head))
        return BODY_REASON_SYNTAX;
    if (part_goes(reader, &head, content))
        return BODY_REASON_NONE;
    part_head_locate(reader->locator, lines, NULL, reader->out);
    buffer_append_text(reader->out, "\r\n");
    return BODY_REASON_NONE;
}

/* Appends all from the first delimiter line on. */
static enum body_reason locate_parts(struct reader *reader, struct delimiter delimiter)
{
    struct bytes text = reader->text;
    buffer_append_bytes(reader->out, part_of(text, 0, delimiter.end));
    while (!delimiter.last) {
        size_t start = delimiter.end, line = delimiter.end - delimiter.start;
        bool gone;
        if (++reader->parts > MULTIPART_PARTS_MAX)
            return BODY_REASON_LIMIT;
        enum found found = find_delimiter(reader, start, &delimiter);
        if (found == FOUND_NOTHING && reader->extent == BODY_BEGINNING)
            return locate_cut_part(reader, part_of(text, start, text.size));
        /* a part has an empty line, and the delimiter the end of another before it */
        if (found != FOUND || delimiter.start < start + 2)
            return BODY_REASON_SYNTAX;
        enum body_reason reason = locate_part(reader, part_of(text, start, delimiter.start - 2), &gone);
        if (reason != BODY_REASON_NONE)
            return reason;
        if (gone) /* the delimiter line behind it stands in place of the one before */
            reader->out->size -= line;
        buffer_append_bytes(reader->out, part_of(text, delimiter.start - (gone ? 0 : 2), delimiter.end));
    }
    struct bytes rest = part_of(text, delimiter.end, text.size);
    if (!is_white(rest))
        return BODY_REASON_SYNTAX;
    buffer_append_bytes(reader->out, rest);
    return reader->left_out ? BODY_REASON_PARTS : BODY_REASON_NONE;
}

enum body_reason multipart_locate(struct locator *locator, struct bytes boundary, enum body_extent extent,
                                  struct bytes text, struct buffer *out)
{
    struct reader reader = {.locator = locator, .text = text, .extent = extent, .out = out};
    if (boundary.size == 0 || boundary.size > BOUNDARY_MAX)
        return BODY_REASON_SYNTAX;
    memcpy(reader.mark, "--", 2);
    memcpy(reader.mark + 2, boundary.data, boundary.size);
    reader.mark_size = 2 + boundary.size;
    struct delimiter first;
    enum found found = find_delimiter(&reader, 0, &first);
    if (found == FOUND_NOTHING && extent == BODY_BEGINNING)
        return BODY_REASON_NONE;
    if (found != FOUND || !is_white(part_of(text, 0, first.start)))
        return BODY_REASON_SYNTAX;
    return locate_parts(&reader, first);
}
