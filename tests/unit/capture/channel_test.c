/* channel.h: words arrive in order, a device with its descriptors, and the end of either side is heard. */
#include "capture/live/channel.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void open_pair(int ends[2])
{
    struct error err;
    assert_int_equal(channel_open(ends, &err), 0);
}

/* Returns a descriptor of an empty file whose offset is |mark|, to know it again. */
static int marked(off_t mark)
{
    char path[] = "/tmp/rehearse-channel-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(lseek(fd, mark, SEEK_SET), mark);
    return fd;
}

static void test_channel_words_arrive_in_order(void **state)
{
    (void)state;
    int ends[2];
    struct device device;
    open_pair(ends);
    assert_int_equal(channel_receive(ends[1], &device), CHANNEL_NOTHING);
    assert_true(channel_send(ends[0], CHANNEL_LOST, NULL));
    assert_true(channel_send(ends[0], CHANNEL_ROTATE, NULL));
    assert_int_equal(channel_receive(ends[1], &device), CHANNEL_LOST);
    assert_int_equal(channel_receive(ends[1], &device), CHANNEL_ROTATE);
    assert_int_equal(channel_receive(ends[1], &device), CHANNEL_NOTHING);
    close(ends[0]);
    assert_int_equal(channel_receive(ends[1], &device), CHANNEL_END);
    close(ends[1]);
}

static void check_device(int counters)
{
    int ends[2];
    struct device sent = {.fd = marked(1), .index = 7, .layout = {4096, 3, true}, .drop_fds = {-1, -1}}, got;
    open_pair(ends);
    for (int i = 0; i < counters; i++)
        sent.drop_fds[i] = marked(2 + i);
    assert_true(channel_send(ends[0], CHANNEL_DEVICE, &sent));
    device_close(&sent);
    assert_int_equal(channel_receive(ends[1], &got), CHANNEL_DEVICE);
    assert_int_equal(got.index, 7);
    assert_true(got.layout.block_bytes == 4096 && got.layout.block_count == 3 && got.layout.cooked);
    assert_int_equal(lseek(got.fd, 0, SEEK_CUR), 1);
    assert_true(fcntl(got.fd, F_GETFD) & FD_CLOEXEC);
    for (int i = 0; i < DEVICE_DROP_COUNTERS; i++) {
        if (i < counters)
            assert_int_equal(lseek(got.drop_fds[i], 0, SEEK_CUR), 2 + i);
        else
            assert_int_equal(got.drop_fds[i], -1);
    }
    device_close(&got);
    close(ends[0]);
    close(ends[1]);
}

static void test_channel_device_comes_with_its_descriptors(void **state)
{
    (void)state;
    for (int counters = 0; counters <= DEVICE_DROP_COUNTERS; counters++)
        check_device(counters);
}

static void test_channel_sender_never_waits(void **state)
{
    (void)state;
    int ends[2];
    unsigned sent = 0;
    struct device device;
    open_pair(ends);
    while (channel_send(ends[0], CHANNEL_LOST, NULL))
        sent++;
    assert_true(sent > 0);
    while (sent-- > 0)
        assert_int_equal(channel_receive(ends[1], &device), CHANNEL_LOST);
    assert_true(channel_send(ends[0], CHANNEL_BACK, NULL));
    close(ends[1]);
    assert_false(channel_send(ends[0], CHANNEL_BACK, NULL)); /* and no signal ends the process */
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channel_words_arrive_in_order),
        cmocka_unit_test(test_channel_device_comes_with_its_descriptors),
        cmocka_unit_test(test_channel_sender_never_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
