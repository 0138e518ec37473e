#include "capture/proxy_header.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

enum { V2_HEAD = 16, V2_INET = 12, V2_INET6 = 36, V2_UNIX = 216 };

static bool begins_alike(struct bytes prefix, struct bytes text)
{
    return memcmp(prefix.data, text.data, prefix.size < text.size ? prefix.size : text.size) == 0;
}

/* ---- version 1 ---- */

/* Takes the next word of |line|; words stand apart by one space. */
static struct bytes take_word(struct bytes *line)
{
    const uint8_t *space = line->size ? memchr(line->data, ' ', line->size) : NULL;
    struct bytes word = bytes_make(line->data, space ? (size_t)(space - line->data) : line->size);
    size_t taken = word.size + (space != NULL);
    *line = bytes_make(line->data + taken, line->size - taken);
    return word;
}

static bool read_address(struct bytes word, uint8_t family, struct address *address)
{
    char text[INET6_ADDRSTRLEN];
    if (word.size == 0 || word.size >= sizeof text)
        return false;
    memcpy(text, word.data, word.size);
    text[word.size] = '\0';
    address->family = family;
    return strlen(text) == word.size && inet_pton(family, text, address->ip) == 1;
}

static bool read_port(struct bytes word, struct address *address)
{
    uint64_t port;
    if (word.size > 5 || !bytes_to_u64(word, &port) || port > UINT16_MAX)
        return false;
    address->port = (uint16_t)port;
    return true;
}

/* |rest| is the line after its protocol word. */
static bool read_addresses(struct bytes rest, uint8_t family, struct proxy_header *header)
{
    bool fits = read_address(take_word(&rest), family, &header->source);
    fits = fits && read_address(take_word(&rest), family, &header->target);
    fits = fits && read_port(take_word(&rest), &header->source);
    return fits && read_port(take_word(&rest), &header->target) && rest.size == 0;
}

static enum proxy_result judge_v1(struct bytes prefix, struct proxy_header *header)
{
    static const struct {
        struct bytes text;
        uint8_t family;
    } openings[] = {{BYTES_LITERAL("PROXY TCP4 "), AF_INET},
                    {BYTES_LITERAL("PROXY TCP6 "), AF_INET6},
                    {BYTES_LITERAL("PROXY UNKNOWN"), AF_UNSPEC}};
    size_t i = 0;
    while (i < 3 && !begins_alike(prefix, openings[i].text))
        i++;
    if (i == 3)
        return PROXY_NONE;
    size_t opening = openings[i].text.size;
    if (prefix.size <= opening)
        return PROXY_MORE;
    if (prefix.size > PROXY_PREFIX_MAX)
        prefix.size = PROXY_PREFIX_MAX;
    const uint8_t *lf = memchr(prefix.data, '\n', prefix.size);
    if (!lf)
        return prefix.size < PROXY_PREFIX_MAX ? PROXY_MORE : PROXY_MALFORMED;
    size_t line = (size_t)(lf - prefix.data);
    if (line < opening + 1 || prefix.data[line - 1] != '\r')
        return PROXY_MALFORMED;
    *header = (struct proxy_header){.version = 1, .size = (uint32_t)line + 1};
    struct bytes rest = bytes_make(prefix.data + opening, line - 1 - opening);
    if (openings[i].family == AF_UNSPEC)
        return rest.size == 0 || rest.data[0] == ' ' ? PROXY_READ : PROXY_MALFORMED;
    header->has_source = true;
    return read_addresses(rest, openings[i].family, header) ? PROXY_READ : PROXY_MALFORMED;
}

/* ---- version 2 ---- */

static void take_addresses(const uint8_t *at, uint8_t family, struct proxy_header *header)
{
    size_t size = family == AF_INET ? 4 : 16;
    header->has_source = true;
    header->source.family = header->target.family = family;
    memcpy(header->source.ip, at, size);
    memcpy(header->target.ip, at + size, size);
    const uint8_t *ports = at + 2 * size;
    header->source.port = (uint16_t)(ports[0] << 8 | ports[1]);
    header->target.port = (uint16_t)(ports[2] << 8 | ports[3]);
}

static enum proxy_result judge_v2(struct bytes prefix, struct proxy_header *header)
{
    if (prefix.size < V2_HEAD)
        return PROXY_MORE;
    unsigned version = prefix.data[12] >> 4, command = prefix.data[12] & 15;
    unsigned family = prefix.data[13] >> 4, transport = prefix.data[13] & 15;
    uint32_t length = (uint32_t)prefix.data[14] << 8 | prefix.data[15];
    if (version != 2 || command > 1)
        return PROXY_MALFORMED;
    *header = (struct proxy_header){.version = 2, .size = V2_HEAD + length};
    if (command == 0) /* LOCAL: of the proxy itself, addresses are not to be looked at */
        return PROXY_READ;
    static const uint32_t needed[4] = {0, V2_INET, V2_INET6, V2_UNIX};
    if (family > 3 || transport > 2 || length < needed[family])
        return PROXY_MALFORMED;
    if (family == 0 || family == 3)
        return PROXY_READ;
    if (prefix.size < V2_HEAD + needed[family])
        return PROXY_MORE;
    take_addresses(prefix.data + V2_HEAD, family == 1 ? AF_INET : AF_INET6, header);
    return PROXY_READ;
}

enum proxy_result proxy_header_judge(struct bytes prefix, struct proxy_header *ret_header)
{
    if (prefix.size == 0)
        return PROXY_MORE;
    if (prefix.data[0] == 'P')
        return judge_v1(prefix, ret_header);
    if (!begins_alike(prefix, bytes_make(signature, sizeof signature)))
        return PROXY_NONE;
    return prefix.size < sizeof signature ? PROXY_MORE : judge_v2(prefix, ret_header);
}

/* ---- a stream ---- */

static void pass(struct proxy_reader *reader, struct bytes *data)
{
    size_t size = data->size < reader->left ? data->size : reader->left;
    *data = bytes_make(data->data + size, data->size - size);
    reader->left -= (uint32_t)size;
    reader->done = reader->left == 0;
}

/* A header was read whose first |reader->held_size| bytes were taken before. */
static void take_header(struct proxy_reader *reader, struct bytes *data, const struct proxy_header *header)
{
    assert(header->size > reader->held_size);
    reader->left = header->size - reader->held_size;
    reader->held_size = 0;
    pass(reader, data);
}

enum proxy_result proxy_reader_take(struct proxy_reader *reader, struct bytes *data, uint64_t packet_ns,
                                    struct proxy_header *ret_header)
{
    if (reader->left > 0) {
        pass(reader, data);
        return reader->done ? PROXY_NONE : PROXY_MORE;
    }
    if (reader->done || data->size == 0)
        return reader->done ? PROXY_NONE : PROXY_MORE;
    size_t before = reader->held_size, room = PROXY_PREFIX_MAX - before;
    size_t more = data->size < room ? data->size : room;
    if (before == 0)
        reader->first_ns = packet_ns;
    memcpy(reader->held + before, data->data, more);
    enum proxy_result result = proxy_header_judge(bytes_make(reader->held, before + more), ret_header);
    switch (result) {
    case PROXY_MORE:
        reader->held_size = (uint8_t)(before + more);
        *data = bytes_make(data->data + more, data->size - more);
        assert(data->size == 0);
        break;
    case PROXY_READ:
        take_header(reader, data, ret_header);
        break;
    case PROXY_NONE:
    case PROXY_MALFORMED:
        reader->done = true;
        break;
    }
    return result;
}
