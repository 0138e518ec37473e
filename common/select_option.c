#include "common/select_option.h"

#include "common/log.h"

#include <string.h>

#define SHOWN_WIDTH 72 /* columns of a long expression that are shown */

static bool goes_on(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Writes the part of |text| around |span|, and a line that marks it. */
static void show_place(const char *text, struct select_span span)
{
    char excerpt[SHOWN_WIDTH + 1], marks[SHOWN_WIDTH + 1];
    size_t size = strlen(text), from = 0, width = 0;
    if (span.start > SHOWN_WIDTH * 2 / 3)
        from = span.start - SHOWN_WIDTH / 2;
    while (from > 0 && goes_on(text[from]))
        from--;
    size_t kept = 0;
    for (size_t i = from; i < size && kept < SHOWN_WIDTH; i++) {
        unsigned char c = (unsigned char)text[i];
        excerpt[kept++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    while (kept > 0 && from + kept < size && goes_on(text[from + kept]))
        kept--; /* no half character at the end */
    excerpt[kept] = '\0';
    size_t end = span.start + (span.size ? span.size : 1);
    for (size_t i = from; i < end && width < SHOWN_WIDTH; i++)
        if (i >= size || !goes_on(text[i]))
            marks[width++] = i < span.start ? ' ' : '^';
    marks[width] = '\0';
    log_error("  %s", excerpt);
    log_error("  %s", marks);
}

int select_option(const char *option, const char *text, struct select **ret_select)
{
    struct error err = {0};
    struct select_span span;
    if (select_compile(text, ret_select, &span, &err) == 0)
        return 0;
    log_error("--%s, %s", option, err.text);
    show_place(text, span);
    return -1;
}
