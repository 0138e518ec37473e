#include "capture/settings.h"

#include "capture/recorder.h"
#include "common/error.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/select_option.h"
#include "common/units.h"
#include "filters/policy/policy_yaml.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_WRONG_USAGE 2
#define FILES_MAX        512
#define BODY_MAX         (UINT64_C(32) << 20) /* two of them fit in a record */
#define MEMORY_MIN       (UINT64_C(1) << 20)

#define AT(member) offsetof(struct capture_settings, member)
static const struct option_spec options[] = {
    {"interface", 'i', OPTION_TEXT, "IF", "capture live on this interface; 'lo' and 'any' included",
     AT(interface)},
    {"read", 'r', OPTION_TEXTS, "FILE",
     "read pcap or pcapng files, also gzip or zstd; '-' is standard input\nrepeatable, merged by time",
     AT(files)},
    {"ports", 'p', OPTION_TEXT, "PORTS",
     "server ports, as 80,8000-8010\nwithout it every TCP port is looked at, and those with HTTP are named "
     "at the end",
     AT(ports)},
    {"server", 0, OPTION_TEXT, "ADDR[/LEN],...", "record only what servers at these addresses answer",
     AT(server)},
    {"output", 'o', OPTION_TEXT, "TRAFFIC", "folder to record into; created where missing", AT(output)},
    {"key-file", 0, OPTION_TEXT, "FILE", "master key of the pseudonyms", AT(key_file)},
    {"new-key-file", 0, OPTION_TEXT, "FILE", "create a master key here (mode 0600) and use it",
     AT(new_key_file)},
    {"policy", 0, OPTION_TEXT, "FILE",
     "what is sensitive and what becomes of it, see rehearse-policy(5) (default: built in)", AT(policy_file)},
    {"filter", 0, OPTION_TEXT, "BPF", "take only packets that match, see pcap-filter(7)", AT(filter)},
    {"decap", 0, OPTION_FLAG, NULL,
     "live: also take tunnels from the interface (VXLAN, GENEVE, GRE, IP in IP, MPLS, ...)", AT(decap)},
    {"select", 0, OPTION_TEXT, "EXPR",
     "record only exchanges that match, as \"path ~ '^/api/' && status == 5xx\";\nsee rehearse-select(7)",
     AT(select_text)},
    {"sample", 0, OPTION_PERCENT, "P%", "record this share, and always the same users under one key",
     AT(sample_pct)},
    {"sample-by", 0, OPTION_TEXT, "WHAT",
     "what is in the sample or not: session (default), connection, header:NAME,\ncookie:NAME, path or "
     "exchange",
     AT(sample_by)},
    {"keep-replays", 0, OPTION_FLAG, NULL, "also record requests that a replay of rehearse sent",
     AT(keep_replays)},
    {"bodies", 0, OPTION_CHOICE, "none|request|all", "which bodies to keep (default all)", AT(bodies)},
    {"max-body", 0, OPTION_SIZE, "SIZE", "cut bodies that are longer (default 1M)", AT(max_body_bytes)},
    {"duration", 0, OPTION_DURATION, "T", "end after this time; with --read in packet time", AT(duration_ns)},
    {"count", 0, OPTION_COUNT, "N", "end after this many exchanges", AT(count)},
    {"user", 0, OPTION_TEXT, "NAME", "become this user once the interface or the files are open", AT(user)},
    {"check-sandbox", 0, OPTION_FLAG, NULL,
     "try what the process that parses packets is refused, and print it", AT(check_sandbox)},
    {"ledger", 0, OPTION_TEXT, "FILE", "write the ledger as JSON", AT(ledger)},
    {"max-loss", 0, OPTION_PERCENT, "P%", "exit with 3 where more than this was lost (default 100%)",
     AT(max_loss_pct)},
    {"unsanitized", 0, OPTION_FLAG, NULL, "record as seen: for tests, and traffic without people in it",
     AT(unsanitized)},
    {"stream-digests", 0, OPTION_FLAG, NULL,
     "with --read: print bytes and SHA-256 of every stream instead of recording", AT(stream_digests)},
    {"level", 0, OPTION_COUNT, "N", "zstd level, 1 to 19 (default 1)", AT(level)},
    {"memory", 0, OPTION_SIZE, "SIZE",
     "for all that traffic makes grow: connections, and live the queue to the disk (default 256M)",
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
                "  rehearse capture -i any -p 80,8080 -o traffic --bodies request --ledger ledger.json\n"
                "  rehearse capture -i eth0 -p 80 -o traffic --sample 5% --key-file ~/rehearse.key\n"
                "  rehearse capture -i eth0 -p 80 -o traffic --select \"method == GET && path ~ '^/api/'\"\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static int parse_port(const char *text, size_t size, uint64_t *ret_port)
{
    return bytes_to_u64(bytes_make(text, size), ret_port) && *ret_port > 0 && *ret_port < 65536 ? 0 : -1;
}

static int parse_ports(const char *text, struct capture_settings *settings, struct error *err)
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
        if (settings->port_count + (high - low) + 1 > CAPTURE_PORTS_MAX)
            return error_set(err, ERROR_USAGE, "--ports: more than %d ports", CAPTURE_PORTS_MAX);
        for (; low <= high; low++)
            settings->port_list[settings->port_count++] = (uint16_t)low;
        at = at[size] ? at + size + 1 : NULL;
    }
    return 0;
}

static int parse_servers(const char *text, struct capture_settings *settings, struct error *err)
{
    for (const char *at = text; at;) {
        size_t size = strcspn(at, ",");
        if (settings->server_count == CAPTURE_SERVERS_MAX)
            return error_set(err, ERROR_USAGE, "--server: more than %d addresses", CAPTURE_SERVERS_MAX);
        if (!address_range_parse(bytes_make(at, size), &settings->server_list[settings->server_count++]))
            return error_set(
                err, ERROR_USAGE,
                "--server '%s': wanted addresses as 192.0.2.7, 192.0.2.7:80, 192.0.2.0/24 or 2001:db8::/32",
                text);
        at = at[size] ? at + size + 1 : NULL;
    }
    return 0;
}

static void collect_paths(struct capture_settings *settings, const struct option_texts *arguments)
{
    const struct option_texts *lists[] = {&settings->files, arguments};
    settings->paths = xcalloc(settings->files.count + arguments->count, sizeof *settings->paths);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < lists[i]->count; k++)
            settings->paths[settings->path_count++] = lists[i]->items[k];
}

/* Reads --policy. What it selects and samples holds besides, and below, what the flags say. */
static int read_policy(struct capture_settings *settings, struct error *err)
{
    if (!settings->policy_file)
        return 0;
    if (settings->unsanitized)
        return error_set(err, ERROR_USAGE, "--policy and --unsanitized exclude each other");
    if (policy_load(settings->policy_file, &settings->policy, err) != 0)
        return -1;
    if (settings->sample_pct == 100)
        settings->sample_pct = policy_sample_pct(settings->policy);
    if (!settings->sample_by)
        settings->sample_by = policy_sample_by(settings->policy);
    return 0;
}

/* Compiles --select and what the policy selects, of which both must hold. */
static int read_select(struct capture_settings *settings)
{
    const char *flag = settings->select_text;
    const char *policy = settings->policy ? policy_select(settings->policy) : NULL;
    if (flag && select_option("select", flag, &settings->select) != 0)
        return -1;
    if (!policy)
        return 0;
    struct buffer both = {0};
    buffer_printf(&both, "(%s)", policy);
    if (flag)
        buffer_printf(&both, " && (%s)", flag);
    buffer_append_byte(&both, 0);
    select_free(settings->select);
    settings->select = NULL;
    int status = select_option("policy", (const char *)both.data, &settings->select);
    buffer_free(&both);
    return status;
}

static int check_settings(struct capture_settings *settings, struct error *err)
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
    if (settings->key_file && settings->new_key_file)
        return error_set(err, ERROR_USAGE, "--key-file and --new-key-file exclude each other");
    if (read_policy(settings, err) != 0)
        return -1;
    if (!(settings->sample_pct > 0))
        return error_set(err, ERROR_USAGE, "--sample: wanted more than 0%%");
    if (!sampling_parse(settings->sample_by ? settings->sample_by : "session", &settings->sampling))
        return error_set(
            err, ERROR_USAGE,
            "--sample-by '%s': wanted session, connection, header:NAME, cookie:NAME, path or exchange",
            settings->sample_by);
    settings->sampling.pct = settings->sample_pct;
    if (settings->level > 19)
        return error_set(err, ERROR_USAGE, "--level: wanted 1 to 19");
    if (settings->max_body_bytes == 0 || settings->max_body_bytes > BODY_MAX)
        return error_set(err, ERROR_USAGE,
                         "--max-body: wanted 1 to 32M; to keep no bodies give --bodies none");
    if (settings->memory_bytes < MEMORY_MIN)
        return error_set(err, ERROR_USAGE, "--memory: at least 1M");
    if (settings->ports && parse_ports(settings->ports, settings, err) != 0)
        return -1;
    return settings->server ? parse_servers(settings->server, settings, err) : 0;
}

bool capture_settings_read(int argc, char **argv, struct capture_settings *ret_settings, int *ret_status)
{
    *ret_settings = (struct capture_settings){
        .bodies = RECORDER_BODIES_ALL,
        .max_body_bytes = 1 << 20,
        .max_loss_pct = 100,
        .sample_pct = 100,
        .memory_bytes = 256 << 20,
        .ring_bytes = 64 << 20,
    };
    struct option_texts arguments = {0};
    if (!options_start(&spec, argc, argv, ret_settings, &arguments, ret_status))
        return false;
    collect_paths(ret_settings, &arguments);
    struct error err = {0};
    if (check_settings(ret_settings, &err) != 0) {
        log_error("%s", err.text);
        *ret_status = error_exit_status(&err);
    } else if (read_select(ret_settings) != 0) {
        *ret_status = EXIT_WRONG_USAGE;
    } else {
        return true;
    }
    capture_settings_done(ret_settings);
    return false;
}

void capture_settings_done(struct capture_settings *settings)
{
    free(settings->paths);
    select_free(settings->select);
    policy_free(settings->policy);
}
