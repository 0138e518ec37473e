#include "common/segment/format.h"

#include "common/crc32c.h"
#include "common/mem.h"

#include <string.h>

/* Not text, and with both line ends, so that a transfer in text mode is seen. */
static const uint8_t file_magic[8] = {0x8e, 'R', 'H', 'S', 'E', 'G', '\r', '\n'};
static const uint8_t footer_magic[8] = {0x8e, 'R', 'H', 'E', 'N', 'D', '\r', '\n'};
const uint8_t format_block_marker[FORMAT_MARKER_SIZE] = {0xd7, 'R', 'H', 0x1b, 0xe4, 0xb1, 0x0c, 0xf2};

static void put(struct buffer *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(out, (uint8_t)(value >> 8 * i));
}

static uint64_t get(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static void put_property(struct buffer *out, const char *name, const void *value, size_t size)
{
    buffer_append_varint(out, strlen(name));
    buffer_append_text(out, name);
    buffer_append_varint(out, size);
    buffer_append(out, value, size);
}

void format_write_header(const struct segment_header *header, const struct origins *origins,
                         struct buffer *out)
{
    struct buffer properties = {0};
    put_property(&properties, "capture_id", header->capture_id, sizeof header->capture_id);
    put_property(&properties, "sanitized", header->sanitized ? "1" : "0", 1);
    if (header->writer)
        put_property(&properties, "writer", header->writer, strlen(header->writer));
    if (header->policy)
        put_property(&properties, "policy", header->policy, strlen(header->policy));
    put_property(&properties, "policy_hash", header->policy_hash, sizeof header->policy_hash);
    put_property(&properties, "key_id", header->key_id, sizeof header->key_id);
    put_property(&properties, "recognition_key", header->recognition_key, sizeof header->recognition_key);
    if (origins && !origins->over) {
        struct buffer encoded = {0};
        origins_encode(origins, &encoded);
        put_property(&properties, "origins", encoded.data, encoded.size);
        buffer_free(&encoded);
    }

    size_t start = out->size;
    buffer_append(out, file_magic, sizeof file_magic);
    put(out, FORMAT_VERSION, 2);
    put(out, (uint64_t)header->kind, 2);
    put(out, 0, 4); /* incompatible features */
    put(out, 0, 4); /* compatible features */
    put(out, properties.size, 4);
    put(out, crc32c(properties.data, properties.size), 4);
    put(out, header->created_wall_ns, 8);
    buffer_append(out, header->segment_id, sizeof header->segment_id);
    put(out, 0, 8); /* reserved */
    put(out, crc32c(out->data + start, out->size - start), 4);
    buffer_append_bytes(out, buffer_bytes(&properties));
    buffer_free(&properties);
}

size_t format_header_length(const uint8_t *fixed)
{
    if (memcmp(fixed, file_magic, sizeof file_magic) != 0 ||
        get(fixed + 60, 4) != crc32c(fixed, FORMAT_FILE_HEADER_SIZE - 4))
        return 0;
    uint64_t properties = get(fixed + 20, 4);
    return properties <= FORMAT_PROPERTIES_MAX ? FORMAT_FILE_HEADER_SIZE + (size_t)properties : 0;
}

static bool is_name(struct bytes name, const char *text)
{
    return bytes_equal(name, bytes_of(text));
}

static void copy_fixed(uint8_t *to, size_t size, struct bytes value)
{
    if (value.size == size)
        memcpy(to, value.data, size);
}

static void set_text(char **text, struct bytes value)
{
    if (!*text)
        *text = xstrndup((const char *)value.data, value.size);
}

static bool take_property(struct bytes *view, struct bytes *ret_name, struct bytes *ret_value)
{
    uint64_t size;
    return bytes_take_varint(view, &size) && bytes_take(view, size, ret_name) &&
           bytes_take_varint(view, &size) && bytes_take(view, size, ret_value);
}

static bool read_properties(struct bytes view, struct segment_header *header)
{
    while (view.size > 0) {
        struct bytes name, value;
        if (!take_property(&view, &name, &value))
            return false;
        if (is_name(name, "capture_id"))
            copy_fixed(header->capture_id, sizeof header->capture_id, value);
        else if (is_name(name, "sanitized"))
            header->sanitized = is_name(value, "1");
        else if (is_name(name, "writer"))
            set_text(&header->writer, value);
        else if (is_name(name, "policy"))
            set_text(&header->policy, value);
        else if (is_name(name, "policy_hash"))
            copy_fixed(header->policy_hash, sizeof header->policy_hash, value);
        else if (is_name(name, "key_id"))
            copy_fixed(header->key_id, sizeof header->key_id, value);
        else if (is_name(name, "recognition_key"))
            copy_fixed(header->recognition_key, sizeof header->recognition_key, value);
        /* Other names come from later writers and change nothing for this reader. */
    }
    return true;
}

enum format_verdict format_read_header(struct bytes view, struct segment_header *ret_header, size_t *ret_size)
{
    if (view.size < FORMAT_FILE_HEADER_SIZE || memcmp(view.data, file_magic, sizeof file_magic) != 0)
        return FORMAT_NOT_SEGMENT;
    if (get(view.data + 60, 4) != crc32c(view.data, FORMAT_FILE_HEADER_SIZE - 4))
        return FORMAT_DAMAGED;
    if (get(view.data + 8, 2) != FORMAT_VERSION)
        return FORMAT_VERSION_NEW;
    if (get(view.data + 12, 4) & ~FORMAT_FEATURES_KNOWN)
        return FORMAT_FEATURE_NEW;
    size_t length = format_header_length(view.data);
    if (length == 0 || length > view.size)
        return FORMAT_DAMAGED;
    struct bytes properties = {view.data + FORMAT_FILE_HEADER_SIZE, length - FORMAT_FILE_HEADER_SIZE};
    if (get(view.data + 24, 4) != crc32c(properties.data, properties.size))
        return FORMAT_DAMAGED;
    struct segment_header header = {
        .kind = (enum segment_kind)get(view.data + 10, 2),
        .created_wall_ns = get(view.data + 28, 8),
    };
    memcpy(header.segment_id, view.data + 36, sizeof header.segment_id);
    if (!read_properties(properties, &header)) {
        segment_header_free(&header);
        return FORMAT_DAMAGED;
    }
    *ret_header = header;
    *ret_size = length;
    return FORMAT_OK;
}

bool format_read_origins(struct bytes header, struct origins *origins)
{
    struct bytes view = {header.data + FORMAT_FILE_HEADER_SIZE, header.size - FORMAT_FILE_HEADER_SIZE};
    struct bytes name, value;
    while (view.size > 0 && take_property(&view, &name, &value))
        if (is_name(name, "origins"))
            return origins_decode(value, origins);
    return false;
}

void format_write_block(const struct format_block *block, const uint8_t *id, struct buffer *out)
{
    struct buffer body = {0};
    put(&body, block->record_count, 4);
    put(&body, block->sequence, 8);
    put(&body, block->min_ns, 8);
    put(&body, block->max_ns, 8);
    put(&body, block->meta_raw, 4);
    put(&body, block->meta_stored, 4);
    put(&body, block->payload_raw, 4);
    put(&body, block->payload_stored, 4);
    put(&body, block->meta_crc, 4);
    put(&body, block->payload_crc, 4);
    buffer_append(&body, id, 8);
    buffer_append(out, format_block_marker, sizeof format_block_marker);
    put(out, crc32c(body.data, body.size), 4);
    buffer_append_bytes(out, buffer_bytes(&body));
    buffer_free(&body);
}

static bool block_is_plausible(const struct format_block *block)
{
    return block->record_count > 0 && block->min_ns <= block->max_ns && block->meta_raw > 0 &&
           block->meta_raw <= FORMAT_FRAME_RAW_MAX && block->payload_raw <= FORMAT_FRAME_RAW_MAX &&
           block->meta_stored > 0 && block->meta_stored <= FORMAT_FRAME_STORED_MAX &&
           block->payload_stored <= FORMAT_FRAME_STORED_MAX &&
           (block->payload_raw == 0) == (block->payload_stored == 0) &&
           block->record_count <= block->meta_raw / 3;
}

bool format_read_block(const uint8_t *bytes, const uint8_t *id, struct format_block *ret_block)
{
    if (memcmp(bytes, format_block_marker, sizeof format_block_marker) != 0 ||
        memcmp(bytes + FORMAT_BLOCK_HEADER_SIZE - 8, id, 8) != 0 ||
        get(bytes + 8, 4) != crc32c(bytes + 12, FORMAT_BLOCK_HEADER_SIZE - 12))
        return false;
    struct format_block block = {
        .record_count = (uint32_t)get(bytes + 12, 4),
        .sequence = get(bytes + 16, 8),
        .min_ns = get(bytes + 24, 8),
        .max_ns = get(bytes + 32, 8),
        .meta_raw = (uint32_t)get(bytes + 40, 4),
        .meta_stored = (uint32_t)get(bytes + 44, 4),
        .payload_raw = (uint32_t)get(bytes + 48, 4),
        .payload_stored = (uint32_t)get(bytes + 52, 4),
        .meta_crc = (uint32_t)get(bytes + 56, 4),
        .payload_crc = (uint32_t)get(bytes + 60, 4),
    };
    if (!block_is_plausible(&block))
        return false;
    *ret_block = block;
    return true;
}

uint64_t format_block_length(const struct format_block *block)
{
    return UINT64_C(0) + FORMAT_BLOCK_HEADER_SIZE + block->meta_stored + block->payload_stored;
}

void format_write_entry(const struct format_entry *entry, struct buffer *out)
{
    put(out, entry->offset, 8);
    put(out, entry->min_ns, 8);
    put(out, entry->max_ns, 8);
    put(out, entry->length, 8);
    put(out, entry->record_count, 8);
}

void format_read_entry(const uint8_t *bytes, struct format_entry *ret_entry)
{
    *ret_entry = (struct format_entry){
        .offset = get(bytes, 8),
        .min_ns = get(bytes + 8, 8),
        .max_ns = get(bytes + 16, 8),
        .length = get(bytes + 24, 8),
        .record_count = (uint32_t)get(bytes + 32, 8),
    };
}

void format_write_footer(const struct format_footer *footer, const uint8_t *id, struct buffer *out)
{
    struct buffer body = {0};
    put(&body, footer->index_crc, 4);
    put(&body, footer->header_offset, 8);
    put(&body, footer->index_offset, 8);
    put(&body, footer->block_count, 8);
    put(&body, footer->record_count, 8);
    put(&body, footer->min_ns, 8);
    put(&body, footer->max_ns, 8);
    put(&body, 0, 8); /* reserved */
    buffer_append(&body, id, 8);
    buffer_append(out, footer_magic, sizeof footer_magic);
    put(out, crc32c(body.data, body.size), 4);
    buffer_append_bytes(out, buffer_bytes(&body));
    buffer_free(&body);
}

bool format_read_footer(const uint8_t *bytes, uint64_t file_size, struct format_footer *ret_footer,
                        uint8_t *ret_id)
{
    if (memcmp(bytes, footer_magic, sizeof footer_magic) != 0 ||
        get(bytes + 8, 4) != crc32c(bytes + 12, FORMAT_FOOTER_SIZE - 12))
        return false;
    struct format_footer footer = {
        .index_crc = (uint32_t)get(bytes + 12, 4),
        .header_offset = get(bytes + 16, 8),
        .index_offset = get(bytes + 24, 8),
        .block_count = get(bytes + 32, 8),
        .record_count = get(bytes + 40, 8),
        .min_ns = get(bytes + 48, 8),
        .max_ns = get(bytes + 56, 8),
    };
    if (file_size < FORMAT_FOOTER_SIZE || footer.index_offset > file_size - FORMAT_FOOTER_SIZE ||
        footer.header_offset > footer.index_offset ||
        footer.block_count >
            (file_size - FORMAT_FOOTER_SIZE - footer.index_offset) / FORMAT_INDEX_ENTRY_SIZE ||
        footer.index_offset + footer.block_count * FORMAT_INDEX_ENTRY_SIZE + FORMAT_FOOTER_SIZE != file_size)
        return false;
    if (ret_id)
        memcpy(ret_id, bytes + FORMAT_FOOTER_SIZE - 8, 8);
    *ret_footer = footer;
    return true;
}
