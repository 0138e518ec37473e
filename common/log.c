#include "common/log.h"

#include "common/buffer.h"
#include "common/clock.h"
#include "common/json_text.h"

#include <poll.h>
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

/* Appends |text| so that it stays on one line and does nothing to a terminal, whatever a file name or a peer put in. */
static void append_text(struct buffer *line, struct bytes text)
{
    bool utf8 = json_text_is_utf8(text);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool c1 = utf8 && byte == 0xc2 && text.data[i + 1] < 0xa0; /* U+0080 to U+009F */
        if (byte < 0x20 || byte == 0x7f || c1 || (byte >= 0x80 && !utf8))
            buffer_printf(line, "\\x%02x", byte);
        else
            buffer_append_byte(line, byte);
        if (c1)
            buffer_printf(line, "\\x%02x", text.data[++i]);
    }
}

static void write_line(const char *line, size_t size)
{
    ssize_t written = write(STDERR_FILENO, line, size);
    (void)written; /* nowhere left to report it */
}

static void say(const char *level, const char *prefix, const char *format, va_list args)
{
    char said[LINE_MAX_BYTES];
    vsnprintf(said, sizeof said, format, args);
    struct bytes text = bytes_of(said);
    struct buffer line = {0};
    if (state.format == LOG_JSON) {
        char now[CLOCK_ISO8601_SIZE];
        clock_format_iso8601(clock_wall_ns(), now);
        buffer_printf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"verb\":\"%s\",\"message\":", now, level,
                      state.verb);
        json_text_append(&line, text);
        buffer_append_byte(&line, '}');
    } else {
        if (state.terminal && atomic_exchange(&state.progress_shown, false))
            buffer_append_text(&line, "\r\033[K");
        buffer_printf(&line, "rehearse %s: %s", state.verb, prefix);
        append_text(&line, text);
    }
    buffer_append_byte(&line, '\n');
    write_line((const char *)line.data, line.size);
    buffer_free(&line);
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

/* A terminal that was stopped with Ctrl-S, or a pipe that nobody reads, would hold up the caller's work for the sake of progress. */
static bool takes_output(void)
{
    struct pollfd place = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&place, 1, 0) > 0 && place.revents & POLLOUT;
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
    if (!takes_output())
        return;
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
