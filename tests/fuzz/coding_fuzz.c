/* Property: undoing a coding never gives more than its limit, and what it gives comes back the same when it is coded and
 * decoded again. What a beginning gives keeps the limit, too, and is a beginning of what the whole gives.
 * The first byte picks the codings, the second the limit. */
#include "common/coding.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_beginning(struct bytes list, struct bytes data, size_t limit, struct bytes plain)
{
    static struct buffer part;
    enum coding_result result = coding_decode_beginning(list, data, limit, &part);
    if (part.size > limit || (result != CODING_OK && part.size > 0))
        abort();
    if (plain.size > 0 && (result != CODING_OK || part.size > plain.size ||
                           (part.size && memcmp(part.data, plain.data, part.size))))
        abort();
}

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
    struct bytes whole = result == CODING_OK ? buffer_bytes(&plain) : (struct bytes){0};
    check_beginning(list, bytes_make(data + 2, (size - 2) / 2), limit, whole);
    if (result != CODING_OK)
        return 0;
    if (coding_encode(list, buffer_bytes(&plain), &coded) != CODING_OK ||
        coding_decode(list, buffer_bytes(&coded), plain.size, &again) != CODING_OK ||
        !bytes_equal(buffer_bytes(&plain), buffer_bytes(&again)))
        abort();
    return 0;
}
