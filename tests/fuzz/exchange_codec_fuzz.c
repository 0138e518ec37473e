/* Property: bytes that decode as an exchange encode to metadata that decodes to the same exchange again; all others are
 * refused without a crash. Input: 2 bytes length of the metadata, metadata, payload. */
#include "common/exchange_codec.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t meta_size = (size_t)data[0] << 8 | data[1];
    struct bytes rest = {data + 2, size - 2}, meta;
    if (!bytes_take(&rest, meta_size, &meta))
        return 0;
    struct exchange one = {0}, two = {0};
    struct buffer meta_one = {0}, meta_two = {0}, payload_one = {0}, payload_two = {0};
    if (exchange_decode(meta, &one)) {
        exchange_decode_payload(rest, &one);
        exchange_encode(&one, &meta_one, &payload_one);
        bool again = exchange_decode(buffer_bytes(&meta_one), &two) &&
                     exchange_decode_payload(buffer_bytes(&payload_one), &two);
        assert(again);
        exchange_encode(&two, &meta_two, &payload_two);
        assert(bytes_equal(buffer_bytes(&meta_one), buffer_bytes(&meta_two)));
        assert(bytes_equal(buffer_bytes(&payload_one), buffer_bytes(&payload_two)));
    }
    exchange_free(&one);
    exchange_free(&two);
    buffer_free(&meta_one);
    buffer_free(&meta_two);
    buffer_free(&payload_one);
    buffer_free(&payload_two);
    return 0;
}
