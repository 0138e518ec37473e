#include "common/coding.h"

#include "common/http1_head.h"
#include "common/mem.h"

#include <assert.h>
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define LAYERS_MAX       3
#define STEP_BYTES       (32 * 1024)
#define ZSTD_WINDOW_LOG  23 /* 8 MiB, what RFC 9659 lets a sender use */
#define GZIP_BITS        (15 + 16)
#define ZLIB_BITS        15
#define RAW_DEFLATE_BITS (-15)

enum layer { LAYER_GZIP, LAYER_DEFLATE, LAYER_BROTLI, LAYER_ZSTD };

/* Reads |list| into |layers|, in the order of application. */
static enum coding_result read_list(struct bytes list, enum layer layers[LAYERS_MAX], size_t *ret_count)
{
    static const struct {
        const char *name;
        enum layer layer;
    } names[] = {{"gzip", LAYER_GZIP},
                 {"x-gzip", LAYER_GZIP},
                 {"deflate", LAYER_DEFLATE},
                 {"br", LAYER_BROTLI},
                 {"zstd", LAYER_ZSTD}};
    size_t count = 0;
    struct bytes element;
    while (http1_next_element(&list, &element)) {
        if (bytes_equal_nocase(element, BYTES_LITERAL("identity")))
            continue;
        size_t i = 0;
        while (i < sizeof names / sizeof *names && !bytes_equal_nocase(element, bytes_of(names[i].name)))
            i++;
        if (i == sizeof names / sizeof *names)
            return CODING_UNKNOWN;
        if (count == LAYERS_MAX)
            return CODING_LIMIT;
        layers[count++] = names[i].layer;
    }
    *ret_count = count;
    return CODING_OK;
}

/* Makes room for a step of output, at most one byte beyond |max_bytes| (which shows that there is more). */
static size_t step_room(struct buffer *plain, size_t max_bytes)
{
    size_t room = max_bytes - plain->size;
    room = room < STEP_BYTES ? room + 1 : STEP_BYTES;
    buffer_reserve(plain, room);
    return room;
}

/* Inflates one member or stream from the front of |data|. */
static enum coding_result inflate_one(z_stream *stream, struct bytes *data, size_t max_bytes,
                                      struct buffer *plain)
{
    for (;;) {
        size_t room = step_room(plain, max_bytes);
        stream->next_in = (Bytef *)data->data;
        stream->avail_in = data->size > UINT32_MAX ? UINT32_MAX : (uInt)data->size;
        uInt given = stream->avail_in;
        stream->next_out = plain->data + plain->size;
        stream->avail_out = (uInt)room;
        int result = inflate(stream, Z_NO_FLUSH);
        size_t taken = given - stream->avail_in;
        *data = bytes_make(data->data + taken, data->size - taken);
        plain->size += room - stream->avail_out;
        if (plain->size > max_bytes)
            return CODING_LIMIT;
        if (result == Z_STREAM_END)
            return CODING_OK;
        if (data->size == 0 && (result == Z_BUF_ERROR || (result == Z_OK && stream->avail_out > 0)))
            return CODING_CUT;
        if (result != Z_OK || (taken == 0 && stream->avail_out == room))
            return CODING_DAMAGED;
    }
}

static enum coding_result decode_zlib(struct bytes data, int bits, size_t max_bytes, struct buffer *plain)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, bits) != Z_OK)
        return CODING_DAMAGED;
    enum coding_result result;
    do { /* gzip members may follow each other (RFC 1952 §2.2) */
        result = inflate_one(&stream, &data, max_bytes, plain);
        if (result == CODING_OK && data.size > 0)
            result = bits == GZIP_BITS && inflateReset(&stream) == Z_OK ? CODING_OK : CODING_DAMAGED;
    } while (result == CODING_OK && data.size > 0);
    inflateEnd(&stream);
    return result;
}

/* RFC 9110 §8.4.1.2 means zlib; many senders leave its wrapper out. */
static enum coding_result decode_deflate(struct bytes data, size_t max_bytes, struct buffer *plain)
{
    enum coding_result result = decode_zlib(data, ZLIB_BITS, max_bytes, plain);
    if (result != CODING_DAMAGED && result != CODING_CUT)
        return result;
    buffer_clear(plain);
    enum coding_result raw = decode_zlib(data, RAW_DEFLATE_BITS, max_bytes, plain);
    if (result == CODING_DAMAGED || raw == CODING_OK)
        return raw;
    buffer_clear(plain);
    return decode_zlib(data, ZLIB_BITS, max_bytes, plain);
}

static enum coding_result decode_brotli(struct bytes data, size_t max_bytes, struct buffer *plain)
{
    BrotliDecoderState *decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (!decoder)
        return CODING_DAMAGED;
    enum coding_result result = CODING_DAMAGED;
    const uint8_t *in = data.data;
    size_t left = data.size;
    BrotliDecoderResult state;
    size_t room;
    do {
        room = step_room(plain, max_bytes);
        size_t given = room;
        uint8_t *out = plain->data + plain->size;
        state = BrotliDecoderDecompressStream(decoder, &left, &in, &room, &out, NULL);
        plain->size += given - room;
        /* It may want more input and still hold output. */
    } while ((state == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT ||
              (state == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT && room == 0)) &&
             plain->size <= max_bytes);
    if (plain->size > max_bytes)
        result = CODING_LIMIT;
    else if (state == BROTLI_DECODER_RESULT_SUCCESS && left == 0)
        result = CODING_OK;
    else if (state == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT)
        result = CODING_CUT;
    BrotliDecoderDestroyInstance(decoder);
    return result;
}

static enum coding_result decode_zstd(struct bytes data, size_t max_bytes, struct buffer *plain)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (!context)
        return CODING_DAMAGED;
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
    ZSTD_inBuffer in = {.src = data.data, .size = data.size};
    size_t state;
    bool full;
    do {
        size_t room = step_room(plain, max_bytes);
        ZSTD_outBuffer out = {.dst = plain->data + plain->size, .size = room};
        state = ZSTD_decompressStream(context, &out, &in);
        plain->size += out.pos;
        full = out.pos == room;
    } while (!ZSTD_isError(state) && plain->size <= max_bytes && (in.pos < in.size || (full && state != 0)));
    ZSTD_freeDCtx(context);
    if (plain->size > max_bytes)
        return CODING_LIMIT;
    return ZSTD_isError(state) ? CODING_DAMAGED : state == 0 ? CODING_OK : CODING_CUT;
}

static enum coding_result decode_layer(enum layer layer, struct bytes data, size_t max_bytes,
                                       struct buffer *plain)
{
    switch (layer) {
    case LAYER_GZIP:
        return decode_zlib(data, GZIP_BITS, max_bytes, plain);
    case LAYER_DEFLATE:
        return decode_deflate(data, max_bytes, plain);
    case LAYER_BROTLI:
        return decode_brotli(data, max_bytes, plain);
    case LAYER_ZSTD:
        return decode_zstd(data, max_bytes, plain);
    }
    return CODING_UNKNOWN;
}

static void swap(struct buffer *a, struct buffer *b)
{
    struct buffer old = *a;
    *a = *b;
    *b = old;
}

/* Undoes the |count| codings |layers| on |data|. A beginning may end early in each of them, or at |max_bytes|. */
static enum coding_result decode_layers(const enum layer *layers, size_t count, struct bytes data,
                                        size_t max_bytes, bool beginning, struct buffer *ret_plain)
{
    struct buffer before = {0};
    enum coding_result result = CODING_OK;
    for (size_t i = count; i > 0 && result == CODING_OK; i--) {
        if (i < count) {
            swap(&before, ret_plain);
            buffer_clear(ret_plain);
            data = buffer_bytes(&before);
        }
        /* What is still coded may be a little longer than what it says. */
        size_t inner_bytes = i > 1 && max_bytes < SIZE_MAX / 2 ? max_bytes + max_bytes / 4 + 4096 : max_bytes;
        result = decode_layer(layers[i - 1], data, inner_bytes, ret_plain);
        if (beginning && result == CODING_LIMIT)
            ret_plain->size = inner_bytes;
        if (beginning && (result == CODING_LIMIT || result == CODING_CUT))
            result = CODING_OK;
    }
    buffer_free(&before);
    return result;
}

static enum coding_result decode(struct bytes list, struct bytes data, size_t max_bytes, bool beginning,
                                 struct buffer *ret_plain)
{
    enum layer layers[LAYERS_MAX];
    size_t count;
    buffer_clear(ret_plain);
    enum coding_result result = read_list(list, layers, &count);
    if (result != CODING_OK)
        return result;
    if (count == 0 || data.size == 0) {
        if (data.size > max_bytes && !beginning)
            return CODING_LIMIT;
        buffer_append(ret_plain, data.data, data.size > max_bytes ? max_bytes : data.size);
        return CODING_OK;
    }
    result = decode_layers(layers, count, data, max_bytes, beginning, ret_plain);
    if (result != CODING_OK)
        buffer_clear(ret_plain);
    return result;
}

enum coding_result coding_decode(struct bytes list, struct bytes data, size_t max_bytes,
                                 struct buffer *ret_plain)
{
    return decode(list, data, max_bytes, false, ret_plain);
}

enum coding_result coding_decode_beginning(struct bytes list, struct bytes data, size_t max_bytes,
                                           struct buffer *ret_plain)
{
    return decode(list, data, max_bytes, true, ret_plain);
}

static bool encode_zlib(struct bytes plain, int bits, struct buffer *coded)
{
    z_stream stream = {0};
    if (plain.size > UINT32_MAX ||
        deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t room = deflateBound(&stream, plain.size);
    buffer_reserve(coded, room);
    stream.next_in = (Bytef *)plain.data;
    stream.avail_in = (uInt)plain.size;
    stream.next_out = coded->data + coded->size;
    stream.avail_out = (uInt)room;
    int result = deflate(&stream, Z_FINISH);
    coded->size += room - stream.avail_out;
    deflateEnd(&stream);
    return result == Z_STREAM_END;
}

static bool encode_brotli(struct bytes plain, struct buffer *coded)
{
    size_t room = BrotliEncoderMaxCompressedSize(plain.size);
    if (room == 0)
        return false;
    buffer_reserve(coded, room);
    if (!BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, plain.size, plain.data, &room,
                               coded->data + coded->size))
        return false;
    coded->size += room;
    return true;
}

static bool encode_zstd(struct bytes plain, struct buffer *coded)
{
    size_t room = ZSTD_compressBound(plain.size);
    buffer_reserve(coded, room);
    size_t size = ZSTD_compress(coded->data + coded->size, room, plain.data, plain.size, ZSTD_CLEVEL_DEFAULT);
    if (ZSTD_isError(size))
        return false;
    coded->size += size;
    return true;
}

static bool encode_layer(enum layer layer, struct bytes plain, struct buffer *coded)
{
    switch (layer) {
    case LAYER_GZIP:
        return encode_zlib(plain, GZIP_BITS, coded);
    case LAYER_DEFLATE:
        return encode_zlib(plain, ZLIB_BITS, coded);
    case LAYER_BROTLI:
        return encode_brotli(plain, coded);
    case LAYER_ZSTD:
        return encode_zstd(plain, coded);
    }
    return false;
}

enum coding_result coding_encode(struct bytes list, struct bytes plain, struct buffer *ret_coded)
{
    enum layer layers[LAYERS_MAX];
    size_t count;
    buffer_clear(ret_coded);
    if (read_list(list, layers, &count) != CODING_OK)
        return CODING_UNKNOWN;
    if (count == 0) {
        buffer_append_bytes(ret_coded, plain);
        return CODING_OK;
    }
    struct buffer before = {0};
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        if (i > 0) {
            swap(&before, ret_coded);
            buffer_clear(ret_coded);
            plain = buffer_bytes(&before);
        }
        good = encode_layer(layers[i], plain, ret_coded);
    }
    buffer_free(&before);
    return good ? CODING_OK : CODING_UNKNOWN;
}
