/* Property: undoing a coding never gives more than its limit, and what it gives comes back the same when it is coded and
 * decoded again. The first byte picks the codings, the second the limit. */
#include "common/coding.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const lists[] = {"gzip",     "deflate",       "br",       "zstd",
                                        "gzip, br", "deflate, zstd", "identity", "x"};
    static struct buffer plain, coded, again;
    if (size < 2)
        return 0;
    struct bytes list = bytes_of(lists[data[0] % 8]);
    size_t limit = (size_t)data[1] * 1024;
    enum coding_result result = coding_decode(list, bytes_make(data + 2, size - 2), limit, &plain);
    if (plain.size > limit || (result != CODING_OK && plain.size > 0))
        abort();
    if (result != CODING_OK)
        return 0;
    if (coding_encode(list, buffer_bytes(&plain), &coded) != CODING_OK ||
        coding_decode(list, buffer_bytes(&coded), plain.size, &again) != CODING_OK ||
        !bytes_equal(buffer_bytes(&plain), buffer_bytes(&again)))
        abort();
    return 0;
}
