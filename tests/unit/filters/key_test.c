#include "filters/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/rehearse-key.XXXXXX";
static char path[sizeof folder + 8];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/key", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void test_key_file_gives_the_same_keys_again(void **state)
{
    (void)state;
    struct keys *made = NULL, *loaded = NULL;
    struct error err = {0};
    assert_int_equal(keys_create(path, &made, &err), 0);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(keys_load(path, &loaded, &err), 0);
    uint8_t one[KEYS_TAG_SIZE], two[KEYS_TAG_SIZE];
    keys_map(made, bytes_of("value"), one);
    keys_map(loaded, bytes_of("value"), two);
    assert_memory_equal(one, two, sizeof one);
    assert_memory_equal(keys_id(made), keys_id(loaded), SEGMENT_KEY_ID_SIZE);
    assert_memory_equal(keys_recognition(made), keys_recognition(loaded), SEGMENT_KEY_SIZE);
    assert_true(keys_opaque_id(made, "abc", 3) == keys_opaque_id(loaded, "abc", 3));
    assert_true(keys_opaque_id(made, "abc", 3) != keys_opaque_id(made, "abd", 3));
    keys_free(made);
    keys_free(loaded);
    assert_int_equal(keys_create(path, &made, &err), -1); /* never overwritten */
    assert_int_equal(err.kind, ERROR_USAGE);
    unlink(path);
}

static void test_key_files_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "rehearse-key-v1 ",
                                        "rehearse-key-v1 AAAA\n",
                                        "rehearse-key-v2 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
                                        "rehearse-key-v1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore",
                                        "rehearse-key-v1 AAAAAAAAAAAAAAAAAAAAA!AAAAAAAAAAAAAAAAAAAAA=\n"};
    struct keys *keys = NULL;
    struct error err = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(path, "w");
        fputs(texts[i], file);
        fclose(file);
        chmod(path, 0600);
        assert_int_equal(keys_load(path, &keys, &err), -1);
        assert_int_equal(err.kind, ERROR_USAGE);
        assert_null(strstr(err.text, "AAAAAAAA")); /* the key is not in the message */
    }
    unlink(path);
    assert_int_equal(keys_load(path, &keys, &err), -1);
    assert_int_equal(keys_load(folder, &keys, &err), -1);
    assert_null(keys);
}

static void test_key_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    struct keys *keys = NULL;
    struct error err = {0};
    assert_int_equal(keys_create(path, &keys, &err), 0);
    keys_free(keys);
    keys = NULL;
    static const mode_t modes[] = {0640, 0604, 0620, 0601};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        chmod(path, modes[i]);
        assert_int_equal(keys_load(path, &keys, &err), -1);
        assert_non_null(strstr(err.text, "chmod 600"));
    }
    assert_null(keys);
    unlink(path);
}

static void test_random_keys_differ(void **state)
{
    (void)state;
    struct keys *one = keys_random(), *two = keys_random();
    assert_memory_not_equal(keys_recognition(one), keys_recognition(two), SEGMENT_KEY_SIZE);
    assert_memory_not_equal(keys_id(one), keys_id(two), SEGMENT_KEY_ID_SIZE);
    keys_free(one);
    keys_free(two);
    keys_free(NULL);
}

static void test_digest_is_of_the_bytes_however_they_come(void **state)
{
    (void)state;
    struct keys *one = keys_random(), *two = keys_random();
    struct keys_digest *digest = keys_digest_create();
    uint8_t whole[KEYS_DIGEST_SIZE], parts[KEYS_DIGEST_SIZE], other[KEYS_DIGEST_SIZE], mapped[KEYS_TAG_SIZE];
    uint8_t data[300];
    memset(data, 'x', sizeof data);
    keys_digest_begin(digest, one);
    keys_digest_add(digest, bytes_make(data, sizeof data));
    keys_digest_end(digest, whole);
    for (size_t cut = 0; cut <= sizeof data; cut += 50) {
        keys_digest_begin(digest, one);
        keys_digest_add(digest, bytes_make(data, cut));
        keys_digest_add(digest, bytes_make(data + cut, sizeof data - cut));
        keys_digest_end(digest, parts);
        assert_memory_equal(parts, whole, sizeof whole);
    }
    keys_digest_begin(digest, two);
    keys_digest_add(digest, bytes_make(data, sizeof data));
    keys_digest_end(digest, other);
    assert_memory_not_equal(other, whole, sizeof whole);
    keys_map(one, bytes_make(data, sizeof data), mapped); /* a body is no value: the keys differ */
    assert_memory_not_equal(mapped, whole, sizeof whole);
    keys_digest_free(digest);
    keys_digest_free(NULL);
    keys_free(one);
    keys_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_file_gives_the_same_keys_again),
        cmocka_unit_test(test_key_files_that_are_none_are_refused),
        cmocka_unit_test(test_key_file_that_others_may_read_is_refused),
        cmocka_unit_test(test_random_keys_differ),
        cmocka_unit_test(test_digest_is_of_the_bytes_however_they_come),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
