#include "capture/file/pcapng_reader.h"
#include "tests/unit/capture/pcap_kit.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAME  BYTES_LITERAL("twenty-one bytes here")
#define SECOND UINT64_C(1000000000)
#define LAST   ((uint64_t)INT64_MAX)

/* Reads on to the next packet, end or damage, from the front of |rest|. */
static enum capture_read read_on(struct pcapng_reader *reader, struct bytes *rest,
                                 struct capture_record *record)
{
    for (;;) {
        enum capture_read result = pcapng_reader_next(reader, *rest, record);
        if (result == CAPTURE_READ_PACKET || result == CAPTURE_READ_NOTHING) {
            assert_in_range(record->used, 12, rest->size);
            *rest = bytes_make(rest->data + record->used, rest->size - record->used);
        }
        if (result != CAPTURE_READ_NOTHING)
            return result;
    }
}

static void check_times(enum kit_order order, unsigned resolution, int64_t offset_s, uint64_t stamp,
                        uint64_t wall_ns)
{
    struct buffer file = {0};
    struct pcapng_reader reader = {0};
    struct capture_record record;
    kit_section(&file, order);
    kit_interface(&file, order, 1, 0, resolution, offset_s);
    kit_enhanced(&file, order, 0, stamp, 100, FRAME);
    struct bytes rest = buffer_bytes(&file);
    assert_int_equal(read_on(&reader, &rest, &record), CAPTURE_READ_PACKET);
    assert_int_equal(record.frame.wall_ns, wall_ns);
    assert_int_equal(record.frame.wire_bytes, 100);
    assert_int_equal(record.frame.dlt, DLT_EN10MB);
    assert_true(bytes_equal(record.frame.bytes, FRAME));
    assert_int_equal(read_on(&reader, &rest, &record), CAPTURE_READ_MORE);
    assert_int_equal(rest.size, 0);
    pcapng_reader_done(&reader);
    buffer_free(&file);
}

static void test_pcapng_time_resolutions_and_offsets(void **state)
{
    (void)state;
    static const struct {
        unsigned resolution; /* 0: not said, which is microseconds */
        int64_t offset_s;
        uint64_t stamp, wall_ns;
    } cases[] = {
        {0, 0, UINT64_C(1700000000123456), 1700000000 * SECOND + 123456000},
        {6, 0, UINT64_C(1700000000123456), 1700000000 * SECOND + 123456000},
        {9, 0, UINT64_C(1700000000123456789), 1700000000 * SECOND + 123456789},
        {3, 0, UINT64_C(1700000000123), 1700000000 * SECOND + 123000000},
        {12, 0, UINT64_C(1700000123456789999), 1700000 * SECOND + 123456789},
        {19, 0, UINT64_C(15000000000000000001), 1 * SECOND + 500000000},
        {0x80, 0, 1700000000, 1700000000 * SECOND},
        {0x81, 0, 3, SECOND + 500000000},
        {0x80 | 30, 0, (UINT64_C(5) << 30) + (1 << 29), 5 * SECOND + 500000000},
        {0x80 | 32, 0, UINT64_C(1700000000) << 32 | 0x80000000, 1700000000 * SECOND + 500000000},
        {0x80 | 63, 0, UINT64_C(3) << 62, SECOND + 500000000},
        {9, 1700000000, UINT64_C(123456789), 1700000000 * SECOND + 123456789},
        {6, -10, UINT64_C(15000001), 5 * SECOND + 1000},
        {6, -10, UINT64_C(5000001), 0},
        {9, INT64_MAX, 5 * SECOND, LAST},
        {9, INT64_MIN, 5 * SECOND, 0},
        {6, 0, UINT64_MAX, LAST},
        {0x80, 0, UINT64_MAX, LAST},
        {9, 0, UINT64_MAX, LAST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (enum kit_order order = KIT_LITTLE; order <= KIT_BIG; order++)
            check_times(order, cases[i].resolution, cases[i].offset_s, cases[i].stamp, cases[i].wall_ns);
}

static void test_pcapng_interfaces_differ_in_link_and_resolution(void **state)
{
    (void)state;
    struct buffer file = {0};
    struct pcapng_reader reader = {0};
    struct capture_record record;
    kit_section(&file, KIT_LITTLE);
    kit_interface(&file, KIT_LITTLE, 1, 0, 6, 0);
    kit_interface(&file, KIT_LITTLE, 101, 0, 9, 0);
    kit_enhanced(&file, KIT_LITTLE, 1, 7 * SECOND + 1, 21, FRAME);
    kit_enhanced(&file, KIT_LITTLE, 0, 7000001, 21, FRAME);
    kit_section(&file, KIT_BIG); /* the interfaces of the section before are gone */
    kit_interface(&file, KIT_BIG, 113, 0, 3, 0);
    kit_enhanced(&file, KIT_BIG, 0, 7001, 21, FRAME);
    kit_enhanced(&file, KIT_BIG, 1, 7001, 21, FRAME);
    static const struct {
        int dlt;
        uint64_t wall_ns;
    } wanted[] = {
        {DLT_RAW, 7 * SECOND + 1}, {DLT_EN10MB, 7 * SECOND + 1000}, {DLT_LINUX_SLL, 7 * SECOND + 1000000}};
    struct bytes rest = buffer_bytes(&file);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_int_equal(read_on(&reader, &rest, &record), CAPTURE_READ_PACKET);
        assert_int_equal(record.frame.dlt, wanted[i].dlt);
        assert_int_equal(record.frame.wall_ns, wanted[i].wall_ns);
    }
    assert_int_equal(reader.first_dlt, DLT_EN10MB);
    assert_int_equal(read_on(&reader, &rest, &record), CAPTURE_READ_DAMAGED);
    assert_string_equal(reader.damage, "a packet of an interface that is not described");
    pcapng_reader_done(&reader);
    buffer_free(&file);
}

static void put_statistics(struct buffer *to, uint32_t interface, uint64_t by_interface, uint64_t by_system)
{
    struct buffer body = {0};
    kit_u32(&body, KIT_BIG, interface);
    kit_u64(&body, KIT_BIG, 0);
    kit_u16(&body, KIT_BIG, 5);
    kit_u16(&body, KIT_BIG, 8);
    kit_u64(&body, KIT_BIG, by_interface);
    kit_u16(&body, KIT_BIG, 7);
    kit_u16(&body, KIT_BIG, 8);
    kit_u64(&body, KIT_BIG, by_system);
    kit_block(to, KIT_BIG, 5, buffer_bytes(&body));
    buffer_free(&body);
}

static void test_pcapng_drops_of_all_interfaces_and_sections(void **state)
{
    (void)state;
    struct buffer file = {0};
    struct pcapng_reader reader = {0};
    struct capture_record record;
    kit_section(&file, KIT_BIG);
    kit_interface(&file, KIT_BIG, 1, 0, 0, 0);
    kit_interface(&file, KIT_BIG, 1, 0, 0, 0);
    put_statistics(&file, 0, 3, 10);
    put_statistics(&file, 0, 5, 20); /* the counts run on */
    put_statistics(&file, 1, 100, 0);
    kit_section(&file, KIT_BIG);
    kit_interface(&file, KIT_BIG, 1, 0, 0, 0);
    put_statistics(&file, 0, 1000, 7);
    struct bytes rest = buffer_bytes(&file);
    assert_int_equal(read_on(&reader, &rest, &record), CAPTURE_READ_MORE);
    assert_int_equal(pcapng_reader_drops(&reader).interface, 1105);
    assert_int_equal(pcapng_reader_drops(&reader).kernel, 27);
    pcapng_reader_done(&reader);
    buffer_free(&file);
}

static void test_pcapng_simple_and_obsolete_packets(void **state)
{
    (void)state;
    struct buffer file = {0}, body = {0};
    struct pcapng_reader reader = {0};
    struct capture_record record;
    kit_section(&file, KIT_LITTLE);
    kit_interface(&file, KIT_LITTLE, 1, 16, 9, 0);
    kit_u32(&body, KIT_LITTLE, 60); /* 60 on the wire, the snapshot length is 16 */
    buffer_append_bytes(&body, BYTES_LITERAL("sixteen bytes..."));
    kit_block(&file, KIT_LITTLE, 3, buffer_bytes(&body));
    buffer_clear(&body);
    kit_u16(&body, KIT_LITTLE, 0);
    kit_u16(&body, KIT_LITTLE, 12); /* drops */
    kit_u32(&body, KIT_LITTLE, 1);
    kit_u32(&body, KIT_LITTLE, 5);
    kit_u32(&body, KIT_LITTLE, 3);
    kit_u32(&body, KIT_LITTLE, 90);
    buffer_append_bytes(&body, BYTES_LITERAL("abc"));
    kit_block(&file, KIT_LITTLE, 2, buffer_bytes(&body));
    kit_block(&file, KIT_LITTLE, 4, BYTES_LITERAL("names, which are read over"));
    kit_block(&file, KIT_LITTLE, 0x80001234, BYTES_LITERAL("of a kind that nobody knows"));
    buffer_clear(&body);
    kit_u32(&body, KIT_LITTLE, 5); /* shorter than its padding */
    buffer_append_bytes(&body, BYTES_LITERAL("five.\0\0"));
    kit_block(&file, KIT_LITTLE, 3, buffer_bytes(&body));
    struct bytes rest = buffer_bytes(&file);
    assert_int_equal(read_on(&reader, &rest, &record), CAPTURE_READ_PACKET);
    assert_true(bytes_equal(record.frame.bytes, BYTES_LITERAL("sixteen bytes...")));
    assert_int_equal(record.frame.wire_bytes, 60);
    assert_int_equal(record.frame.wall_ns, 0); /* no packet before it tells a time */
    assert_int_equal(read_on(&reader, &rest, &record), CAPTURE_READ_PACKET);
    assert_true(bytes_equal(record.frame.bytes, BYTES_LITERAL("abc")));
    assert_int_equal(record.frame.wire_bytes, 90);
    assert_int_equal(record.frame.wall_ns, (UINT64_C(1) << 32) + 5);
    assert_int_equal(read_on(&reader, &rest, &record), CAPTURE_READ_PACKET);
    assert_true(bytes_equal(record.frame.bytes, BYTES_LITERAL("five.")));
    assert_int_equal(record.frame.wall_ns, (UINT64_C(1) << 32) + 5);
    pcapng_reader_done(&reader);
    buffer_free(&body);
    buffer_free(&file);
}

/* A section and an interface, then |type| with |body|; the damage that is found, NULL for none. */
static const char *damage_of(uint32_t type, struct bytes body)
{
    struct buffer file = {0};
    struct pcapng_reader reader = {0};
    struct capture_record record;
    kit_section(&file, KIT_LITTLE);
    kit_interface(&file, KIT_LITTLE, 1, 0, 0, 0);
    kit_block(&file, KIT_LITTLE, type, body);
    struct bytes rest = buffer_bytes(&file);
    const char *damage = read_on(&reader, &rest, &record) == CAPTURE_READ_DAMAGED ? reader.damage : NULL;
    pcapng_reader_done(&reader);
    buffer_free(&file);
    return damage;
}

static void test_pcapng_malformed_blocks(void **state)
{
    (void)state;
    static const struct {
        uint32_t type;
        struct bytes body;
        const char *damage;
    } cases[] = {
        {0x0a0d0d0a, {(const uint8_t *)"\x4d\x3c\x2b\x1a\1\0\0\0", 8}, "a section header that is too short"},
        {0x0a0d0d0a,
         {(const uint8_t *)"\x4d\x3c\x2b\x1a\2\0\0\0\1\1\1\1\1\1\1\1", 16},
         "a version of pcapng that is not known"},
        {0x0a0d0d0a,
         {(const uint8_t *)"\x4d\x3c\x2b\x1b\1\0\0\0\1\1\1\1\1\1\1\1", 16},
         "a section of no byte order"},
        {1, {(const uint8_t *)"\1\0\0\0", 4}, "an interface description that is too short"},
        {1,
         {(const uint8_t *)"\1\0\0\0\0\0\0\0\x9\0\1\0\x14\0\0\0", 16},
         "an interface of an impossible time resolution"},
        {1,
         {(const uint8_t *)"\1\0\0\0\0\0\0\0\x9\0\1\0\xc0\0\0\0", 16},
         "an interface of an impossible time resolution"},
        {1,
         {(const uint8_t *)"\1\0\0\0\0\0\0\0\x9\0\2\0\6\6\0\0", 16},
         "an interface of an impossible time resolution"},
        {1,
         {(const uint8_t *)"\1\0\0\0\0\0\0\0\xe\0\4\0\1\1\1\1", 16},
         "an interface of an impossible time offset"},
        {1, {(const uint8_t *)"\1\0\0\0\0\0\0\0\x2\0\5\0lo0\0", 16}, "options that reach past their block"},
        {1, {(const uint8_t *)"\1\0\0\0\0\0\0\0\x2\0\xff\xff", 12}, "options that reach past their block"},
        {6, {(const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16}, "a packet block that is too short"},
        {2, {(const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16}, "a packet block that is too short"},
        {3, {(const uint8_t *)"", 0}, "a packet block that is too short"},
        {6,
         {(const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0\5\0\0\0abcd", 24},
         "a packet that reaches past its block"},
        {6,
         {(const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\5\0\0\0abcd", 24},
         "a packet that reaches past its block"},
        {6,
         {(const uint8_t *)"\1\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\4\0\0\0abcd", 24},
         "a packet of an interface that is not described"},
        {5, {(const uint8_t *)"\0\0\0\0\0\0\0\0", 8}, "statistics that are too short"},
        {5,
         {(const uint8_t *)"\1\0\0\0\0\0\0\0\0\0\0\0", 12},
         "statistics of an interface that is not described"},
        {5,
         {(const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\5\0\x8\0abcd", 20},
         "options that reach past their block"},
        {1,
         {(const uint8_t *)"\1\0\0\0\0\0\0\0\0\0\xff\xff", 12},
         NULL}, /* the end of options has no length */
        {6,
         {(const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\4\0\0\0abcd\1\0\xff\xff", 28},
         NULL}, /* nobody reads these */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *damage = damage_of(cases[i].type, cases[i].body);
        if (cases[i].damage)
            assert_non_null(damage);
        if (damage)
            assert_string_equal(damage, cases[i].damage);
    }
}

static void test_pcapng_block_lengths(void **state)
{
    (void)state;
    static const struct {
        uint32_t first, last;
        const char *damage;
    } cases[] = {{11, 11, "a block of an impossible length"},
                 {0, 0, "a block of an impossible length"},
                 {26, 26, "a block of an impossible length"},
                 {(16 << 20) + 4, 24, "a block of an impossible length"},
                 {0xfffffffc, 24, "a block of an impossible length"},
                 {24, 28, "a block whose two lengths differ"},
                 {24, 24, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer file = {0};
        struct pcapng_reader reader = {0};
        struct capture_record record;
        kit_section(&file, KIT_BIG);
        kit_u32(&file, KIT_BIG, 4);
        kit_u32(&file, KIT_BIG, cases[i].first);
        buffer_append_bytes(&file, BYTES_LITERAL("twelve bytes"));
        kit_u32(&file, KIT_BIG, cases[i].last);
        struct bytes rest = buffer_bytes(&file);
        enum capture_read result = read_on(&reader, &rest, &record);
        assert_int_equal(result, cases[i].damage ? CAPTURE_READ_DAMAGED : CAPTURE_READ_MORE);
        if (cases[i].damage)
            assert_string_equal(reader.damage, cases[i].damage);
        pcapng_reader_done(&reader);
        buffer_free(&file);
    }
}

static void test_pcapng_block_before_a_section_is_damage(void **state)
{
    (void)state;
    struct buffer file = {0};
    struct pcapng_reader reader = {0};
    struct capture_record record;
    kit_interface(&file, KIT_LITTLE, 1, 0, 0, 0);
    struct bytes rest = buffer_bytes(&file);
    assert_int_equal(read_on(&reader, &rest, &record), CAPTURE_READ_DAMAGED);
    pcapng_reader_done(&reader);
    buffer_free(&file);
}

static void test_pcapng_more_interfaces_than_fit_are_damage(void **state)
{
    (void)state;
    struct buffer file = {0};
    struct pcapng_reader reader = {0};
    struct capture_record record;
    kit_section(&file, KIT_LITTLE);
    for (unsigned i = 0; i <= PCAPNG_READER_INTERFACES_MAX; i++)
        kit_interface(&file, KIT_LITTLE, 1, 0, 0, 0);
    struct bytes rest = buffer_bytes(&file);
    assert_int_equal(read_on(&reader, &rest, &record), CAPTURE_READ_DAMAGED);
    assert_int_equal(reader.interface_count, PCAPNG_READER_INTERFACES_MAX);
    pcapng_reader_done(&reader);
    buffer_free(&file);
}

/* Bytes arrive one by one: the same packets, no byte is read before it is there, and what is wanted is more than there was. */
static void test_pcapng_cut_anywhere_wants_more(void **state)
{
    (void)state;
    struct buffer file = {0};
    struct pcapng_reader reader = {0};
    kit_section(&file, KIT_BIG);
    kit_interface(&file, KIT_BIG, 1, 0, 9, 1);
    put_statistics(&file, 0, 3, 10);
    kit_enhanced(&file, KIT_BIG, 0, 77, 100, FRAME);
    kit_block(&file, KIT_BIG, 4, BYTES_LITERAL("names"));
    kit_enhanced(&file, KIT_BIG, 0, 78, 100, FRAME);
    size_t at = 0, packets = 0;
    for (size_t end = 0; end <= file.size; end++) {
        struct capture_record record;
        size_t size = end - at;
        uint8_t *copy = malloc(size); /* ASan sees every byte past it */
        if (size > 0)
            memcpy(copy, file.data + at, size);
        switch (pcapng_reader_next(&reader, bytes_make(copy, size), &record)) {
        case CAPTURE_READ_PACKET:
            assert_true(bytes_equal(record.frame.bytes, FRAME));
            assert_int_equal(record.frame.wall_ns, SECOND + 77 + packets++);
            at += record.used;
            break;
        case CAPTURE_READ_NOTHING:
            at += record.used;
            break;
        case CAPTURE_READ_MORE:
            assert_in_range(record.wanted, size + 1, file.size);
            break;
        case CAPTURE_READ_DAMAGED:
            fail();
        }
        free(copy);
    }
    assert_int_equal(at, file.size);
    assert_int_equal(packets, 2);
    pcapng_reader_done(&reader);
    buffer_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcapng_time_resolutions_and_offsets),
        cmocka_unit_test(test_pcapng_interfaces_differ_in_link_and_resolution),
        cmocka_unit_test(test_pcapng_drops_of_all_interfaces_and_sections),
        cmocka_unit_test(test_pcapng_simple_and_obsolete_packets),
        cmocka_unit_test(test_pcapng_malformed_blocks),
        cmocka_unit_test(test_pcapng_block_lengths),
        cmocka_unit_test(test_pcapng_block_before_a_section_is_damage),
        cmocka_unit_test(test_pcapng_more_interfaces_than_fit_are_damage),
        cmocka_unit_test(test_pcapng_cut_anywhere_wants_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
