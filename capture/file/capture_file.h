/* One capture file, pipe or standard input: pcap or pcapng, compressed or not, as a stream of frames. */
#ifndef CAPTURE_FILE_CAPTURE_FILE_H
#define CAPTURE_FILE_CAPTURE_FILE_H

#include "capture/file/pcapng_reader.h"
#include "capture/net/frame.h"
#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>

struct capture_file;

enum capture_file_status {
    CAPTURE_FILE_PACKET,
    CAPTURE_FILE_WAIT, /* a pipe gave nothing for 100 ms */
    CAPTURE_FILE_END,  /* read as far as it was whole, see capture_file_damage */
};

/* Opens |path| ("-" is standard input; |path| is borrowed) with a buffer of |buffer_bytes|, and reads on until the link type is known.
 * Fails on what is missing, empty, damaged up to there, or no capture; the error then says what it seems to be. */
int capture_file_open(const char *path, size_t buffer_bytes, struct capture_file **ret_file,
                      struct error *err);
/* Gets the next packet, as it stands in the file; its bytes are borrowed until the next call. */
enum capture_file_status capture_file_next(struct capture_file *file, struct net_frame *ret_frame);
/* Returns the link type (DLT_) of the file's first interface, -1 where there is none. */
int capture_file_first_dlt(const struct capture_file *file);
/* Goes back to the beginning and holds little memory until capture_file_next. Returns false where it cannot (a pipe); the file is then
 * as it was. */
bool capture_file_rewind(struct capture_file *file);
/* Returns one line about why the file could not be read to its end, borrowed; NULL where it could. */
const char *capture_file_damage(const struct capture_file *file);
/* Returns what the file says that its maker lost. */
struct pcapng_drops capture_file_drops(const struct capture_file *file);
/* NULL is allowed. */
void capture_file_free(struct capture_file *file);

#endif
