/* Runs a fuzz target over the files and folders named on the command line, so that a corpus is also an
 * ordinary test. */
#include "common/buffer.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned runs;

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    struct buffer content = {0};
    uint8_t part[65536];
    size_t size;
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        buffer_append(&content, part, size);
    fclose(file);
    LLVMFuzzerTestOneInput(content.data, content.size);
    buffer_free(&content);
    runs++;
    return 0;
}

static int run_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) {
        perror(path);
        return 1;
    }
    int status = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            status |= run_file(name);
    }
    closedir(folder);
    return status;
}

int main(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info)) {
            perror(argv[i]);
            return 1;
        }
        status |= S_ISDIR(info.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
    }
    if (runs == 0) {
        fprintf(stderr, "the corpus is empty\n");
        return 1;
    }
    printf("%u inputs\n", runs);
    return status;
}
