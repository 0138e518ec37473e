#include "common/http1_chunked.h"

#include "common/exchange.h"
#include "common/percent.h"

#define EXTENSION_LONG 4096
#define EXTENSION_MAX  (1024 * 1024) /* no end of line in sight */

static enum http1_chunk_result bad(struct http1_chunked *chunked, uint64_t defect)
{
    chunked->defects |= defect;
    return CHUNK_BAD;
}

/* The size line is complete. */
static enum http1_chunk_result end_line(struct http1_chunked *chunked)
{
    if (chunked->quoted || chunked->extension > EXTENSION_LONG || (chunked->extension > 0 && !chunked->named))
        chunked->defects |= MESSAGE_DEFECT(CHUNK_EXTENSION);
    chunked->extension = 0;
    chunked->named = chunked->quoted = false;
    chunked->digits = 0;
    if (chunked->left == 0) {
        chunked->state = CHUNK_SIZE;
        return CHUNK_LAST;
    }
    chunked->state = CHUNK_DATA;
    return CHUNK_MORE;
}

static enum http1_chunk_result read_size(struct http1_chunked *chunked, uint8_t byte)
{
    int value = hex_value(byte);
    if (value >= 0) {
        if (chunked->left > (INT64_MAX - 15) / 16)
            return bad(chunked, MESSAGE_DEFECT(CHUNK_SIZE));
        chunked->left = chunked->left * 16 + (unsigned)value;
        if (chunked->digits++ >= EXTENSION_LONG)
            return bad(chunked, MESSAGE_DEFECT(CHUNK_SIZE));
        return CHUNK_MORE;
    }
    if (chunked->digits == 0 || (byte != ';' && byte != ' ' && byte != '\t' && byte != '\r' && byte != '\n'))
        return bad(chunked, MESSAGE_DEFECT(CHUNK_SIZE));
    if (byte == '\n') {
        chunked->defects |= MESSAGE_DEFECT(CHUNK_LINE);
        return end_line(chunked);
    }
    if (byte == '\r') {
        chunked->state = CHUNK_SIZE_LF;
        return CHUNK_MORE;
    }
    chunked->state = CHUNK_EXTENSION;
    chunked->extension = 1;
    chunked->named = byte == ';';
    if (byte != ';') /* white space after the size is not in the grammar */
        chunked->defects |= MESSAGE_DEFECT(CHUNK_EXTENSION);
    return CHUNK_MORE;
}

static enum http1_chunk_result read_extension(struct http1_chunked *chunked, uint8_t byte)
{
    if (byte == '\n') {
        chunked->defects |= MESSAGE_DEFECT(CHUNK_LINE);
        return end_line(chunked);
    }
    if (byte == '\r') {
        chunked->state = CHUNK_SIZE_LF;
        return CHUNK_MORE;
    }
    if (byte == '"')
        chunked->quoted = !chunked->quoted;
    if (byte == ';')
        chunked->named = true;
    if (++chunked->extension > EXTENSION_MAX)
        return bad(chunked, MESSAGE_DEFECT(CHUNK_EXTENSION));
    return CHUNK_MORE;
}

static enum http1_chunk_result read_byte(struct http1_chunked *chunked, uint8_t byte)
{
    switch (chunked->state) {
    case CHUNK_SIZE:
        return read_size(chunked, byte);
    case CHUNK_EXTENSION:
        return read_extension(chunked, byte);
    case CHUNK_SIZE_LF:
        return byte == '\n' ? end_line(chunked) : bad(chunked, MESSAGE_DEFECT(CHUNK_LINE));
    case CHUNK_DATA_CR:
        if (byte != '\r')
            return bad(chunked, MESSAGE_DEFECT(CHUNK_END));
        chunked->state = CHUNK_DATA_LF;
        return CHUNK_MORE;
    case CHUNK_DATA_LF:
        if (byte != '\n')
            return bad(chunked, MESSAGE_DEFECT(CHUNK_END));
        chunked->state = CHUNK_SIZE;
        return CHUNK_MORE;
    case CHUNK_DATA:
        break;
    }
    return CHUNK_MORE;
}

enum http1_chunk_result http1_chunked_read(struct http1_chunked *chunked, struct bytes *data,
                                           struct bytes *ret_content)
{
    while (data->size > 0) {
        if (chunked->state == CHUNK_DATA) {
            size_t size = data->size < chunked->left ? data->size : (size_t)chunked->left;
            *ret_content = bytes_make(data->data, size);
            *data = bytes_make(data->data + size, data->size - size);
            chunked->left -= size;
            if (chunked->left == 0)
                chunked->state = CHUNK_DATA_CR;
            return CHUNK_BYTES;
        }
        enum http1_chunk_result result = read_byte(chunked, data->data[0]);
        if (result == CHUNK_BAD)
            return result; /* the byte is not part of the message */
        *data = bytes_make(data->data + 1, data->size - 1);
        if (result == CHUNK_LAST)
            return result;
    }
    return CHUNK_MORE;
}
