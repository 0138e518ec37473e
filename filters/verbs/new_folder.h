/* A folder that appears whole or not at all: it is filled under another name ("NAME.part"), and takes its own when it is finished. */
#ifndef FILTERS_VERBS_NEW_FOLDER_H
#define FILTERS_VERBS_NEW_FOLDER_H

#include "common/error.h"
#include "common/options.h"

#include <stdbool.h>

/* Zero it. */
struct new_folder {
    char *name;    /* owned */
    char *working; /* owned; what is being filled; NULL: nothing is */
};

/* Creates the working folder (0700) of |name|. Fails with ERROR_USAGE where |name| is one of |inputs|, holds anything or is no folder, or where an earlier
 * working folder is left; with ERROR_IO where it cannot be created. */
int new_folder_begin(const char *name, const struct option_texts *inputs, struct new_folder *ret_folder,
                     struct error *err);
/* Gives the folder its name. On failure it is abandoned. */
int new_folder_finish(struct new_folder *folder, struct error *err);
/* Removes the working folder with the files in it; nothing is done where there is none. */
void new_folder_abandon(struct new_folder *folder);
/* Releases the names. */
void new_folder_done(struct new_folder *folder);

#endif
