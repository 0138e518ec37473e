#include "capture/file/pcap_reader.h"
#include "tests/unit/capture/pcap_kit.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAME  BYTES_LITERAL("a frame of 20 bytes.")
#define SECOND UINT64_C(1000000000)

static struct pcap_reader begin(const struct buffer *file)
{
    struct pcap_reader reader;
    uint32_t magic;
    assert_true(file->size >= PCAP_READER_HEADER_BYTES);
    memcpy(&magic, file->data, sizeof magic);
    assert_true(pcap_reader_knows(magic));
    assert_null(pcap_reader_start(file->data, &reader));
    return reader;
}

static struct bytes records_of(const struct buffer *file)
{
    return bytes_make(file->data + PCAP_READER_HEADER_BYTES, file->size - PCAP_READER_HEADER_BYTES);
}

static void check_frame(const struct net_frame *frame, uint64_t wall_ns, uint64_t wire)
{
    assert_true(bytes_equal(frame->bytes, FRAME));
    assert_int_equal(frame->wall_ns, wall_ns);
    assert_int_equal(frame->wire_bytes, wire);
    assert_int_equal(frame->vlan, 0);
}

static void test_pcap_both_orders_and_resolutions(void **state)
{
    (void)state;
    static const struct {
        uint32_t magic;
        uint64_t unit_ns;
    } kinds[] = {{0xa1b2c3d4, 1000}, {0xa1b23c4d, 1}};
    for (size_t kind = 0; kind < 2; kind++)
        for (enum kit_order order = KIT_LITTLE; order <= KIT_BIG; order++) {
            struct buffer file = {0};
            struct capture_record record;
            kit_pcap(&file, order, kinds[kind].magic, 262144, DLT_EN10MB);
            kit_record(&file, order, 1700000000, 123456, 60, FRAME);
            struct pcap_reader reader = begin(&file);
            assert_int_equal(pcap_reader_next(&reader, records_of(&file), &record), CAPTURE_READ_PACKET);
            assert_int_equal(record.used, 36);
            assert_int_equal(record.frame.dlt, DLT_EN10MB);
            check_frame(&record.frame, 1700000000 * SECOND + 123456 * kinds[kind].unit_ns, 60);
            buffer_free(&file);
        }
}

static void test_pcap_longer_headers_of_kuznetzov(void **state)
{
    (void)state;
    for (enum kit_order order = KIT_LITTLE; order <= KIT_BIG; order++) {
        struct buffer file = {0};
        struct capture_record record;
        kit_pcap(&file, order, 0xa1b2cd34, 65535, DLT_EN10MB);
        kit_record(&file, order, 5, 6, 20, BYTES_LITERAL(""));
        file.data[file.size - (order == KIT_LITTLE ? 8 : 5)] = 20; /* the captured length */
        kit_u64(&file, order, UINT64_C(0x0000000308000000));       /* interface, protocol, kind */
        buffer_append_bytes(&file, FRAME);
        struct pcap_reader reader = begin(&file);
        assert_int_equal(pcap_reader_next(&reader, records_of(&file), &record), CAPTURE_READ_PACKET);
        assert_int_equal(record.used, 44);
        check_frame(&record.frame, 5 * SECOND + 6000, 20);
        buffer_free(&file);
    }
}

static void test_pcap_versions(void **state)
{
    (void)state;
    static const struct {
        unsigned major, minor;
        bool known, swapped; /* the wire's length first */
    } cases[] = {{2, 0, true, true},   {2, 2, true, true},   {2, 3, true, true},
                 {2, 3, true, false},  {2, 4, true, false},  {543, 0, true, true},
                 {2, 5, false, false}, {1, 0, false, false}, {3, 0, false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer file = {0};
        struct pcap_reader reader;
        struct capture_record record;
        kit_pcap(&file, KIT_LITTLE, 0xa1b2c3d4, 65535, DLT_EN10MB);
        file.data[4] = (uint8_t)cases[i].major;
        file.data[5] = (uint8_t)(cases[i].major >> 8);
        file.data[6] = (uint8_t)cases[i].minor;
        kit_record(&file, KIT_LITTLE, 1, 2, 60, FRAME);
        if (cases[i].swapped) {
            file.data[32] = 60;
            file.data[36] = 20;
        }
        const char *why = pcap_reader_start(file.data, &reader);
        assert_int_equal(why == NULL, cases[i].known);
        if (cases[i].known) {
            assert_int_equal(pcap_reader_next(&reader, records_of(&file), &record), CAPTURE_READ_PACKET);
            check_frame(&record.frame, SECOND + 2000, 60);
        }
        buffer_free(&file);
    }
}

static void test_pcap_link_types(void **state)
{
    (void)state;
    static const struct {
        uint32_t link;
        int dlt;
    } cases[] = {{1, DLT_EN10MB}, {101, DLT_RAW}, {0x14000001, DLT_EN10MB}, /* four bytes of check sequence */
                 {228, 228},      {147, 147},     {276, 276},
                 {65535, 65535}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer file = {0};
        kit_pcap(&file, KIT_BIG, 0xa1b2c3d4, 65535, cases[i].link);
        assert_int_equal(begin(&file).dlt, cases[i].dlt);
        buffer_free(&file);
    }
}

static void test_pcap_lengths(void **state)
{
    (void)state;
    static const struct {
        uint32_t snaplen, captured;
        enum capture_read result;
    } cases[] = {{65535, 262144, CAPTURE_READ_MORE},
                 {65535, 262145, CAPTURE_READ_DAMAGED},
                 {0, 262144, CAPTURE_READ_MORE},
                 {96, 200, CAPTURE_READ_MORE},
                 {600000, 600000, CAPTURE_READ_MORE},
                 {600000, 600001, CAPTURE_READ_DAMAGED},
                 {0xffffffff, 16777192, CAPTURE_READ_MORE},
                 {0xffffffff, 16777193, CAPTURE_READ_DAMAGED},
                 {262144, 0x7fffffff, CAPTURE_READ_DAMAGED},
                 {262144, 0xffffffff, CAPTURE_READ_DAMAGED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer file = {0};
        struct capture_record record;
        kit_pcap(&file, KIT_BIG, 0xa1b2c3d4, cases[i].snaplen, DLT_EN10MB);
        for (unsigned word = 0; word < 4; word++)
            kit_u32(&file, KIT_BIG, cases[i].captured);
        struct pcap_reader reader = begin(&file);
        assert_int_equal(pcap_reader_next(&reader, records_of(&file), &record), cases[i].result);
        if (cases[i].result == CAPTURE_READ_MORE)
            assert_int_equal(record.wanted, 16 + (size_t)cases[i].captured);
        else
            assert_non_null(reader.damage);
        buffer_free(&file);
    }
}

static void test_pcap_cut_anywhere_wants_more(void **state)
{
    (void)state;
    struct buffer file = {0};
    kit_pcap(&file, KIT_LITTLE, 0xa1b2c3d4, 65535, DLT_EN10MB);
    kit_record(&file, KIT_LITTLE, 1, 2, 10, FRAME);
    struct pcap_reader reader = begin(&file);
    struct bytes whole = records_of(&file);
    for (size_t size = 0; size < whole.size; size++) {
        struct capture_record record;
        uint8_t *copy = malloc(size); /* ASan sees every byte past it */
        if (size > 0)
            memcpy(copy, whole.data, size);
        assert_int_equal(pcap_reader_next(&reader, bytes_make(copy, size), &record), CAPTURE_READ_MORE);
        assert_int_equal(record.wanted, size < 16 ? 16 : 36);
        free(copy);
    }
    struct capture_record record;
    assert_int_equal(pcap_reader_next(&reader, whole, &record), CAPTURE_READ_PACKET);
    check_frame(&record.frame, SECOND + 2000, 20); /* a length on the wire below the captured one cannot be */
    buffer_free(&file);
}

static void test_pcap_other_magics_are_not_known(void **state)
{
    (void)state;
    assert_false(pcap_reader_knows(0));
    assert_false(pcap_reader_knows(0x0a0d0d0a));
    assert_false(pcap_reader_knows(0xa1b2c3d5));
    assert_true(pcap_reader_knows(0xd4c3b2a1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcap_both_orders_and_resolutions),
        cmocka_unit_test(test_pcap_longer_headers_of_kuznetzov),
        cmocka_unit_test(test_pcap_versions),
        cmocka_unit_test(test_pcap_link_types),
        cmocka_unit_test(test_pcap_lengths),
        cmocka_unit_test(test_pcap_cut_anywhere_wants_more),
        cmocka_unit_test(test_pcap_other_magics_are_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
