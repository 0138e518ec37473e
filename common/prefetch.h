/* Asks the processor to fetch memory that will soon be needed and was written by another, or long ago. Only ever saves time. */
#ifndef COMMON_PREFETCH_H
#define COMMON_PREFETCH_H

#include <stddef.h>

#define PREFETCH_LINE 64 /* bytes that come at once */

/* GCC takes a function that does nothing but prefetch for one without effect, and leaves out its calls. */
#define PREFETCH_IS_EFFECT() __asm__ volatile("")

/* |size| bytes at |data|, to be read. */
static inline void prefetch_read(const void *data, size_t size)
{
    for (size_t at = 0; at < size; at += PREFETCH_LINE)
        __builtin_prefetch((const char *)data + at);
    PREFETCH_IS_EFFECT();
}

/* |size| bytes at |data|, to be written. */
static inline void prefetch_write(const void *data, size_t size)
{
    for (size_t at = 0; at < size; at += PREFETCH_LINE)
        __builtin_prefetch((const char *)data + at, 1);
    PREFETCH_IS_EFFECT();
}

#endif
