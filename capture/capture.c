#include "capture/capture.h"

#include "capture/digests.h"
#include "capture/ledger.h"
#include "capture/net/link.h"
#include "capture/privileges.h"
#include "capture/recorder.h"
#include "capture/source.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/options.h"
#include "common/stop.h"
#include "common/units.h"
#include "filters/key.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_INTERRUPTED 4
#define PORTS_MAX        1024
#define FILES_MAX        512
#define DRAIN_IDLE_NS    (250 * NS_PER_MS) /* the ring hands over a block after 100 ms at the latest */
#define DRAIN_MAX_NS     (5 * NS_PER_S)
#define BODY_MAX         (UINT64_C(32) << 20) /* two of them fit in a record */
#define TICK_SLACK_NS    (500 * NS_PER_MS)    /* how far behind the clock packets may come out of the ring */

struct settings {
    const char *interface;
    struct option_texts files; /* of --read */
    const char **paths;        /* those and the words after the options */
    size_t path_count;
    const char *ports;
    const char *output;
    const char *key_file;
    const char *new_key_file;
    const char *filter;
    int bodies;
    uint64_t max_body_bytes;
    uint64_t duration_ns;
    uint64_t count;
    const char *user;
    const char *ledger;
    double max_loss_pct;
    bool unsanitized;
    bool stream_digests;
    uint64_t level;
    uint64_t connections_max;
    uint64_t memory_bytes;
    uint64_t ring_bytes;
};

#define AT(member) offsetof(struct settings, member)
static const struct option_spec options[] = {
    {"interface", 'i', OPTION_TEXT, "IF", "capture live on this interface; 'lo' and 'any' included",
     AT(interface)},
    {"read", 'r', OPTION_TEXTS, "FILE", "read pcap or pcapng files; repeatable, merged by time", AT(files)},
    {"ports", 'p', OPTION_TEXT, "PORTS",
     "server ports, as 80,8000-8010\nwith --read it may be left out: every TCP port is looked at", AT(ports)},
    {"output", 'o', OPTION_TEXT, "TRAFFIC", "folder to record into; created where missing", AT(output)},
    {"key-file", 0, OPTION_TEXT, "FILE", "master key of the pseudonyms", AT(key_file)},
    {"new-key-file", 0, OPTION_TEXT, "FILE", "create a master key here (mode 0600) and use it",
     AT(new_key_file)},
    {"filter", 0, OPTION_TEXT, "BPF", "take only packets that match, see pcap-filter(7)", AT(filter)},
    {"bodies", 0, OPTION_CHOICE, "none|request|all", "which bodies to keep (default all)", AT(bodies)},
    {"max-body", 0, OPTION_SIZE, "SIZE", "cut bodies that are longer (default 1M)", AT(max_body_bytes)},
    {"duration", 0, OPTION_DURATION, "T", "end after this time; with --read in packet time", AT(duration_ns)},
    {"count", 0, OPTION_COUNT, "N", "end after this many exchanges", AT(count)},
    {"user", 0, OPTION_TEXT, "NAME", "become this user once the interface is open", AT(user)},
    {"ledger", 0, OPTION_TEXT, "FILE", "write the ledger as JSON", AT(ledger)},
    {"max-loss", 0, OPTION_PERCENT, "P%", "exit with 3 where more than this was lost (default 100%)",
     AT(max_loss_pct)},
    {"unsanitized", 0, OPTION_FLAG, NULL, "record as seen: for tests, and traffic without people in it",
     AT(unsanitized)},
    {"stream-digests", 0, OPTION_FLAG, NULL,
     "with --read: print bytes and SHA-256 of every stream instead of recording", AT(stream_digests)},
    {"level", 0, OPTION_COUNT, "N", "zstd level, 1 to 19 (default 1)", AT(level)},
    {"connections-max", 0, OPTION_COUNT, "N", "connections to follow at a time (default 131072)",
     AT(connections_max)},
    {"reassembly-memory", 0, OPTION_SIZE, "SIZE", "memory for segments out of order (default 256M)",
     AT(memory_bytes)},
    {"buffer", 'B', OPTION_SIZE, "SIZE", "the kernel's packet buffer, live (default 64M)", AT(ring_bytes)},
};

static const struct options_spec spec = {
    .verb = "capture",
    .summary = "Records sanitized HTTP traffic from an interface or from capture files.",
    .arguments = "",
    .arguments_max = FILES_MAX, /* what a shell makes of --read *.pcap */
    .examples = "  rehearse capture -i eth0 -p 8080 -o traffic --duration 10m --key-file ~/rehearse.key\n"
                "  rehearse capture -r monday.pcap -r tuesday.pcap -o traffic --new-key-file rehearse.key\n"
                "  rehearse capture -i any -p 80,8080 -o traffic --bodies request --ledger ledger.json\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

/* A running capture. */
struct run {
    const struct settings *settings;
    uint16_t ports[PORTS_MAX];
    size_t port_count;
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

static int parse_port(const char *text, size_t size, uint64_t *ret_port)
{
    return bytes_to_u64(bytes_make(text, size), ret_port) && *ret_port > 0 && *ret_port < 65536 ? 0 : -1;
}

static int parse_ports(const char *text, struct run *run, struct error *err)
{
    for (const char *at = text; at;) {
        size_t size = strcspn(at, ",");
        size_t dash = strcspn(at, "-,");
        uint64_t low, high;
        if (parse_port(at, dash < size ? dash : size, &low) != 0 ||
            parse_port(dash < size ? at + dash + 1 : at, dash < size ? size - dash - 1 : size, &high) != 0 ||
            high < low)
            return error_set(err, ERROR_USAGE,
                             "--ports '%s': wanted ports between 1 and 65535, as 80,8000-8010", text);
        if (run->port_count + (high - low) + 1 > PORTS_MAX)
            return error_set(err, ERROR_USAGE, "--ports: more than %d ports", PORTS_MAX);
        for (; low <= high; low++)
            run->ports[run->port_count++] = (uint16_t)low;
        at = at[size] ? at + size + 1 : NULL;
    }
    return 0;
}

static void collect_paths(struct settings *settings, const struct option_texts *arguments)
{
    const struct option_texts *lists[] = {&settings->files, arguments};
    settings->paths = xcalloc(settings->files.count + arguments->count, sizeof *settings->paths);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < lists[i]->count; k++)
            settings->paths[settings->path_count++] = lists[i]->items[k];
}

static int check_settings(const struct settings *settings, struct run *run, struct error *err)
{
    if (!settings->interface == (settings->files.count == 0))
        return error_set(err, ERROR_USAGE, "say either --interface IF or --read FILE");
    if (settings->files.count == 0 && settings->path_count > 0)
        return error_set(err, ERROR_USAGE, "'%s' is one argument too many; see rehearse capture --help",
                         settings->paths[0]);
    if (settings->stream_digests && settings->interface)
        return error_set(err, ERROR_USAGE, "--stream-digests goes with --read only");
    if ((!settings->output || !settings->output[0]) && !settings->stream_digests)
        return error_set(err, ERROR_USAGE, "--output TRAFFIC is missing: the folder to record into");
    if (settings->interface && !settings->ports)
        return error_set(err, ERROR_USAGE, "--ports is missing: the server's ports, as 80,8080");
    if (settings->key_file && settings->new_key_file)
        return error_set(err, ERROR_USAGE, "--key-file and --new-key-file exclude each other");
    if (settings->level > 19)
        return error_set(err, ERROR_USAGE, "--level: wanted 1 to 19");
    if (settings->max_body_bytes == 0 || settings->max_body_bytes > BODY_MAX)
        return error_set(err, ERROR_USAGE,
                         "--max-body: wanted 1 to 32M; to keep no bodies give --bodies none");
    if (settings->connections_max > UINT32_C(1) << 26)
        return error_set(err, ERROR_USAGE, "--connections-max: at most %u", 1u << 26);
    return settings->ports ? parse_ports(settings->ports, run, err) : 0;
}

static int open_keys(struct run *run, struct error *err)
{
    const struct settings *settings = run->settings;
    if (settings->key_file)
        return keys_load(settings->key_file, &run->keys, err);
    if (settings->new_key_file)
        return keys_create(settings->new_key_file, &run->keys, err);
    run->keys = keys_random();
    return 0;
}

static int open_recorder(struct run *run, struct error *err)
{
    const struct settings *settings = run->settings;
    if (open_keys(run, err) != 0)
        return -1;
    struct recorder_options recorder = {
        .writer = {.folder = settings->output,
                   .keys = run->keys,
                   .unsanitized = settings->unsanitized,
                   .level = (int)settings->level},
        .bodies = (enum recorder_bodies)settings->bodies,
        .max_body_bytes = settings->max_body_bytes,
        .count = settings->count,
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
    const struct settings *settings = run->settings;
    const struct source_live_options live = {
        .interface = settings->interface,
        .ports = run->ports,
        .port_count = run->port_count,
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
                                                  .ports = run->ports,
                                                  .port_count = run->port_count,
                                                  .guess_roles = settings->stream_digests},
                          &handler);
    run->start_mono_ns = clock_mono_ns();
    run->tick_mono_ns = run->start_mono_ns;
    if (settings->interface)
        log_info("listening on %s, ports %s; SIGINT (Ctrl-C) ends the capture", settings->interface,
                 settings->ports);
    return 0;
}

static void take_packet(struct run *run, const struct source_packet *packet)
{
    struct bytes ip;
    struct tcp_segment segment;
    run->ledger.packets_received++;
    if (run->first_packet_ns == 0)
        run->first_packet_ns = packet->wall_ns;
    enum net_verdict verdict = link_decode(packet->dlt, packet->frame, &ip);
    if (verdict == NET_TCP) {
        size_t link_bytes = packet->frame.size - ip.size;
        verdict = ip_decode(ip, packet->wire_bytes - link_bytes, &segment);
    }
    if (verdict == NET_TCP)
        verdict = flow_take(run->flows, &segment, packet->wall_ns);
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

static bool duration_over(const struct run *run, const struct source_packet *packet)
{
    uint64_t duration_ns = run->settings->duration_ns;
    if (duration_ns == 0)
        return false;
    if (run->settings->interface)
        return clock_mono_ns() - run->start_mono_ns >= duration_ns;
    return packet && run->first_packet_ns && packet->wall_ns >= run->first_packet_ns + duration_ns;
}

/* Whether the capture is over. Live, an end that was asked for takes what the ring still holds from before. */
static bool is_over(struct run *run, const struct source_packet *packet)
{
    if (run->recorder && recorder_is_done(run->recorder))
        return true;
    bool live = run->settings->interface;
    if (run->stop_mono_ns == 0 && (stop_requested() || duration_over(run, packet))) {
        run->interrupted = !live && stop_requested();
        if (!live)
            return true;
        run->stop_mono_ns = clock_mono_ns();
        run->stop_wall_ns = clock_wall_ns();
    }
    if (run->stop_mono_ns == 0)
        return false;
    uint64_t since_ns = clock_mono_ns() - run->stop_mono_ns;
    return packet ? packet->wall_ns > run->stop_wall_ns || since_ns > DRAIN_MAX_NS : since_ns > DRAIN_IDLE_NS;
}

static void capture_packets(struct run *run)
{
    struct source_packet packet;
    for (uint64_t turns = 1;; turns++) {
        switch (source_next(run->source, &packet, &run->failure)) {
        case SOURCE_PACKET:
            if (is_over(run, &packet))
                return;
            take_packet(run, &packet);
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
        account(run);
        int closed = recorder_close(run->recorder, &err);
        run->recorder = NULL;
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
    recorder_close(run->recorder, NULL);
    keys_free(run->keys);
    source_free(run->source);
    free(run);
}

int verb_capture(int argc, char **argv)
{
    struct settings settings = {
        .bodies = RECORDER_BODIES_ALL,
        .max_body_bytes = 1 << 20,
        .max_loss_pct = 100,
        .ring_bytes = 64 << 20,
    };
    struct error err = {0};
    struct option_texts arguments = {0};
    int status;
    if (!options_start(&spec, argc, argv, &settings, &arguments, &status))
        return status;
    struct run *run = xcalloc(1, sizeof *run);
    run->settings = &settings;
    collect_paths(&settings, &arguments);
    if (sodium_init() < 0) {
        log_error("libsodium does not start");
        status = 3;
    } else if (check_settings(&settings, run, &err) != 0 || open_run(run, &err) != 0) {
        log_error("%s", err.text);
        status = error_exit_status(&err);
    } else {
        capture_packets(run);
        status = end_run(run);
    }
    free_run(run);
    free(settings.paths);
    return status;
}
