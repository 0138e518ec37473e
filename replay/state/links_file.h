/* The file of --links: `links:`, rules of what goes from answers into requests, and `credentials:`, accounts of the target. rehearse-replay(1) describes it. */
#ifndef REPLAY_STATE_LINKS_FILE_H
#define REPLAY_STATE_LINKS_FILE_H

#include "common/error.h"
#include "common/segment/segment.h"
#include "replay/state/accounts.h"
#include "replay/state/link_rules.h"

/* Zero-initialised is empty. */
struct links_file {
    struct link_rules *rules;  /* owned; NULL: none */
    struct accounts *accounts; /* likewise */
};

/* Reads the file |path|; pseudonyms in it are those of |recognition_key|. On failure |err| has file, line and a hint, and no value. */
int links_file_load(const char *path, const uint8_t recognition_key[SEGMENT_KEY_SIZE],
                    struct links_file *ret_file, struct error *err);
/* The same with |text|, which |path| is called. */
int links_file_read(const char *path, struct bytes text, const uint8_t recognition_key[SEGMENT_KEY_SIZE],
                    struct links_file *ret_file, struct error *err);
void links_file_done(struct links_file *file);

#endif
