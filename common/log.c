#include "common/log.h"

#include "common/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES   1024
#define TERMINAL_STEP_NS (NS_PER_S / 5)
#define PLAIN_STEP_NS    (10 * NS_PER_S)

static struct {
    const char *verb;
    enum log_format format;
    bool quiet;
    bool terminal;
    atomic_bool progress_shown;
    uint64_t progress_mono_ns; /* when progress was last printed */
} state = {.verb = "rehearse"};

void log_init(const char *verb, enum log_format format, bool quiet)
{
    state.verb = verb;
    state.format = format;
    state.quiet = quiet;
    state.terminal = isatty(STDERR_FILENO) != 0;
    state.progress_mono_ns = clock_mono_ns();
}

static size_t append(char *line, size_t used, const char *text, size_t size)
{
    size_t room = LINE_MAX_BYTES - 2 - used; /* the newline and a NUL always fit */
    if (size > room)
        size = room;
    memcpy(line + used, text, size);
    return used + size;
}

static size_t append_json_text(char *line, size_t used, const char *text)
{
    for (; *text && used < LINE_MAX_BYTES - 16; text++) {
        char escaped[8];
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", byte);
        else if (byte < 0x20)
            snprintf(escaped, sizeof escaped, "\\u%04x", byte);
        else
            snprintf(escaped, sizeof escaped, "%c", byte);
        used = append(line, used, escaped, strlen(escaped));
    }
    return used;
}

static void write_line(const char *line, size_t size)
{
    ssize_t written = write(STDERR_FILENO, line, size);
    (void)written; /* nowhere left to report it */
}

static void say(const char *level, const char *prefix, const char *format, va_list args)
{
    char text[LINE_MAX_BYTES / 2];
    vsnprintf(text, sizeof text, format, args);
    char line[LINE_MAX_BYTES];
    size_t used = 0;
    if (state.format == LOG_JSON) {
        char now[CLOCK_ISO8601_SIZE];
        clock_format_iso8601(clock_wall_ns(), now);
        used = (size_t)snprintf(line, sizeof line,
                                "{\"time\":\"%s\",\"level\":\"%s\",\"verb\":\"%s\",\"message\":\"", now,
                                level, state.verb);
        used = append_json_text(line, used, text);
        used = append(line, used, "\"}", 2);
    } else {
        if (state.terminal && atomic_exchange(&state.progress_shown, false))
            used = append(line, used, "\r\033[K", 4);
        used += (size_t)snprintf(line + used, sizeof line - used, "rehearse %s: %s", state.verb, prefix);
        used = append(line, used, text, strlen(text));
    }
    line[used++] = '\n';
    write_line(line, used);
}

void log_info(const char *format, ...)
{
    if (state.quiet)
        return;
    va_list args;
    va_start(args, format);
    say("info", "", format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    if (state.quiet)
        return;
    va_list args;
    va_start(args, format);
    say("warning", "warning: ", format, args);
    va_end(args);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("error", "", format, args);
    va_end(args);
}

void log_progress(const char *format, ...)
{
    if (state.quiet)
        return;
    bool rewrite = state.terminal && state.format == LOG_TEXT;
    uint64_t now = clock_mono_ns();
    if (now - state.progress_mono_ns < (rewrite ? TERMINAL_STEP_NS : PLAIN_STEP_NS))
        return;
    state.progress_mono_ns = now;
    va_list args;
    va_start(args, format);
    if (rewrite) {
        char line[LINE_MAX_BYTES] = "\r\033[K";
        int length = vsnprintf(line + 4, sizeof line - 4, format, args);
        write_line(line, length < 0 ? 4 : strlen(line));
        atomic_store(&state.progress_shown, true);
    } else {
        say("info", "", format, args);
    }
    va_end(args);
}

void log_progress_end(void)
{
    if (atomic_exchange(&state.progress_shown, false))
        write_line("\r\033[K", 4);
}
