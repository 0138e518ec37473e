/* capture_file.h, with byte_input.h and foreign.h below it: real descriptors, every cut, every way to be no capture. */
#include "capture/file/capture_file.h"
#include "common/error.h"
#include "tests/unit/capture/pcap_kit.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAME_BYTES 100
#define BUFFER      512 /* small, so that records cross its end */
#define PACKETS     40

static uint8_t frame_bytes[400000];

/* Frames of 100 bytes and more, the n-th from the n-th second; a pcap file for |magic|, pcapng for 0. */
static void put_capture(struct buffer *to, uint32_t magic, size_t packets)
{
    if (magic)
        kit_pcap(to, KIT_LITTLE, magic, 262144, 1);
    else {
        kit_section(to, KIT_BIG);
        kit_interface(to, KIT_BIG, 1, 0, 9, 0);
    }
    for (uint32_t i = 0; i < packets; i++) {
        struct bytes frame = bytes_make(frame_bytes + i, FRAME_BYTES + i);
        if (magic)
            kit_record(to, KIT_LITTLE, i, 5, FRAME_BYTES + i, frame);
        else
            kit_enhanced(to, KIT_BIG, 0, i * UINT64_C(1000000000) + 5000, FRAME_BYTES + i, frame);
    }
}

/* Reads |file| to its end and checks each packet; returns their number, and adds how often it was to be waited for. */
static size_t read_all_waiting(struct capture_file *file, size_t *ret_waits)
{
    struct net_frame frame;
    size_t packets = 0;
    for (;;)
        switch (capture_file_next(file, &frame)) {
        case CAPTURE_FILE_PACKET:
            assert_true(bytes_equal(frame.bytes, bytes_make(frame_bytes + packets, FRAME_BYTES + packets)));
            assert_int_equal(frame.wall_ns, packets * UINT64_C(1000000000) + 5000);
            packets++;
            break;
        case CAPTURE_FILE_WAIT:
            ++*ret_waits;
            break;
        case CAPTURE_FILE_END:
            return packets;
        }
}

static size_t read_all(struct capture_file *file)
{
    size_t waits = 0;
    return read_all_waiting(file, &waits);
}

/* Reads |data| as a file: its packets, with |ret_damage| (owned) for what is wrong; SIZE_MAX where it cannot be opened. */
static size_t read_bytes(struct bytes data, struct error *err, char **ret_damage)
{
    char path[64];
    int fd = kit_file(data, path);
    struct capture_file *file;
    size_t packets = SIZE_MAX;
    *ret_damage = NULL;
    if (capture_file_open(path, BUFFER, &file, err) == 0) {
        packets = read_all(file);
        if (capture_file_damage(file))
            *ret_damage = strdup(capture_file_damage(file));
        capture_file_free(file);
    }
    close(fd);
    return packets;
}

static void check_whole(const struct buffer *data)
{
    struct error err = {0};
    char *damage;
    assert_int_equal(read_bytes(buffer_bytes(data), &err, &damage), PACKETS);
    assert_null(damage);
}

static void test_file_formats_and_compressions(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++) {
        struct buffer plain = {0}, packed = {0};
        put_capture(&plain, format == 0 ? 0xa1b2c3d4 : 0, PACKETS);
        check_whole(&plain);
        kit_gzip(&packed, bytes_make(plain.data, 1000));
        kit_gzip(&packed, bytes_make(plain.data + 1000, plain.size - 1000));
        check_whole(&packed);
        buffer_clear(&packed);
        kit_zstd(&packed, bytes_make(plain.data, 1000));
        kit_zstd(&packed, bytes_make(plain.data + 1000, plain.size - 1000));
        check_whole(&packed);
        buffer_free(&plain);
        buffer_free(&packed);
    }
}

/* Cut at every byte: an error up to the link type, then the packets before the cut and damage, unless it lies between two. */
static void check_cuts(uint32_t magic, size_t header_bytes)
{
    struct buffer data = {0};
    put_capture(&data, magic, 3);
    for (size_t size = 0; size < data.size; size++) {
        struct error err = {0};
        char *damage;
        size_t packets = read_bytes(bytes_make(data.data, size), &err, &damage);
        if (packets == SIZE_MAX) {
            assert_in_range(size, 0, header_bytes - 1);
            assert_int_equal(err.kind, ERROR_IO);
            assert_non_null(strstr(err.text, size == 0  ? "is empty"
                                             : size < 4 ? "not a pcap or pcapng file"
                                                        : "it ends within its header"));
        } else {
            struct buffer before = {0};
            put_capture(&before, magic, packets);
            assert_int_equal(damage == NULL, before.size == size || (!magic && size == 28));
            assert_true(before.size <= size || size == 28);
            if (damage)
                assert_non_null(strstr(
                    damage, "is damaged (it ends within a packet); what was read before that is kept"));
            buffer_free(&before);
        }
        free(damage);
    }
    buffer_free(&data);
}

static void test_file_cut_at_every_byte(void **state)
{
    (void)state;
    check_cuts(0xa1b2c3d4, 24);
    check_cuts(0, 60); /* 28 bytes are a section of nothing, which is whole */
}

static void test_file_compressed_and_cut_at_every_byte(void **state)
{
    (void)state;
    for (int zstd = 0; zstd < 2; zstd++) {
        struct buffer plain = {0}, packed = {0};
        size_t most = 0;
        put_capture(&plain, 0xa1b2c3d4, 10);
        (zstd ? kit_zstd : kit_gzip)(&packed, buffer_bytes(&plain));
        for (size_t size = 0; size < packed.size; size += size < 40 || size > packed.size - 20 ? 1 : 7) {
            struct error err = {0};
            char *damage;
            size_t packets = read_bytes(bytes_make(packed.data, size), &err, &damage);
            assert_true(packets == SIZE_MAX ? err.text[0] != 0 : damage && strstr(damage, "is kept"));
            if (packets != SIZE_MAX && packets > most)
                most = packets;
            free(damage);
        }
        assert_true(zstd || most >= 8);
        buffer_free(&plain);
        buffer_free(&packed);
    }
}

static void test_file_damage_keeps_what_came_before(void **state)
{
    (void)state;
    struct buffer data = {0};
    struct error err = {0};
    char *damage;
    put_capture(&data, 0xa1b2c3d4, 7);
    for (int i = 0; i < 16; i++)
        buffer_append_byte(&data, 0xff);
    put_capture(&data, 0xa1b2c3d4, 7);
    assert_int_equal(read_bytes(buffer_bytes(&data), &err, &damage), 7);
    assert_non_null(strstr(damage, "is damaged (a packet of a length that no capture has); what was read"));
    free(damage);
    buffer_free(&data);
}

/* Much larger than the buffer, and small again: it grows and goes back. */
static void test_file_super_packets_pass_whole(void **state)
{
    (void)state;
    struct buffer data = {0};
    char path[64];
    static const uint32_t sizes[] = {60, 262144, 60, 9014, 65549, 262144, 14, 0, 60};
    kit_pcap(&data, KIT_BIG, 0xa1b23c4d, 0, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        kit_record(&data, KIT_BIG, 1, 2, sizes[i], bytes_make(frame_bytes, sizes[i]));
    int fd = kit_file(buffer_bytes(&data), path);
    struct capture_file *file;
    struct net_frame frame;
    assert_int_equal(capture_file_open(path, BUFFER, &file, NULL), 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(capture_file_next(file, &frame), CAPTURE_FILE_PACKET);
        assert_int_equal(frame.wire_bytes, sizes[i]);
        assert_true(bytes_equal(frame.bytes, bytes_make(frame_bytes, sizes[i])));
    }
    assert_int_equal(capture_file_next(file, &frame), CAPTURE_FILE_END);
    assert_null(capture_file_damage(file));
    capture_file_free(file);
    close(fd);
    buffer_free(&data);
}

static void test_file_rewinds(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++) {
        struct buffer data = {0}, packed = {0};
        char path[64];
        put_capture(&data, format == 0 ? 0xa1b2c3d4 : 0, PACKETS);
        kit_gzip(&packed, buffer_bytes(&data));
        int fd = kit_file(buffer_bytes(format == 0 ? &data : &packed), path);
        struct capture_file *file;
        struct net_frame frame;
        assert_int_equal(capture_file_open(path, BUFFER, &file, NULL), 0);
        assert_int_equal(capture_file_first_dlt(file), DLT_EN10MB);
        for (int turn = 0; turn < 3; turn++) {
            for (int i = 0; i < 10 * turn; i++)
                assert_int_equal(capture_file_next(file, &frame), CAPTURE_FILE_PACKET);
            assert_true(capture_file_rewind(file));
        }
        assert_int_equal(read_all(file), PACKETS);
        assert_false(capture_file_rewind(file));
        capture_file_free(file);
        close(fd);
        buffer_free(&data);
        buffer_free(&packed);
    }
}

/* Writes |data| a few bytes at a time, with pauses longer than a read waits for: in the header, and among the packets. */
static void write_slowly(int fd, const struct buffer *data)
{
    size_t pause = data->size < 1200 ? data->size / 6 * 3 : 600;
    for (size_t at = 0; at < data->size;) {
        size_t size = at < 900 ? 3 : data->size - at < 1500 ? data->size - at : 1500;
        if (size > data->size - at)
            size = data->size - at;
        if (write(fd, data->data + at, size) != (ssize_t)size)
            _exit(1);
        at += size;
        if (at == 30 || at == pause)
            usleep(250000);
    }
    _exit(0);
}

static void check_slow_pipe(const struct buffer *data)
{
    int ends[2], status;
    char path[64];
    size_t waits = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_slowly(ends[1], data);
    }
    close(ends[1]);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    struct capture_file *file;
    assert_int_equal(capture_file_open(path, BUFFER, &file, NULL), 0);
    assert_false(capture_file_rewind(file));
    assert_int_equal(read_all_waiting(file, &waits), PACKETS);
    assert_true(waits > 0);
    assert_null(capture_file_damage(file));
    capture_file_free(file);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_file_from_a_slow_pipe(void **state)
{
    (void)state;
    struct buffer data = {0}, packed = {0};
    put_capture(&data, 0, PACKETS);
    kit_gzip(&packed, buffer_bytes(&data));
    check_slow_pipe(&data);
    check_slow_pipe(&packed);
    buffer_free(&data);
    buffer_free(&packed);
}

static void test_file_of_another_kind_is_named(void **state)
{
    (void)state;
    static const struct {
        struct bytes head;
        const char *text;
    } cases[] = {
        {{(const uint8_t *)"snoop\0\0\0\0\0\0\2", 12},
         "not a pcap or pcapng file; it looks like a snoop capture; 'editcap"},
        {{(const uint8_t *)"{\"log\": {\"entries\": []}}", 24}, "looks like JSON"},
        {{(const uint8_t *)"<html>", 6}, "looks like HTML or XML"},
        {{(const uint8_t *)"HTTP/1.1 404 Not Found\r\n\r\n", 26}, "looks like HTTP text, not packets"},
        {{(const uint8_t *)"GET / HTTP/1.1\r\n", 16}, "looks like HTTP text, not packets"},
        {{(const uint8_t *)"BZh91AY&SY", 10}, "looks like a file compressed with bzip2"},
        {{(const uint8_t *)"\xfd\x37zXZ\0", 6}, "looks like a file compressed with xz"},
        {{(const uint8_t *)"PK\3\4", 4}, "looks like a zip archive"},
        {{(const uint8_t *)"just some text that is long enough", 34}, "not a pcap or pcapng file"},
        {{(const uint8_t *)"\xd4\xc3\xb2\xa1\3\0\0\0aaaaaaaaaaaaaaaa", 24},
         "cannot be read as pcap or pcapng (a version of pcap"},
        {{(const uint8_t *)"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\2\0\0\0aaaaaaaa\x1c\0\0\0", 28},
         "cannot be read as pcap or pcapng (a version of pcapng"},
        {{(const uint8_t *)"\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff\xff", 14},
         "cannot be read as pcap or pcapng (gzip: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = {0};
        char *damage;
        assert_int_equal(read_bytes(cases[i].head, &err, &damage), SIZE_MAX);
        assert_int_equal(err.kind, ERROR_IO);
        assert_null(strchr(err.text, '\n'));
        assert_non_null(strstr(err.text, cases[i].text));
    }
}

static void test_file_that_cannot_be_opened(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"/nowhere/at.pcap", "/nowhere/at.pcap: No such file"},
                                           {"/", "/ is a folder, not a capture file"},
                                           {"/dev/null", "/dev/null is empty: no packet was written to it"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = {0};
        struct capture_file *file = NULL;
        assert_int_equal(capture_file_open(cases[i][0], BUFFER, &file, &err), -1);
        assert_null(file);
        assert_non_null(strstr(err.text, cases[i][1]));
    }
}

static int make_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof frame_bytes; i++)
        frame_bytes[i] = (uint8_t)(i * 37 + (i >> 8));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_formats_and_compressions),
        cmocka_unit_test(test_file_cut_at_every_byte),
        cmocka_unit_test(test_file_compressed_and_cut_at_every_byte),
        cmocka_unit_test(test_file_damage_keeps_what_came_before),
        cmocka_unit_test(test_file_super_packets_pass_whole),
        cmocka_unit_test(test_file_rewinds),
        cmocka_unit_test(test_file_from_a_slow_pipe),
        cmocka_unit_test(test_file_of_another_kind_is_named),
        cmocka_unit_test(test_file_that_cannot_be_opened),
    };
    return cmocka_run_group_tests(tests, make_frames, NULL);
}
