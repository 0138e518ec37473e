#include "capture/live/link_watch.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int link_watch_open(int *ret_fd, struct error *err)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        error_set_errno(err, ERROR_IO, errno, "watching the interfaces");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *ret_fd = fd;
    return 0;
}

void link_watch_clear(int fd)
{
    char message[8192];
    /* ENOBUFS says that messages were lost, which matters as little as what they said. */
    while (recv(fd, message, sizeof message, MSG_DONTWAIT) > 0 || errno == ENOBUFS || errno == EINTR)
        errno = 0;
}

struct link_state link_state_of(int fd, const char *interface)
{
    struct ifreq request = {0};
    struct link_state state = {0};
    if (strcmp(interface, "any") == 0)
        return (struct link_state){.up = true};
    strncpy(request.ifr_name, interface, sizeof request.ifr_name - 1);
    if (ioctl(fd, SIOCGIFINDEX, &request) == 0)
        state.index = request.ifr_ifindex;
    if (state.index != 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0)
        state.up = request.ifr_flags & IFF_UP;
    return state;
}

bool link_exists(int fd, int index)
{
    struct ifreq request = {.ifr_ifindex = index};
    return ioctl(fd, SIOCGIFNAME, &request) == 0;
}
