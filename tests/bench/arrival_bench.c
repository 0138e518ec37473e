/* The two ends of the arrival benchmark; arrival.sh runs them.
 *
 *     arrival_bench sink PORT COUNT RATE   answers every request, stamps its arrival, and after COUNT of them prints how far
 *                                          they were from the schedule k / RATE
 *     arrival_bench bare PORT COUNT RATE   the yardstick: a loop on epoll_pwait2 that sends a fixed request at each instant
 *                                          of that schedule, on 64 connections in turn
 *
 * The sink does not know when the schedule began. It takes the start that the median arrival fits (so a constant delay does
 * not count), and beside it the earliest start that no arrival comes before (so it does). */
#include "common/clock.h"
#include "common/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 64
#define FILES       70000
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
static const char asked[] = "GET /items/7 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n";

static uint64_t count, rate;
static struct sockaddr_in address = {.sin_family = AF_INET};

static void give_up(const char *what)
{
    perror(what);
    exit(3);
}

static int64_t intended(uint64_t number)
{
    return (int64_t)((unsigned __int128)number * NS_PER_S / rate);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double us(int64_t ns)
{
    return (double)ns / 1e3;
}

/* |arrived|: in order of arrival. */
static void print_errors(const uint64_t *arrived)
{
    int64_t *late = xcalloc(count, sizeof *late), *far = xcalloc(count, sizeof *far), gap_max = 0;
    for (uint64_t i = 0; i < count; i++) {
        late[i] = (int64_t)(arrived[i] - arrived[0]) - intended(i);
        if (i && (int64_t)(arrived[i] - arrived[i - 1]) > gap_max)
            gap_max = (int64_t)(arrived[i] - arrived[i - 1]);
    }
    qsort(late, count, sizeof *late, compare);
    for (uint64_t i = 0; i < count; i++)
        far[i] = llabs(late[i] - late[count / 2]);
    qsort(far, count, sizeof *far, compare);
    printf("off the schedule us: p50 %.1f p90 %.1f p99 %.1f max %.1f  late at most: p50 %.1f p99 %.1f  "
           "longest gap %.1f\n",
           us(far[count / 2]), us(far[count * 9 / 10]), us(far[count * 99 / 100]), us(far[count - 1]),
           us(late[count / 2] - late[0]), us(late[count * 99 / 100] - late[0]), us(gap_max));
    free(late);
    free(far);
}

/* Whole requests of |fd| (without bodies, they end with an empty line), stamped. Returns false at its end. */
static bool receive(int fd, uint64_t *arrived, uint64_t *done)
{
    static uint8_t matched[FILES]; /* bytes of "\r\n\r\n" seen at the end so far */
    static const char end[] = "\r\n\r\n";
    char bytes[16384];
    ssize_t size = recv(fd, bytes, sizeof bytes, 0);
    uint64_t now = clock_mono_ns();
    for (ssize_t i = 0; i < size; i++) {
        matched[fd] = bytes[i] == end[matched[fd]] ? matched[fd] + 1 : bytes[i] == '\r';
        if (matched[fd] != 4)
            continue;
        matched[fd] = 0;
        if (*done < count)
            arrived[(*done)++] = now;
        send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
    }
    if (size <= 0)
        matched[fd] = 0;
    return size > 0;
}

static void run_sink(void)
{
    uint64_t *arrived = xcalloc(count, sizeof *arrived), done = 0;
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, epoll = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096))
        give_up("listen");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[64];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    while (done < count) {
        int found = epoll_wait(epoll, ready, 64, 30000);
        if (found <= 0) {
            fprintf(stderr, "only %llu of %llu requests came\n", (unsigned long long)done,
                    (unsigned long long)count);
            exit(1);
        }
        for (int i = 0; i < found; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) {
                event.data.fd = accept(listener, NULL, NULL);
                if (event.data.fd < 0 || event.data.fd >= FILES)
                    give_up("accept");
                setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
            } else if (!receive(fd, arrived, &done)) {
                close(fd);
            }
        }
    }
    print_errors(arrived);
    free(arrived);
}

static void run_bare(void)
{
    int lanes[CONNECTIONS], on = 1, epoll = epoll_create1(0);
    for (int i = 0; i < CONNECTIONS; i++) {
        lanes[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(lanes[i], (struct sockaddr *)&address, sizeof address))
            give_up("connect");
        setsockopt(lanes[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = lanes[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, lanes[i], &event);
    }
    prctl(PR_SET_TIMERSLACK, 1UL);
    uint64_t start_ns = clock_mono_ns() + 100 * NS_PER_MS, answered = 0;
    char bytes[4096];
    for (uint64_t next = 0; answered < count;) {
        uint64_t now = clock_mono_ns();
        uint64_t due = next < count ? start_ns + (uint64_t)intended(next) : now + NS_PER_S;
        if (due <= now) {
            if (send(lanes[next++ % CONNECTIONS], asked, sizeof asked - 1, MSG_NOSIGNAL) < 0)
                give_up("send");
            continue;
        }
        struct timespec wait = {.tv_sec = (time_t)((due - now) / NS_PER_S),
                                .tv_nsec = (long)((due - now) % NS_PER_S)};
        struct epoll_event ready;
        if (epoll_pwait2(epoll, &ready, 1, &wait, NULL) <= 0)
            continue;
        ssize_t size = recv(ready.data.fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (size <= 0)
            return; /* the sink has all */
        answered += (uint64_t)size / (sizeof answer - 1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5 || !(count = strtoull(argv[3], NULL, 10)) || !(rate = strtoull(argv[4], NULL, 10))) {
        fprintf(stderr, "usage: arrival_bench sink|bare PORT COUNT RATE\n");
        return 2;
    }
    address.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (strcmp(argv[1], "sink") == 0)
        run_sink();
    else
        run_bare();
    return 0;
}
