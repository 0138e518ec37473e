#include "capture/live/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define DESCRIPTORS (1 + DEVICE_DROP_COUNTERS)

/* A message as it travels. */
struct message {
    enum channel_word word;
    int index;
    struct ring_layout layout;
    unsigned counters; /* descriptors behind the socket's */
};

int channel_open(int ret_ends[2], struct error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_ends) != 0)
        return error_set_errno(err, ERROR_IO, errno, "a pair of sockets");
    return 0;
}

bool channel_send(int end, enum channel_word word, const struct device *device)
{
    struct message message = {.word = word};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
    } control = {0};
    struct iovec part = {&message, sizeof message};
    struct msghdr envelope = {.msg_iov = &part, .msg_iovlen = 1};
    if (device) {
        int descriptors[DESCRIPTORS] = {device->fd};
        while (message.counters < DEVICE_DROP_COUNTERS && device->drop_fds[message.counters] >= 0) {
            descriptors[1 + message.counters] = device->drop_fds[message.counters];
            message.counters++;
        }
        size_t size = (1 + message.counters) * sizeof(int);
        message.index = device->index;
        message.layout = device->layout;
        envelope.msg_control = &control;
        envelope.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *header = CMSG_FIRSTHDR(&envelope);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(header), descriptors, size);
    }
    return sendmsg(end, &envelope, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof message;
}

enum channel_word channel_receive(int end, struct device *ret_device)
{
    struct message message;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
    } control;
    struct iovec part = {&message, sizeof message};
    struct msghdr envelope = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t size = recvmsg(end, &envelope, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0)
        return errno == EAGAIN || errno == EINTR ? CHANNEL_NOTHING : CHANNEL_END;
    if (size != (ssize_t)sizeof message)
        return CHANNEL_END;
    if (message.word != CHANNEL_DEVICE)
        return message.word;
    struct cmsghdr *header = CMSG_FIRSTHDR(&envelope);
    if (!header || header->cmsg_type != SCM_RIGHTS)
        return CHANNEL_NOTHING; /* no descriptor could be taken in: there is a limit on them */
    int descriptors[DESCRIPTORS];
    memcpy(descriptors, CMSG_DATA(header), (1 + message.counters) * sizeof(int));
    *ret_device = (struct device){.fd = descriptors[0], .index = message.index, .layout = message.layout};
    for (unsigned i = 0; i < DEVICE_DROP_COUNTERS; i++)
        ret_device->drop_fds[i] = i < message.counters ? descriptors[1 + i] : -1;
    return CHANNEL_DEVICE;
}
