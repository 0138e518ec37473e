#include "common/http1_protocol.h"

#include <string.h>

#define BANNER_MAX 512 /* RFC 5321 §4.5.3.1.5 */

enum side { CLIENT = 1, SERVER = 2, UNASKED = 4 };

/* Bytes that a stream of |name| begins with. Those at places of |any| (bit i: byte i) do not matter. Where two can
 * match the same bytes the shorter stands first: it is what the same bytes in pieces would show. */
struct opening {
    const char *name;
    unsigned sides;
    size_t size;
    const char *bytes;
    unsigned any;
};

#define OPENING(name, sides, text, any)                                                                      \
    {                                                                                                        \
        name, sides, sizeof(text) - 1, text, any                                                             \
    }

static const struct opening openings[] = {
    OPENING("ssh", CLIENT | SERVER, "SSH-", 0),
    OPENING("http2", CLIENT | SERVER, "PRI * HTTP/2.0", 0),
    OPENING("http2", CLIENT | SERVER, "\0\0\0\4\0\0\0\0\0", 1u << 2), /* SETTINGS, the first frame */
    OPENING("sip", CLIENT | SERVER, "SIP/2.0 ", 0),
    OPENING("rtsp", CLIENT | SERVER, "RTSP/1.0 ", 0),
    OPENING("amqp", CLIENT | SERVER, "AMQP\0", 0), /* a server that refuses answers with its own header */
    OPENING("mqtt", CLIENT, "\x10\0\0\4MQTT", 1u << 1),
    OPENING("mqtt", CLIENT, "\x10\0\0\6MQIsdp", 1u << 1),
    OPENING("postgresql", CLIENT, "\0\0\0\10\4\322\26\57", 0),  /* SSLRequest */
    OPENING("postgresql", CLIENT, "\0\0\0\10\4\322\26\60", 0),  /* GSSENCRequest */
    OPENING("postgresql", CLIENT, "\0\0\0\20\4\322\26\56", 0),  /* CancelRequest */
    OPENING("postgresql", CLIENT, "\0\0\0\0\0\3\0\0", 3u << 2), /* StartupMessage 3.0 */
    OPENING("smb", CLIENT | SERVER, "\0\0\0\0\xffSMB", 3u << 2),
    OPENING("smb", CLIENT | SERVER, "\0\0\0\0\xfeSMB", 3u << 2),
    OPENING("mongodb", CLIENT, "\0\0\0\0\0\0\0\0\0\0\0\0\335\7\0\0", 0x0f3), /* OP_MSG */
    OPENING("mongodb", CLIENT, "\0\0\0\0\0\0\0\0\0\0\0\0\324\7\0\0", 0x0f3), /* OP_QUERY */
    OPENING("bittorrent", CLIENT | SERVER,
            "\x13"
            "BitTorrent protocol",
            0),
    OPENING("mysql", UNASKED, "\0\0\0\0\12", 3), /* a greeting of protocol 10 */
    OPENING("pop3", UNASKED, "+OK ", 0),
    OPENING("imap", UNASKED, "* OK ", 0),
    OPENING("imap", UNASKED, "* PREAUTH ", 0),
    OPENING("nats", UNASKED, "INFO {", 0),
    OPENING("rsync", UNASKED, "@RSYNCD:", 0),
    OPENING("vnc", UNASKED, "RFB 00", 0),
    OPENING("telnet", UNASKED, "\xff\xfb", 0),
    OPENING("telnet", UNASKED, "\xff\xfd", 0),
};

static bool matches(const struct opening *opening, struct bytes prefix)
{
    size_t size = prefix.size < opening->size ? prefix.size : opening->size;
    for (size_t i = 0; i < size; i++) {
        if (!(opening->any >> i & 1) && prefix.data[i] != (uint8_t)opening->bytes[i])
            return false;
    }
    return true;
}

static enum http1_start other(const char *name, const char **ret_protocol)
{
    *ret_protocol = name;
    return HTTP1_START_OTHER;
}

static enum http1_start judge_tls(struct bytes prefix, bool midstream, const char **ret_protocol)
{
    uint8_t first = prefix.data[0];
    if (first != 0x16 && !(midstream && first >= 0x14 && first <= 0x17))
        return HTTP1_START_MESSAGE;
    if (prefix.size < 3)
        return HTTP1_START_MORE;
    return prefix.data[1] == 3 && prefix.data[2] <= 4 ? other("tls", ret_protocol) : HTTP1_START_MESSAGE;
}

/* SOCKS 5 greeting, which names a method at least, or choice (RFC 1928), SOCKS 4 CONNECT and BIND. */
static enum http1_start judge_socks(struct bytes prefix, bool request, const char **ret_protocol)
{
    uint8_t first = prefix.data[0];
    if (first != 5 && first != 4)
        return HTTP1_START_MESSAGE;
    if (prefix.size < 2)
        return HTTP1_START_MORE;
    uint8_t second = prefix.data[1];
    bool fits = first == 5 ? (second <= 9 && second >= request) || (second == 0xff && !request)
                           : second == 1 || second == 2;
    return fits ? other("socks", ret_protocol) : HTTP1_START_MESSAGE;
}

/* A query over TCP (RFC 1035 §4.2.2): length, id, flags of a query, one question, no answers. */
static enum http1_start judge_dns(struct bytes prefix, const char **ret_protocol)
{
    static const uint8_t mask[12] = {0xfe, 0, 0, 0, 0xf8, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t fits[12] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
    for (size_t i = 0; i < sizeof mask && i < prefix.size; i++) {
        if ((prefix.data[i] & mask[i]) != fits[i])
            return HTTP1_START_MESSAGE;
    }
    return prefix.size < sizeof mask ? HTTP1_START_MORE : other("dns", ret_protocol);
}

/* An array of RESP: '*', digits, line end. */
static enum http1_start judge_redis(struct bytes prefix, const char **ret_protocol)
{
    if (prefix.data[0] != '*')
        return HTTP1_START_MESSAGE;
    size_t i = 1;
    while (i < prefix.size && i < 8 && prefix.data[i] >= '0' && prefix.data[i] <= '9')
        i++;
    if (i == prefix.size)
        return HTTP1_START_MORE;
    if (i == 1 || prefix.data[i] != '\r')
        return HTTP1_START_MESSAGE;
    if (i + 1 == prefix.size)
        return HTTP1_START_MORE;
    return prefix.data[i + 1] == '\n' ? other("redis", ret_protocol) : HTTP1_START_MESSAGE;
}

/* The greeting of SMTP and FTP: both begin with 220; the line's words tell them apart. */
static enum http1_start judge_greeting(struct bytes prefix, const char **ret_protocol)
{
    size_t compared = prefix.size < 3 ? prefix.size : 3;
    if (memcmp(prefix.data, "220", compared) != 0)
        return HTTP1_START_MESSAGE;
    if (prefix.size < 4)
        return HTTP1_START_MORE;
    if (prefix.data[3] != ' ' && prefix.data[3] != '-')
        return HTTP1_START_MESSAGE;
    struct bytes line = bytes_make(prefix.data, prefix.size < BANNER_MAX ? prefix.size : BANNER_MAX);
    const uint8_t *lf = memchr(line.data, '\n', line.size);
    if (!lf && prefix.size < BANNER_MAX)
        return HTTP1_START_MORE;
    return other(memmem(line.data, line.size, "FTP", 3) ? "ftp" : "smtp", ret_protocol);
}

enum http1_start http1_protocol_judge(struct bytes prefix, const struct http1_stream *stream,
                                      const char **ret_protocol)
{
    if (prefix.size == 0)
        return HTTP1_START_MORE;
    unsigned side = stream->request ? CLIENT : stream->unasked ? SERVER | UNASKED : SERVER;
    bool more = false;
    const enum http1_start results[5] = {
        judge_tls(prefix, stream->midstream, ret_protocol),
        judge_socks(prefix, stream->request, ret_protocol),
        stream->request ? judge_dns(prefix, ret_protocol) : HTTP1_START_MESSAGE,
        stream->request ? judge_redis(prefix, ret_protocol) : HTTP1_START_MESSAGE,
        stream->unasked ? judge_greeting(prefix, ret_protocol) : HTTP1_START_MESSAGE,
    };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        if (results[i] == HTTP1_START_OTHER)
            return HTTP1_START_OTHER;
        more |= results[i] == HTTP1_START_MORE;
    }
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        const struct opening *opening = &openings[i];
        if (!(opening->sides & side) || !matches(opening, prefix))
            continue;
        if (prefix.size >= opening->size)
            return other(opening->name, ret_protocol);
        more = true;
    }
    return more ? HTTP1_START_MORE : HTTP1_START_MESSAGE;
}

static bool ends(struct bytes line, const char *text)
{
    size_t size = strlen(text);
    return line.size > size && memcmp(line.data + line.size - size, text, size) == 0;
}

const char *http1_protocol_of_line(struct bytes line)
{
    return ends(line, " SIP/2.0")                               ? "sip"
           : ends(line, " RTSP/1.0") || ends(line, " RTSP/2.0") ? "rtsp"
                                                                : NULL;
}
