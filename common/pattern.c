#include "common/pattern.h"

#include "common/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

/* A head has 64 KiB at most; an honest pattern takes a few steps a byte of what it looks at. */
#define STEPS_MAX       100000
#define HEAP_MAX_KIB    1024
#define JIT_STACK_START ((size_t)32 << 10)
#define JIT_STACK_MAX   ((size_t)256 << 10)

struct pattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    pcre2_jit_stack *stack;
};

int pattern_compile(struct bytes text, bool any_case, struct pattern **ret_pattern, size_t *ret_offset,
                    struct error *err)
{
    uint32_t options =
        PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOTALL | (any_case ? PCRE2_CASELESS : 0);
    int problem;
    size_t offset;
    const uint8_t *start = text.size ? text.data : (const uint8_t *)"";
    pcre2_code *code = pcre2_compile(start, text.size, options, &problem, &offset, NULL);
    if (!code) {
        PCRE2_UCHAR words[256];
        if (pcre2_get_error_message(problem, words, sizeof words) < 0)
            words[0] = '\0';
        *ret_offset = offset;
        return error_set(err, ERROR_USAGE, "%s", (const char *)words);
    }
    struct pattern *pattern = xcalloc(1, sizeof *pattern);
    pattern->code = code;
    pattern->match = pcre2_match_data_create_from_pattern(code, NULL);
    pattern->limits = pcre2_match_context_create(NULL);
    if (!pattern->match || !pattern->limits)
        abort(); /* no memory */
    pcre2_set_match_limit(pattern->limits, STEPS_MAX);
    pcre2_set_heap_limit(pattern->limits, HEAP_MAX_KIB);
    /* Where memory cannot be made executable, the pattern is interpreted: slower, with the same answers. */
    if (pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0) {
        pattern->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
        pcre2_jit_stack_assign(pattern->limits, NULL, pattern->stack);
    }
    *ret_pattern = pattern;
    return 0;
}

enum pattern_verdict pattern_find(struct pattern *pattern, struct bytes subject)
{
    return pattern_find_from(pattern, subject, 0);
}

enum pattern_verdict pattern_find_from(struct pattern *pattern, struct bytes subject, size_t from)
{
    const uint8_t *start = subject.size ? subject.data : (const uint8_t *)"";
    int found = pcre2_match(pattern->code, start, subject.size, from, 0, pattern->match, pattern->limits);
    if (found >= 0)
        return PATTERN_YES;
    return found == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_GAVE_UP;
}

unsigned pattern_group_count(const struct pattern *pattern)
{
    uint32_t count = 0;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &count);
    return count;
}

unsigned pattern_group_named(const struct pattern *pattern, const char *name)
{
    int number = pcre2_substring_number_from_name(pattern->code, (PCRE2_SPTR)name);
    return number > 0 ? (unsigned)number : 0;
}

bool pattern_group(const struct pattern *pattern, unsigned group, size_t *ret_start, size_t *ret_end)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(pattern->match);
    if (group >= pcre2_get_ovector_count(pattern->match) || ends[2 * group] == PCRE2_UNSET)
        return false;
    *ret_start = ends[2 * group];
    *ret_end = ends[2 * group + 1];
    return true;
}

void pattern_free(struct pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_jit_stack_free(pattern->stack);
    pcre2_match_context_free(pattern->limits);
    pcre2_match_data_free(pattern->match);
    pcre2_code_free(pattern->code);
    free(pattern);
}
