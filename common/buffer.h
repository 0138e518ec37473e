/* Bytes: a borrowed view (struct bytes) and an owned, growing run (struct buffer). */
#ifndef COMMON_BUFFER_H
#define COMMON_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* A view of bytes owned by someone else; |data| may be NULL only if |size| is 0. Not NUL-terminated. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

/* Owned bytes. Zero-initialised is empty and valid; size <= capacity. Keeps its memory over buffer_clear, so
 * that a reused buffer allocates nothing once warm.
 *
 * It may also borrow what stands elsewhere (buffer_borrow): then |capacity| is 0, and whatever adds to it
 * copies that first. */
struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

#define BYTES_LITERAL(text) ((struct bytes){(const uint8_t *)(text), sizeof(text) - 1})

/* Returns a borrowed view of |text| without its NUL. */
static inline struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}
static inline struct bytes bytes_make(const void *data, size_t size)
{
    return (struct bytes){(const uint8_t *)data, size};
}
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
/* As bytes_equal with ASCII letters compared without case (RFC 9110 §5.1 field names). */
static inline bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    if (a.size != b.size || a.size == 0)
        return a.size == b.size;
    return ((a.data[0] ^ b.data[0]) & ~0x20) == 0 && /* most names differ there, where they do at all */
           strncasecmp((const char *)a.data, (const char *)b.data, a.size) == 0;
}
/* Returns the view without leading and trailing SP and HTAB (RFC 9110 OWS). */
static inline struct bytes bytes_trim(struct bytes view)
{
    while (view.size > 0 && (view.data[0] == ' ' || view.data[0] == '\t')) {
        view.data++;
        view.size--;
    }
    while (view.size > 0 && (view.data[view.size - 1] == ' ' || view.data[view.size - 1] == '\t'))
        view.size--;
    return view;
}
/* Parses an unsigned decimal of digits only. Returns false where |view| is empty, holds another byte or
 * overflows. */
bool bytes_to_u64(struct bytes view, uint64_t *ret_value);

/* Returns a view of all of |buffer|, borrowed until it changes. */
static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
    return (struct bytes){buffer->data, buffer->size};
}
/* Makes the capacity larger, by at least |more| bytes after the size. For buffer_reserve. */
void buffer_grow(struct buffer *buffer, size_t more);
/* Makes room for |more| bytes after the size, without changing the size. */
static inline void buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->capacity < buffer->size + more)
        buffer_grow(buffer, more);
}
/* Empties |buffer|, frees its memory, and has it show |view|, which is borrowed until the buffer is cleared, freed or added
 * to. */
void buffer_borrow(struct buffer *buffer, struct bytes view);
static inline void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
    if (size == 0)
        return;
    buffer_reserve(buffer, size);
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}
static inline void buffer_append_bytes(struct buffer *buffer, struct bytes view)
{
    buffer_append(buffer, view.data, view.size);
}
static inline void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}
static inline void buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
    buffer_reserve(buffer, 1);
    buffer->data[buffer->size++] = byte;
}
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Removes the first |size| bytes (at most the size). */
void buffer_consume(struct buffer *buffer, size_t size);
/* Empties; the memory stays, what was borrowed is let go. */
void buffer_clear(struct buffer *buffer);
/* Empties and frees; the buffer can be used again. */
void buffer_free(struct buffer *buffer);

/* What the two below leave to a function: the long ones. */
void buffer_append_long_varint(struct buffer *buffer, uint64_t value);
bool bytes_take_long_varint(struct bytes *view, uint64_t *ret_value);
/* Little-endian base-128 integers (LEB128, unsigned), as records store them. */
static inline void buffer_append_varint(struct buffer *buffer, uint64_t value)
{
    if (value < 0x80)
        buffer_append_byte(buffer, (uint8_t)value);
    else
        buffer_append_long_varint(buffer, value);
}
/* Takes one varint from the front of |view|. Returns false where it is cut or over 64 bits; |view| is then
 * unchanged. */
static inline bool bytes_take_varint(struct bytes *view, uint64_t *ret_value)
{
    if (view->size < 2)
        return bytes_take_long_varint(view, ret_value);
    unsigned first = view->data[0], second = view->data[1], size = first < 0x80 ? 1 : 2;
    if (size == 2 && second >= 0x80)
        return bytes_take_long_varint(view, ret_value);
    *ret_value = size == 1 ? first : (first & 0x7f) | second << 7;
    view->data += size;
    view->size -= size;
    return true;
}
/* Takes |size| bytes from the front of |view|. Returns false where there are fewer; |view| is then unchanged. */
static inline bool bytes_take(struct bytes *view, size_t size, struct bytes *ret_part)
{
    if (view->size < size)
        return false;
    *ret_part = (struct bytes){view->data, size};
    view->data += size;
    view->size -= size;
    return true;
}

#endif
