#include "capture/file_source.h"

#include "capture/packet_filter.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/stop.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SNAPLEN   262144
#define FILES_MAX 512

/* One handle of libpcap with the packet that is next in it. */
struct input {
    pcap_t *handle;
    const char *path;
    int dlt;
    bool pending; /* |header| and |data| hold a packet not yet given out */
    bool ended;
    struct pcap_pkthdr *header;
    const uint8_t *data;
};

struct file_source {
    struct input *inputs;
    size_t count;
    char *damage;
};

static int open_file(struct input *input, const char *filter, struct error *err)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct stat info;
    if (strcmp(input->path, "-") != 0) {
        if (stat(input->path, &info) != 0)
            return error_set_errno(err, ERROR_IO, errno, "%s", input->path);
        if (S_ISDIR(info.st_mode))
            return error_set(err, ERROR_IO, "%s is a folder, not a capture file", input->path);
        if (S_ISREG(info.st_mode) && info.st_size == 0)
            return error_set(err, ERROR_IO, "%s is empty: no packet was written to it", input->path);
    }
    input->handle = pcap_open_offline_with_tstamp_precision(input->path, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!input->handle) {
        size_t prefix = strlen(input->path); /* libpcap names the file only where it cannot open it */
        if (strncmp(why, input->path, prefix) == 0 && why[prefix] == ':')
            return error_set(err, ERROR_IO, "%s", why);
        return error_set(err, ERROR_IO, "%s: cannot be read as pcap or pcapng (%s)", input->path, why);
    }
    input->dlt = pcap_datalink(input->handle);
    return filter ? packet_filter_set(input->handle, filter, filter, err) : 0;
}

int file_source_open(const char *const *paths, size_t count, const char *filter,
                     struct file_source **ret_source, struct error *err)
{
    if (count > FILES_MAX)
        return error_set(err, ERROR_USAGE, "more than %d capture files; merge some first", FILES_MAX);
    struct file_source *source = xcalloc(1, sizeof *source);
    source->inputs = xcalloc(count, sizeof *source->inputs);
    source->count = count;
    for (size_t i = 0; i < count; i++) {
        source->inputs[i].path = paths[i];
        if (open_file(&source->inputs[i], filter, err) != 0) {
            file_source_free(source);
            return -1;
        }
    }
    *ret_source = source;
    return 0;
}

static uint64_t header_ns(const struct input *input)
{
    /* With nanosecond precision tv_usec holds nanoseconds. */
    uint64_t part_ns = (uint64_t)input->header->ts.tv_usec;
    if (pcap_get_tstamp_precision(input->handle) != PCAP_TSTAMP_PRECISION_NANO)
        part_ns *= NS_PER_US;
    return input->header->ts.tv_sec < 0 ? 0 : (uint64_t)input->header->ts.tv_sec * NS_PER_S + part_ns;
}

static void give(struct input *input, struct net_frame *ret_frame)
{
    const struct pcap_pkthdr *header = input->header;
    *ret_frame = (struct net_frame){
        .bytes = {input->data, header->caplen},
        .wire_bytes = header->len < header->caplen ? header->caplen : header->len,
        .wall_ns = header_ns(input),
        .dlt = input->dlt,
    };
    input->pending = false;
}

/* Reads the next packet of a file. */
static void fill(struct file_source *source, struct input *input)
{
    if (input->pending || input->ended)
        return;
    int status = pcap_next_ex(input->handle, &input->header, &input->data);
    if (status == 1) {
        input->pending = true;
        return;
    }
    input->ended = true;
    if (status == PCAP_ERROR && !source->damage && !stop_requested()) /* a signal also breaks off a read */
        source->damage = xasprintf("%s is damaged (%s); what was read before that is kept", input->path,
                                   pcap_geterr(input->handle));
}

enum source_status file_source_next(struct file_source *source, struct net_frame *ret_frame)
{
    struct input *earliest = NULL;
    for (size_t i = 0; i < source->count; i++) {
        struct input *input = &source->inputs[i];
        fill(source, input);
        if (input->pending && (!earliest || header_ns(input) < header_ns(earliest)))
            earliest = input;
    }
    if (!earliest)
        return SOURCE_END;
    give(earliest, ret_frame);
    return SOURCE_PACKET;
}

const char *file_source_damage(const struct file_source *source)
{
    return source->damage;
}

int file_source_snaplen(const struct file_source *source)
{
    int smallest = SNAPLEN;
    for (size_t i = 0; i < source->count; i++) {
        int snaplen = pcap_snapshot(source->inputs[i].handle);
        if (snaplen > 0 && snaplen < smallest)
            smallest = snaplen;
    }
    return smallest;
}

void file_source_free(struct file_source *source)
{
    if (!source)
        return;
    for (size_t i = 0; i < source->count; i++)
        if (source->inputs[i].handle)
            pcap_close(source->inputs[i].handle);
    free(source->inputs);
    free(source->damage);
    free(source);
}
