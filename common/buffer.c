#include "common/buffer.h"

#include "common/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool bytes_to_u64(struct bytes view, uint64_t *ret_value)
{
    if (view.size == 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < view.size; i++) {
        if (view.data[i] < '0' || view.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(view.data[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

void buffer_grow(struct buffer *buffer, size_t more)
{
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 64;
    while (capacity < buffer->size + more)
        capacity *= 2;
    const uint8_t *borrowed = buffer->capacity ? NULL : buffer->data;
    buffer->data = xrealloc(borrowed ? NULL : buffer->data, capacity);
    if (borrowed)
        memcpy(buffer->data, borrowed, buffer->size);
    buffer->capacity = capacity;
}

void buffer_borrow(struct buffer *buffer, struct bytes view)
{
    if (buffer->capacity)
        free(buffer->data);
    *buffer = (struct buffer){.data = (uint8_t *)view.data, .size = view.size};
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    char small[256];
    int length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (length > 0 && (size_t)length < sizeof small) {
        buffer_append(buffer, small, (size_t)length);
    } else if (length > 0) {
        buffer_reserve(buffer, (size_t)length + 1);
        vsnprintf((char *)buffer->data + buffer->size, (size_t)length + 1, format, again);
        buffer->size += (size_t)length;
    }
    va_end(again);
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    if (size >= buffer->size) {
        buffer->size = 0;
        return;
    }
    buffer->size -= size;
    if (buffer->capacity)
        memmove(buffer->data, buffer->data + size, buffer->size);
    else
        buffer->data += size;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    if (!buffer->capacity)
        buffer->data = NULL;
}

void buffer_free(struct buffer *buffer)
{
    if (buffer->capacity)
        free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_append_long_varint(struct buffer *buffer, uint64_t value)
{
    buffer_reserve(buffer, 10);
    uint8_t *at = buffer->data + buffer->size;
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    buffer->size = (size_t)(at - buffer->data);
}

bool bytes_take_long_varint(struct bytes *view, uint64_t *ret_value)
{
    const uint8_t *at = view->data, *end = at + (view->size < 10 ? view->size : 10);
    uint64_t value = 0;
    for (unsigned shift = 0; at < end; shift += 7) {
        uint64_t byte = *at++;
        value |= (byte & 0x7f) << shift;
        if (byte >= 0x80)
            continue;
        if (shift == 63 && byte > 1)
            return false;
        view->size -= (size_t)(at - view->data);
        view->data = at;
        *ret_value = value;
        return true;
    }
    return false;
}
