/* Pseudonyms of many values: how long they take, that no two are the same, and that none is the same under two keys.
 * `pseudonym_bench [COUNT]`; without COUNT 10,000,000 values, for which it takes 320 MB. Exit status 1 where two are the same. */
#include "filters/pseudonym.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct identity {
    uint8_t tag[PSEUDONYM_TAG_SIZE];
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int by_tag(const void *a, const void *b)
{
    return memcmp(a, b, PSEUDONYM_TAG_SIZE);
}

/* Makes the pseudonyms of |count| values under a new key; tells how long one took. Each is read back, so that what is compared is what is
 * kept in traffic. */
static struct identity *make(size_t count)
{
    struct keys *keys = keys_random();
    struct identity *all = malloc(count * sizeof *all);
    struct pseudonym_found found;
    struct buffer out = {0};
    double start = now();
    for (size_t i = 0; all && i < count; i++) {
        char value[32];
        int size = snprintf(value, sizeof value, i % 2 ? "user-%zu" : "user%zu@shop.example", i);
        buffer_clear(&out);
        pseudonym_make(keys, bytes_make(value, (size_t)size), &out, NULL);
        if (!pseudonym_find(keys_recognition(keys), buffer_bytes(&out), 0, &found)) {
            fprintf(stderr, "%s has none\n", value);
            exit(1);
        }
        memcpy(all[i].tag, found.tag, sizeof all[i].tag);
    }
    printf("%zu pseudonyms made and read back: %.0f ns each\n", count, (now() - start) / (double)count * 1e9);
    buffer_free(&out);
    keys_free(keys);
    if (all)
        qsort(all, count, sizeof *all, by_tag);
    return all;
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000, same = 0, linked = 0;
    struct identity *one = make(count), *two = make(count);
    if (!one || !two || count == 0) {
        fputs("usage: pseudonym_bench [COUNT]\n", stderr);
        return 2;
    }
    for (size_t i = 1; i < count; i++)
        same += (by_tag(&one[i - 1], &one[i]) == 0) + (by_tag(&two[i - 1], &two[i]) == 0);
    for (size_t i = 0, j = 0; i < count && j < count;) {
        int order = by_tag(&one[i], &two[j]);
        linked += order == 0;
        i += order <= 0;
        j += order > 0;
    }
    printf("%zu collisions, %zu the same under two keys\n", same, linked);
    free(one);
    free(two);
    return same > 0 || linked > 0;
}
