#include "capture/file/capture_file.h"

#include "capture/file/byte_input.h"
#include "capture/file/foreign.h"
#include "capture/file/pcap_reader.h"
#include "common/mem.h"
#include "common/stop.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC_BYTES 4

struct capture_file {
    struct byte_input input;
    const char *name; /* for messages */
    bool started;     /* the header was read */
    bool ended;
    bool is_pcapng;
    struct pcap_reader pcap;
    struct pcapng_reader pcapng;
    struct pcapng_drops drops; /* once ended */
    char *damage;
};

static const char cut_text[] = "it ends within a packet";

/* Ends the file; |why| (NULL: nothing is wrong) is what is the matter with it. */
static enum capture_file_status end_file(struct capture_file *file, const char *why)
{
    file->ended = true;
    if (why && !file->damage)
        file->damage = xasprintf("%s is damaged (%s); what was read before that is kept", file->name, why);
    file->drops = pcapng_reader_drops(&file->pcapng);
    byte_input_close(&file->input);
    pcapng_reader_done(&file->pcapng);
    return CAPTURE_FILE_END;
}

enum start_status {
    START_DONE,
    START_WAIT,
    START_EMPTY,
    START_FOREIGN, /* neither pcap nor pcapng */
    START_BROKEN,  /* one of them, but it cannot be read */
};

/* Reads the header; |ret_why| says why it is BROKEN. */
static enum start_status start(struct capture_file *file, const char **ret_why)
{
    enum byte_input_status status = byte_input_need(&file->input, PCAP_READER_HEADER_BYTES);
    struct bytes window = byte_input_window(&file->input);
    *ret_why = file->input.damage ? file->input.damage : "it ends within its header";
    if (status == BYTE_INPUT_WAIT)
        return START_WAIT;
    uint32_t magic = window.size >= MAGIC_BYTES ? capture_read_u32(window.data, false) : 0;
    file->is_pcapng = magic == PCAPNG_READER_MAGIC;
    if (!file->is_pcapng && !pcap_reader_knows(magic))
        return file->input.damage ? START_BROKEN : window.size > 0 ? START_FOREIGN : START_EMPTY;
    if (status != BYTE_INPUT_READY)
        return START_BROKEN;
    if (!file->is_pcapng) {
        *ret_why = pcap_reader_start(window.data, &file->pcap);
        if (*ret_why)
            return START_BROKEN;
        byte_input_take(&file->input, PCAP_READER_HEADER_BYTES);
    }
    file->started = true;
    return START_DONE;
}

static enum capture_read read_window(struct capture_file *file, struct capture_record *ret_record)
{
    struct bytes window = byte_input_window(&file->input);
    return file->is_pcapng ? pcapng_reader_next(&file->pcapng, window, ret_record)
                           : pcap_reader_next(&file->pcap, window, ret_record);
}

static const char *reader_damage(const struct capture_file *file)
{
    return file->is_pcapng ? file->pcapng.damage : file->pcap.damage;
}

/* Gets more bytes; where there are none, says whether that is the end or damage. */
static enum capture_file_status get_more(struct capture_file *file, size_t wanted)
{
    switch (byte_input_need(&file->input, wanted)) {
    case BYTE_INPUT_READY:
        return CAPTURE_FILE_PACKET;
    case BYTE_INPUT_WAIT:
        return CAPTURE_FILE_WAIT;
    case BYTE_INPUT_DAMAGED:
        return end_file(file, stop_requested() ? NULL : file->input.damage);
    case BYTE_INPUT_END:
        break;
    }
    bool whole = byte_input_window(&file->input).size == 0 ||
                 stop_requested(); /* a signal breaks off a pipe anywhere */
    return end_file(file, whole ? NULL : cut_text);
}

/* Reads the header again, after capture_file_rewind. */
static enum capture_file_status restart(struct capture_file *file)
{
    const char *why;
    switch (start(file, &why)) {
    case START_DONE:
        return CAPTURE_FILE_PACKET;
    case START_WAIT:
        return CAPTURE_FILE_WAIT;
    default:
        return end_file(file, "it was changed while it was read");
    }
}

enum capture_file_status capture_file_next(struct capture_file *file, struct net_frame *ret_frame)
{
    enum capture_file_status status = CAPTURE_FILE_PACKET;
    if (file->ended)
        return CAPTURE_FILE_END;
    if (!file->started)
        status = restart(file);
    struct capture_record record;
    while (status == CAPTURE_FILE_PACKET) {
        switch (read_window(file, &record)) {
        case CAPTURE_READ_PACKET:
            byte_input_take(&file->input, record.used);
            *ret_frame = record.frame;
            return CAPTURE_FILE_PACKET;
        case CAPTURE_READ_NOTHING:
            byte_input_take(&file->input, record.used);
            break;
        case CAPTURE_READ_MORE:
            status = get_more(file, record.wanted);
            break;
        case CAPTURE_READ_DAMAGED:
            status = end_file(file, reader_damage(file));
            break;
        }
    }
    return status;
}

static int broken(const struct capture_file *file, const char *why, struct error *err)
{
    return error_set(err, ERROR_IO, "%s: cannot be read as pcap or pcapng (%s)", file->name, why);
}

static int read_header(struct capture_file *file, struct error *err)
{
    enum start_status status;
    const char *why, *what;
    do
        status = start(file, &why);
    while (status == START_WAIT);
    if (status != START_DONE && stop_requested())
        return error_set(err, ERROR_IO, "%s: broken off before its first packet", file->name);
    switch (status) {
    case START_EMPTY:
        return error_set(err, ERROR_IO, "%s is empty: no packet was written to it", file->name);
    case START_FOREIGN:
        what = foreign_name(byte_input_window(&file->input), file->name);
        return error_set(err, ERROR_IO, "%s: not a pcap or pcapng file%s%s", file->name,
                         what ? "; it looks like " : "", what ? what : "");
    case START_BROKEN:
        return broken(file, why, err);
    default:
        return 0;
    }
}

/* Reads a pcapng file up to its first interface, which is before its first packet. */
static int read_first_interface(struct capture_file *file, struct error *err)
{
    struct capture_record record;
    while (!file->ended && !file->pcapng.any_interface) {
        switch (read_window(file, &record)) {
        case CAPTURE_READ_PACKET:
        case CAPTURE_READ_NOTHING:
            byte_input_take(&file->input, record.used);
            break;
        case CAPTURE_READ_MORE:
            (void)get_more(file, record.wanted);
            break;
        case CAPTURE_READ_DAMAGED:
            return broken(file, reader_damage(file), err);
        }
    }
    return file->damage ? broken(file, "it ends within its header", err) : 0;
}

int capture_file_open(const char *path, size_t buffer_bytes, struct capture_file **ret_file,
                      struct error *err)
{
    struct capture_file *file = xcalloc(1, sizeof *file);
    file->name = strcmp(path, "-") == 0 ? "standard input" : path;
    file->input.fd = -1;
    if (byte_input_open(path, buffer_bytes, &file->input, err) != 0 || read_header(file, err) != 0 ||
        (file->is_pcapng && read_first_interface(file, err) != 0)) {
        capture_file_free(file);
        return -1;
    }
    *ret_file = file;
    return 0;
}

int capture_file_first_dlt(const struct capture_file *file)
{
    if (file->is_pcapng)
        return file->pcapng.any_interface ? file->pcapng.first_dlt : -1;
    return file->pcap.dlt;
}

bool capture_file_rewind(struct capture_file *file)
{
    if (file->ended || !byte_input_rewind(&file->input))
        return false;
    pcapng_reader_done(&file->pcapng);
    file->started = false;
    return true;
}

const char *capture_file_damage(const struct capture_file *file)
{
    return file->damage;
}

struct pcapng_drops capture_file_drops(const struct capture_file *file)
{
    return file->ended ? file->drops : pcapng_reader_drops(&file->pcapng);
}

void capture_file_free(struct capture_file *file)
{
    if (!file)
        return;
    byte_input_close(&file->input);
    pcapng_reader_done(&file->pcapng);
    free(file->damage);
    free(file);
}
