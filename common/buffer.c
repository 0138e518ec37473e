#include "common/buffer.h"

#include "common/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    return a.size == b.size &&
           (a.size == 0 || strncasecmp((const char *)a.data, (const char *)b.data, a.size) == 0);
}

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
    while (capacity - buffer->size < more)
        capacity *= 2;
    buffer->data = xrealloc(buffer->data, capacity);
    buffer->capacity = capacity;
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
    memmove(buffer->data, buffer->data + size, buffer->size - size);
    buffer->size -= size;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_append_varint(struct buffer *buffer, uint64_t value)
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

bool bytes_take_varint(struct bytes *view, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < view->size && i < 10; i++) {
        uint8_t byte = view->data[i];
        if (i == 9 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) {
            view->data += i + 1;
            view->size -= i + 1;
            *ret_value = value;
            return true;
        }
    }
    return false;
}

bool bytes_take(struct bytes *view, size_t size, struct bytes *ret_part)
{
    if (view->size < size)
        return false;
    *ret_part = (struct bytes){view->data, size};
    view->data += size;
    view->size -= size;
    return true;
}
