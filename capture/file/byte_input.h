/* A file, pipe or standard input as a stream of bytes, decompressed where it is gzip or zstd, in a buffer that is looked into
 * without copying (the window). Read with read(2): a mapped file counts as the process's memory, and one that is cut while it is
 * mapped kills the reader. */
#ifndef CAPTURE_FILE_BYTE_INPUT_H
#define CAPTURE_FILE_BYTE_INPUT_H

#include "common/buffer.h"
#include "common/error.h"

#include <stdbool.h>

struct decompressor;

enum byte_input_status {
    BYTE_INPUT_READY,   /* the window holds what was wanted */
    BYTE_INPUT_WAIT,    /* a pipe gave nothing for 100 ms: ask again */
    BYTE_INPUT_END,     /* no more will come; the window holds less than was wanted */
    BYTE_INPUT_DAMAGED, /* likewise, by a read error or damaged compression: see |damage| */
};

/* Invariant: the window is memory[begin, end), end <= capacity. Filled by byte_input_open, emptied by byte_input_close. */
struct byte_input {
    int fd;        /* -1: closed */
    bool regular;  /* a file, which can be read again from its beginning */
    bool looked;   /* at the first bytes, for compression */
    bool finished; /* the descriptor gave all it had */
    uint8_t *memory;
    size_t begin;
    size_t end;
    size_t capacity;
    size_t usual_capacity;
    struct decompressor *decompressor; /* NULL: the bytes are as they stand in the file */
    uint8_t *packed;                   /* compressed bytes, as read */
    size_t packed_begin;
    size_t packed_end;
    char *damage; /* NULL: none */
};

/* Opens |path| ("-" is standard input), with a buffer of |usual_bytes|, which grows for as long as more is wanted. Fails on what is
 * missing, must not be read, is a folder, empty, or a terminal. */
int byte_input_open(const char *path, size_t usual_bytes, struct byte_input *ret_input, struct error *err);
/* Returns what has been read and not taken, borrowed until byte_input_need. */
static inline struct bytes byte_input_window(const struct byte_input *input)
{
    size_t size = input->end - input->begin;
    return size > 0 ? bytes_make(input->memory + input->begin, size) : bytes_make(NULL, 0);
}
/* Makes the window at least |wanted| bytes long. Bytes that were in it stay its first, elsewhere in memory. A pipe is waited for
 * 100 ms, or until a clean end of the program is asked for: that is then END. */
enum byte_input_status byte_input_need(struct byte_input *input, size_t wanted);
/* Takes |size| bytes, no more than it has, from the window's front. */
static inline void byte_input_take(struct byte_input *input, size_t size)
{
    input->begin += size;
}
/* Goes back to the beginning and gives the memory free until byte_input_need. Returns false where that is impossible: a pipe. */
bool byte_input_rewind(struct byte_input *input);
/* Gives free what |input| holds, |damage| too; its window is empty then. More than once does no harm. */
void byte_input_close(struct byte_input *input);

#endif
