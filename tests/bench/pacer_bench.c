/* How far from the schedule do requests arrive? A receiver in a process of its own, on another core, stamps each
 * arrival against the absolute schedule: once for pacer and HTTP/1.1 sender with a pool of lanes, once for the yardstick,
 * a bare loop on epoll_pwait2 that sends fixed bytes on one connection.
 *
 *     pacer_bench [REQUESTS_PER_SECOND [SECONDS]] */
#include "common/clock.h"
#include "common/mem.h"
#include "replay/pacer.h"
#include "replay/sender/sender.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LANES         512
#define REQUEST_BYTES 64
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static uint64_t rate = 1000, count;
static uint64_t *arrived_ns; /* shared with the receiver, by number of the request */

static void pin(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static uint64_t intended(uint64_t start_ns, uint64_t number)
{
    return start_ns + (uint64_t)((unsigned __int128)number * NS_PER_S / rate);
}

/* Returns all requests ready to be sent, each of the same length with its number in it; owned. */
static char (*make_requests(void))[REQUEST_BYTES + 1]
{
    char(*requests)[REQUEST_BYTES + 1] = xcalloc(count, sizeof *requests);
    for (uint64_t i = 0; i < count; i++)
        snprintf(requests[i], sizeof requests[i],
                 "GET /%010u HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Fill: %-9s\r\n\r\n", (unsigned)(i % 1000000000),
                 "bench");
    return requests;
}

/* Stamps and answers what came on |fd|. Returns false at its end. */
static bool receive(int fd)
{
    char bytes[REQUEST_BYTES * 64];
    ssize_t size = recv(fd, bytes, sizeof bytes, 0);
    uint64_t now = clock_mono_ns();
    for (ssize_t at = 0; at + REQUEST_BYTES <= size; at += REQUEST_BYTES) {
        uint64_t number = strtoull(bytes + at + 5, NULL, 10);
        if (number < count)
            arrived_ns[number] = now;
        send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
    }
    return size > 0;
}

/* The independent process: serves until its parent kills it. */
static void run_receiver(int listener)
{
    pin(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event ready[64];
        int ready_count = epoll_wait(epoll, ready, 64, -1);
        for (int i = 0; i < ready_count; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) {
                event.data.fd = accept(listener, NULL, NULL);
                int on = 1;
                setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
            } else if (!receive(fd)) {
                close(fd);
            }
        }
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t thread_cpu_ns(void)
{
    struct timespec cpu;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return (uint64_t)cpu.tv_sec * NS_PER_S + (uint64_t)cpu.tv_nsec;
}

static void print_lateness(const char *name, uint64_t start_ns, uint64_t cpu_ns)
{
    uint64_t *late = xcalloc(count, sizeof *late), total = 0, found = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (arrived_ns[i] == 0)
            continue;
        uint64_t due = intended(start_ns, i);
        late[found] = arrived_ns[i] > due ? arrived_ns[i] - due : 0;
        total += late[found++];
    }
    qsort(late, found, sizeof *late, compare);
    if (found > 0)
        printf("%-10s %8llu/s  arrived %llu of %llu  late us: mean %.1f p50 %.1f p90 %.1f p99 %.1f p99.9 "
               "%.1f max %.1f"
               "  cpu %.1f us/request\n",
               name, (unsigned long long)rate, (unsigned long long)found, (unsigned long long)count,
               (double)total / (double)found / 1e3, (double)late[found / 2] / 1e3,
               (double)late[found * 9 / 10] / 1e3, (double)late[found * 99 / 100] / 1e3,
               (double)late[found * 999 / 1000] / 1e3, (double)late[found - 1] / 1e3,
               (double)cpu_ns / 1e3 / (double)count);
    free(late);
}

/* The run with our own parts. */
struct paced {
    struct event_base *base;
    struct pacer *pacer;
    struct sender_lane *free_lanes[LANES];
    size_t free_count;
    uint64_t start_ns;
    uint64_t next;
    uint64_t done;
    uint64_t no_lane; /* arrivals that found no free lane, and waited for the next completion */
    char (*requests)[REQUEST_BYTES + 1];
};

static void fire_due(struct paced *paced, uint64_t now);

static void on_done(struct sender_lane *lane, const struct sender_outcome *outcome, void *arg)
{
    struct paced *paced = arg;
    if (outcome->error != TRANSPORT_NONE) {
        fprintf(stderr, "request failed: %s\n", outcome->detail ? outcome->detail : "");
        exit(1);
    }
    paced->free_lanes[paced->free_count++] = lane;
    if (++paced->done == count)
        event_base_loopbreak(paced->base);
}

static void fire_due(struct paced *paced, uint64_t now)
{
    while (paced->next < count && intended(paced->start_ns, paced->next) <= now) {
        if (paced->free_count == 0) {
            paced->no_lane++;
            pacer_arm(paced->pacer, now + 20 * NS_PER_US);
            return;
        }
        struct sender_request request = {
            .head = {(const uint8_t *)paced->requests[paced->next++], REQUEST_BYTES}};
        sender_lane_fire(paced->free_lanes[--paced->free_count], &request, on_done, paced);
        if (paced->next < count && intended(paced->start_ns, paced->next) <= now)
            continue;
        now = clock_mono_ns();
    }
    if (paced->next < count)
        pacer_arm(paced->pacer, intended(paced->start_ns, paced->next));
}

static void on_due(uint64_t now_mono_ns, void *arg)
{
    fire_due(arg, now_mono_ns);
}

static void on_opened(struct sender_lane *lane, const struct sender_opening *opening, void *arg)
{
    (void)opening;
    struct paced *paced = arg;
    paced->free_lanes[paced->free_count++] = lane;
    if (paced->free_count == LANES)
        event_base_loopbreak(paced->base);
}

static void run_paced(uint16_t port)
{
    char url[64];
    struct error err = {0};
    struct paced paced = {.base = pacer_base_create(&err)};
    struct target *target = NULL;
    struct sender *sender = NULL;
    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    struct sender_settings settings = {.base = paced.base};
    if (!paced.base || target_parse(url, &target, &err) < 0 ||
        (settings.target = target, sender_create(&sender_http1, &settings, &sender, &err)) < 0 ||
        pacer_create(paced.base, on_due, &paced, &paced.pacer, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    paced.requests = make_requests();
    struct sender_lane *lanes[LANES];
    for (int i = 0; i < LANES; i++) {
        lanes[i] = sender_lane_create(sender, &target->addresses[0], 0);
        sender_lane_open(lanes[i], on_opened, &paced);
    }
    event_base_dispatch(paced.base);
    paced.start_ns = clock_mono_ns() + 100 * NS_PER_MS;
    pacer_arm(paced.pacer, paced.start_ns);
    uint64_t cpu_ns = thread_cpu_ns();
    event_base_dispatch(paced.base);
    print_lateness("rehearse", paced.start_ns, thread_cpu_ns() - cpu_ns);
    if (paced.no_lane)
        printf("           %llu times no lane was free\n", (unsigned long long)paced.no_lane);
    for (int i = 0; i < LANES; i++)
        sender_lane_free(lanes[i]);
    pacer_free(paced.pacer);
    sender_free(sender);
    target_free(target);
    event_base_free(paced.base);
    free(paced.requests);
}

/* The yardstick: nothing but the schedule, epoll_pwait2 and send. */
static void run_bare(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1, epoll = epoll_create1(0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("connect");
        exit(1);
    }
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    prctl(PR_SET_TIMERSLACK, 1UL);
    char bytes[65536];
    char(*requests)[REQUEST_BYTES + 1] = make_requests();
    uint64_t start_ns = clock_mono_ns() + 100 * NS_PER_MS, cpu_ns = thread_cpu_ns();
    for (uint64_t next = 0; next < count;) {
        uint64_t now = clock_mono_ns(), due = intended(start_ns, next);
        if (due <= now) {
            if (send(fd, requests[next++], REQUEST_BYTES, MSG_NOSIGNAL) != REQUEST_BYTES)
                exit(1);
            continue;
        }
        struct timespec wait = {.tv_sec = (time_t)((due - now) / NS_PER_S),
                                .tv_nsec = (long)((due - now) % NS_PER_S)};
        if (epoll_pwait2(epoll, &event, 1, &wait, NULL) > 0 &&
            recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) == 0)
            exit(1);
    }
    cpu_ns = thread_cpu_ns() - cpu_ns;
    usleep(100000);
    print_lateness("bare", start_ns, cpu_ns);
    free(requests);
    close(fd);
    close(epoll);
}

int main(int argc, char **argv)
{
    uint64_t seconds = argc > 2 ? strtoull(argv[2], NULL, 10) : 5;
    rate = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
    count = rate * seconds;
    if (count == 0 || count > 50000000)
        return 2;
    arrived_ns =
        mmap(NULL, count * sizeof *arrived_ns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (arrived_ns == MAP_FAILED || bind(listener, (struct sockaddr *)&address, size) < 0 ||
        listen(listener, 128) < 0 || getsockname(listener, (struct sockaddr *)&address, &size) < 0) {
        perror("pacer_bench");
        return 1;
    }
    pid_t receiver = fork();
    if (receiver == 0)
        run_receiver(listener);
    pin(0);
    signal(SIGPIPE, SIG_IGN);
    run_paced(ntohs(address.sin_port));
    memset(arrived_ns, 0, count * sizeof *arrived_ns);
    run_bare(ntohs(address.sin_port));
    kill(receiver, SIGKILL);
    waitpid(receiver, NULL, 0);
    return 0;
}
