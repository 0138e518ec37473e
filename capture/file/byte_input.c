#include "capture/file/byte_input.h"

#include "capture/file/decompressor.h"
#include "common/mem.h"
#include "common/stop.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS      100
#define PACKED_BYTES (128u << 10) /* what zstd likes to be given at a time */
#define PIPE_BYTES   (1 << 20)    /* fewer turns between the two ends; what an unprivileged user may have */

static int open_descriptor(const char *path, bool *ret_regular, struct error *err)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    struct stat info;
    int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE))
        return error_set(err, ERROR_IO, "%s: too many files are open; raise 'ulimit -n', or merge some first",
                         name);
    if (fd < 0 || fstat(fd, &info) != 0) {
        error_set_errno(err, ERROR_IO, errno, "%s", name);
    } else if (S_ISDIR(info.st_mode)) {
        error_set(err, ERROR_IO, "%s is a folder, not a capture file", name);
    } else if (S_ISREG(info.st_mode) && info.st_size == 0) {
        error_set(err, ERROR_IO, "%s is empty: no packet was written to it", name);
    } else if (isatty(fd)) {
        error_set(err, ERROR_IO, "%s is a terminal: a capture comes from a file or a pipe", name);
    } else {
        *ret_regular = S_ISREG(info.st_mode);
        if (*ret_regular)
            (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        else if (S_ISFIFO(info.st_mode))
            (void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

int byte_input_open(const char *path, size_t usual_bytes, struct byte_input *ret_input, struct error *err)
{
    bool regular;
    int fd = open_descriptor(path, &regular, err);
    if (fd < 0)
        return -1;
    *ret_input = (struct byte_input){.fd = fd, .regular = regular, .usual_capacity = usual_bytes};
    return 0;
}

static enum byte_input_status set_damage(struct byte_input *input, const char *why)
{
    if (!input->damage)
        input->damage = xstrdup(why);
    return BYTE_INPUT_DAMAGED;
}

/* Waits until a pipe has something to say, or the program is to end. */
static enum byte_input_status wait_for_bytes(const struct byte_input *input)
{
    struct pollfd waits[] = {{.fd = input->fd, .events = POLLIN}, {.fd = stop_fd(), .events = POLLIN}};
    int ready = poll(waits, sizeof waits / sizeof waits[0], WAIT_MS);
    if (waits[1].revents != 0 || stop_requested())
        return BYTE_INPUT_END;
    return ready > 0 && waits[0].revents != 0 ? BYTE_INPUT_READY : BYTE_INPUT_WAIT;
}

static enum byte_input_status read_some(struct byte_input *input, uint8_t *to, size_t room, size_t *ret_got)
{
    *ret_got = 0;
    for (;;) {
        enum byte_input_status status = input->regular ? BYTE_INPUT_READY : wait_for_bytes(input);
        if (status == BYTE_INPUT_END)
            input->finished = true;
        if (status != BYTE_INPUT_READY)
            return status;
        ssize_t got = read(input->fd, to, room);
        if (got > 0) {
            *ret_got = (size_t)got;
            return BYTE_INPUT_READY;
        }
        if (got == 0) {
            input->finished = true;
            return BYTE_INPUT_END;
        }
        if (errno != EINTR && errno != EAGAIN)
            return set_damage(input, strerror(errno));
    }
}

/* Moves the window to the memory's beginning, in memory for |wanted| bytes at least and no more than usual where that is enough. */
static void make_room(struct byte_input *input, size_t wanted)
{
    struct bytes window = byte_input_window(input);
    size_t capacity = wanted > input->usual_capacity ? wanted : input->usual_capacity;
    bool shrinks = input->capacity > capacity && wanted <= input->usual_capacity;
    if (input->capacity < capacity || shrinks) {
        uint8_t *memory = xmalloc(capacity);
        if (window.size > 0)
            memcpy(memory, window.data, window.size);
        free(input->memory);
        input->memory = memory;
        input->capacity = capacity;
    } else if (input->begin > 0 && window.size > 0) {
        memmove(input->memory, window.data, window.size);
    }
    input->begin = 0;
    input->end = window.size;
}

static enum byte_input_status fill_plain(struct byte_input *input)
{
    size_t got;
    enum byte_input_status status =
        read_some(input, input->memory + input->end, input->capacity - input->end, &got);
    input->end += got;
    return status;
}

static enum byte_input_status fill_packed(struct byte_input *input)
{
    size_t left = input->packed_end - input->packed_begin, got;
    if (left == PACKED_BYTES)
        return set_damage(input, "the compressed data makes no sense");
    if (left > 0)
        memmove(input->packed, input->packed + input->packed_begin, left);
    input->packed_begin = 0;
    input->packed_end = left;
    enum byte_input_status status = read_some(input, input->packed + left, PACKED_BYTES - left, &got);
    input->packed_end += got;
    return status;
}

static enum byte_input_status fill_unpacked(struct byte_input *input)
{
    for (;;) {
        struct bytes packed =
            bytes_make(input->packed + input->packed_begin, input->packed_end - input->packed_begin);
        size_t written;
        bool good = decompressor_run(input->decompressor, &packed, input->memory + input->end,
                                     input->capacity - input->end, &written);
        input->packed_begin = input->packed_end - packed.size;
        input->end += written;
        if (!good)
            return set_damage(input, decompressor_damage(input->decompressor));
        if (written > 0)
            return BYTE_INPUT_READY;
        if (input->finished)
            return decompressor_is_whole(input->decompressor)
                       ? BYTE_INPUT_END
                       : set_damage(input, "the compressed data ends early");
        enum byte_input_status status = fill_packed(input);
        if (status == BYTE_INPUT_WAIT || status == BYTE_INPUT_DAMAGED)
            return status;
    }
}

/* Looks at the first bytes: what is compressed becomes |packed|. */
static enum byte_input_status look(struct byte_input *input)
{
    make_room(input, DECOMPRESSOR_MAGIC_BYTES);
    while (!input->finished && input->end < DECOMPRESSOR_MAGIC_BYTES) {
        enum byte_input_status status = fill_plain(input);
        if (status == BYTE_INPUT_WAIT || status == BYTE_INPUT_DAMAGED)
            return status;
    }
    input->looked = true;
    input->decompressor = decompressor_create(byte_input_window(input));
    if (input->decompressor) {
        size_t capacity = input->end > PACKED_BYTES ? input->end : PACKED_BYTES;
        input->packed = xmalloc(capacity);
        memcpy(input->packed, input->memory, input->end);
        input->packed_end = input->end;
        input->end = 0;
    }
    return BYTE_INPUT_READY;
}

enum byte_input_status byte_input_need(struct byte_input *input, size_t wanted)
{
    enum byte_input_status status = BYTE_INPUT_READY;
    if (input->fd < 0)
        return BYTE_INPUT_END;
    if (!input->looked && !input->damage)
        status = look(input);
    if (status != BYTE_INPUT_READY)
        return status;
    while (input->end - input->begin < wanted) {
        if (input->damage)
            return BYTE_INPUT_DAMAGED;
        make_room(input, wanted);
        status = input->decompressor ? fill_unpacked(input) : fill_plain(input);
        if (status != BYTE_INPUT_READY && input->end - input->begin < wanted)
            return status;
    }
    return BYTE_INPUT_READY;
}

static void free_memory(struct byte_input *input)
{
    free(input->memory);
    free(input->packed);
    decompressor_free(input->decompressor);
    input->memory = NULL;
    input->packed = NULL;
    input->decompressor = NULL;
    input->begin = input->end = input->capacity = input->packed_begin = input->packed_end = 0;
    input->looked = input->finished = false;
}

bool byte_input_rewind(struct byte_input *input)
{
    if (!input->regular || input->fd < 0 || lseek(input->fd, 0, SEEK_SET) != 0)
        return false;
    free_memory(input);
    free(input->damage);
    input->damage = NULL;
    return true;
}

void byte_input_close(struct byte_input *input)
{
    free_memory(input);
    free(input->damage);
    input->damage = NULL;
    if (input->fd >= 0)
        close(input->fd);
    input->fd = -1;
}
