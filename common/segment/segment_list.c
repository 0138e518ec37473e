#include "common/mem.h"
#include "common/segment/segment_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_with(const char *text, const char *suffix)
{
    size_t size = strlen(text), tail = strlen(suffix);
    return size > tail && strcmp(text + size - tail, suffix) == 0;
}

static int compare_paths(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void add_path(struct segment_list *list, size_t *capacity, char *path)
{
    if (list->count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 16;
        list->paths = xrealloc(list->paths, *capacity * sizeof *list->paths);
    }
    list->paths[list->count++] = path;
}

/* A segment that was sealed while the folder was read may be seen under both names: the sealed one stays. */
static void drop_repeated(struct segment_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        char *last = kept > 0 ? list->paths[kept - 1] : NULL;
        if (last && ends_with(list->paths[i], SEGMENT_OPEN_SUFFIX) &&
            strlen(list->paths[i]) == strlen(last) + strlen(".part") &&
            strncmp(list->paths[i], last, strlen(last)) == 0)
            free(list->paths[i]);
        else
            list->paths[kept++] = list->paths[i];
    }
    list->count = kept;
}

int segment_list_read(const char *path, struct segment_list *ret_list, struct error *err)
{
    struct segment_list list = {0};
    size_t capacity = 0;
    struct stat info;
    if (stat(path, &info))
        return error_set_errno(err, ERROR_IO, errno, "%s", path);
    if (!S_ISDIR(info.st_mode)) {
        add_path(&list, &capacity, xstrdup(path));
        *ret_list = list;
        return 0;
    }
    DIR *folder = opendir(path);
    if (!folder)
        return error_set_errno(err, ERROR_IO, errno, "%s", path);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (ends_with(entry->d_name, SEGMENT_SUFFIX) || ends_with(entry->d_name, SEGMENT_OPEN_SUFFIX)) {
            add_path(&list, &capacity, xasprintf("%s/%s", path, entry->d_name));
        } else if (entry->d_name[0] != '.') {
            list.foreign_count++;
            if (!list.foreign)
                list.foreign = xstrdup(entry->d_name);
        }
    }
    closedir(folder);
    if (list.count > 0)
        qsort(list.paths, list.count, sizeof *list.paths, compare_paths);
    drop_repeated(&list);
    *ret_list = list;
    return 0;
}

void segment_list_free(struct segment_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    free(list->foreign);
    *list = (struct segment_list){0};
}
