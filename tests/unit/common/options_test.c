#include "common/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct settings {
    bool flag;
    const char *target;
    struct option_texts gates;
    uint64_t timeout_ns;
    uint64_t size;
    double rate;
    int format;
};

static const struct option_spec table[] = {
    {"flag", 'f', OPTION_FLAG, NULL, "a flag", offsetof(struct settings, flag)},
    {"target", 0, OPTION_TEXT, "URL", "a text", offsetof(struct settings, target)},
    {"gate", 0, OPTION_TEXTS, "EXPR", "repeatable", offsetof(struct settings, gates)},
    {"timeout", 't', OPTION_DURATION, "T", "a time", offsetof(struct settings, timeout_ns)},
    {"max-body", 0, OPTION_SIZE, "SIZE", "a size", offsetof(struct settings, size)},
    {"rate", 0, OPTION_NUMBER, "N", "a number", offsetof(struct settings, rate)},
    {"format", 0, OPTION_CHOICE, "table|json", "a choice", offsetof(struct settings, format)},
};

static const struct options_spec spec = {
    .verb = "try",
    .summary = "tries",
    .arguments = "TRAFFIC",
    .arguments_min = 1,
    .arguments_max = 1,
    .examples = "  rehearse try x\n",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
};

static enum options_result parse(struct settings *settings, struct error *err, ...)
{
    char verb[] = "try";
    char *argv[32] = {verb};
    int argc = 1;
    va_list args;
    va_start(args, err);
    for (char *arg; (arg = va_arg(args, char *)) && argc < 31;)
        argv[argc++] = arg;
    va_end(args);
    struct option_texts rest;
    return options_parse(&spec, argc, argv, settings, &rest, err);
}

static void test_flags_of_each_type(void **state)
{
    (void)state;
    struct settings s = {0};
    struct error err = {0};
    assert_int_equal(parse(&s, &err, "x", "-f", "--target=http://a/", "--gate", "p99 < 3ms", "--gate",
                           "errors < 1%", "-t", "5s", "--max-body", "1M", "--rate", "2.5", "--format", "json",
                           NULL),
                     OPTIONS_RUN);
    assert_true(s.flag);
    assert_string_equal(s.target, "http://a/");
    assert_int_equal(s.gates.count, 2);
    assert_string_equal(s.gates.items[1], "errors < 1%");
    assert_true(s.timeout_ns == UINT64_C(5000000000));
    assert_int_equal(s.size, 1048576);
    assert_true(s.rate == 2.5);
    assert_int_equal(s.format, 1);
}

static void test_errors_name_the_option(void **state)
{
    (void)state;
    struct settings s = {0};
    struct error err = {0};
    assert_int_equal(parse(&s, &err, "x", "--nope", NULL), OPTIONS_FAIL);
    assert_non_null(strstr(err.text, "--nope"));
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_int_equal(parse(&s, &err, "x", "--timeout", "soon", NULL), OPTIONS_FAIL);
    assert_non_null(strstr(err.text, "--timeout"));
    assert_int_equal(parse(&s, &err, "x", "--rate", NULL), OPTIONS_FAIL);
    assert_non_null(strstr(err.text, "--rate needs a value"));
    assert_int_equal(parse(&s, &err, NULL), OPTIONS_FAIL);
    assert_non_null(strstr(err.text, "TRAFFIC is missing"));
    assert_int_equal(parse(&s, &err, "x", "y", NULL), OPTIONS_FAIL);
    assert_int_equal(parse(&s, &err, "x", "--format", "xml", NULL), OPTIONS_FAIL);
    assert_non_null(strstr(err.text, "table|json"));
}

static void test_flag_beats_environment_beats_file(void **state)
{
    (void)state;
    char path[] = "/tmp/rehearse-options.XXXXXX";
    int fd = mkstemp(path);
    const char *text =
        "target: http://file/\nrate: 7\nother:\n  nonsense: 1\ntry:\n  max-body: 2K\n  gate: [a, b]\n";
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    setenv("REHEARSE_TARGET", "http://environment/", 1);
    setenv("REHEARSE_RATE", "8", 1);
    struct settings s = {.timeout_ns = 9};
    struct error err = {0};
    assert_int_equal(parse(&s, &err, "x", "--config", path, "--rate", "9", NULL), OPTIONS_RUN);
    assert_string_equal(s.target, "http://environment/");
    assert_true(s.rate == 9);
    assert_int_equal(s.size, 2048);
    assert_int_equal(s.gates.count, 2);
    assert_int_equal(s.timeout_ns, 9);
    unsetenv("REHEARSE_TARGET");
    unsetenv("REHEARSE_RATE");
    unlink(path);
}

static void test_unknown_setting_in_file_names_its_line(void **state)
{
    (void)state;
    char path[] = "/tmp/rehearse-options.XXXXXX";
    int fd = mkstemp(path);
    const char *text = "rate: 7\ntry:\n  rat: 8\n";
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct settings s = {0};
    struct error err = {0};
    assert_int_equal(parse(&s, &err, "x", "--config", path, NULL), OPTIONS_FAIL);
    assert_non_null(strstr(err.text, ":3:"));
    assert_non_null(strstr(err.text, "'rat'"));
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags_of_each_type),
        cmocka_unit_test(test_errors_name_the_option),
        cmocka_unit_test(test_flag_beats_environment_beats_file),
        cmocka_unit_test(test_unknown_setting_in_file_names_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
