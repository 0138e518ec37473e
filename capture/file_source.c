#include "capture/file_source.h"

#include "capture/file/capture_file.h"
#include "capture/file/link_filters.h"
#include "common/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define FILES_MAX    512
#define FEW          16           /* files that may all have their memory at once */
#define BUFFER_BYTES (512u << 10) /* of each of a few: what is read at a time, small enough for the cache */
#define BUFFER_LEAST (64u << 10)  /* of each of many; it grows for larger packets */
#define SPARE_FILES  64           /* open files that the rest of the program may need */

/* One file. Its frame lies in the file's own buffer, so that it stays while the others are read. */
struct input {
    struct capture_file *file;
    bool parked; /* only the time of its first packet is known: the file was closed up to its turn */
    struct net_frame frame;
};

/* The inputs that hold a packet are a heap by its time, those of the same time in the order of the command line. */
struct place {
    uint64_t wall_ns;
    uint32_t number; /* in |inputs| */
};

struct file_source {
    struct input *inputs;
    size_t count;
    struct place *heap;
    size_t heap_size;
    size_t primed;       /* inputs that entered the heap, or had nothing */
    bool given;          /* the first of the heap was given out: it is to be read on before the next */
    struct input *alone; /* the only one that still has packets; NULL: several may have, or none */
    struct link_filters *filters; /* NULL: no filter */
    char *damage;
};

/* Many files need many descriptors: takes what the administrator allows. */
static void raise_limit(size_t count)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count + SPARE_FILES)
        return;
    limit.rlim_cur = limit.rlim_max < count + SPARE_FILES ? limit.rlim_max : count + SPARE_FILES;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int check_paths(const char *const *paths, size_t count, struct error *err)
{
    if (count > FILES_MAX)
        return error_set(err, ERROR_USAGE, "more than %d capture files; merge some first", FILES_MAX);
    bool standard = false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(paths[i], "-") != 0)
            continue;
        if (standard)
            return error_set(err, ERROR_USAGE, "standard input ('-') can be read only once");
        standard = true;
    }
    return 0;
}

static int open_input(struct file_source *source, size_t number, const char *path, struct error *err)
{
    struct input *input = &source->inputs[number];
    if (capture_file_open(path, source->count > FEW ? BUFFER_LEAST : BUFFER_BYTES, &input->file, err) != 0)
        return -1;
    int dlt = capture_file_first_dlt(input->file);
    if (source->filters && dlt >= 0 && link_filters_compile(source->filters, dlt, err) != 0)
        return -1;
    if (source->count > FEW)
        (void)capture_file_rewind(input->file);
    return 0;
}

int file_source_open(const char *const *paths, size_t count, const char *filter,
                     struct file_source **ret_source, struct error *err)
{
    if (check_paths(paths, count, err) != 0)
        return -1;
    raise_limit(count);
    struct file_source *source = xcalloc(1, sizeof *source);
    source->inputs = xcalloc(count, sizeof *source->inputs);
    source->heap = xcalloc(count, sizeof *source->heap);
    source->count = count;
    source->filters = filter ? link_filters_create(filter) : NULL;
    for (size_t i = 0; i < count; i++)
        if (open_input(source, i, paths[i], err) != 0) {
            file_source_free(source);
            return -1;
        }
    *ret_source = source;
    return 0;
}

static bool is_before(struct place a, struct place b)
{
    return a.wall_ns < b.wall_ns || (a.wall_ns == b.wall_ns && a.number < b.number);
}

static void sink(struct file_source *source)
{
    struct place *heap = source->heap, moved = heap[0];
    size_t at = 0;
    for (size_t child = 1; child < source->heap_size; child = 2 * at + 1) {
        if (child + 1 < source->heap_size && is_before(heap[child + 1], heap[child]))
            child++;
        if (!is_before(heap[child], moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

static void enter(struct file_source *source, struct place place)
{
    struct place *heap = source->heap;
    size_t at = source->heap_size++;
    for (; at > 0 && is_before(place, heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = place;
}

/* |input| has ended. */
static void note_damage(struct file_source *source, const struct input *input)
{
    if (!source->damage && capture_file_damage(input->file))
        source->damage = xstrdup(capture_file_damage(input->file));
}

/* Reads the next packet of |input| that matches; with |any| whatever it is. */
static enum capture_file_status read_on(struct file_source *source, struct input *input, bool any,
                                        struct net_frame *ret_frame)
{
    enum capture_file_status status;
    do
        status = capture_file_next(input->file, ret_frame);
    while (status == CAPTURE_FILE_PACKET && !any && source->filters &&
           !link_filters_match(source->filters, ret_frame));
    if (status == CAPTURE_FILE_END)
        note_damage(source, input);
    return status;
}

/* Puts every file's first packet into the heap. Of many files each gives its memory back until its turn comes: captures that follow
 * each other in time need no more than a few of them at once. */
static enum capture_file_status prime(struct file_source *source)
{
    for (; source->primed < source->count; source->primed++) {
        struct input *input = &source->inputs[source->primed];
        bool parks = source->count > FEW;
        enum capture_file_status status = read_on(source, input, parks, &input->frame);
        if (status == CAPTURE_FILE_WAIT)
            return status;
        if (status == CAPTURE_FILE_END)
            continue;
        input->parked = parks && capture_file_rewind(input->file);
        enter(source, (struct place){input->frame.wall_ns, (uint32_t)source->primed});
        if (parks && !input->parked) /* a pipe, of which the first packet may not match */
            input->parked = source->filters && !link_filters_match(source->filters, &input->frame);
    }
    return CAPTURE_FILE_PACKET;
}

/* Reads the first of the heap on, and lets it sink to its new place. */
static enum capture_file_status advance(struct file_source *source)
{
    struct input *input = &source->inputs[source->heap[0].number];
    enum capture_file_status status = read_on(source, input, false, &input->frame);
    if (status == CAPTURE_FILE_WAIT)
        return status;
    input->parked = false;
    source->given = false;
    if (status == CAPTURE_FILE_PACKET)
        source->heap[0].wall_ns = input->frame.wall_ns;
    else
        source->heap[0] = source->heap[--source->heap_size];
    sink(source);
    return CAPTURE_FILE_PACKET;
}

/* As file_source_next, where there is nothing to merge. */
static enum source_status next_alone(struct file_source *source, struct net_frame *ret_frame)
{
    switch (read_on(source, source->alone, false, ret_frame)) {
    case CAPTURE_FILE_PACKET:
        return SOURCE_PACKET;
    case CAPTURE_FILE_WAIT:
        return SOURCE_IDLE;
    case CAPTURE_FILE_END:
        break;
    }
    source->alone = NULL;
    source->heap_size = 0;
    return SOURCE_END;
}

enum source_status file_source_next(struct file_source *source, struct net_frame *ret_frame)
{
    if (source->alone)
        return next_alone(source, ret_frame);
    if (source->primed < source->count && prime(source) == CAPTURE_FILE_WAIT)
        return SOURCE_IDLE;
    while (source->heap_size > 0 && (source->given || source->inputs[source->heap[0].number].parked))
        if (advance(source) == CAPTURE_FILE_WAIT)
            return SOURCE_IDLE;
    if (source->heap_size == 0)
        return SOURCE_END;
    struct input *first = &source->inputs[source->heap[0].number];
    *ret_frame = first->frame;
    source->given = true;
    source->alone = source->heap_size == 1 ? first : NULL;
    return SOURCE_PACKET;
}

struct source_events file_source_events(const struct file_source *source)
{
    struct source_events sum = {0};
    for (size_t i = 0; i < source->count; i++) {
        struct pcapng_drops drops = capture_file_drops(source->inputs[i].file);
        sum.dropped_kernel += drops.kernel;
        sum.dropped_interface += drops.interface;
    }
    return sum;
}

const char *file_source_damage(const struct file_source *source)
{
    return source->damage;
}

void file_source_free(struct file_source *source)
{
    if (!source)
        return;
    for (size_t i = 0; i < source->count; i++)
        capture_file_free(source->inputs[i].file);
    free(source->inputs);
    free(source->heap);
    link_filters_free(source->filters);
    free(source->damage);
    free(source);
}
