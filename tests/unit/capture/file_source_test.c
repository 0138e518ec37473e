#include "capture/file_source.h"
#include "tests/unit/capture/pcap_kit.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FILES_MAX 600

/* Files in memory, given as paths. */
struct files {
    size_t count;
    int fds[FILES_MAX];
    char names[FILES_MAX][64];
    const char *paths[FILES_MAX];
};

static void add_file(struct files *files, struct buffer *data)
{
    size_t number = files->count++;
    files->fds[number] = kit_file(buffer_bytes(data), files->names[number]);
    files->paths[number] = files->names[number];
    buffer_clear(data);
}

static void drop_files(struct files *files)
{
    for (size_t i = 0; i < files->count; i++)
        close(files->fds[i]);
    free(files);
}

/* A packet of a second, whose one byte is |mark|. */
static void put(struct buffer *to, uint32_t second, char mark)
{
    kit_record(to, KIT_LITTLE, second, 0, 1, bytes_make(&mark, 1));
}

/* Reads all, and holds the marks of the packets against |wanted|. */
static void check_marks(const struct files *files, const char *filter, const char *wanted)
{
    struct file_source *source;
    struct net_frame frame;
    struct buffer marks = {0};
    assert_int_equal(file_source_open(files->paths, files->count, filter, &source, NULL), 0);
    while (file_source_next(source, &frame) == SOURCE_PACKET)
        buffer_append_byte(&marks, frame.bytes.data[0]);
    assert_int_equal(file_source_next(source, &frame), SOURCE_END);
    buffer_append_byte(&marks, 0);
    assert_string_equal((const char *)marks.data, wanted);
    buffer_free(&marks);
    file_source_free(source);
}

static void test_source_merges_by_time_first_named_first(void **state)
{
    (void)state;
    struct files *files = calloc(1, sizeof *files);
    struct buffer data = {0};
    static const struct {
        uint32_t seconds[4];
        const char *marks;
    } cases[] = {{{1, 5, 5, 9}, "abcd"}, {{2, 5, 6, 20}, "ABCD"}, {{0, 0, 0, 5}, "wxyz"}};
    for (size_t i = 0; i < 3; i++) {
        kit_pcap(&data, KIT_LITTLE, 0xa1b2c3d4, 65535, 1);
        for (size_t k = 0; k < 4; k++)
            put(&data, cases[i].seconds[k], cases[i].marks[k]);
        add_file(files, &data);
    }
    check_marks(files, NULL, "wxyaAbcBzCdD");
    drop_files(files);
    buffer_free(&data);
}

static void test_source_keeps_the_order_within_a_file(void **state)
{
    (void)state;
    struct files *files = calloc(1, sizeof *files);
    struct buffer data = {0};
    kit_pcap(&data, KIT_LITTLE, 0xa1b2c3d4, 65535, 1);
    put(&data, 5, 'a');
    put(&data, 3, 'b'); /* back in time */
    put(&data, 8, 'c');
    add_file(files, &data);
    kit_pcap(&data, KIT_LITTLE, 0xa1b2c3d4, 65535, 1);
    put(&data, 4, 'X');
    put(&data, 7, 'Y');
    add_file(files, &data);
    check_marks(files, NULL, "XabYc");
    drop_files(files);
    buffer_free(&data);
}

/* Each file reaches into the time of the next; they are named in no order. */
static void test_source_hundreds_of_files(void **state)
{
    (void)state;
    struct files *files = calloc(1, sizeof *files);
    struct buffer data = {0}, packed = {0};
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t second = (i * 7) % 300;
        kit_pcap(&data, KIT_LITTLE, 0xa1b2c3d4, 65535, 1);
        put(&data, 10 * second, 'a');
        put(&data, 10 * second + 11, 'b');
        kit_gzip(&packed, buffer_bytes(&data));
        add_file(files, i % 2 ? &packed : &data);
        buffer_clear(&data);
        buffer_clear(&packed);
    }
    static const struct {
        const char *filter;
        size_t packets;
    } cases[] = {{NULL, 600},
                 {"ether[0] = 0x62", 300},
                 {"ether[0] = 0x63", 0}}; /* of "ab": both, each second one, none */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct file_source *source;
        struct net_frame frame;
        uint64_t last_ns = 0;
        size_t packets = 0;
        assert_int_equal(file_source_open(files->paths, files->count, cases[i].filter, &source, NULL), 0);
        while (file_source_next(source, &frame) == SOURCE_PACKET) {
            assert_true(frame.wall_ns >= last_ns);
            assert_true(!cases[i].filter || frame.bytes.data[0] == 'b');
            last_ns = frame.wall_ns;
            packets++;
        }
        assert_int_equal(packets, cases[i].packets);
        assert_null(file_source_damage(source));
        file_source_free(source);
    }
    drop_files(files);
    buffer_free(&data);
    buffer_free(&packed);
}

static void test_source_one_damaged_file_ends_no_other(void **state)
{
    (void)state;
    struct files *files = calloc(1, sizeof *files);
    struct buffer data = {0};
    for (char mark = 'a'; mark < 'd'; mark++) {
        kit_pcap(&data, KIT_LITTLE, 0xa1b2c3d4, 65535, 1);
        for (uint32_t i = 0; i < 3; i++)
            put(&data, i, mark);
        if (mark != 'c')
            buffer_append_text(&data, mark == 'a' ? "cut" : "also cut");
        add_file(files, &data);
    }
    check_marks(files, NULL, "abcabcabc");
    struct file_source *source;
    struct net_frame frame;
    assert_int_equal(file_source_open(files->paths, files->count, NULL, &source, NULL), 0);
    while (file_source_next(source, &frame) == SOURCE_PACKET)
        ;
    assert_memory_equal(file_source_damage(source), files->names[0], strlen(files->names[0]));
    file_source_free(source);
    drop_files(files);
    buffer_free(&data);
}

/* A TCP segment over IPv4 from port 1024 to |port|, behind |link|. */
static void put_tcp(struct buffer *to, uint32_t interface, struct bytes link, unsigned port)
{
    struct buffer frame = {0};
    buffer_append_bytes(&frame, link);
    buffer_append_bytes(&frame, BYTES_LITERAL("\x45\0\0\x28\0\0\0\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\2\4\0"));
    kit_u16(&frame, KIT_BIG, port);
    buffer_append_bytes(&frame, BYTES_LITERAL("\0\0\0\1\0\0\0\1\x50\x10\0\0\0\0\0\0"));
    kit_enhanced(to, KIT_LITTLE, interface, 1, (uint32_t)frame.size, buffer_bytes(&frame));
    buffer_free(&frame);
}

#define ETHERNET BYTES_LITERAL("\2\2\2\2\2\2\2\2\2\2\2\2\x08\0")
#define TAGGED   BYTES_LITERAL("\2\2\2\2\2\2\2\2\2\2\2\2\x81\0\0\5\x08\0")
#define NO_LINK  BYTES_LITERAL("")

static void put_links(struct buffer *to)
{
    kit_section(to, KIT_LITTLE);
    kit_interface(to, KIT_LITTLE, 1, 0, 0, 0);
    kit_interface(to, KIT_LITTLE, 101, 0, 0, 0);
    kit_interface(to, KIT_LITTLE, 147, 0, 0, 0); /* a link type that a user defined */
}

static void test_source_filters_each_link_type_by_its_own_program(void **state)
{
    (void)state;
    static const struct {
        const char *filter;
        size_t packets;
    } cases[] = {{NULL, 6},
                 {"port 80", 3},
                 {"tcp dst port 81", 2},
                 {"ether src 02:02:02:02:02:02", 3},
                 {"greater 55", 2}};
    struct files *files = calloc(1, sizeof *files);
    struct buffer data = {0};
    put_links(&data);
    put_tcp(&data, 0, ETHERNET, 80);
    put_tcp(&data, 0, ETHERNET, 81);
    put_tcp(&data, 0, TAGGED, 80);
    put_tcp(&data, 1, NO_LINK, 80);
    put_tcp(&data, 1, NO_LINK, 81);
    put_tcp(&data, 2, TAGGED, 80); /* no port makes sense here */
    add_file(files, &data);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct file_source *source;
        struct net_frame frame;
        size_t packets = 0;
        assert_int_equal(file_source_open(files->paths, 1, cases[i].filter, &source, NULL), 0);
        while (file_source_next(source, &frame) == SOURCE_PACKET)
            packets++;
        assert_int_equal(packets, cases[i].packets);
        file_source_free(source);
    }
    drop_files(files);
    buffer_free(&data);
}

static void test_source_filter_that_makes_no_sense_is_an_error(void **state)
{
    (void)state;
    struct files *files = calloc(1, sizeof *files);
    struct buffer data = {0};
    struct file_source *source;
    struct error err = {0};
    put_links(&data);
    add_file(files, &data);
    assert_int_equal(file_source_open(files->paths, 1, "tcp porc 80", &source, &err), -1);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.text, "--filter 'tcp porc 80'"));
    kit_pcap(&data, KIT_LITTLE, 0xa1b2c3d4, 65535, 101);
    add_file(files, &data);
    assert_int_equal(file_source_open(files->paths, 2, "ether src 02:02:02:02:02:02", &source, &err), -1);
    assert_int_equal(err.kind, ERROR_USAGE);
    drop_files(files);
    buffer_free(&data);
}

static void test_source_more_files_than_it_takes_and_stdin_twice(void **state)
{
    (void)state;
    const char *paths[513];
    struct file_source *source;
    struct error err = {0};
    for (size_t i = 0; i < 513; i++)
        paths[i] = "-";
    assert_int_equal(file_source_open(paths, 513, NULL, &source, &err), -1);
    assert_non_null(strstr(err.text, "more than 512"));
    assert_int_equal(file_source_open(paths, 2, NULL, &source, &err), -1);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.text, "only once"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source_merges_by_time_first_named_first),
        cmocka_unit_test(test_source_keeps_the_order_within_a_file),
        cmocka_unit_test(test_source_hundreds_of_files),
        cmocka_unit_test(test_source_one_damaged_file_ends_no_other),
        cmocka_unit_test(test_source_filters_each_link_type_by_its_own_program),
        cmocka_unit_test(test_source_filter_that_makes_no_sense_is_an_error),
        cmocka_unit_test(test_source_more_files_than_it_takes_and_stdin_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
