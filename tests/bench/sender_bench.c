/* What the HTTP/1.1 sender costs: a closed loop of LANES connections for SECONDS, one thread. Run by sender_bench.sh
 * against nginx, beside wrk.
 *
 *     sender_bench URL [LANES [SECONDS]] */
#include "common/clock.h"
#include "common/mem.h"
#include "replay/pacer.h"
#include "replay/sender/sender.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct loop {
    struct event_base *base;
    struct sender_request request;
    uint64_t end_ns;
    uint64_t answered;
    uint64_t failed;
    uint64_t body_bytes;
    size_t running;
};

static void on_done(struct sender_lane *lane, const struct sender_outcome *outcome, void *arg)
{
    struct loop *loop = arg;
    if (outcome->error == TRANSPORT_NONE)
        loop->answered++;
    else
        loop->failed++;
    loop->body_bytes += outcome->body_bytes;
    if (outcome->done_mono_ns < loop->end_ns)
        sender_lane_fire(lane, &loop->request, on_done, loop);
    else if (--loop->running == 0)
        event_base_loopbreak(loop->base);
}

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    size_t lane_count = argc > 2 ? strtoul(argv[2], NULL, 10) : 64;
    uint64_t seconds = argc > 3 ? strtoull(argv[3], NULL, 10) : 5;
    struct error err = {0};
    struct target *target = NULL;
    struct sender *sender = NULL;
    struct loop loop = {.base = pacer_base_create(&err), .running = lane_count};
    struct sender_settings settings = {.base = loop.base, .tls_insecure = true};
    if (!loop.base || target_parse(argv[1], &target, &err) < 0 || target_resolve(target, &err) < 0 ||
        (settings.target = target, sender_create(&sender_http1, &settings, &sender, &err)) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    char *head = xasprintf("GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", target->base_path, target->authority);
    loop.request.head = bytes_of(head);
    struct sender_lane **lanes = xcalloc(lane_count, sizeof *lanes);
    uint64_t start_ns = clock_mono_ns();
    loop.end_ns = start_ns + seconds * NS_PER_S;
    for (size_t i = 0; i < lane_count; i++) {
        lanes[i] = sender_lane_create(sender, &target->addresses[i % target->address_count], 0);
        sender_lane_fire(lanes[i], &loop.request, on_done, &loop);
    }
    double cpu = cpu_us();
    event_base_dispatch(loop.base);
    cpu = cpu_us() - cpu;
    double elapsed_s = (double)(clock_mono_ns() - start_ns) / 1e9,
           total = (double)(loop.answered + loop.failed);
    printf(
        "sender: %.0f requests/s, %.2f us CPU a request, %.0f requests/s per core (%zu lanes, %llu failed)\n",
        total / elapsed_s, cpu / total, 1e6 * total / cpu, lane_count, (unsigned long long)loop.failed);
    for (size_t i = 0; i < lane_count; i++)
        sender_lane_free(lanes[i]);
    sender_free(sender);
    target_free(target);
    event_base_free(loop.base);
    free(lanes);
    free(head);
    return loop.failed > 0;
}
