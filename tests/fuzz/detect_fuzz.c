/* Property: whatever the text and the name, findings lie in order inside the text and do not overlap; there are none where detect_may_find says so, nor in JSON where detect_next sees none; nor in the parts
 * of a text that is calm; each trigger that detect_next names lies where it was asked for; a run in a local coding decodes, is coded again in its own manner and decodes to the same; looking for one class finds
 * nothing of another; and the work is bounded (libFuzzer's timeout). The first byte of the input says how long the name is. */
#include "common/json_text.h"
#include "filters/detect/detect.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX 64

static struct detector detector;

static bool is_ours(void *arg, enum detect_class class, struct bytes value)
{
    (void)arg;
    (void)class;
    return value.size >= 3 && memcmp(value.data, "rhx", 3) == 0;
}

static void check_coding(enum wrapping wrapping, struct bytes run)
{
    struct buffer plain = {0}, coded = {0}, again = {0};
    wrapping_decode(wrapping, run, &plain);
    /* What is no UTF-8 has no UTF-16, and an '=' at the end of a line no soft break that keeps it. */
    bool lossy =
        wrapping == WRAPPING_UTF16LE || wrapping == WRAPPING_UTF16BE || wrapping == WRAPPING_SOFT_BREAKS;
    wrapping_encode(wrapping, run, buffer_bytes(&plain), &coded);
    wrapping_decode(wrapping, buffer_bytes(&coded), &again);
    assert(lossy || bytes_equal(buffer_bytes(&plain), buffer_bytes(&again)));
    buffer_free(&plain);
    buffer_free(&coded);
    buffer_free(&again);
}

static void check_text(struct bytes text, struct bytes name)
{
    struct detection found[MAX];
    size_t count = detect_find(&detector, text, name, DETECT_ALL, found, MAX), last = 0;
    assert(count <= MAX + 1);
    if (count > MAX)
        count = MAX;
    for (size_t i = 0; i < count; i++) {
        assert(found[i].size > 0 && found[i].offset >= last && found[i].offset <= text.size &&
               found[i].size <= text.size - found[i].offset);
        assert((int)found[i].class < DETECT_CLASSES && (int)found[i].wrapping < WRAPPING_COUNT);
        last = found[i].offset + found[i].size;
        struct bytes run = bytes_make(text.data + found[i].offset, found[i].size);
        if (found[i].wrapping != WRAPPING_NONE)
            check_coding(found[i].wrapping, run);
    }
    if (count > 0 && !(detect_name_hints(name) & HINTS_LOOK))
        assert(detect_may_find(text));
    struct detection one[MAX];
    uint32_t class = count > 0 ? found[0].class : DETECT_CARD;
    size_t ones = detect_find(&detector, text, name, DETECT_BIT(class), one, MAX);
    for (size_t i = 0; i < ones && i < MAX; i++)
        assert(one[i].class == class);
}

/* What is found in a value is seen in the JSON that it stands in. */
static void check_json(struct bytes value)
{
    struct detection found[MAX];
    struct buffer json = {0};
    if (!json_text_is_utf8(value) ||
        detect_find(&detector, value, (struct bytes){0}, DETECT_ALL, found, MAX) == 0)
        return;
    json_text_append(&json, value);
    assert(detect_next(buffer_bytes(&json), 0) < json.size);
    buffer_free(&json);
}

static void check_calm(struct bytes text)
{
    size_t calm = detect_calm(text), start = 0;
    assert(calm <= text.size);
    for (size_t at = 0; at <= calm; at++) {
        if (at < text.size && (text.data[at] == 0 || !strchr("=&/;?#", text.data[at])))
            continue;
        assert(!detect_may_find(bytes_make(text.data + start, at - start)));
        start = at + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t name_size = data[0] & 31;
    name_size = name_size < size - 1 ? name_size : size - 1;
    struct bytes name = bytes_make(data + 1, name_size),
                 text = bytes_make(data + 1 + name_size, size - 1 - name_size);
    detector.is_ours = size & 1 ? is_ours : NULL;
    check_text(text, name);
    check_json(text);
    check_calm(text);
    size_t steps = 0;
    for (size_t at = 0; (at = detect_next(text, at)) < text.size && steps < 64; at++, steps++)
        assert(detect_next(text, at) >= at);
    for (int wrapping = WRAPPING_NONE; wrapping < WRAPPING_COUNT && text.size < 512; wrapping++)
        check_coding((enum wrapping)wrapping, text);
    return 0;
}
