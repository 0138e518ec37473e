/* Property: whatever a target answers, in whatever reads it arrives, the parser ends with a verdict, stays within its
 * caps and keeps its facts readable; cut at other places, the same bytes give the same facts. */
#include "replay/sender/response.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_MAX 2048
#define BODY_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must not depend on where the bytes were cut. */
struct summary {
    enum response_verdict verdict;
    struct response_facts facts;
    uint32_t body_sum;
};

static uint32_t sum(struct bytes view)
{
    uint32_t total = 1;
    for (size_t i = 0; i < view.size; i++)
        total = total * 31 + view.data[i];
    return total;
}

/* Feeds |bytes| in parts of |step|, each in memory of its own that is freed after the next. */
static struct summary run(struct response *response, struct bytes bytes, size_t step, bool method_is_head,
                          bool ends)
{
    struct summary summary = {.verdict = RESPONSE_MORE};
    uint8_t *part = NULL;
    response_begin(response, method_is_head, BODY_MAX);
    for (size_t at = 0; at < bytes.size && summary.verdict == RESPONSE_MORE; at += step) {
        size_t size = bytes.size - at < step ? bytes.size - at : step;
        free(part);
        part = malloc(size);
        memcpy(part, bytes.data + at, size);
        summary.verdict = response_feed(response, bytes_make(part, size), at + 1);
        if (summary.verdict == RESPONSE_MORE && at == 0)
            response_keep(response);
    }
    if (summary.verdict == RESPONSE_MORE && ends)
        summary.verdict = response_end(response);
    summary.facts = *response_facts(response);
    assert(summary.facts.head.size <= HEAD_MAX && summary.facts.body.size <= BODY_MAX);
    assert(summary.facts.body.size <= summary.facts.body_bytes);
    assert((summary.verdict == RESPONSE_MALFORMED) == (summary.facts.detail != NULL));
    summary.body_sum = sum(summary.facts.body) ^ sum(summary.facts.head);
    free(part);
    return summary;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    bool method_is_head = data[0] & 1, ends = data[0] & 2;
    size_t step = (size_t)data[1] + 1;
    struct bytes bytes = {data + 2, size - 2};
    struct known_head known = {0};
    struct response *response = response_create(HEAD_MAX, &known);
    struct summary whole = run(response, bytes, size, method_is_head, ends);
    struct summary again = run(response, bytes, size, method_is_head, ends);
    assert(whole.verdict == again.verdict && whole.body_sum == again.body_sum);
    assert(whole.facts.status == again.facts.status && whole.facts.keep_alive == again.facts.keep_alive);
    assert(whole.facts.body_bytes == again.facts.body_bytes &&
           whole.facts.bytes_seen == again.facts.bytes_seen);
    struct summary cut = run(response, bytes, step, method_is_head, ends);
    assert(whole.verdict == cut.verdict && whole.facts.status == cut.facts.status);
    assert(whole.facts.interim_count == cut.facts.interim_count);
    if (whole.verdict == RESPONSE_COMPLETE) {
        assert(whole.facts.body_bytes == cut.facts.body_bytes && whole.body_sum == cut.body_sum);
        assert(whole.facts.keep_alive == cut.facts.keep_alive);
        assert(whole.facts.bytes_seen == cut.facts.bytes_seen);
    }
    response_free(response);
    return 0;
}
