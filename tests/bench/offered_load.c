/* Offers HTTP/1.1 requests at a fixed rate, whatever the server does (open loop), over keep-alive connections on one thread.
 *
 *     offered_load [--spin] http://ADDRESS:PORT/PATH RATE SECONDS [CONNECTIONS]
 *
 * Request k is due at start + k / RATE; where no connection is free it waits, and its response time counts from the instant
 * when it was due (no coordinated omission). Prints one line of name=value: requests due, answered, errors (connections that
 * broke, statuses over 399), the rate achieved, and the response times in microseconds. --spin polls instead of sleeping.
 * Ends with 1 where a request was not answered. */
#include "common/clock.h"
#include "common/histogram.h"
#include "common/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#define INPUT_BYTES ((size_t)1 << 16)
#define GRACE_NS    (2 * NS_PER_S)
#define EVENTS      256

struct connection {
    int fd;
    uint64_t due_ns;    /* of the request under way */
    uint64_t body_left; /* of the response, once its head is in */
    bool in_body;
    size_t size; /* of the head so far */
    struct connection *next_free;
    char input[INPUT_BYTES];
};

struct load {
    struct sockaddr_in address;
    char request[1024];
    size_t request_bytes;
    uint64_t count, interval_ns_q16; /* between requests, in 1/65536 ns */
    uint64_t start_ns, end_ns;
    uint64_t sent, answered, errors;
    bool spin;
    int epoll;
    struct connection *free;
    struct histogram times;
};

static uint64_t due_ns(const struct load *load, uint64_t k)
{
    return load->start_ns + (uint64_t)(((unsigned __int128)k * load->interval_ns_q16) >> 16);
}

static void set_free(struct load *load, struct connection *connection)
{
    connection->in_body = false;
    connection->size = 0;
    connection->next_free = load->free;
    load->free = connection;
}

static int connect_one(struct load *load, struct connection *connection)
{
    const int on = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (const struct sockaddr *)&load->address, sizeof load->address) != 0)
        return -1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    set_free(load, connection);
    return epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event);
}

/* The request under way, if any, is an error; a new connection takes the place. */
static void lose(struct load *load, struct connection *connection)
{
    load->errors++;
    close(connection->fd);
    if (connect_one(load, connection) != 0) {
        perror("offered_load: connect");
        exit(3);
    }
}

static void finish(struct load *load, struct connection *connection)
{
    uint64_t now_ns = clock_mono_ns();
    histogram_record_ns(&load->times, now_ns - connection->due_ns);
    load->answered++;
    load->end_ns = now_ns;
    set_free(load, connection);
}

/* Reads the head in |input|. Returns its length, 0 where it is not complete. */
static size_t read_head(struct load *load, struct connection *connection)
{
    const char *end = memmem(connection->input, connection->size, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end - connection->input) + 4;
    connection->input[head - 1] = '\0';
    const char *length = strcasestr(connection->input, "\r\ncontent-length:");
    connection->body_left = length ? strtoull(length + 17, NULL, 10) : 0;
    connection->in_body = true;
    load->errors += strncmp(connection->input, "HTTP/1.1 ", 9) != 0 || connection->input[9] > '3';
    return head;
}

static void receive(struct load *load, struct connection *connection)
{
    size_t at = connection->in_body ? 0 : connection->size;
    ssize_t got = read(connection->fd, connection->input + at, INPUT_BYTES - at);
    if (got <= 0) {
        lose(load, connection);
        return;
    }
    uint64_t body = (uint64_t)got;
    if (!connection->in_body) {
        connection->size += (size_t)got;
        size_t head = read_head(load, connection);
        if (head == 0) {
            if (connection->size == INPUT_BYTES)
                lose(load, connection);
            return;
        }
        body = connection->size - head;
    }
    connection->body_left -= body < connection->body_left ? body : connection->body_left;
    if (connection->body_left == 0)
        finish(load, connection);
}

static void send_due(struct load *load)
{
    uint64_t now_ns = clock_mono_ns();
    while (load->free && load->sent < load->count && due_ns(load, load->sent) <= now_ns) {
        struct connection *connection = load->free;
        load->free = connection->next_free;
        connection->due_ns = due_ns(load, load->sent++);
        if (write(connection->fd, load->request, load->request_bytes) != (ssize_t)load->request_bytes)
            lose(load, connection);
    }
}

static void run(struct load *load)
{
    struct epoll_event events[EVENTS];
    load->start_ns = load->end_ns = clock_mono_ns() + 10 * NS_PER_MS;
    uint64_t last_ns = due_ns(load, load->count) + GRACE_NS;
    for (;;) {
        uint64_t now_ns = clock_mono_ns();
        if (load->answered + load->errors >= load->count || now_ns > last_ns)
            return;
        uint64_t wait_ns = last_ns - now_ns + 1;
        if (load->free && load->sent < load->count) {
            uint64_t next_ns = due_ns(load, load->sent);
            wait_ns = next_ns > now_ns ? next_ns - now_ns : 0;
        }
        struct timespec wait = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
                                .tv_nsec = (long)(wait_ns % NS_PER_S)};
        if (load->spin)
            wait = (struct timespec){0};
        int count = epoll_pwait2(load->epoll, events, EVENTS, &wait, NULL);
        for (int i = 0; i < count; i++)
            receive(load, events[i].data.ptr);
        send_due(load);
    }
}

static bool parse_url(const char *url, struct load *load)
{
    char host[64], path[512] = "/";
    uint16_t port;
    if (sscanf(url, "http://%63[0-9.]:%" SCNu16 "%511s", host, &port, path) < 2 ||
        inet_pton(AF_INET, host, &load->address.sin_addr) != 1)
        return false;
    load->address.sin_family = AF_INET;
    load->address.sin_port = htons(port);
    load->request_bytes = (size_t)snprintf(load->request, sizeof load->request,
                                           "GET %s HTTP/1.1\r\nHost: %s:%u\r\n\r\n", path, host, port);
    return true;
}

static void print_figures(const struct load *load)
{
    double seconds = (double)(load->end_ns - load->start_ns) / (double)NS_PER_S;
    printf("due=%" PRIu64 " answered=%" PRIu64 " errors=%" PRIu64 " rate=%.0f p50_us=%" PRIu64
           " p99_us=%" PRIu64 " p999_us=%" PRIu64 " max_us=%" PRIu64 "\n",
           load->count, load->answered, load->errors, seconds > 0 ? (double)load->answered / seconds : 0,
           histogram_quantile(&load->times, 50000), histogram_quantile(&load->times, 99000),
           histogram_quantile(&load->times, 99900), load->times.max);
}

int main(int argc, char **argv)
{
    struct load load = {.spin = argc > 1 && strcmp(argv[1], "--spin") == 0};
    argc -= load.spin;
    argv += load.spin;
    double rate = argc > 3 ? strtod(argv[2], NULL) : 0;
    size_t connection_count = argc > 4 ? strtoul(argv[4], NULL, 10) : 32;
    if (rate <= 0 || argc > 5 || connection_count == 0 || !parse_url(argv[1], &load)) {
        fprintf(stderr, "usage: offered_load [--spin] http://ADDRESS:PORT/PATH RATE SECONDS [CONNECTIONS]\n");
        return 2;
    }
    load.count = (uint64_t)(rate * strtod(argv[3], NULL));
    load.interval_ns_q16 = (uint64_t)(65536e9 / rate);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
    struct connection *connections = xcalloc(connection_count, sizeof *connections);
    for (size_t i = 0; i < connection_count; i++) {
        if (connect_one(&load, &connections[i]) != 0) {
            perror("offered_load: connect");
            return 3;
        }
    }
    run(&load);
    print_figures(&load);
    for (size_t i = 0; i < connection_count; i++)
        close(connections[i].fd);
    close(load.epoll);
    histogram_free(&load.times);
    free(connections);
    return load.answered < load.count || load.errors > 0;
}
