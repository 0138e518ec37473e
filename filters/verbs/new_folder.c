#include "filters/verbs/new_folder.h"

#include "common/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns an owned copy of |name| without slashes at its end. */
static char *without_slashes(const char *name)
{
    size_t size = strlen(name);
    while (size > 1 && name[size - 1] == '/')
        size--;
    return xstrndup(name, size);
}

/* Returns whether |path| is a folder in which there is nothing. */
static bool is_empty(const char *path)
{
    DIR *folder = opendir(path);
    bool empty = folder != NULL;
    const struct dirent *entry;
    while (empty && (entry = readdir(folder)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (folder)
        closedir(folder);
    return empty;
}

static int check_name(const char *name, const struct option_texts *inputs, struct error *err)
{
    struct stat target, input;
    if (stat(name, &target) != 0)
        return 0; /* what is wrong with it shows when it is created */
    for (size_t i = 0; i < inputs->count; i++)
        if (stat(inputs->items[i], &input) == 0 && input.st_dev == target.st_dev &&
            input.st_ino == target.st_ino)
            return error_set(err, ERROR_USAGE, "'%s' is read from: say another folder to write to", name);
    if (!is_empty(name))
        return error_set(err, ERROR_USAGE,
                         "'%s' is there already, and no empty folder: say a new one to write to", name);
    return 0;
}

int new_folder_begin(const char *name, const struct option_texts *inputs, struct new_folder *ret_folder,
                     struct error *err)
{
    if (check_name(name, inputs, err) != 0)
        return -1;
    struct new_folder folder = {.name = without_slashes(name)};
    folder.working = xasprintf("%s.part", folder.name);
    if (mkdir(folder.working, 0700) == 0) {
        *ret_folder = folder;
        return 0;
    }
    int errnum = errno;
    if (errnum == EEXIST)
        error_set(err, ERROR_USAGE,
                  "'%s' is there: another run is writing it, or one was killed; remove it then",
                  folder.working);
    else
        error_set_errno(err, ERROR_IO, errnum, "cannot create '%s'", folder.working);
    new_folder_done(&folder);
    return -1;
}

/* Makes the new name last: the folder that it stands in is written out. */
static int sync_parent(const char *name)
{
    char *parent = xstrdup(name), *slash = strrchr(parent, '/');
    if (slash)
        slash[slash == parent] = '\0';
    int fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd >= 0 ? fsync(fd) : -1;
    if (fd >= 0)
        close(fd);
    free(parent);
    return status;
}

int new_folder_finish(struct new_folder *folder, struct error *err)
{
    if (rename(folder->working, folder->name) != 0) {
        error_set_errno(err, ERROR_IO, errno, "cannot rename '%s' to '%s'", folder->working, folder->name);
        new_folder_abandon(folder);
        return -1;
    }
    free(folder->working);
    folder->working = NULL;
    return sync_parent(folder->name) == 0
               ? 0
               : error_set_errno(err, ERROR_IO, errno, "cannot write out the name of '%s'", folder->name);
}

void new_folder_abandon(struct new_folder *folder)
{
    DIR *open = folder->working ? opendir(folder->working) : NULL;
    const struct dirent *entry;
    while (open && (entry = readdir(open)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(open), entry->d_name, 0);
    if (open)
        closedir(open);
    if (folder->working)
        rmdir(folder->working);
    free(folder->working);
    folder->working = NULL;
}

void new_folder_done(struct new_folder *folder)
{
    free(folder->name);
    free(folder->working);
    *folder = (struct new_folder){0};
}
