#include "common/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_int requests;
static int event_fd = -1;

void stop_request(void)
{
    atomic_fetch_add(&requests, 1);
    uint64_t one = 1;
    ssize_t written = write(event_fd, &one, sizeof one);
    (void)written; /* an eventfd counter cannot be full here */
}

static void handle(int number)
{
    if (atomic_load(&requests) > 0)
        _exit(128 + number);
    stop_request();
}

void stop_install(void)
{
    if (event_fd >= 0)
        return;
    event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action = {.sa_handler = handle};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
}

bool stop_requested(void)
{
    return atomic_load(&requests) > 0;
}

int stop_fd(void)
{
    return event_fd;
}
