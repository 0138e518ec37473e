#include "filters/detect/detect_chars.h"
#include "filters/strategy/fake_kinds.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV6_ID   7 /* bytes after the prefix, before the check */
#define UUID_SIZE 36
#define UUID_ID   10 /* bytes, with version and variant */

/* The ranges of RFC 5737. */
static const uint8_t documentation[][3] = {{192, 0, 2}, {198, 51, 100}, {203, 0, 113}};

/* Reads |value| as an address. Returns its family, 0 where it is none. */
static int address_of(struct bytes value, uint8_t ret_address[16])
{
    char text[INET6_ADDRSTRLEN];
    if (value.size >= sizeof text || memchr(value.data, 0, value.size))
        return 0;
    memcpy(text, value.data, value.size);
    text[value.size] = 0;
    return inet_pton(AF_INET, text, ret_address) == 1    ? AF_INET
           : inet_pton(AF_INET6, text, ret_address) == 1 ? AF_INET6
                                                         : 0;
}

static void write_bytes(uint64_t number, size_t count, uint8_t *ret_bytes)
{
    while (count-- > 0) {
        ret_bytes[count] = (uint8_t)number;
        number >>= 8;
    }
}

static void ipv6_finish(const uint8_t *recognition_key, uint8_t address[16])
{
    static const uint8_t prefix[4] = {0x20, 0x01, 0x0d, 0xb8}; /* RFC 3849 */
    memcpy(address, prefix, sizeof prefix);
    size_t id = sizeof prefix + IPV6_ID;
    write_bytes(fake_check(recognition_key, FAKE_IP, address, id), 16 - id, address + id);
}

bool fake_ip_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    uint8_t address[16];
    char text[INET6_ADDRSTRLEN];
    int family = address_of(value, address);
    if (family == 0)
        return false;
    struct fake_draw draw = fake_draw_begin(keys, FAKE_IP, bytes_make(address, family == AF_INET ? 4 : 16));
    if (family == AF_INET) {
        memcpy(address, documentation[fake_draw(&draw, 3)], 3);
        address[3] = (uint8_t)(1 + fake_draw(&draw, 254));
    } else {
        write_bytes(fake_draw(&draw, UINT64_C(1) << (8 * IPV6_ID)), IPV6_ID, address + 4);
        ipv6_finish(keys_recognition(keys), address);
    }
    buffer_append_text(out, inet_ntop(family, address, text, sizeof text));
    return true;
}

bool fake_ip_is(const uint8_t *recognition_key, struct bytes value)
{
    uint8_t address[16], right[16];
    int family = address_of(value, address);
    if (family == AF_INET6) {
        memcpy(right, address, sizeof right);
        ipv6_finish(recognition_key, right);
        return memcmp(right, address, sizeof right) == 0;
    }
    for (size_t i = 0; family == AF_INET && i < 3; i++)
        if (memcmp(address, documentation[i], 3) == 0)
            return true;
    return false;
}

/* Reads the hexadecimal digits of |value|, which are twice |count|, with |others| between. */
static bool hex_of(struct bytes value, const char *others, uint8_t *ret_bytes, size_t count)
{
    size_t digits = 0;
    memset(ret_bytes, 0, count);
    for (size_t i = 0; i < value.size; i++) {
        bool digit = char_is(value.data[i], CHAR_HEX);
        if (digit ? digits == 2 * count : value.data[i] == 0 || !strchr(others, value.data[i]))
            return false;
        if (!digit)
            continue;
        ret_bytes[digits / 2] = (uint8_t)(ret_bytes[digits / 2] << 4 | char_hex(value.data[i]));
        digits++;
    }
    return digits == 2 * count;
}

/* Appends |value| to |out| with its hexadecimal digits replaced, in capitals where it has any. */
static void hex_put(struct bytes value, const uint8_t *bytes, struct buffer *out)
{
    bool capitals = false;
    size_t digits = 0;
    for (size_t i = 0; i < value.size; i++)
        capitals = capitals || char_is(value.data[i], CHAR_UPPER);
    for (size_t i = 0; i < value.size; i++) {
        if (!char_is(value.data[i], CHAR_HEX)) {
            buffer_append_byte(out, value.data[i]);
            continue;
        }
        unsigned digit = bytes[digits / 2] >> (digits % 2 ? 0 : 4) & 15u;
        buffer_append_byte(out, (uint8_t)(capitals ? "0123456789ABCDEF" : "0123456789abcdef")[digit]);
        digits++;
    }
}

/* The address: locally administered, twenty bits, and as many of check. */
static void mac_finish(const uint8_t *recognition_key, uint8_t mac[6])
{
    mac[0] = 2;
    mac[3] &= 0xf0;
    uint64_t check = fake_check(recognition_key, FAKE_MAC, mac, 4);
    mac[3] |= check >> 16 & 15;
    write_bytes(check, 2, mac + 4);
}

bool fake_mac_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    uint8_t mac[6];
    if (!hex_of(value, ":-.", mac, sizeof mac))
        return false;
    struct fake_draw draw = fake_draw_begin(keys, FAKE_MAC, bytes_make(mac, sizeof mac));
    write_bytes(fake_draw(&draw, 1u << 24), 3, mac + 1);
    mac_finish(keys_recognition(keys), mac);
    hex_put(value, mac, out);
    return true;
}

bool fake_mac_is(const uint8_t *recognition_key, struct bytes value)
{
    uint8_t mac[6], right[6];
    if (!hex_of(value, ":-.", mac, sizeof mac))
        return false;
    memcpy(right, mac, sizeof right);
    mac_finish(recognition_key, right);
    return memcmp(right, mac, sizeof right) == 0;
}

static bool uuid_of(struct bytes value, uint8_t ret_uuid[16])
{
    if (value.size != UUID_SIZE)
        return false;
    for (size_t i = 0; i < UUID_SIZE; i++)
        if ((value.data[i] == '-') != (i == 8 || i == 13 || i == 18 || i == 23))
            return false;
    return hex_of(value, "-", ret_uuid, 16);
}

/* Version 4 of RFC 9562, and a check in its last group. */
static void uuid_finish(const uint8_t *recognition_key, uint8_t uuid[16])
{
    uuid[6] = (uint8_t)(0x40 | (uuid[6] & 0x0f));
    uuid[8] = (uint8_t)(0x80 | (uuid[8] & 0x3f));
    write_bytes(fake_check(recognition_key, FAKE_UUID, uuid, UUID_ID), 16 - UUID_ID, uuid + UUID_ID);
}

bool fake_uuid_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    uint8_t uuid[16];
    if (!uuid_of(value, uuid))
        return false;
    struct fake_draw draw = fake_draw_begin(keys, FAKE_UUID, bytes_make(uuid, sizeof uuid));
    write_bytes(fake_draw(&draw, UINT64_C(1) << 40), 5, uuid);
    write_bytes(fake_draw(&draw, UINT64_C(1) << 40), 5, uuid + 5);
    uuid_finish(keys_recognition(keys), uuid);
    hex_put(value, uuid, out);
    return true;
}

bool fake_uuid_is(const uint8_t *recognition_key, struct bytes value)
{
    uint8_t uuid[16], right[16];
    if (!uuid_of(value, uuid))
        return false;
    memcpy(right, uuid, sizeof right);
    uuid_finish(recognition_key, right);
    return memcmp(right, uuid, sizeof right) == 0;
}
