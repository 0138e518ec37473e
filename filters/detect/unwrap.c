#include "filters/detect/coded_text.h"
#include "filters/detect/detect_chars.h"
#include "filters/detect/detect_scan.h"

#include <assert.h>

#define REGION_BEFORE 256 /* bytes before the first escape that may belong to its value */
#define REGION_GAP    512 /* a region ends where so many bytes have no escape */
#define ASK_SIZE      768 /* bytes that are decoded without memory, when asking */

/* Looks inside decoded |text| with a scan of its own. Returns it: its findings are in the detector's array of its depth. */
static struct scan look_inside(const struct scan *outer, struct bytes text)
{
    struct scan inner = {.text = text,
                         .classes = outer->classes,
                         .hints = outer->hints,
                         .depth = outer->depth + 1,
                         .detector = outer->detector};
    if (outer->detector) {
        inner.ret = outer->detector->inner[outer->depth];
        inner.max = DETECT_INNER_MAX;
    }
    scan_named(&inner);
    scan_run(&inner, 0);
    return inner;
}

/* Returns the end of the region of |wrapping| that has its first unit at |at|. */
static size_t region_end(enum wrapping wrapping, struct bytes text, size_t at)
{
    size_t last = at;
    if (wrapping == WRAPPING_UTF16LE || wrapping == WRAPPING_UTF16BE) {
        size_t zero = wrapping == WRAPPING_UTF16LE ? 1 : 0;
        while (text.size - last >= 2 && text.data[last + zero] == 0 && text.data[last + 1 - zero] != 0)
            last += 2;
        return last;
    }
    for (;;) {
        size_t limit = text.size - last > REGION_GAP ? last + REGION_GAP : text.size;
        size_t next = wrapping_next(wrapping, bytes_make(text.data, limit), last + 1);
        if (next >= limit)
            break;
        last = next;
    }
    return text.size - last > REGION_BEFORE ? last + REGION_BEFORE : text.size;
}

/* A place in a region, raw and decoded. */
struct cursor {
    size_t raw, decoded;
};

/* Moves |cursor| to where the decoded offset |to| begins. */
static void cursor_move(enum wrapping wrapping, struct bytes region, size_t to, struct cursor *cursor)
{
    uint8_t bytes[WRAPPING_UNIT_MAX];
    size_t count = 0;
    while (cursor->decoded < to && cursor->raw < region.size) {
        size_t same = wrapping_next(wrapping, region, cursor->raw) - cursor->raw;
        if (same > 0) {
            same = same < to - cursor->decoded ? same : to - cursor->decoded;
            cursor->raw += same;
            cursor->decoded += same;
            continue;
        }
        cursor->raw += wrapping_unit(wrapping, region, cursor->raw, bytes, &count);
        cursor->decoded += count;
    }
}

/* Adds what was found in a decoded region: |start| is where the region begins in the text. */
static void add_inner(struct scan *scan, enum wrapping wrapping, size_t start, struct bytes region,
                      const struct scan *inner)
{
    struct cursor cursor = {0};
    if (inner->count > inner->max) {
        /* More than anyone keeps count of: neither does the caller. */
        scan->count = scan->max + 1;
        scan->stopped = true;
        return;
    }
    for (size_t i = 0; i < inner->count && !scan->stopped; i++) {
        const struct detection *found = &inner->ret[i];
        cursor_move(wrapping, region, found->offset, &cursor);
        size_t from = cursor.raw;
        cursor_move(wrapping, region, found->offset + found->size, &cursor);
        /* Nothing was coded in it, only around it. */
        bool plain = cursor.raw - from == found->size &&
                     memcmp(region.data + from, inner->text.data + found->offset, found->size) == 0;
        scan_add(scan, found->class, plain ? found->wrapping : wrapping, start + from, cursor.raw - from);
    }
}

static void look_in_region(struct scan *scan, enum wrapping wrapping, size_t start, size_t end)
{
    struct bytes region = bytes_make(scan->text.data + start, end - start);
    struct buffer *decoded = &scan->detector->decoded[scan->depth];
    buffer_clear(decoded);
    wrapping_decode(wrapping, region, decoded);
    if (bytes_equal(buffer_bytes(decoded), region))
        return;
    struct scan inner = look_inside(scan, buffer_bytes(decoded));
    add_inner(scan, wrapping, start, region, &inner);
}

void unwrap_region(struct scan *scan, enum wrapping wrapping, size_t at)
{
    if (at < scan->coded_done[wrapping] || scan->depth >= DETECT_DEPTH_MAX)
        return;
    if (!scan->detector) {
        scan->stopped = true;
        return;
    }
    bool wide = wrapping == WRAPPING_UTF16LE || wrapping == WRAPPING_UTF16BE;
    size_t start = wide || at - scan->coded_done[wrapping] < REGION_BEFORE ? scan->coded_done[wrapping]
                                                                           : at - REGION_BEFORE;
    if (wide)
        start = at;
    size_t end = region_end(wrapping, scan->text, at);
    scan->coded_done[wrapping] = end;
    look_in_region(scan, wrapping, start, end);
}

/* Looks inside the base64 or hexadecimal characters [start, end). Returns whether there is something; asking does without memory. */
static bool holds_something(struct scan *scan, enum wrapping wrapping, size_t start, size_t end,
                            struct scan *ret_inner)
{
    struct bytes run = bytes_make(scan->text.data + start, end - start);
    uint8_t small[ASK_SIZE];
    struct buffer asked = {.data = small, .capacity = sizeof small}, *decoded = &asked;
    if (scan->detector) {
        decoded = &scan->detector->decoded[scan->depth];
        buffer_clear(decoded);
    } else if (run.size > ASK_SIZE / 2) {
        return true; /* so much coded text that it is worth a look */
    }
    wrapping_decode(wrapping, run, decoded);
    assert(scan->detector || decoded->data == small);
    struct scan inner = look_inside(scan, buffer_bytes(decoded));
    if (ret_inner)
        *ret_inner = inner;
    return scan->detector ? inner.count > 0 : inner.stopped;
}

/* Whether |text| holds JSON that begins with it, or parameters: names, so that somebody who knows which are sensitive is to look. */
static bool is_json(struct bytes text)
{
    text = bytes_trim(text);
    return text.size > 2 && (text.data[0] == '{' || text.data[0] == '[') && memchr(text.data, '"', text.size);
}

static bool has_pairs(struct bytes text)
{
    for (size_t at = 1; at + 1 < text.size; at++) {
        const uint8_t *sign = memchr(text.data + at, '=', text.size - at - 1);
        if (!sign)
            return false;
        at = (size_t)(sign - text.data);
        if ((char_is(sign[-1], CHAR_TOKEN) || sign[-1] == ']') && sign[1] != '=')
            return true;
    }
    return false;
}

/* Decodes [start, end) and asks whether there are names in it, which is all that is asked of what holds nothing else. */
static bool holds_names(struct scan *scan, enum wrapping wrapping, size_t start, size_t end,
                        bool (*asked)(struct bytes text))
{
    struct bytes run = bytes_make(scan->text.data + start, end - start);
    uint8_t small[ASK_SIZE];
    struct buffer few = {.data = small, .capacity = sizeof small}, *decoded = &few;
    if (!(scan->classes & DETECT_BIT(DETECT_NAMES)))
        return false;
    if (scan->detector) {
        decoded = &scan->detector->decoded[scan->depth];
        buffer_clear(decoded);
    }
    assert(scan->detector || run.size <= ASK_SIZE / 2); /* so much coded text was worth a look by itself */
    wrapping_decode(wrapping, run, decoded);
    return asked(buffer_bytes(decoded));
}

/* A finding stands in a run of base64 at the quad |start|: adds from there to the end of the run, with the padding. What follows a slash and is
 * only words is more likely a path. */
static void add_base64(struct scan *scan, size_t start, size_t stretch_end, size_t end,
                       enum detect_class class)
{
    bool url = false, standard = false, words = stretch_end < end && scan->text.data[stretch_end] == '/';
    for (size_t i = stretch_end; i < end && words; i++)
        words = char_is(scan->text.data[i], CHAR_LOWER) || strchr("/-_", scan->text.data[i]);
    if (words)
        end = stretch_end;
    for (size_t i = start; i < end; i++) {
        uint8_t byte = scan->text.data[i];
        bool is_url = byte == '-' || byte == '_', is_standard = byte == '+' || byte == '/';
        if (i >= stretch_end && ((is_url && standard) || (is_standard && url))) {
            end = i; /* the other alphabet, where nothing was found: another run */
            break;
        }
        url = url || is_url;
        standard = standard || is_standard;
    }
    for (unsigned pads = 0;
         pads < 2 && end < scan->text.size && scan->text.data[end] == '=' && (end - start) % 4 != 0; pads++)
        end++;
    if ((end - start) % 4 == 1)
        end--;
    scan_add(scan, class, url ? WRAPPING_BASE64URL : WRAPPING_BASE64, start, end - start);
}

/* Looks at one stretch of quads, with the quads around it where |wide|. Returns whether something was found. */
static bool unwrap_stretch(struct scan *scan, size_t start, size_t stretch_end, size_t end, bool wide)
{
    size_t last = stretch_end + (4 - (stretch_end - start) % 4) % 4;
    size_t first = wide ? start - 4 : start;
    last = end - stretch_end > 4 && last < end ? last : end;
    last = wide && end - last > 4 ? last + 4 : last;
    struct scan inner;
    if (!holds_something(scan, WRAPPING_BASE64, first, last, &inner))
        return false;
    if (scan->detector)
        add_base64(scan, first, stretch_end, end, inner.ret[0].class);
    else
        scan->stopped = true;
    return true;
}

/* Looks for names in one stretch of quads; |wide|: one may begin in the quad before. Returns whether there are. */
static bool unwrap_names(struct scan *scan, size_t start, size_t stretch_end, size_t end, bool wide)
{
    size_t first = start;
    if (!holds_names(scan, WRAPPING_BASE64, start, stretch_end, is_json)) {
        first = wide ? start - 4 : start;
        if (!holds_names(scan, WRAPPING_BASE64, first, stretch_end, has_pairs))
            return false;
    }
    if (scan->detector)
        add_base64(scan, first, stretch_end, end, DETECT_NAMES);
    else
        scan->stopped = true;
    return true;
}

/* Looks at the stretches of one alignment in the run that begins at |run|. Returns whether something was found. */
static bool unwrap_base64(struct scan *scan, size_t run, size_t from, size_t end)
{
    size_t start = 0, stretch_end = 0;
    bool names = false; /* all behind them is looked at with them */
    while (from < end && coded_base64_next(scan->text, from, end, &start, &stretch_end)) {
        /* A value in the middle of other bytes begins inside the quad before, if the run has that alignment; where a path stands before it, it more
         * likely begins here. */
        bool can = start - run >= 4, wide = can && (start - run) % 4 == 0;
        if (unwrap_stretch(scan, start, stretch_end, end, wide) ||
            (can && unwrap_stretch(scan, start, stretch_end, end, !wide)))
            return true;
        names = names || unwrap_names(scan, start, stretch_end, end, wide);
        if (scan->stopped)
            return true;
        from = start + (stretch_end - start + 3) / 4 * 4;
    }
    return false;
}

static void unwrap_hex(struct scan *scan, size_t from, size_t end)
{
    size_t start = 0, stretch_end = 0;
    while (!scan->stopped && from < end && coded_hex_next(scan->text, from, end, &start, &stretch_end)) {
        struct scan inner;
        if (holds_something(scan, WRAPPING_HEX, start, stretch_end, &inner)) {
            if (scan->detector)
                add_inner(scan, WRAPPING_HEX, start, bytes_make(scan->text.data + start, stretch_end - start),
                          &inner);
            else
                scan->stopped = true;
        } else if (holds_names(scan, WRAPPING_HEX, start, stretch_end, is_json) ||
                   holds_names(scan, WRAPPING_HEX, start, stretch_end, has_pairs)) {
            scan_add(scan, DETECT_NAMES, WRAPPING_HEX, start, stretch_end - start);
        }
        from = stretch_end;
    }
}

void unwrap_run(struct scan *scan, size_t start, size_t end)
{
    if (scan->depth >= DETECT_DEPTH_MAX || start < scan->coded_done[WRAPPING_BASE64])
        return;
    size_t floor = scan->coded_done[WRAPPING_BASE64];
    while (start > floor && char_is(scan->text.data[start - 1], CHAR_BASE64))
        start--;
    while (char_at(scan->text, end, CHAR_BASE64))
        end++;
    scan->coded_done[WRAPPING_BASE64] = end;
    /* Text in base64 has capitals, and other characters. */
    uint8_t kinds = 0;
    for (size_t i = start; i < end; i++)
        kinds |= detect_chars[scan->text.data[i]];
    bool mixed = (kinds & CHAR_UPPER) && (kinds & (CHAR_LOWER | CHAR_DIGIT));
    for (size_t phase = 0; mixed && phase < 4 && !scan->stopped; phase++)
        if (start + phase < end && unwrap_base64(scan, start, start + phase, end))
            break;
    for (size_t phase = 0; phase < 2 && !scan->stopped; phase++)
        unwrap_hex(scan, start + phase, end);
}
