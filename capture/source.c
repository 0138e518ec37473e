#include "capture/source.h"

#include "capture/file_source.h"
#include "capture/live_source.h"
#include "common/clock.h"
#include "common/mem.h"

#include <stdlib.h>

/* One of the two is there. */
struct source {
    struct file_source *files;
    struct live_source *live;
};

static struct source *make_source(struct file_source *files, struct live_source *live)
{
    struct source *source = xmalloc(sizeof *source);
    *source = (struct source){files, live};
    return source;
}

int source_open_files(const char *const *paths, size_t count, const char *filter, struct source **ret_source,
                      struct error *err)
{
    struct file_source *files;
    if (file_source_open(paths, count, filter, &files, err) != 0)
        return -1;
    *ret_source = make_source(files, NULL);
    return 0;
}

int source_open_live(int channel, struct source **ret_source, struct error *err)
{
    struct live_source *live;
    if (live_source_open(channel, &live, err) != 0)
        return -1;
    *ret_source = make_source(NULL, live);
    return 0;
}

enum source_status source_next(struct source *source, struct net_frame *ret_frame)
{
    return source->live ? live_source_next(source->live, ret_frame)
                        : file_source_next(source->files, ret_frame);
}

struct source_events source_events(struct source *source)
{
    return source->live ? live_source_events(source->live) : file_source_events(source->files);
}

enum source_wish source_wish(struct source *source)
{
    return source->live ? live_source_wish(source->live) : SOURCE_WISH_NONE;
}

uint64_t source_now_ns(const struct source *source)
{
    return source->live ? live_source_now_ns(source->live) : clock_wall_ns();
}

unsigned source_backlog(const struct source *source)
{
    return source->live ? live_source_backlog(source->live) : 0;
}

const char *source_damage(const struct source *source)
{
    return source->files ? file_source_damage(source->files) : NULL;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    file_source_free(source->files);
    live_source_free(source->live);
    free(source);
}
