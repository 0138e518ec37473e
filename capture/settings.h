/* The settings of a capture: options, their defaults and what goes together. */
#ifndef CAPTURE_SETTINGS_H
#define CAPTURE_SETTINGS_H

#include "common/address_range.h"
#include "common/options.h"
#include "common/select.h"
#include "filters/sampling.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURE_PORTS_MAX   1024
#define CAPTURE_SERVERS_MAX 64

/* What the command line and the configuration say. Texts are borrowed from them. */
struct capture_settings {
    const char *interface;
    struct option_texts files; /* of --read */
    const char **paths;        /* those and the words after the options */
    size_t path_count;
    const char *ports;
    uint16_t port_list[CAPTURE_PORTS_MAX]; /* what |ports| says */
    size_t port_count;
    const char *server;                                    /* --server */
    struct address_range server_list[CAPTURE_SERVERS_MAX]; /* what it says */
    size_t server_count;
    const char *output;
    const char *key_file;
    const char *new_key_file;
    const char *filter;
    const char *select_text; /* --select */
    struct select *select;   /* what it says; NULL: all */
    double sample_pct;
    const char *sample_by;    /* --sample-by */
    struct sampling sampling; /* what both say, but for the keys */
    const char *policy_file;  /* --policy */
    struct policy *policy;    /* what it says; NULL: the built-in one */
    bool keep_replays;
    int bodies;
    uint64_t max_body_bytes;
    uint64_t duration_ns;
    uint64_t count;
    const char *user;
    const char *ledger;
    double max_loss_pct;
    bool unsanitized;
    bool stream_digests;
    bool check_sandbox;
    bool decap;
    uint64_t level;
    uint64_t memory_bytes;
    uint64_t ring_bytes;
};

/* Reads and checks the settings of `rehearse capture`. Returns false where there is nothing more to do (help was printed, or an
 * error), with the exit status in |ret_status|. */
bool capture_settings_read(int argc, char **argv, struct capture_settings *ret_settings, int *ret_status);
/* Frees what |settings| owns. */
void capture_settings_done(struct capture_settings *settings);

#endif
