#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_text(struct error *err, enum error_kind kind, const char *format, va_list args)
{
    err->kind = kind;
    vsnprintf(err->text, sizeof err->text, format, args);
}

int error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        set_text(err, kind, format, args);
        va_end(args);
    }
    return -1;
}

int error_set_errno(struct error *err, enum error_kind kind, int errnum, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        set_text(err, kind, format, args);
        va_end(args);
        size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(errnum));
    }
    return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
    if (err) {
        char old[sizeof err->text];
        memcpy(old, err->text, sizeof old);
        va_list args;
        va_start(args, format);
        set_text(err, err->kind, format, args);
        va_end(args);
        size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used, ": %s", old);
    }
    return -1;
}

int error_exit_status(const struct error *err)
{
    return err->kind == ERROR_USAGE ? 2 : 3;
}
