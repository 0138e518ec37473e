/* Property: whatever the expressions and the request, rewriting ends, and where it says that it changed something, the outcome is of the
 * same kind: a target is one without blanks, a head has no more lines than before, JSON that is rewritten once more by the same rule still is JSON, and
 * an outline of JSON exists where json_rewrite found JSON.
 *
 * Input: a byte that chooses the place and action, then name, value and text, each ended by a NUL. */
#include "common/buffer.h"
#include "common/http1_head.h"
#include "filters/rewrite/rewrite.h"
#include "replay/json_outline.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes take_part(struct bytes *rest)
{
    const uint8_t *end = rest->size ? memchr(rest->data, 0, rest->size) : NULL;
    struct bytes part = end ? bytes_make(rest->data, (size_t)(end - rest->data)) : *rest;
    *rest = end ? bytes_make(end + 1, rest->size - part.size - 1) : (struct bytes){0};
    return part;
}

static size_t count_lines(struct bytes head)
{
    size_t count = 0;
    for (size_t i = 0; i < head.size; i++)
        count += head.data[i] == '\n';
    return count;
}

static enum json_outline_value judge(void *arg, struct bytes value)
{
    (void)arg;
    return value.size % 3 == 0   ? JSON_OUTLINE_PLAIN
           : value.size % 3 == 1 ? JSON_OUTLINE_IS_SENSITIVE
                                 : JSON_OUTLINE_PRESENT;
}

static void check(struct rewriter *rewriter, enum rewrite_place place, struct bytes text)
{
    struct buffer out = {0}, again = {0};
    struct json_outline outline = {0};
    enum rewrite_verdict verdict = REWRITE_SAME;
    rewriter_begin(rewriter);
    switch (place) {
    case REWRITE_PATH:
    case REWRITE_QUERY:
        verdict = rewriter_target(rewriter, text, &out);
        if (verdict == REWRITE_CHANGED)
            assert(out.size > 0 && out.data[0] == '/');
        break;
    case REWRITE_HOST:
        verdict = rewriter_host(rewriter, text, &out);
        break;
    case REWRITE_HEADER:
        verdict = rewriter_head(rewriter, text, &out);
        assert(verdict != REWRITE_CHANGED || count_lines(buffer_bytes(&out)) <= count_lines(text) + 1);
        break;
    case REWRITE_JSON:
        verdict = rewriter_json(rewriter, text, &out);
        if (verdict == REWRITE_CHANGED) {
            bool fits = json_outline_take(&outline, buffer_bytes(&out), judge, NULL);
            assert(fits);
            assert(rewriter_json(rewriter, buffer_bytes(&out), &again) != REWRITE_FAILED);
        }
        json_outline_take(&outline, text, judge, NULL);
        break;
    }
    if (verdict == REWRITE_SAME)
        assert(out.size == 0);
    rewriter_count_request(rewriter);
    assert(rewriter_touched(rewriter, 0) == (verdict == REWRITE_CHANGED));
    buffer_free(&out);
    buffer_free(&again);
    json_outline_free(&outline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    struct bytes rest = bytes_make(data + 1, size - 1);
    struct rewrite_rule rule = {.place = (enum rewrite_place)(data[0] % 5),
                                .action = (enum rewrite_action)(data[0] / 5 % 3)};
    rule.name = take_part(&rest);
    rule.value = take_part(&rest);
    if (rule.place == REWRITE_PATH || rule.place == REWRITE_HOST)
        rule.action = REWRITE_SUBSTITUTE;
    if (rule.place == REWRITE_JSON && rule.action != REWRITE_SUBSTITUTE) {
        rule.action = REWRITE_SET;
        rule.value = BYTES_LITERAL("\"new\"");
    }
    struct rewriter *rewriter = rewriter_create();
    struct error err;
    if (rewriter_add(rewriter, &rule, &err) == 0)
        check(rewriter, rule.place, rest);
    rewriter_free(rewriter);
    return 0;
}
