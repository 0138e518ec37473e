#include "capture/capture.h"

#include "capture/digests.h"
#include "capture/ledger.h"
#include "capture/net/link.h"
#include "capture/privileges.h"
#include "capture/recorder.h"
#include "capture/settings.h"
#include "capture/source.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/stop.h"
#include "common/units.h"
#include "filters/key.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_INTERRUPTED 4
#define DRAIN_IDLE_NS    (250 * NS_PER_MS) /* the ring hands over a block after 100 ms at the latest */
#define DRAIN_MAX_NS     (5 * NS_PER_S)
#define THREADS_MAX      4
#define QUEUE_LIVE_BYTES (32u << 20)
#define QUEUE_FILE_BYTES (2u << 20)
#define TICK_SLACK_NS    (500 * NS_PER_MS) /* how far behind the clock packets may come out of the ring */

/* A running capture. */
struct run {
    const struct capture_settings *settings;
    struct source *source;
    struct keys *keys;
    struct recorder *recorder; /* NULL with --stream-digests */
    struct flow_table *flows;
    struct ledger ledger;
    uint64_t tick_mono_ns;
    uint64_t start_mono_ns;
    uint64_t first_packet_ns;
    uint64_t stop_mono_ns; /* when a clean end was asked for; 0: not yet */
    uint64_t stop_wall_ns;
    struct error failure; /* of the interface */
    bool failed;
    bool interrupted;
};

static int open_keys(struct run *run, struct error *err)
{
    const struct capture_settings *settings = run->settings;
    if (settings->key_file)
        return keys_load(settings->key_file, &run->keys, err);
    if (settings->new_key_file)
        return keys_create(settings->new_key_file, &run->keys, err);
    run->keys = keys_random();
    return 0;
}

/* Returns the number of processors that this process may use, as far as more of them make a capture faster. */
static unsigned processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > THREADS_MAX ? THREADS_MAX : count < 1 ? 1 : (unsigned)count;
}

static int open_recorder(struct run *run, struct error *err)
{
    const struct capture_settings *settings = run->settings;
    if (open_keys(run, err) != 0)
        return -1;
    struct recorder_options recorder = {
        .recording = {.writer = {.folder = settings->output,
                                 .keys = run->keys,
                                 .unsanitized = settings->unsanitized,
                                 .level = (int)settings->level},
                      .threads = settings->interface ? 1 : processors(),
                      .queue_bytes = settings->interface ? QUEUE_LIVE_BYTES : QUEUE_FILE_BYTES,
                      .live = settings->interface},
        .bodies = (enum recorder_bodies)settings->bodies,
        .max_body_bytes = settings->max_body_bytes,
        .count = settings->count,
        .select = settings->select,
        .keep_replays = settings->keep_replays,
    };
    if (recorder_open(&recorder, &run->recorder, err) != 0)
        return -1;
    if (settings->unsanitized)
        log_warning("--unsanitized: credentials and personal data are recorded as seen");
    else if (!settings->key_file && !settings->new_key_file)
        log_info("no --key-file: this traffic cannot be joined with other traffic");
    return 0;
}

/* What cannot be written at the end is better known at the beginning. */
static int try_ledger(const char *path, struct error *err)
{
    FILE *file = fopen(path, "ae");
    if (!file)
        return error_set_errno(err, ERROR_IO, errno, "--ledger %s", path);
    fclose(file);
    return 0;
}

static int open_run(struct run *run, struct error *err)
{
    const struct capture_settings *settings = run->settings;
    const struct source_live_options live = {
        .interface = settings->interface,
        .ports = settings->port_list,
        .port_count = settings->port_count,
        .filter = settings->filter,
        .ring_bytes = settings->ring_bytes,
    };
    int result = settings->interface ? source_open_live(&live, &run->source, err)
                                     : source_open_files(settings->paths, settings->path_count,
                                                         settings->filter, &run->source, err);
    if (result != 0 || (settings->user && privileges_drop(settings->user, err) != 0))
        return -1;
    if (settings->ledger && !settings->stream_digests && try_ledger(settings->ledger, err) != 0)
        return -1;
    struct flow_handler handler;
    if (settings->stream_digests) {
        handler = digests_handler(stdout);
    } else {
        if (open_recorder(run, err) != 0)
            return -1;
        handler = recorder_handler(run->recorder);
    }
    run->flows =
        flow_table_create(&(struct flow_settings){.connections_max = (uint32_t)settings->connections_max,
                                                  .stored_bytes_max = settings->memory_bytes,
                                                  .ports = settings->port_list,
                                                  .port_count = settings->port_count,
                                                  .guess_roles = settings->stream_digests},
                          &handler);
    run->start_mono_ns = clock_mono_ns();
    run->tick_mono_ns = run->start_mono_ns;
    if (settings->interface)
        log_info("listening on %s, ports %s; SIGINT (Ctrl-C) ends the capture", settings->interface,
                 settings->ports);
    return 0;
}

static void take_packet(struct run *run, const struct net_frame *frame)
{
    struct bytes ip;
    struct tcp_segment segment;
    run->ledger.packets_received++;
    if (run->first_packet_ns == 0)
        run->first_packet_ns = frame->wall_ns;
    enum net_verdict verdict = link_decode(frame->dlt, frame->bytes, &ip);
    if (verdict == NET_TCP) {
        size_t link_bytes = frame->bytes.size - ip.size;
        verdict = ip_decode(ip, frame->wire_bytes - link_bytes, &segment);
    }
    if (verdict == NET_TCP)
        verdict = flow_take(run->flows, &segment, frame->wall_ns);
    if (verdict != NET_TCP)
        run->ledger.not_decoded[verdict]++;
}

static void show_progress(struct run *run)
{
    uint64_t dropped = run->settings->interface ? source_drops(run->source).kernel : 0;
    log_progress("%" PRIu64 " packets (%" PRIu64 " dropped), %" PRIu64 " exchanges recorded, %" PRIu32
                 " connections open",
                 run->ledger.packets_received, dropped,
                 run->recorder ? recorder_recorded(run->recorder) : UINT64_C(0), flow_table_open(run->flows));
}

/* About once a second: what depends on time. */
static void tick(struct run *run, bool idle)
{
    uint64_t now_mono_ns = clock_mono_ns();
    if (idle && run->settings->interface)
        flow_tick(run->flows, clock_wall_ns() - TICK_SLACK_NS);
    if (now_mono_ns - run->tick_mono_ns < NS_PER_S)
        return;
    run->tick_mono_ns = now_mono_ns;
    if (run->recorder)
        recorder_tick(run->recorder, now_mono_ns);
    show_progress(run);
}

static bool duration_over(const struct run *run, const struct net_frame *frame)
{
    uint64_t duration_ns = run->settings->duration_ns;
    if (duration_ns == 0)
        return false;
    if (run->settings->interface)
        return clock_mono_ns() - run->start_mono_ns >= duration_ns;
    return frame && run->first_packet_ns && frame->wall_ns >= run->first_packet_ns + duration_ns;
}

/* Whether the capture is over. Live, an end that was asked for takes what the ring still holds from before. */
static bool is_over(struct run *run, const struct net_frame *frame)
{
    if (run->recorder && recorder_is_done(run->recorder))
        return true;
    bool live = run->settings->interface;
    if (run->stop_mono_ns == 0 && (stop_requested() || duration_over(run, frame))) {
        run->interrupted = !live && stop_requested();
        if (!live)
            return true;
        run->stop_mono_ns = clock_mono_ns();
        run->stop_wall_ns = clock_wall_ns();
    }
    if (run->stop_mono_ns == 0)
        return false;
    uint64_t since_ns = clock_mono_ns() - run->stop_mono_ns;
    return frame ? frame->wall_ns > run->stop_wall_ns || since_ns > DRAIN_MAX_NS : since_ns > DRAIN_IDLE_NS;
}

static void capture_packets(struct run *run)
{
    struct net_frame frame;
    for (uint64_t turns = 1;; turns++) {
        switch (source_next(run->source, &frame, &run->failure)) {
        case SOURCE_PACKET:
            if (is_over(run, &frame))
                return;
            take_packet(run, &frame);
            if (turns % 256 == 0)
                tick(run, false);
            break;
        case SOURCE_IDLE:
            if (is_over(run, NULL))
                return;
            tick(run, true);
            break;
        case SOURCE_END:
            run->interrupted = stop_requested();
            return;
        case SOURCE_ERROR:
            run->failed = true;
            return;
        }
    }
}

static void account(struct run *run)
{
    struct ledger *ledger = &run->ledger;
    const struct flow_counts *counts = flow_table_counts(run->flows);
    struct source_drops drops = source_drops(run->source);
    ledger->packets_dropped_kernel = drops.kernel;
    ledger->packets_dropped_interface = drops.interface;
    ledger->packets_duplicate = counts->segments_duplicate;
    ledger->packets_conflicting = counts->segments_conflicting;
    ledger->bytes_reassembled = counts->bytes_delivered + counts->bytes_unassigned;
    ledger->bytes_skipped = counts->bytes_unassigned;
    ledger->bytes_gap = counts->bytes_gap;
    ledger->connections_seen = counts->connections_seen;
    ledger->connections_complete = counts->connections_complete;
    ledger->connections_midstream = counts->connections_midstream;
    ledger->connections_gapped = counts->connections_gapped;
    ledger->connections_evicted = counts->connections_evicted;
    ledger->connections_idle = counts->connections_idle;
    recorder_account(run->recorder, ledger);
}

/* Says why there may be nothing in a recording that holds nothing. */
static void explain_nothing(const struct run *run)
{
    const struct ledger *ledger = &run->ledger;
    if (ledger->requests_seen > 0 || run->failed || source_damage(run->source))
        return;
    if (ledger->packets_received == 0)
        log_warning("no packet came by: check %s",
                    run->settings->interface ? "--interface, --ports and --filter" : "the file and --filter");
    else if (ledger->not_http_count > 0)
        log_warning("no HTTP request was seen, but %s: capture where requests pass unencrypted",
                    ledger->not_http[0].name);
    else
        log_warning("no HTTP request was seen: check --ports and --filter");
}

static int judge_loss(const struct run *run)
{
    const struct ledger *ledger = &run->ledger;
    if (ledger->packets_dropped_kernel)
        log_warning("%" PRIu64 " packets were dropped for lack of time; give a larger --buffer or more CPU",
                    ledger->packets_dropped_kernel);
    if (ledger->connections_evicted)
        log_warning("%" PRIu64 " connections were given up for lack of room; raise --connections-max",
                    ledger->connections_evicted);
    if (run->settings->select && select_gave_up(run->settings->select))
        log_warning("--select: a regular expression took too many steps %" PRIu64
                    " times, and was taken as not found",
                    select_gave_up(run->settings->select));
    double loss_pct = ledger_loss_pct(ledger);
    if (loss_pct <= run->settings->max_loss_pct)
        return 0;
    log_error("%.2f%% was lost, more than --max-loss %g%%", loss_pct, run->settings->max_loss_pct);
    return 3;
}

/* Seals, prints the ledger and returns the exit status. */
static int end_run(struct run *run)
{
    int status = run->interrupted ? EXIT_INTERRUPTED : 0;
    struct error err = {0};
    flow_finish(run->flows);
    log_progress_end();
    if (run->recorder) {
        int closed = recorder_finish(run->recorder, &err);
        account(run);
        ledger_print(&run->ledger, stdout);
        if (closed != 0) {
            log_error("%s; what was recorded before is kept", err.text);
            status = 3;
        }
        if (run->settings->ledger && ledger_write_json(&run->ledger, run->settings->ledger, &err) != 0) {
            log_error("%s", err.text);
            status = 3;
        }
        explain_nothing(run);
        if (judge_loss(run) != 0)
            status = 3;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        log_error("cannot write to standard output");
        status = 3;
    }
    if (run->failed || source_damage(run->source)) {
        log_error("%s", run->failed ? run->failure.text : source_damage(run->source));
        status = 3;
    }
    return status;
}

static void free_run(struct run *run)
{
    flow_table_free(run->flows);
    recorder_free(run->recorder);
    keys_free(run->keys);
    source_free(run->source);
    free(run);
}

int verb_capture(int argc, char **argv)
{
    struct capture_settings settings;
    struct error err = {0};
    int status;
    if (!capture_settings_read(argc, argv, &settings, &status))
        return status;
    struct run *run = xcalloc(1, sizeof *run);
    run->settings = &settings;
    if (sodium_init() < 0) {
        log_error("libsodium does not start");
        status = 3;
    } else if (open_run(run, &err) != 0) {
        log_error("%s", err.text);
        status = error_exit_status(&err);
    } else {
        capture_packets(run);
        status = end_run(run);
    }
    free_run(run);
    capture_settings_done(&settings);
    return status;
}
