#include "capture/file/decompressor.h"

#include "common/mem.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_WINDOW_BITS (16 + MAX_WBITS) /* gzip, not zlib */

#define FRAME_BEGIN_BYTES 18 /* the longest header of a zstd frame (RFC 8878 §3.1.1) */

static const uint8_t gzip_magic[3] = {0x1f, 0x8b, 8};

struct decompressor {
    bool zstd;
    bool whole;         /* between two members or frames */
    bool padding;       /* gzip: only zeros may come (tapes and disks fill up blocks) */
    size_t block_bytes; /* zstd: what its next step needs */
    z_stream gzip;
    ZSTD_DStream *frames;
    char damage[160];
};

static bool is_gzip(struct bytes head)
{
    return head.size >= sizeof gzip_magic && memcmp(head.data, gzip_magic, sizeof gzip_magic) == 0;
}

static bool is_zstd(struct bytes head)
{
    if (head.size < DECOMPRESSOR_MAGIC_BYTES)
        return false;
    uint32_t magic = (uint32_t)head.data[3] << 24 | (uint32_t)head.data[2] << 16 |
                     (uint32_t)head.data[1] << 8 | head.data[0];
    return magic == ZSTD_MAGICNUMBER || (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

struct decompressor *decompressor_create(struct bytes head)
{
    bool zstd = is_zstd(head);
    if (!zstd && !is_gzip(head))
        return NULL;
    struct decompressor *decompressor = xcalloc(1, sizeof *decompressor);
    decompressor->zstd = zstd;
    decompressor->whole = true;
    if (zstd)
        decompressor->frames = ZSTD_createDStream();
    if (zstd ? !decompressor->frames : inflateInit2(&decompressor->gzip, GZIP_WINDOW_BITS) != Z_OK)
        abort(); /* out of memory, as in xmalloc */
    return decompressor;
}

static bool damaged(struct decompressor *decompressor, const char *format, const char *why)
{
    snprintf(decompressor->damage, sizeof decompressor->damage, format, why);
    return false;
}

static bool run_zstd(struct decompressor *decompressor, struct bytes *input, ZSTD_outBuffer *output)
{
    while (output->pos == 0) {
        /* A frame may still hold back output after its last input was taken: ask even without input, unless between frames. */
        if (input->size == 0 && decompressor->whole)
            break;
        /* Block by block: what one call undoes is lost where it finds damage. */
        size_t size = decompressor->whole ? FRAME_BEGIN_BYTES : decompressor->block_bytes;
        if (size > input->size)
            size = input->size;
        ZSTD_inBuffer in = {input->data, size, 0};
        size_t status = ZSTD_decompressStream(decompressor->frames, output, &in);
        *input = bytes_make(input->data + in.pos, input->size - in.pos);
        if (ZSTD_isError(status))
            return damaged(decompressor, "zstd: %s", ZSTD_getErrorName(status));
        decompressor->whole = status == 0;
        decompressor->block_bytes = status;
        if (in.pos == 0 && output->pos == 0)
            break;
    }
    return true;
}

/* Between two members: the next one begins with the magic, or zeros fill up the file. */
static bool skip_padding(struct decompressor *decompressor, struct bytes *input)
{
    while (input->size > 0 && input->data[0] == 0) {
        decompressor->padding = true;
        *input = bytes_make(input->data + 1, input->size - 1);
    }
    return input->size == 0 || (!decompressor->padding && input->data[0] == gzip_magic[0]);
}

static bool run_gzip(struct decompressor *decompressor, struct bytes *input, uint8_t *output,
                     size_t output_size, size_t *ret_written)
{
    z_stream *stream = &decompressor->gzip;
    stream->next_out = output;
    stream->avail_out = output_size > UINT_MAX ? UINT_MAX : (uInt)output_size;
    uInt room = stream->avail_out;
    bool good = true;
    while (good && stream->avail_out == room) {
        if (decompressor->whole && !skip_padding(decompressor, input)) {
            good = damaged(decompressor, "gzip: %s", "something else behind its end");
            break;
        }
        if (decompressor->whole && input->size == 0)
            break;
        stream->next_in = (Bytef *)input->data;
        stream->avail_in = input->size > UINT_MAX ? UINT_MAX : (uInt)input->size;
        uInt given = stream->avail_in;
        int status = inflate(stream, Z_NO_FLUSH);
        size_t taken = given - stream->avail_in;
        *input = bytes_make(input->data + taken, input->size - taken);
        decompressor->whole = status == Z_STREAM_END;
        if (status == Z_STREAM_END)
            good = inflateReset(stream) == Z_OK;
        else if (status == Z_BUF_ERROR)
            break;
        else if (status != Z_OK)
            good = damaged(decompressor, "gzip: %s", stream->msg ? stream->msg : "needs a dictionary");
    }
    *ret_written = room - stream->avail_out;
    return good;
}

bool decompressor_run(struct decompressor *decompressor, struct bytes *input, uint8_t *output,
                      size_t output_size, size_t *ret_written)
{
    if (!decompressor->zstd)
        return run_gzip(decompressor, input, output, output_size, ret_written);
    ZSTD_outBuffer out = {output, output_size, 0};
    bool good = run_zstd(decompressor, input, &out);
    *ret_written = out.pos;
    return good;
}

bool decompressor_is_whole(const struct decompressor *decompressor)
{
    return decompressor->whole;
}

const char *decompressor_damage(const struct decompressor *decompressor)
{
    return decompressor->damage;
}

void decompressor_free(struct decompressor *decompressor)
{
    if (!decompressor)
        return;
    if (decompressor->zstd)
        ZSTD_freeDStream(decompressor->frames);
    else
        inflateEnd(&decompressor->gzip);
    free(decompressor);
}
