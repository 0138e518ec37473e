/* Property: what the JSON locator accepts it gives back byte for byte where nothing is sensitive, and accepts
 * again where something was replaced, changing nothing more. Of a beginning it gives a beginning, which it gives again
 * as it is; of a beginning of what it accepts, a beginning of what it gives. What the plain locator of the unit tests makes of
 * the same text is the same, also where the locator knows the text by heart, and with detectors. And what the writer of JSON text makes of any bytes is
 * one JSON string of characters that do nothing to a terminal. */
#include "common/json_text.h"
#include "filters/locate/json_locator.h"
#include "tests/unit/filters/json_plain.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replace(void *arg, const struct atom *atom, struct buffer *out)
{
    (void)arg;
    assert(atom->decision.class != POLICY_PUBLIC);
    if (atom->decision.class == POLICY_EMPTIED || atom->value.size == 0)
        return;
    buffer_append_text(out, "replaced");
}

static void check_string(struct locator *locator, struct buffer *text)
{
    struct buffer located = {0};
    assert(json_text_is_utf8(buffer_bytes(text)));
    for (size_t i = 0; i < text->size; i++)
        assert(text->data[i] >= 0x20 && text->data[i] != 0x7f);
    struct buffer document = {0};
    buffer_append_text(&document, "[");
    buffer_append_bytes(&document, buffer_bytes(text));
    buffer_append_text(&document, "]");
    assert(json_locate(locator, buffer_bytes(&document), JSON_LOCATE_ONE, &located) == JSON_LOCATED);
    buffer_free(&document);
    buffer_free(&located);
    buffer_clear(text);
}

static void write_text(struct locator *locator, struct bytes data)
{
    struct buffer text = {0};
    json_text_append(&text, data);
    check_string(locator, &text);
    json_text_append_bytes(&text, data);
    check_string(locator, &text);
    json_text_append_base64(&text, data);
    assert(text.size == (data.size + 2) / 3 * 4);
    buffer_free(&text);
}

static void check_beginnings(struct locator *locator, struct bytes text, enum json_locate_count count)
{
    struct buffer whole = {0}, once = {0}, twice = {0};
    bool located = json_locate(locator, text, count, &whole) == JSON_LOCATED;
    size_t step = text.size / 8 + 1;
    for (size_t size = text.size % step; size <= text.size; size += step) {
        buffer_clear(&once);
        buffer_clear(&twice);
        enum json_locate_result result =
            json_locate_beginning(locator, bytes_make(text.data, size), count, &once);
        assert(locator->pool_used == 0 && locator->depth == 0);
        assert(result == JSON_LOCATED || !located);
        if (result != JSON_LOCATED)
            continue;
        assert(!located ||
               (once.size <= whole.size && (!once.size || memcmp(once.data, whole.data, once.size) == 0)));
        result = json_locate_beginning(locator, buffer_bytes(&once), count, &twice);
        assert(result == JSON_LOCATED && bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));
    }
    buffer_free(&whole);
    buffer_free(&once);
    buffer_free(&twice);
}

static void check_plain(struct locator *locator, struct bytes text, enum json_locate_count count,
                        bool beginning)
{
    struct locator fresh = {.policy = policy_builtin(), .replace = replace, .detects = locator->detects};
    struct buffer out = {0}, expected = {0};
    enum json_locate_result wanted = json_plain_locate(&fresh, text, count, beginning, &expected);
    for (int again = 0; again < 2; again++) {
        buffer_clear(&out);
        enum json_locate_result result = beginning ? json_locate_beginning(locator, text, count, &out)
                                                   : json_locate(locator, text, count, &out);
        assert(result == wanted);
        assert(result != JSON_LOCATED || bytes_equal(buffer_bytes(&out), buffer_bytes(&expected)));
    }
    locator_done(&fresh);
    buffer_free(&out);
    buffer_free(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct locator locator = {.policy = policy_builtin(), .replace = replace};
    struct buffer once = {0}, twice = {0};
    for (int count = JSON_LOCATE_ONE; count <= JSON_LOCATE_MANY; count++) {
        check_plain(&locator, bytes_make(data, size), (enum json_locate_count)count, false);
        check_plain(&locator, bytes_make(data, size), (enum json_locate_count)count, true);
        check_beginnings(&locator, bytes_make(data, size), (enum json_locate_count)count);
        buffer_clear(&once);
        buffer_clear(&twice);
        enum json_locate_result result =
            json_locate(&locator, bytes_make(data, size), (enum json_locate_count)count, &once);
        assert(locator.pool_used == 0 && locator.depth == 0);
        if (result != JSON_LOCATED)
            continue;
        result = json_locate(&locator, buffer_bytes(&once), (enum json_locate_count)count, &twice);
        assert(result == JSON_LOCATED);
        assert(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));
    }
    locator.detects = DETECT_ALL;
    policy_memo_wipe(&locator.memo);
    for (int count = JSON_LOCATE_ONE; count <= JSON_LOCATE_MANY; count++) {
        check_plain(&locator, bytes_make(data, size), (enum json_locate_count)count, false);
        check_plain(&locator, bytes_make(data, size), (enum json_locate_count)count, true);
    }
    locator.detects = 0;
    write_text(&locator, bytes_make(data, size));
    locator_done(&locator);
    buffer_free(&once);
    buffer_free(&twice);
    return 0;
}
