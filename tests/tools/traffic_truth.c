#include "tests/tools/traffic_truth.h"

#include "common/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLUSH_BYTES ((size_t)1 << 20)

static const char letters[] = "qQrRcaisu";

#define PLAN_FORMAT                                                                                          \
    "# make_pcap seed=%" PRIu64 " count=%" PRIu64 " body=%" PRIu64 "-%" PRIu64 " per_connection=%" PRIu64 "\n"
#define TOTALS_FORMAT                                                                                        \
    "# totals packets=%" PRIu64 " packets_lost=%" PRIu64 " bytes_lost=%" PRIu64 " holes=%" PRIu64            \
    " holes_hiding_a_head=%" PRIu64 "\n"

static void put_number(struct buffer *out, uint64_t value, uint8_t end)
{
    char text[21];
    size_t at = sizeof text;
    text[--at] = (char)end;
    do
        text[--at] = (char)('0' + value % 10);
    while (value /= 10);
    buffer_append(out, text + at, sizeof text - at);
}

static void put_text(struct buffer *out, const char *text)
{
    buffer_append_text(out, text);
    buffer_append_byte(out, '\t');
}

static void put_row(struct buffer *out, const struct truth_row *row)
{
    put_number(out, row->number, '\t');
    put_number(out, row->connection, '\t');
    put_text(out, row->method);
    put_text(out, row->target);
    put_text(out, row->host);
    put_number(out, row->status, '\t');
    for (size_t i = 0; i < 4; i++)
        put_number(out, row->times_ns[i], '\t');
    for (size_t i = 0; i < 2; i++)
        put_number(out, row->body_bytes[i], '\t');
    for (size_t i = 0; letters[i]; i++)
        if (row->lost >> i & 1)
            buffer_append_byte(out, (uint8_t)letters[i]);
    buffer_append_text(out, row->lost ? "\n" : "-\n");
}

int truth_write(const char *path, const struct traffic_plan *plan, const struct truth_row *rows,
                const uint64_t *order, uint64_t count, const struct truth_totals *totals)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return -1;
    struct buffer out = {0};
    buffer_printf(&out, PLAN_FORMAT, plan->seed, plan->count, plan->body_min, plan->body_max,
                  plan->per_connection);
    buffer_append_text(&out, "number\tconnection\tmethod\ttarget\thost\tstatus\trequest_first\trequest_last\t"
                             "response_first\tresponse_last\trequest_body\tresponse_body\tlost\n");
    for (uint64_t i = 0; i < count; i++) {
        put_row(&out, &rows[order[i]]);
        if (out.size > FLUSH_BYTES) {
            fwrite(out.data, 1, out.size, file);
            buffer_clear(&out);
        }
    }
    buffer_printf(&out, TOTALS_FORMAT, totals->packets, totals->packets_lost, totals->bytes_lost,
                  totals->holes, totals->holes_hiding);
    fwrite(out.data, 1, out.size, file);
    buffer_free(&out);
    int failed = ferror(file) ? errno : 0;
    if (fclose(file) != 0)
        failed = errno;
    errno = failed;
    return failed ? -1 : 0;
}

struct truth_reader {
    FILE *file;
    char *line;
    size_t capacity;
};

struct truth_reader *truth_open(const char *path, struct traffic_plan *ret_plan)
{
    struct truth_reader *reader = xcalloc(1, sizeof *reader);
    reader->file = fopen(path, "re");
    bool read = reader->file && getline(&reader->line, &reader->capacity, reader->file) > 0 &&
                sscanf(reader->line, PLAN_FORMAT, &ret_plan->seed, &ret_plan->count, &ret_plan->body_min,
                       &ret_plan->body_max, &ret_plan->per_connection) == 5 &&
                ret_plan->per_connection && getline(&reader->line, &reader->capacity, reader->file) > 0;
    if (read)
        return reader;
    truth_close(reader);
    return NULL;
}

/* Takes the text up to the next tab or line end. */
static char *take_text(char **at)
{
    char *text = *at, *end = text + strcspn(text, "\t\n");
    *at = *end ? end + 1 : end;
    *end = '\0';
    return text;
}

static uint64_t take_number(char **at)
{
    uint64_t value = 0;
    for (const char *text = take_text(at); *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

bool truth_next(struct truth_reader *reader, struct truth_row *ret_row, struct truth_totals *ret_totals)
{
    if (getline(&reader->line, &reader->capacity, reader->file) <= 0)
        return false;
    char *at = reader->line;
    if (*at == '#') {
        sscanf(at, TOTALS_FORMAT, &ret_totals->packets, &ret_totals->packets_lost, &ret_totals->bytes_lost,
               &ret_totals->holes, &ret_totals->holes_hiding);
        return false;
    }
    memset(ret_row, 0, sizeof *ret_row);
    ret_row->number = take_number(&at);
    ret_row->connection = take_number(&at);
    take_text(&at);
    snprintf(ret_row->target, sizeof ret_row->target, "%s", take_text(&at));
    take_text(&at);
    ret_row->status = (unsigned)take_number(&at);
    for (size_t i = 0; i < 4; i++)
        ret_row->times_ns[i] = take_number(&at);
    for (size_t i = 0; i < 2; i++)
        ret_row->body_bytes[i] = take_number(&at);
    for (const char *lost = take_text(&at); *lost; lost++) {
        const char *letter = strchr(letters, *lost);
        ret_row->lost |= letter ? 1u << (letter - letters) : 0;
    }
    return true;
}

void truth_close(struct truth_reader *reader)
{
    if (reader->file)
        fclose(reader->file);
    free(reader->line);
    free(reader);
}
