/* Property: any bytes as a capture file are read to an end, with an error, damage or neither; every frame lies inside what the file
 * holds; the bytes of all frames together are no more than the file's where it is not compressed; a file that is read again from its
 * beginning, and the readers of both formats fed a byte more at a time, give the same frames. Input: the file. */
#include "capture/file/capture_file.h"
#include "capture/file/pcap_reader.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STEPWISE_MAX 600    /* longer inputs are not fed byte by byte */
#define FRAMES_MAX   200000 /* of a small file that holds a lot, compressed: enough is enough */
#define BUFFER_BYTES 256    /* small: records cross its end */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What frames add up to. */
struct sum {
    uint64_t frames;
    uint64_t bytes;
    uint64_t digest;
};

static void add_frame(struct sum *sum, const struct net_frame *frame)
{
    assert(frame->wire_bytes >= frame->bytes.size);
    assert(frame->bytes.size <= CAPTURE_RECORD_MAX);
    sum->frames++;
    sum->bytes += frame->bytes.size;
    sum->digest = (sum->digest ^ frame->wall_ns) * 31 + frame->wire_bytes * 7 + (uint64_t)frame->dlt;
    for (size_t i = 0; i < frame->bytes.size; i++) /* ASan sees a byte that is not there */
        sum->digest = sum->digest * 31 + frame->bytes.data[i];
}

static struct sum read_file(struct capture_file *file)
{
    struct sum sum = {0};
    struct net_frame frame;
    while (sum.frames < FRAMES_MAX && capture_file_next(file, &frame) == CAPTURE_FILE_PACKET)
        add_frame(&sum, &frame);
    return sum;
}

/* Feeds the reader as many bytes as it wants, each time in memory of its own. */
static struct sum read_stepwise(const uint8_t *data, size_t size, bool is_pcapng, struct pcap_reader *pcap)
{
    struct pcapng_reader pcapng = {0};
    struct sum sum = {0};
    for (size_t at = 0, end = at; end <= size;) {
        struct capture_record record;
        uint8_t *copy = malloc(end - at);
        memcpy(copy, data + at, end - at);
        struct bytes window = {copy, end - at};
        enum capture_read result = is_pcapng ? pcapng_reader_next(&pcapng, window, &record)
                                             : pcap_reader_next(pcap, window, &record);
        if (result == CAPTURE_READ_PACKET)
            add_frame(&sum, &record.frame);
        if (result == CAPTURE_READ_MORE) {
            assert(record.wanted > window.size && record.wanted <= CAPTURE_RECORD_MAX);
            end++;
        } else if (result == CAPTURE_READ_DAMAGED) {
            assert((is_pcapng ? pcapng.damage : pcap->damage)[0] != 0);
            end = size + 1;
        } else {
            assert(record.used > 0 && record.used <= window.size);
            at += record.used;
        }
        free(copy);
    }
    pcapng_reader_done(&pcapng);
    return sum;
}

static void check_stepwise(const uint8_t *data, size_t size, const struct sum *whole)
{
    struct pcap_reader pcap;
    uint32_t magic;
    if (size < PCAP_READER_HEADER_BYTES || size > STEPWISE_MAX)
        return;
    memcpy(&magic, data, sizeof magic);
    bool is_pcapng = magic == PCAPNG_READER_MAGIC;
    if (!is_pcapng && (!pcap_reader_knows(magic) || pcap_reader_start(data, &pcap) != NULL))
        return;
    size_t begin = is_pcapng ? 0 : PCAP_READER_HEADER_BYTES;
    struct sum sum = read_stepwise(data + begin, size - begin, is_pcapng, &pcap);
    assert(sum.frames == whole->frames && sum.digest == whole->digest);
    assert(sum.bytes <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct error err = {0};
    struct capture_file *file;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (capture_file_open(path, BUFFER_BYTES, &file, &err) != 0) {
        assert(err.text[0] != 0 && !strchr(err.text, '\n'));
    } else {
        struct net_frame frame;
        for (int i = 0; i < 2; i++)
            (void)capture_file_next(file, &frame);
        bool again = capture_file_rewind(file);
        if (again) {
            struct sum sum = read_file(file);
            check_stepwise(data, size, &sum);
        }
        (void)capture_file_first_dlt(file);
        (void)capture_file_drops(file);
        const char *damage = capture_file_damage(file);
        assert(!damage || (damage[0] != 0 && !strchr(damage, '\n')));
        capture_file_free(file);
    }
    close(fd);
    return 0;
}
