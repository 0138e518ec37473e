#include "common/endpoint.h"

#include "common/percent.h"

#include <ctype.h>
#include <string.h>

#define METHOD_SIZE_MAX  32
#define LITERAL_SIZE_MAX 64 /* a longer segment tells nobody anything: it is opaque */
#define ID_TEXT          "{id}"
#define PLAIN_SIZE_MAX   15 /* of a segment that is a word or a number */
#define NOT_PLAIN        SIZE_MAX

/* Decodes at most |capacity| bytes of |view|; returns the decoded size, or capacity + 1 where there is more. */
static size_t decode(struct bytes view, uint8_t *out, size_t capacity)
{
    size_t size = 0;
    while (view.size > 0) {
        if (size == capacity)
            return capacity + 1;
        size_t taken = percent_next(view, 0, &out[size++]);
        view = bytes_make(view.data + taken, view.size - taken);
    }
    return size;
}

static bool is_separator(uint8_t c)
{
    return c == '-' || c == '_' || c == '~' || c == '.' || c == ':' || c == '=';
}

/* rhx and 39 characters of base32 anywhere: a pseudonym (filters/pseudonym.h), or what looks like one. */
static bool has_pseudonym(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i + 42 <= size; i++) {
        if (memcmp(text + i, "rhx", 3) != 0)
            continue;
        size_t length = 3;
        while (length < 42 && ((text[i + length] >= 'a' && text[i + length] <= 'z') ||
                               (text[i + length] >= '2' && text[i + length] <= '7')))
            length++;
        if (length == 42)
            return true;
    }
    return false;
}

/* What a segment is made of, by pieces between separators. */
struct shape {
    bool plain;         /* ASCII letters, digits and separators only */
    bool hex;           /* hexadecimal digits only, no separator */
    size_t digits;      /* in the whole segment */
    size_t letters;     /* in the whole segment */
    size_t pieces;      /* that are not empty */
    size_t mixed;       /* characters in pieces of 5 or more that mix digits and letters */
    size_t mixed_most;  /* the longest of those pieces */
    size_t last_digits; /* the last piece's size where it is all digits, else 0 */
    bool has_dot;
};

static void end_piece(struct shape *shape, size_t digits, size_t letters)
{
    size_t size = digits + letters;
    if (size == 0)
        return;
    shape->pieces++;
    shape->last_digits = letters == 0 ? digits : 0;
    if (digits > 0 && letters > 0 && size >= 5) {
        shape->mixed += size;
        if (size > shape->mixed_most)
            shape->mixed_most = size;
    }
}

static struct shape shape_of(const uint8_t *text, size_t size)
{
    struct shape shape = {.plain = true, .hex = size > 0};
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = text[i];
        shape.hex &= hex_value(c) >= 0;
        shape.has_dot |= c == '.';
        if (isdigit(c)) {
            digits++;
            shape.digits++;
        } else if (isalpha(c) && c < 0x80) {
            letters++;
            shape.letters++;
        } else {
            shape.plain &= is_separator(c);
            end_piece(&shape, digits, letters);
            digits = letters = 0;
        }
    }
    end_piece(&shape, digits, letters);
    return shape;
}

static bool is_uuid(const uint8_t *text, size_t size)
{
    if (size != 36)
        return false;
    for (size_t i = 0; i < size; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : hex_value(text[i]) < 0)
            return false;
    }
    return true;
}

static bool is_id(const uint8_t *text, size_t size)
{
    if (size == 0)
        return false;
    if (size > LITERAL_SIZE_MAX || is_uuid(text, size) || has_pseudonym(text, size))
        return true;
    const uint8_t *at = memchr(text, '@', size);
    if (at && at > text && at + 1 < text + size)
        return true;
    struct shape shape = shape_of(text, size);
    if (!shape.plain)
        return false;
    if (shape.digits > 0 && shape.letters == 0) /* a number or a date; 1.0 is a version */
        return !shape.has_dot;
    if (shape.hex && (size >= 16 || (size >= 8 && shape.digits > 0)))
        return true;
    /* prefix-1001, ord_8f3k2j1h9g: short words stay (v2, utf-8, oauth2) */
    if (shape.pieces == 2 && !shape.has_dot && (shape.last_digits >= 3 || shape.mixed_most >= 8))
        return true;
    return shape.mixed >= 16;
}

/* Where |segment| is an id with a short file extension, returns the size of the id. */
static size_t id_before_extension(const uint8_t *text, size_t size)
{
    for (size_t i = size; i > 1 && size - i < 6; i--) {
        if (text[i - 1] != '.')
            continue;
        if (size - i == 0 || !isalpha(text[i]))
            return 0;
        for (size_t k = i; k < size; k++)
            if (!isalnum(text[k]) || text[k] >= 0x80)
                return 0;
        return is_id(text, i - 1) ? i - 1 : 0;
    }
    return 0;
}

/* RFC 3986 pchar without '%', ';' and '@': what may stand as itself. */
static bool stands(uint8_t c)
{
    return c < 0x80 && (isalnum(c) || (c && strchr("-._~!$&'()*+,=:", c)));
}

static bool is_letter(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26;
}

static void append_escaped(const uint8_t *text, size_t size, struct buffer *out)
{
    size_t letters = 0;
    while (letters < size && is_letter(text[letters]))
        letters++;
    buffer_append(out, text, letters);
    for (size_t i = letters; i < size; i++) {
        if (is_letter(text[i]) || stands(text[i]))
            buffer_append_byte(out, text[i]);
        else
            buffer_printf(out, "%%%02X", text[i]);
    }
}

/* Appends the segment that |path| begins with where it is what most are, a word or a number, as the rest of this file would. Returns its
 * size, or NOT_PLAIN where it must be looked at more closely. */
static size_t append_plain(struct bytes path, struct buffer *out)
{
    size_t size = 0, letters = 0;
    for (; size < path.size && path.data[size] != '/'; size++) {
        bool letter = is_letter(path.data[size]);
        if ((!letter && (uint8_t)(path.data[size] - '0') > 9) || size == PLAIN_SIZE_MAX)
            return NOT_PLAIN;
        letters += letter;
    }
    if (letters > 0 && letters < size && size >= 5)
        return NOT_PLAIN;
    if (letters == 0 && size > 0)
        buffer_append(out, ID_TEXT, sizeof ID_TEXT - 1);
    else
        buffer_append(out, path.data, size);
    return size;
}

/* Appends the segment that |path| begins with. Returns its size. */
static size_t append_segment(struct bytes path, struct buffer *out)
{
    size_t plain = append_plain(path, out);
    if (plain != NOT_PLAIN)
        return plain;
    const uint8_t *slash = memchr(path.data, '/', path.size);
    struct bytes segment = bytes_make(path.data, slash ? (size_t)(slash - path.data) : path.size);
    const size_t whole = segment.size;
    const uint8_t *matrix = segment.size ? memchr(segment.data, ';', segment.size) : NULL;
    if (matrix)
        segment.size = (size_t)(matrix - segment.data);
    uint8_t text[LITERAL_SIZE_MAX + 1];
    size_t size = decode(segment, text, LITERAL_SIZE_MAX);
    size_t stem;
    if (size > LITERAL_SIZE_MAX || is_id(text, size)) {
        buffer_append_text(out, ID_TEXT);
    } else if ((stem = id_before_extension(text, size)) > 0) {
        buffer_append_text(out, ID_TEXT);
        append_escaped(text + stem, size - stem, out);
    } else {
        append_escaped(text, size, out);
    }
    return whole;
}

/* Strips what is before the path: the absolute form's scheme and authority. */
static struct bytes path_of(struct bytes target)
{
    for (const char *ends = "?#"; *ends && target.size > 0; ends++) {
        const uint8_t *end = memchr(target.data, *ends, target.size);
        if (end)
            target.size = (size_t)(end - target.data);
    }
    if (target.size == 0 || target.data[0] == '/')
        return target;
    const uint8_t *scheme = memmem(target.data, target.size, "://", 3);
    if (!scheme)
        return target;
    size_t skip = (size_t)(scheme - target.data) + 3;
    struct bytes rest = bytes_make(target.data + skip, target.size - skip);
    const uint8_t *slash = rest.size ? memchr(rest.data, '/', rest.size) : NULL;
    if (!slash)
        return bytes_make(rest.data, 0);
    return bytes_make(slash, rest.size - (size_t)(slash - rest.data));
}

void endpoint_append(struct bytes method, struct bytes target, struct buffer *out)
{
    append_escaped(method.data, method.size < METHOD_SIZE_MAX ? method.size : METHOD_SIZE_MAX, out);
    buffer_append_byte(out, ' ');
    if (bytes_equal(method, BYTES_LITERAL("CONNECT"))) {
        buffer_append_text(out, "{authority}");
        return;
    }
    struct bytes path = path_of(target);
    if (path.size == 0) {
        buffer_append_byte(out, '/');
        return;
    }
    size_t begin = path.data[0] == '/' ? 1 : 0;
    size_t limit = out->size + ENDPOINT_SIZE_MAX - METHOD_SIZE_MAX * 3 - 4;
    for (size_t segments = 0;; segments++) {
        if (begin > 0)
            buffer_append_byte(out, '/');
        /* An encoded segment is at most three times its 64 bytes. */
        if (segments == ENDPOINT_SEGMENTS_MAX || out->size + 3 * LITERAL_SIZE_MAX + 4 > limit) {
            buffer_append_text(out, "...");
            return;
        }
        begin += append_segment(bytes_make(path.data + begin, path.size - begin), out) + 1;
        if (begin > path.size)
            return;
    }
}
