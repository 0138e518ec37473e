#include "common/http1_start.h"

#include "common/byte_set.h"
#include "common/exchange.h"
#include "common/http1_head.h"
#include "common/http1_protocol.h"

#include <string.h>
#include <strings.h>

#define METHOD_MAX        100  /* longer is a defect */
#define FIRST_WORD_MAX    8192 /* a line whose first word is longer begins no message */
#define STRICT_METHOD_MAX 24   /* when resuming */
#define VERSION_MAX       32
#define SLOP_MAX          4 /* junk before a status line */

/* RFC 9110 §9, RFC 5789, WebDAV and its kin, UPnP: names that are taken for a method also where the rest of
 * the line is odd. */
static const char *const known_methods[] = {
    "GET",       "POST",       "PUT",         "HEAD",        "DELETE", "OPTIONS", "PATCH", "CONNECT",
    "TRACE",     "PROPFIND",   "REPORT",      "MKCOL",       "COPY",   "MOVE",    "LOCK",  "UNLOCK",
    "PROPPATCH", "SEARCH",     "QUERY",       "LINK",        "UNLINK", "PURGE",   "MERGE", "NOTIFY",
    "SUBSCRIBE", "CHECKOUT",   "M-SEARCH",    "BIND",        "REBIND", "UNBIND",  "ACL",   "MKACTIVITY",
    "SOURCE",    "MKCALENDAR", "MKWORKSPACE", "UNSUBSCRIBE",
};

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_token(uint8_t byte)
{
    return byte_set_has(&byte_set_tchar, byte);
}

static bool is_known_method(struct bytes word)
{
    for (size_t i = 0; i < sizeof known_methods / sizeof *known_methods; i++) {
        if (bytes_equal(word, bytes_of(known_methods[i])))
            return true;
    }
    return false;
}

static bool is_known_method_nocase(struct bytes word)
{
    for (size_t i = 0; i < sizeof known_methods / sizeof *known_methods; i++) {
        if (bytes_equal_nocase(word, bytes_of(known_methods[i])))
            return true;
    }
    return false;
}

static bool begins(struct bytes view, const char *text)
{
    size_t size = strlen(text);
    return view.size >= size && memcmp(view.data, text, size) == 0;
}

static bool begins_nocase(struct bytes view, const char *text)
{
    size_t size = strlen(text);
    return view.size >= size && strncasecmp((const char *)view.data, text, size) == 0;
}

/* Whether |prefix| may still become |text|. */
static bool may_become(struct bytes prefix, const char *text)
{
    size_t size = strlen(text);
    return memcmp(prefix.data, text, prefix.size < size ? prefix.size : size) == 0;
}

static struct bytes without_line_end(struct bytes line)
{
    if (line.size > 0 && line.data[line.size - 1] == '\n') {
        line.size--;
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
    }
    return line;
}

/* Whether no byte of the first word shows that it is no text. */
static bool scan_word(struct bytes prefix, struct http1_scan *scan)
{
    for (; scan->at < prefix.size && !scan->past; scan->at++) {
        uint8_t byte = prefix.data[scan->at];
        if (is_blank(byte)) {
            scan->past = scan->in_word;
            continue;
        }
        if (!scan->in_word)
            scan->word = scan->at;
        scan->in_word = true;
        if ((byte < 0x20 && byte != '\r' && byte != '\n') || byte == 0x7f ||
            scan->at - scan->word >= FIRST_WORD_MAX)
            return false;
    }
    return true;
}

/* Whether all is an upper case method, a space and text. */
static bool scan_strict(struct bytes prefix, struct http1_scan *scan)
{
    for (; scan->at < prefix.size; scan->at++) {
        uint8_t byte = prefix.data[scan->at];
        if (scan->past) {
            if (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n')
                return false;
            continue;
        }
        scan->past = byte == ' ' && scan->at >= 3;
        bool letter = (byte >= 'A' && byte <= 'Z') || (scan->at > 0 && (byte == '-' || byte == '_'));
        if (!scan->past && (!letter || scan->at >= STRICT_METHOD_MAX))
            return false;
    }
    return true;
}

enum http1_start http1_request_begins(struct bytes prefix, bool strict, struct http1_scan *scan)
{
    if (strict && prefix.size == 1 && prefix.data[0] == '\r') /* of an empty line */
        return HTTP1_START_MORE;
    return (strict ? scan_strict(prefix, scan) : scan_word(prefix, scan)) ? HTTP1_START_MORE
                                                                          : HTTP1_START_JUNK;
}

size_t http1_response_slop(struct bytes prefix)
{
    for (size_t slop = 0; slop <= SLOP_MAX && slop + 5 <= prefix.size; slop++) {
        if (begins_nocase(bytes_make(prefix.data + slop, prefix.size - slop), "HTTP/"))
            return slop;
    }
    return 0;
}

enum http1_start http1_response_begins(struct bytes prefix, bool strict)
{
    if (prefix.size == 1 && prefix.data[0] == '\r') /* of an empty line */
        return HTTP1_START_MORE;
    if (strict)
        return may_become(prefix, "HTTP/1.") ? HTTP1_START_MORE : HTTP1_START_JUNK;
    if (begins_nocase(prefix, "HTTP/") || http1_response_slop(prefix) > 0)
        return HTTP1_START_MORE;
    return prefix.size < SLOP_MAX + 5 ? HTTP1_START_MORE : HTTP1_START_JUNK;
}

/* The parts of a request line and how they are separated. */
struct parts {
    struct bytes method, target, version;
    bool blanks; /* separated by other than single SP, or blanks at the ends */
    bool glued;  /* the version stands at the end of another part */
};

/* Whether |word| is HTTP/ and a version number, perhaps an odd one. */
static bool is_version(struct bytes word)
{
    return word.size > 5 && word.size <= VERSION_MAX && begins_nocase(word, "HTTP/") && word.data[5] >= '0' &&
           word.data[5] <= '9';
}

/* Returns where a version that is not set apart begins at the end of |word|, or its size. */
static size_t find_glued_version(struct bytes word)
{
    for (size_t i = word.size >= 6 ? word.size - 6 : 0; i > 0 && word.size - i <= 16; i--) {
        if (is_version(bytes_make(word.data + i, word.size - i)))
            return i;
    }
    return word.size;
}

static void split(struct bytes text, struct parts *parts)
{
    struct bytes trimmed = bytes_trim(text);
    parts->blanks = trimmed.size != text.size;
    size_t method = 0;
    while (method < trimmed.size && !is_blank(trimmed.data[method]))
        method++;
    parts->method = bytes_make(trimmed.data, method);
    struct bytes rest = bytes_make(trimmed.data + method, trimmed.size - method);
    size_t version = rest.size;
    while (version > 0 && !is_blank(rest.data[version - 1]))
        version--;
    struct bytes last = bytes_make(rest.data + version, rest.size - version);
    struct bytes middle = rest;
    if (version > 0 && is_version(last)) {
        parts->version = last;
        middle.size = version;
        parts->blanks |= version < 2 || rest.data[version - 1] != ' ' || is_blank(rest.data[version - 2]);
    }
    parts->target = bytes_trim(middle);
    if (rest.size > 1)
        parts->blanks |= rest.data[0] != ' ' || is_blank(rest.data[1]);
    if (parts->version.size == 0) {
        struct bytes word = parts->target.size ? last : parts->method;
        parts->glued = find_glued_version(word) < word.size;
    }
}

static uint64_t judge_method(struct bytes method)
{
    uint64_t defects = method.size > METHOD_MAX || method.size == 0 ? MESSAGE_DEFECT(METHOD_BYTES) : 0;
    for (size_t i = 0; i < method.size; i++) {
        if (!is_token(method.data[i]))
            return defects | MESSAGE_DEFECT(METHOD_BYTES);
    }
    if (!is_known_method(method) && is_known_method_nocase(method))
        defects |= MESSAGE_DEFECT(METHOD_CASE);
    return defects;
}

static bool is_absolute(struct bytes target)
{
    for (size_t i = 0; i + 2 < target.size; i++) {
        if (target.data[i] == ':')
            return i > 0 && target.data[i + 1] == '/' && target.data[i + 2] == '/';
        if (!is_token(target.data[i]))
            return false;
    }
    return false;
}

/* RFC 9112 §3.2 */
static uint64_t judge_target(struct bytes method, struct bytes target)
{
    uint64_t defects = 0;
    for (size_t i = 0; i < target.size; i++) {
        if (target.data[i] <= 0x20 || target.data[i] >= 0x7f)
            defects |= MESSAGE_DEFECT(TARGET_BYTES);
    }
    bool fits;
    if (bytes_equal(method, BYTES_LITERAL("CONNECT")))
        fits = target.size > 0 && target.data[0] != '/' && !is_absolute(target) &&
               memchr(target.data, ':', target.size) != NULL;
    else if (bytes_equal(target, BYTES_LITERAL("*")))
        fits = bytes_equal(method, BYTES_LITERAL("OPTIONS"));
    else
        fits = target.size > 0 && (target.data[0] == '/' || is_absolute(target));
    return fits ? defects : defects | MESSAGE_DEFECT(TARGET_FORM);
}

static uint64_t judge_version(struct bytes version, bool *ret_http11)
{
    *ret_http11 = version.size >= 8 &&
                  bytes_equal_nocase(bytes_make(version.data, 6), BYTES_LITERAL("HTTP/1")) &&
                  version.data[6] == '.' && version.data[7] != '0';
    uint64_t defects = begins(version, "HTTP/") ? 0 : MESSAGE_DEFECT(METHOD_CASE);
    bool fits = version.size == 8 && begins_nocase(version, "HTTP/1.") &&
                (version.data[7] == '0' || version.data[7] == '1');
    return fits ? defects : defects | MESSAGE_DEFECT(VERSION);
}

/* Whether a version and a CR that ends no line stand in |target|: the line was meant to end there. */
static bool holds_version_and_cr(struct bytes target)
{
    const uint8_t *cr = memchr(target.data, '\r', target.size);
    size_t end = cr ? (size_t)(cr - target.data) : 0;
    size_t start = end;
    while (start > 0 && end - start < VERSION_MAX && !is_blank(target.data[start - 1]))
        start--;
    return start > 0 && is_blank(target.data[start - 1]) &&
           is_version(bytes_make(target.data + start, end - start));
}

/* A line whose last word is no version: one in which it is not set apart, a method alone, HTTP/0.9, another
 * protocol's request, or nothing of the kind. */
static enum http1_start judge_without_version(const struct parts *parts, struct http1_start_line *line)
{
    line->defects |= MESSAGE_DEFECT(VERSION);
    if (parts->glued) {
        line->defects |= MESSAGE_DEFECT(DELIMITER);
        return HTTP1_START_MESSAGE;
    }
    line->protocol = http1_protocol_of_line(parts->target);
    if (line->protocol)
        return HTTP1_START_OTHER;
    if (!is_known_method(parts->method))
        return HTTP1_START_JUNK;
    if (parts->target.size == 0)
        return HTTP1_START_MESSAGE;
    if (holds_version_and_cr(parts->target)) {
        line->defects |= MESSAGE_DEFECT(BARE_CR);
        return HTTP1_START_MESSAGE;
    }
    return memchr(parts->target.data, ' ', parts->target.size) ? HTTP1_START_JUNK : HTTP1_START_HTTP09;
}

/* Whether a line with these |defects| is no line of a body that looks like a request by chance. With a method that is known,
 * blanks too many and an odd target are none. */
static bool is_hardly_text(const struct parts *parts, uint64_t defects)
{
    bool known = is_known_method(parts->method);
    bool words = parts->target.size > 0 && memchr(parts->target.data, ' ', parts->target.size);
    uint64_t borne = MESSAGE_DEFECT(TARGET_BYTES);
    if (known)
        borne |= MESSAGE_DEFECT(DELIMITER) | (words ? 0 : MESSAGE_DEFECT(TARGET_FORM));
    return (defects & ~borne) == 0 && (known || !words);
}

enum http1_start http1_request_judge(struct bytes line, bool strict, struct http1_start_line *ret_line)
{
    *ret_line = (struct http1_start_line){0};
    if (http1_request_begins(line, strict, &(struct http1_scan){0}) == HTTP1_START_JUNK)
        return HTTP1_START_JUNK;
    struct bytes text = without_line_end(line);
    struct parts parts = {0};
    split(text, &parts);
    if (parts.method.size == 0)
        return HTTP1_START_JUNK;
    if (bytes_equal(text, BYTES_LITERAL("PRI * HTTP/2.0"))) { /* RFC 9113 §3.4: of no HTTP/1.x */
        ret_line->protocol = "http2";
        return HTTP1_START_OTHER;
    }
    if (is_blank(text.data[0]))
        ret_line->defects |= MESSAGE_DEFECT(LEADING_SPACE);
    if (parts.blanks)
        ret_line->defects |= MESSAGE_DEFECT(DELIMITER);
    ret_line->defects |= judge_method(parts.method) | judge_target(parts.method, parts.target);
    enum http1_start start = HTTP1_START_MESSAGE;
    if (parts.version.size == 0)
        start = judge_without_version(&parts, ret_line);
    else
        ret_line->defects |= judge_version(parts.version, &ret_line->http11);
    /* Junk glued before a start line: what follows its first word is a request line of its own. */
    const uint8_t *space = memchr(parts.target.data ? parts.target.data : line.data, ' ', parts.target.size);
    if (space && !is_known_method(parts.method) &&
        is_known_method(bytes_make(parts.target.data, (size_t)(space - parts.target.data))))
        return HTTP1_START_JUNK;
    if (strict && (start != HTTP1_START_MESSAGE || !is_hardly_text(&parts, ret_line->defects)))
        return HTTP1_START_JUNK;
    return start;
}

enum http1_start http1_response_judge(struct bytes line, bool strict, struct http1_start_line *ret_line)
{
    *ret_line = (struct http1_start_line){0};
    struct bytes text = without_line_end(line);
    struct http1_status_line parts;
    if (!http1_status_line(text, &parts))
        return HTTP1_START_JUNK;
    ret_line->defects |= judge_version(parts.version, &ret_line->http11);
    unsigned status = 0;
    bool digits = parts.status.size == 3;
    for (size_t i = 0; digits && i < 3; i++) {
        digits = parts.status.data[i] >= '0' && parts.status.data[i] <= '9';
        status = status * 10 + (unsigned)(parts.status.data[i] - '0');
    }
    if (digits && status >= 100)
        ret_line->status = (uint16_t)status;
    else
        ret_line->defects |= MESSAGE_DEFECT(STATUS);
    if (parts.status.size > 0 && (parts.status.data != parts.version.data + parts.version.size + 1 ||
                                  parts.version.data[parts.version.size] != ' '))
        ret_line->defects |= MESSAGE_DEFECT(DELIMITER);
    return strict && ret_line->defects ? HTTP1_START_JUNK : HTTP1_START_MESSAGE;
}

bool http1_request_known(struct bytes line)
{
    const uint8_t *first = memchr(line.data, ' ', line.size);
    if (!first || !is_known_method(bytes_make(line.data, (size_t)(first - line.data))))
        return false;
    size_t rest = line.size - (size_t)(first - line.data) - 1;
    return rest > 1 && memchr(first + 2, ' ', rest - 1) != NULL;
}

bool http1_response_known(struct bytes line, uint16_t *ret_status)
{
    struct http1_start_line start;
    if (line.size < 13 || line.data[8] != ' ' || !is_blank(line.data[12]) ||
        http1_response_judge(line, true, &start) != HTTP1_START_MESSAGE)
        return false;
    *ret_status = start.status;
    return true;
}
