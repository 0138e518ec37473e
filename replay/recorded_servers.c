#include "replay/recorded_servers.h"

#include "common/exchange_codec.h"
#include "common/stop.h"

struct walk {
    recorded_server_fn call;
    void *arg;
    struct origins known; /* servers that |call| was asked about */
};

static int meet(struct walk *walk, const struct address *server, struct error *err)
{
    return origins_add(&walk->known, server) ? walk->call(server, walk->arg, err) : 0;
}

static int read_records(struct walk *walk, const char *path, struct error *err)
{
    struct merge *merge;
    struct merge_record record;
    struct exchange_brief brief;
    int status = 0;
    if (merge_open(&path, 1, SEGMENT_EXCHANGES, 0, &merge, err))
        return -1;
    while (status == 0 && merge_next(merge, &record) == MERGE_RECORD) {
        if (stop_requested())
            status = error_set(err, ERROR_IO, "interrupted before all recorded servers were known");
        else if (exchange_peek(record.meta, &brief))
            status = meet(walk, &brief.server, err);
    }
    merge_close(merge);
    return status;
}

int recorded_servers_each(struct merge *merge, recorded_server_fn call, void *arg, struct error *err)
{
    struct walk walk = {.call = call, .arg = arg};
    int status = 0;
    for (size_t i = 0; status == 0 && i < merge_segment_count(merge); i++) {
        struct origins origins = {0};
        if (!merge_segment_origins(merge, i, &origins))
            status = read_records(&walk, merge_segment_path(merge, i), err);
        else
            for (size_t k = 0; status == 0 && k < origins.count; k++)
                status = meet(&walk, &origins.items[k], err);
        origins_free(&origins);
    }
    origins_free(&walk.known);
    return status;
}
