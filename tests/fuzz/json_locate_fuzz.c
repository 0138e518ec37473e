/* Property: what the JSON locator accepts it gives back byte for byte where nothing is sensitive, and accepts
 * again where something was replaced, changing nothing more. */
#include "filters/locate/json_locator.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replace(void *arg, const struct atom *atom, struct buffer *out)
{
    (void)arg;
    assert(atom->class != POLICY_PUBLIC);
    if (atom->class == POLICY_EMPTIED || atom->value.size == 0)
        return;
    buffer_append_text(out, "replaced");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct locator locator = {.policy = policy_builtin(), .replace = replace};
    struct buffer once = {0}, twice = {0};
    for (int count = JSON_LOCATE_ONE; count <= JSON_LOCATE_MANY; count++) {
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
    locator_done(&locator);
    buffer_free(&once);
    buffer_free(&twice);
    return 0;
}
