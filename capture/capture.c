#include "capture/capture.h"

#include "capture/advice.h"
#include "capture/courtesy.h"
#include "capture/digests.h"
#include "capture/ledger.h"
#include "capture/live/kernel_filter.h"
#include "capture/live/supervisor.h"
#include "capture/net/decoder.h"
#include "capture/net/link.h"
#include "capture/recorder.h"
#include "capture/sandbox.h"
#include "capture/settings.h"
#include "capture/source.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/stop.h"
#include "common/units.h"
#include "filters/key.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_INTERRUPTED 4
#define DRAIN_IDLE_NS    (250 * NS_PER_MS) /* the ring hands over a block after twice DEVICE_RETIRE_MS */
#define TRIM_SHARE       4                 /* memory is given back once this part of the limit was let go */
#define THREADS_MAX      4
#define QUEUE_SHARE      8  /* of the memory, that exchanges on their way to the disk may take, live */
#define QUEUE_FILE_BYTES 0  /* as few batches as keep all threads at work */
#define FRAGMENTS_SHARE  16 /* of the memory for reassembly, that fragments may take */
#define TICK_PACKETS     32 /* few: on a busy machine, they may take long */
#define TURN_PACKETS     96 /* taken before others may run */
#define TICK_SLACK_NS    (500 * NS_PER_MS) /* how far behind the clock packets may come out of the ring */

/* A running capture. */
struct run {
    const struct capture_settings *settings;
    int channel; /* to the parent of a live capture */
    struct source *source;
    FILE *ledger_file; /* NULL: not wanted */
    struct keys *keys;
    struct recorder *recorder; /* NULL with --stream-digests */
    struct decoder *decoder;
    struct flow_table *flows;
    struct budget memory; /* of all that traffic makes grow: connections and what waits in them */
    uint64_t memory_high; /* most of it since memory was last given back to the system */
    struct ledger ledger;
    struct sampling sampling;
    uint64_t tick_mono_ns;
    uint64_t start_mono_ns;
    uint64_t first_packet_ns;
    uint64_t stop_mono_ns; /* when a clean end was asked for; 0: not yet */
    uint64_t stop_wall_ns;
    bool interrupted;
    struct courtesy courtesy;
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
    run->sampling = settings->sampling;
    run->sampling.keys = run->keys;
    struct recorder_options recorder = {
        .recording = {.writer = {.folder = settings->output,
                                 .policy = settings->policy,
                                 .keys = run->keys,
                                 .sampling = settings->sample_pct < 100 ? &run->sampling : NULL,
                                 .unsanitized = settings->unsanitized,
                                 .level = (int)settings->level},
                      .threads = settings->interface ? 1 : processors(),
                      .queue_bytes =
                          settings->interface ? settings->memory_bytes / QUEUE_SHARE : QUEUE_FILE_BYTES,
                      .live = settings->interface,
                      .courtesy = settings->interface ? &run->courtesy : NULL},
        .bodies = (enum recorder_bodies)settings->bodies,
        .max_body_bytes = settings->max_body_bytes,
        .count = settings->count,
        .select = settings->select,
        .servers = {settings->server_list, settings->server_count},
        .keep_replays = settings->keep_replays,
        .memory = &run->memory,
    };
    if (recorder_open(&recorder, &run->recorder, err) != 0)
        return -1;
    if (settings->unsanitized)
        log_warning("--unsanitized: credentials and personal data are recorded as seen");
    else if (!settings->key_file && !settings->new_key_file)
        log_info("no --key-file: this traffic cannot be joined with other traffic");
    return 0;
}

/* What cannot be written at the end is better known at the beginning, and in the sandbox it could not be opened any more. */
static int open_ledger(struct run *run, struct error *err)
{
    const char *path = run->settings->ledger;
    if (!path || run->settings->stream_digests)
        return 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    run->ledger_file = fd < 0 ? NULL : fdopen(fd, "w");
    return run->ledger_file ? 0 : error_set_errno(err, ERROR_IO, errno, "--ledger %s", path);
}

/* Gives up every right before the first packet is looked at. Nothing but the folder can be opened afterwards. */
static int lock_in(struct run *run, struct error *err)
{
    const char *folder = run->settings->stream_digests ? NULL : run->settings->output;
    if (folder && mkdir(folder, 0700) != 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_IO, errno, "cannot create the folder %s", folder);
    bool became = false;
    const struct sandbox_needs needs = {
        .folder = folder,
        .write_fds = {run->ledger_file ? fileno(run->ledger_file) : -1, stop_fd(), run->courtesy.fd}};
    if ((folder && sandbox_become_owner(folder, &became, err) != 0) || sandbox_enter(&needs, err) != 0)
        return -1;
    if (became)
        log_info("recording as the user who owns %s; --user says it outright", folder);
    if (run->settings->check_sandbox)
        sandbox_try();
    return 0;
}

static int open_run(struct run *run, struct error *err)
{
    const struct capture_settings *settings = run->settings;
    run->memory.limit_bytes = settings->memory_bytes;
    if (settings
            ->interface) /* the queue, and as much again for what its buffers are larger than what they hold */
        run->memory.limit_bytes -= 2 * (settings->memory_bytes / QUEUE_SHARE);
    int result = settings->interface ? source_open_live(run->channel, &run->source, err)
                                     : source_open_files(settings->paths, settings->path_count,
                                                         settings->filter, &run->source, err);
    if (result == 0 && !settings->interface)
        result = sandbox_become(settings->user, err); /* live, the parent did so before */
    if (settings->interface)
        courtesy_begin(&run->courtesy);
    if (result != 0 || open_ledger(run, err) != 0 ||
        (!settings->stream_digests && open_keys(run, err) != 0) || lock_in(run, err) != 0)
        return -1;
    struct flow_handler handler;
    if (settings->stream_digests) {
        handler = digests_handler(stdout);
    } else {
        if (open_recorder(run, err) != 0)
            return -1;
        handler = recorder_handler(run->recorder);
    }
    run->decoder = decoder_create(
        &(struct decoder_settings){.fragments = {.bytes_max = settings->memory_bytes / FRAGMENTS_SHARE}});
    run->flows =
        flow_table_create(&(struct flow_settings){.budget = &run->memory,
                                                  .connection_bytes = recorder_connection_bytes(),
                                                  .ports = settings->port_list,
                                                  .port_count = settings->port_count,
                                                  .servers = {settings->server_list, settings->server_count},
                                                  .guess_roles = settings->stream_digests},
                          &handler);
    run->start_mono_ns = clock_mono_ns();
    run->tick_mono_ns = run->start_mono_ns;
    if (settings->interface)
        log_info("listening on %s, %s%s; SIGINT (Ctrl-C) ends the capture", settings->interface,
                 settings->ports ? "ports " : "every TCP port", settings->ports ? settings->ports : "");
    return 0;
}

static void take_packet(struct run *run, const struct net_frame *frame)
{
    struct tcp_segment segment;
    run->ledger.packets_received++;
    if (run->first_packet_ns == 0)
        run->first_packet_ns = frame->wall_ns;
    if (decoder_take(run->decoder, frame, &segment) != NET_TCP)
        return;
    enum net_verdict verdict = flow_take(run->flows, &segment, frame->wall_ns);
    if (verdict != NET_TCP)
        run->ledger.not_decoded[verdict]++;
}

static void show_progress(struct run *run)
{
    uint64_t dropped = run->settings->interface ? source_events(run->source).dropped_kernel : 0;
    log_progress("%" PRIu64 " packets (%" PRIu64 " dropped), %" PRIu64 " exchanges recorded, %" PRIu32
                 " connections open",
                 run->ledger.packets_received, dropped,
                 run->recorder ? recorder_recorded(run->recorder) : UINT64_C(0), flow_table_open(run->flows));
}

static void account(const struct run *run, struct ledger *ledger);

static void report(struct run *run)
{
    struct ledger so_far = run->ledger;
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    account(run, &so_far);
    ledger_print(&so_far, to);
    fclose(to);
    log_progress_end();
    fputs(text, stderr);
    free(text);
}

/* What the user asked for by a signal. */
static void grant_wishes(struct run *run)
{
    for (;;) {
        switch (source_wish(run->source)) {
        case SOURCE_WISH_NONE:
            return;
        case SOURCE_WISH_ROTATE:
            if (run->recorder)
                recorder_rotate(run->recorder);
            break;
        case SOURCE_WISH_REPORT:
            if (run->recorder)
                report(run);
            break;
        }
    }
}

/* What connections gave up goes back to the system, where it is much: malloc alone keeps it. */
static void trim_memory(struct run *run)
{
    uint64_t used = run->memory.used_bytes;
    if (used > run->memory_high)
        run->memory_high = used;
    if (run->memory_high - used < run->memory.limit_bytes / TRIM_SHARE)
        return;
    malloc_trim(0);
    run->memory_high = used;
}

/* How far what waits for us has filled its room, the ring or the queue to the disk, in eighths. */
static unsigned backlog(const struct run *run)
{
    unsigned packets = source_backlog(run->source);
    unsigned exchanges = run->recorder ? recorder_backlog(run->recorder) : 0;
    return packets > exchanges ? packets : exchanges;
}

/* Each TICK_PACKETS, and when there are none: what depends on time. */
static void tick(struct run *run, bool idle)
{
    uint64_t now_mono_ns = clock_mono_ns();
    trim_memory(run);
    if (run->settings->interface)
        courtesy_look(&run->courtesy, backlog(run));
    if (idle && run->settings->interface)
        flow_tick(run->flows, source_now_ns(run->source) - TICK_SLACK_NS);
    grant_wishes(run);
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

/* Whether the capture, of which an end may have been asked for, is over. Live, it takes what the ring still holds from before. */
static bool is_ending(struct run *run, const struct net_frame *frame)
{
    bool live = run->settings->interface;
    if (run->stop_mono_ns == 0 && (stop_requested() || duration_over(run, frame))) {
        run->interrupted = !live && stop_requested();
        if (!live)
            return true;
        run->stop_mono_ns = clock_mono_ns();
        run->stop_wall_ns = source_now_ns(run->source);
    }
    if (run->stop_mono_ns == 0)
        return false;
    /* However far behind: what was stamped before the stop is no more than the ring holds. */
    return frame ? frame->wall_ns > run->stop_wall_ns : clock_mono_ns() - run->stop_mono_ns > DRAIN_IDLE_NS;
}

static inline bool is_over(struct run *run, const struct net_frame *frame)
{
    if (run->recorder && recorder_is_done(run->recorder))
        return true;
    bool ends = run->stop_mono_ns != 0 || run->settings->duration_ns != 0 || stop_requested();
    return ends && is_ending(run, frame);
}

static void capture_packets(struct run *run)
{
    struct net_frame frame;
    for (uint64_t turns = 1;; turns++) {
        switch (source_next(run->source, &frame)) {
        case SOURCE_PACKET:
            if (is_over(run, &frame))
                return;
            take_packet(run, &frame);
            if (turns % TICK_PACKETS == 0)
                tick(run, false);
            if (turns % TURN_PACKETS == 0 && run->settings->interface)
                courtesy_give_way(&run->courtesy);
            break;
        case SOURCE_IDLE:
            if (is_over(run, NULL))
                return;
            tick(run, true);
            break;
        case SOURCE_END:
            run->interrupted = stop_requested();
            return;
        }
    }
}

/* What became of the frames that are no TCP segment. */
static void account_frames(const struct run *run, struct ledger *ledger)
{
    const struct decoder_counts *counts = decoder_counts(run->decoder);
    for (unsigned i = 0; i < NET_VERDICT_COUNT; i++)
        if (i != NET_OTHER_PORT && i != NET_OTHER_SERVER) /* which are judged behind the decoder */
            ledger->not_decoded[i] = counts->not_decoded[i];
    memcpy(ledger->decapsulated, counts->decapsulated, sizeof ledger->decapsulated);
    ledger->packets_fragments = counts->fragments_joined;
    static_assert(DECODER_LINKS_MAX <= LEDGER_LINKS_MAX, "");
    ledger->link_count = counts->link_count;
    for (size_t i = 0; i < counts->link_count; i++) {
        char name[LINK_NAME_SIZE];
        snprintf(ledger->links[i].name, sizeof ledger->links[i].name, "%s",
                 link_name(counts->links[i].dlt, name));
        ledger->links[i].count = counts->links[i].packets;
    }
}

static void account(const struct run *run, struct ledger *ledger)
{
    const struct flow_counts *counts = flow_table_counts(run->flows);
    struct source_events events = source_events(run->source);
    ledger->packets_dropped_kernel = events.dropped_kernel;
    ledger->packets_dropped_interface = events.dropped_interface;
    ledger->packets_interface_lost = events.interface_lost;
    ledger->packets_interface_away_ms = events.interface_away_ns / NS_PER_MS;
    ledger->packets_clock_steps = events.clock_steps;
    account_frames(run, ledger);
    ledger->packets_duplicate = counts->segments_duplicate;
    ledger->packets_conflicting = counts->segments_conflicting;
    ledger->packets_refused = counts->segments_refused;
    ledger->packets_old = counts->segments_old;
    ledger->packets_outside = counts->segments_outside;
    ledger->bytes_reassembled = counts->bytes_delivered + counts->bytes_unassigned;
    ledger->bytes_skipped = counts->bytes_unassigned;
    ledger->bytes_gap = counts->bytes_gap;
    ledger->connections_seen = counts->connections_seen;
    ledger->connections_complete = counts->connections_complete;
    ledger->connections_midstream = counts->connections_midstream;
    ledger->connections_gapped = counts->connections_gapped;
    ledger->connections_half_open = counts->connections_half_open;
    ledger->connections_reset = counts->connections_reset;
    ledger->connections_evicted = counts->connections_evicted;
    ledger->connections_evicted_half_open = counts->connections_evicted_half_open;
    ledger->connections_idle = counts->connections_idle;
    ledger->bytes_memory_peak = run->memory.peak_bytes;
    recorder_account(run->recorder, ledger);
}

static int write_ledger(struct run *run, struct error *err)
{
    /* What another capture left there is replaced; a pipe cannot be cut, and need not be. */
    (void)(ftruncate(fileno(run->ledger_file), 0) == 0);
    if (ledger_write_json(&run->ledger, run->ledger_file) == 0)
        return 0;
    return error_set_errno(err, ERROR_IO, errno, "--ledger %s", run->settings->ledger);
}

/* Seals, prints the ledger and returns the exit status. */
static int end_run(struct run *run)
{
    int status = run->interrupted ? EXIT_INTERRUPTED : 0;
    struct error err = {0};
    courtesy_look(&run->courtesy, COURTESY_FULL); /* whoever asked for the end waits for it */
    flow_finish(run->flows);
    log_progress_end();
    if (run->recorder) {
        int closed = recorder_finish(run->recorder, &err);
        account(run, &run->ledger);
        ledger_print(&run->ledger, stdout);
        if (closed != 0) {
            log_error("%s; what was recorded before is kept", err.text);
            status = 3;
        }
        if (run->ledger_file && write_ledger(run, &err) != 0) {
            log_error("%s", err.text);
            status = 3;
        }
        if (!source_damage(run->source))
            advice_explain_nothing(&run->ledger, run->settings->interface);
        advice_warn_of_hops(run->recorder);
        if (advice_judge_loss(&run->ledger, run->settings) != 0)
            status = 3;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        log_error("cannot write to standard output");
        status = 3;
    }
    if (source_damage(run->source)) {
        log_error("%s", source_damage(run->source));
        status = 3;
    }
    if (status != 3 && run->settings->port_count == 0)
        advice_name_ports(&run->ledger);
    return status;
}

static void free_run(struct run *run)
{
    flow_table_free(run->flows);
    decoder_free(run->decoder);
    recorder_free(run->recorder);
    keys_free(run->keys);
    source_free(run->source);
    courtesy_end(&run->courtesy);
    if (run->ledger_file)
        fclose(run->ledger_file);
    free(run);
}

/* The whole capture, in the process that parses. Returns the exit status. */
static int work(void *arg, int channel)
{
    struct error err = {0};
    struct run *run = xcalloc(1, sizeof *run);
    int status;
    run->settings = arg;
    run->courtesy.fd = -1;
    run->channel = channel;
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
    return status;
}

/* Live, a parent opens the interface for a worker without rights. */
static int work_live(struct capture_settings *settings)
{
    const struct kernel_filter_options filter = {.ports = settings->port_list,
                                                 .port_count = settings->port_count,
                                                 .filter = settings->filter,
                                                 .servers = {settings->server_list, settings->server_count},
                                                 .decap = settings->decap};
    const struct supervisor_options options = {
        .device = {settings->interface, &filter, settings->ring_bytes},
        .user = settings->user,
        .work = work,
        .arg = settings,
    };
    return supervisor_run(&options);
}

int verb_capture(int argc, char **argv)
{
    struct capture_settings settings;
    int status;
    if (!capture_settings_read(argc, argv, &settings, &status))
        return status;
    status = settings.interface ? work_live(&settings) : work(&settings, -1);
    capture_settings_done(&settings);
    return status;
}
