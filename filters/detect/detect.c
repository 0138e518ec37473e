#include "filters/detect/detect.h"

#include "filters/detect/detect_scan.h"
#include "filters/detect/triggers.h"

#include <string.h>

static const char *const class_names[DETECT_CLASSES + 1] = {
    "email",       "card", "iban",  "ssn",  "phone",       "ipv4",           "ipv6",           "mac",
    "national-id", "jwt",  "basic", "auth", "private-key", "provider-token", "url-credential", "high-entropy",
    "names",
};

const char *detect_class_name(enum detect_class class)
{
    return class_names[class];
}

void detector_done(struct detector *detector)
{
    for (unsigned i = 0; i < DETECT_DEPTH_MAX; i++) {
        if (detector->decoded[i].data)
            explicit_bzero(detector->decoded[i].data, detector->decoded[i].capacity);
        buffer_free(&detector->decoded[i]);
    }
}

static bool value_is_ours(const struct detector *detector, enum detect_class class, struct bytes value)
{
    return detector->is_ours && detector->is_ours(detector->is_ours_arg, class, value);
}

bool scan_is_ours(struct scan *scan, enum detect_class class, enum wrapping wrapping, struct bytes coded)
{
    if (!scan->detector || scan->depth >= DETECT_DEPTH_MAX)
        return false;
    struct buffer *decoded = &scan->detector->decoded[scan->depth];
    buffer_clear(decoded);
    wrapping_decode(wrapping, coded, decoded);
    struct bytes value = buffer_bytes(decoded);
    if (value_is_ours(scan->detector, class, value))
        return true;
    const uint8_t *colon = value.size ? memchr(value.data, ':', value.size) : NULL;
    if (!colon)
        return false;
    struct bytes user = bytes_make(value.data, (size_t)(colon - value.data));
    struct bytes password = bytes_make(colon + 1, value.size - user.size - 1);
    return (user.size == 0 || value_is_ours(scan->detector, class, user)) &&
           (password.size == 0 || value_is_ours(scan->detector, class, password));
}

/* Makes |into|, which |other| overlaps, cover both; the one that begins first, or is longer, says what it is,
 * of two that are the same |other|; but what only has names says so of no other. */
static void join(struct detection *into, const struct detection *other)
{
    struct detection first = *into;
    if (other->offset < into->offset || (other->offset == into->offset && other->size >= into->size))
        first = *other;
    bool names = into->class == DETECT_NAMES && other->class == DETECT_NAMES;
    if (!names && first.class == DETECT_NAMES)
        first.class = into->class == DETECT_NAMES ? other->class : into->class;
    bool run = !wrapping_is_local(first.wrapping);
    /* Of two alignments no more than one is seen. */
    if (names && run && (into->offset - other->offset) % 4 != 0)
        first.wrapping = WRAPPING_NONE;
    size_t end = into->offset + into->size, other_end = other->offset + other->size;
    end = end > other_end ? end : other_end;
    /* A run of base64 ends where its characters do: what is longer is taken as it stands. */
    if (end > first.offset + first.size && run)
        first.wrapping = WRAPPING_NONE;
    first.merged |= run && first.wrapping == WRAPPING_NONE;
    first.size = end - first.offset;
    *into = first;
}

static void insert(struct scan *scan, const struct detection *detection)
{
    struct detection *ret = scan->ret;
    size_t first = scan->count, end = detection->offset + detection->size;
    while (first > 0 && ret[first - 1].offset + ret[first - 1].size > detection->offset)
        first--;
    size_t last = first;
    while (last < scan->count && ret[last].offset < end)
        last++;
    if (first < last) {
        struct detection joined = *detection;
        for (size_t i = first; i < last; i++)
            join(&joined, &ret[i]);
        ret[first] = joined;
        memmove(ret + first + 1, ret + last, (scan->count - last) * sizeof *ret);
        scan->count -= last - first - 1;
        return;
    }
    if (scan->count == scan->max) {
        scan->count++;
        scan->stopped = true;
        return;
    }
    memmove(ret + first + 1, ret + first, (scan->count - first) * sizeof *ret);
    ret[first] = *detection;
    scan->count++;
}

void scan_add(struct scan *scan, enum detect_class class, enum wrapping wrapping, size_t offset, size_t size)
{
    if (scan->stopped || !(scan->classes & DETECT_BIT(class)))
        return;
    if (!scan->detector) {
        scan->stopped = true;
        return;
    }
    if (wrapping == WRAPPING_NONE &&
        value_is_ours(scan->detector, class, bytes_make(scan->text.data + offset, size)))
        return;
    struct detection detection = {.class = class, .wrapping = wrapping, .offset = offset, .size = size};
    insert(scan, &detection);
}

bool detect_may_find(struct bytes text)
{
    struct scan scan = {.text = text, .classes = DETECT_ALL_NAMES};
    return scan_run(&scan, 0) < text.size;
}

size_t detect_next(struct bytes text, size_t from)
{
    struct scan scan = {.text = text, .classes = DETECT_ALL_NAMES, .members = true};
    return scan_run(&scan, from);
}

/* Those of |special|, from |text| on, that are not '=' or '&'. */
static uint64_t without_separators(struct bytes text, uint64_t special)
{
    for (uint64_t left = special; left; left &= left - 1) {
        uint8_t byte = text.data[__builtin_ctzll(left)];
        if (byte == '=' || byte == '&')
            special &= ~(left & -left);
    }
    return special;
}

size_t detect_calm(struct bytes text)
{
    struct triggers triggers;
    size_t from = 0;
    while ((from = triggers_next(text, from, &triggers)) < text.size) {
        uint64_t others = triggers.digits | triggers.groups | triggers.dots | triggers.colons |
                          triggers.iban | triggers.token | triggers.armour | triggers.pairs |
                          triggers.schemes;
        others |= without_separators(bytes_make(text.data + from, text.size - from), triggers.special);
        if (others)
            return from + (size_t)__builtin_ctzll(others);
        from += text.size - from > TRIGGER_BLOCK ? TRIGGER_STEP : TRIGGER_BLOCK;
    }
    return text.size;
}

size_t detect_find(struct detector *detector, struct bytes text, struct bytes name, uint32_t classes,
                   struct detection *ret, size_t max)
{
    struct scan scan = {
        .text = text,
        .classes = classes,
        .hints = detect_name_hints(name),
        .detector = detector,
        .ret = ret,
        .max = max,
    };
    scan_named(&scan);
    scan_run(&scan, 0);
    return scan.count;
}
