#include "replay/sender/response.h"

#include "common/http1_fast.h"
#include "common/mem.h"

#include <llhttp.h>
#include <stdlib.h>
#include <string.h>

/* More interim responses than any server means to send. */
#define MAX_INTERIM 100
/* Memory that a response object keeps between requests. */
#define KEPT_BYTES 65536

/* At what llhttp was last paused. */
enum pause { PAUSE_NONE, PAUSE_HEAD, PAUSE_MESSAGE };

struct response {
    llhttp_t parser;
    struct response_facts facts;
    struct known_head *known; /* or NULL */
    size_t max_head_bytes;
    size_t want_body_bytes;
    bool method_is_head;
    bool head_done; /* of the message that is being read */
    bool interim;   /* that message is one */
    bool parsing;   /* llhttp has been set up for it */
    enum pause pause;
    struct buffer head; /* where it came in several feeds */
    struct buffer body; /* likewise, or in several parts */
};

static bool status_has_no_body(unsigned status)
{
    return status / 100 == 1 || status == 204 || status == 304;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct response *response = parser->data;
    /* llhttp believes a Content-Length in a 304; RFC 9112 §6.3 does not. */
    if (response->method_is_head || status_has_no_body(parser->status_code))
        parser->flags |= F_SKIPBODY;
    response->pause = PAUSE_HEAD;
    return HPE_PAUSED; /* to learn where the head ends */
}

/* Makes the kept body our own, where it still points into the bytes of the feed. */
static void own_body(struct response *response)
{
    struct bytes *view = &response->facts.body;
    if (view->size > 0 && view->data != response->body.data)
        buffer_append_bytes(&response->body, *view);
    *view = buffer_bytes(&response->body);
}

static int on_body(llhttp_t *parser, const char *at, size_t size)
{
    struct response *response = parser->data;
    struct bytes *view = &response->facts.body;
    response->facts.body_bytes += size;
    size_t room = response->want_body_bytes - view->size;
    size_t take = size < room ? size : room;
    if (take == 0)
        return 0;
    if (view->size == 0) {
        *view = bytes_make(at, take);
        return 0;
    }
    own_body(response);
    buffer_append(&response->body, at, take);
    *view = buffer_bytes(&response->body);
    return 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct response *response = parser->data;
    response->facts.keep_alive = llhttp_should_keep_alive(parser);
    response->pause = PAUSE_MESSAGE;
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* Sets up llhttp for the message that is read now. */
static void begin_parsing(struct response *response)
{
    llhttp_init(&response->parser, HTTP_RESPONSE, &callbacks);
    /* A target's sloppiness is for the diff to judge; what can be framed is read. */
    llhttp_set_lenient_headers(&response->parser, 1);
    llhttp_set_lenient_chunked_length(&response->parser, 1);
    llhttp_set_lenient_transfer_encoding(&response->parser, 1);
    response->parser.data = response;
    response->parsing = true;
}

/* Gets ready for the next message on the connection: the final response, or an interim one before it. */
static void begin_message(struct response *response)
{
    response->parsing = false;
    response->head_done = false;
    response->interim = false;
    response->pause = PAUSE_NONE;
    response->facts.begun = false;
    response->facts.first_byte_ns = 0;
    buffer_clear(&response->head);
}

struct response *response_create(size_t max_head_bytes, struct known_head *known)
{
    struct response *response = xcalloc(1, sizeof *response);
    response->known = known;
    response->max_head_bytes = max_head_bytes;
    return response;
}

void response_free(struct response *response)
{
    if (!response)
        return;
    buffer_free(&response->head);
    buffer_free(&response->body);
    free(response);
}

static void trim(struct buffer *buffer)
{
    if (buffer->capacity > KEPT_BYTES)
        buffer_free(buffer);
    else
        buffer_clear(buffer);
}

void response_begin(struct response *response, bool method_is_head, size_t want_body_bytes)
{
    trim(&response->head);
    trim(&response->body);
    response->facts = (struct response_facts){0};
    response->method_is_head = method_is_head;
    response->want_body_bytes = want_body_bytes;
    begin_message(response);
}

static enum response_verdict malformed(struct response *response, const char *detail)
{
    response->facts.detail = detail;
    return RESPONSE_MALFORMED;
}

/* Takes the head's part in [from, to); at its end sets the facts. Returns false where it is over a cap. */
static bool take_head(struct response *response, const uint8_t *from, const uint8_t *to, bool complete)
{
    struct response_facts *facts = &response->facts;
    if (response->head.size + (size_t)(to - from) > response->max_head_bytes) {
        facts->detail = "response head over the limit";
        return false;
    }
    if (!complete || response->head.size > 0)
        buffer_append(&response->head, from, (size_t)(to - from));
    if (!complete)
        return true;
    unsigned status = response->parser.status_code;
    if (status < 100 || status > 999) {
        facts->detail = "not a status code";
        return false;
    }
    facts->head =
        response->head.size > 0 ? buffer_bytes(&response->head) : bytes_make(from, (size_t)(to - from));
    response->head_done = true;
    response->interim = status / 100 == 1 && status != 101;
    if (!response->interim)
        facts->status = (uint16_t)status;
    else if (status == 100)
        facts->continued = true;
    return true;
}

/* Passes over an interim response. Returns false at the cap. */
static bool end_interim(struct response *response)
{
    response->facts.head = (struct bytes){0};
    if (++response->facts.interim_count > MAX_INTERIM) {
        response->facts.detail = "too many interim responses";
        return false;
    }
    begin_message(response);
    return true;
}

void response_keep(struct response *response)
{
    if (response->facts.head.size > 0 && response->head.size == 0) {
        buffer_append_bytes(&response->head, response->facts.head);
        response->facts.head = buffer_bytes(&response->head);
    }
    own_body(response);
}

static enum response_verdict end_feed(struct response *response, const uint8_t *from, const uint8_t *end)
{
    if (!response->head_done)
        return take_head(response, from, end, false) ? RESPONSE_MORE : RESPONSE_MALFORMED;
    response_keep(response);
    return RESPONSE_MORE;
}

/* Returns whether |line| is of the field that |name|, with its colon, begins. */
static bool is_field(struct bytes line, struct bytes name)
{
    return line.size >= name.size && line.data[name.size - 1] == ':' &&
           bytes_equal_nocase(bytes_make(line.data, name.size), name);
}

static bool ends_blank(struct bytes line)
{
    return line.data[line.size - 1] == ' ' || line.data[line.size - 1] == '\t';
}

/* Looks through the lines of |head|, HTTP/1.1 and without defects, for what llhttp is particular about and for whether the
 * connection stays. Returns false where it must be looked at more closely. */
static bool read_plain_lines(struct bytes head, bool *ret_keep_alive)
{
    const struct bytes length = BYTES_LITERAL("Content-Length:"), connection = BYTES_LITERAL("Connection:");
    const uint8_t *end = head.data + head.size - 2; /* of the fields */
    const uint8_t *at = (const uint8_t *)memchr(head.data, '\n', head.size) + 1;
    bool said = false;
    *ret_keep_alive = true;
    while (at < end) {
        const uint8_t *next = (const uint8_t *)memchr(at, '\n', (size_t)(end - at)) + 1;
        struct bytes line = bytes_make(at, (size_t)(next - at) - 2);
        at = next;
        if ((line.data[0] | 0x20) == 'p' && is_field(line, BYTES_LITERAL("Proxy-Connection:")))
            return false;
        if ((line.data[0] | 0x20) != 'c')
            continue;
        if (is_field(line, length) && ends_blank(line))
            return false;
        if (!is_field(line, connection))
            continue;
        struct bytes value = bytes_trim(bytes_make(line.data + connection.size, line.size - connection.size));
        *ret_keep_alive = bytes_equal_nocase(value, BYTES_LITERAL("keep-alive"));
        if (said || ends_blank(line) ||
            (!*ret_keep_alive && !bytes_equal_nocase(value, BYTES_LITERAL("close"))))
            return false;
        said = true;
    }
    return true;
}

/* Reads the head that |bytes| begins with, where it is all there and nothing about it is odd. */
static bool read_head(const struct response *response, struct bytes bytes, struct plain_head *ret_head)
{
    const struct http1_limits limits = {.head_bytes = response->max_head_bytes,
                                        .line_bytes = response->max_head_bytes,
                                        .head_fields = response->max_head_bytes};
    struct http1_fast_head fast;
    bool keep_alive;
    if (!http1_fast_read(bytes, false, &limits, &fast) || !fast.start.http11 || fast.length.has_coding ||
        !read_plain_lines(bytes_make(bytes.data, fast.size), &keep_alive))
        return false;
    *ret_head = (struct plain_head){.size = fast.size,
                                    .status = fast.start.status,
                                    .keep_alive = keep_alive,
                                    .has_length = fast.length.has_length,
                                    .length = fast.length.length};
    return true;
}

/* The same, for one that is known already without reading it. */
static bool know_head(struct response *response, struct bytes bytes, struct plain_head *ret_head)
{
    struct known_head *known = response->known;
    if (known && known->says.size > 0 && known->says.size <= bytes.size &&
        memcmp(known->bytes, bytes.data, known->says.size) == 0) {
        *ret_head = known->says;
        return true;
    }
    if (!read_head(response, bytes, ret_head))
        return false;
    if (known && ret_head->size <= sizeof known->bytes) {
        known->says = *ret_head;
        memcpy(known->bytes, bytes.data, ret_head->size);
    }
    return true;
}

/* Reads a response of which nothing was seen before, all at once, where it is all there and nothing about it is odd: what
 * nearly all are. Where it declines, llhttp decides, and where it does not, llhttp would have come to the same. */
static bool read_plain(struct response *response, struct bytes bytes)
{
    struct response_facts *facts = &response->facts;
    struct plain_head head;
    if (!know_head(response, bytes, &head))
        return false;
    bool no_body = response->method_is_head || status_has_no_body(head.status);
    if (!no_body && (!head.has_length || head.length > bytes.size - head.size))
        return false;
    size_t size = no_body ? 0 : (size_t)head.length;
    facts->status = head.status;
    facts->keep_alive = head.keep_alive;
    facts->head = bytes_make(bytes.data, head.size);
    facts->body_bytes = size;
    facts->body = bytes_make(bytes.data + head.size,
                             size < response->want_body_bytes ? size : response->want_body_bytes);
    facts->surplus_bytes = bytes.size - head.size - size;
    facts->bytes_seen -= facts->surplus_bytes;
    response->head_done = true;
    return true;
}

enum response_verdict response_feed(struct response *response, struct bytes bytes, uint64_t now_ns)
{
    struct response_facts *facts = &response->facts;
    const uint8_t *at = bytes.data, *end = bytes.data + bytes.size;
    facts->bytes_seen += bytes.size;
    for (;;) {
        if (!facts->begun) {
            while (at < end && (*at == '\r' || *at == '\n')) /* RFC 9112 §2.2, the other way round */
                at++;
            if (at == end)
                return RESPONSE_MORE;
            facts->begun = true;
            facts->first_byte_ns = now_ns;
            if (!response->parsing && read_plain(response, bytes_make(at, (size_t)(end - at))))
                return RESPONSE_COMPLETE;
        }
        if (!response->parsing)
            begin_parsing(response);
        enum llhttp_errno status = llhttp_execute(&response->parser, (const char *)at, (size_t)(end - at));
        if (status == HPE_OK)
            return end_feed(response, at, end);
        if (status != HPE_PAUSED)
            return malformed(response, llhttp_get_error_reason(&response->parser));
        const uint8_t *stopped = (const uint8_t *)llhttp_get_error_pos(&response->parser);
        llhttp_resume(&response->parser);
        if (response->pause == PAUSE_HEAD && !take_head(response, at, stopped, true))
            return RESPONSE_MALFORMED;
        at = stopped;
        if (response->pause == PAUSE_MESSAGE) {
            if (!response->interim) {
                facts->surplus_bytes = (size_t)(end - at);
                facts->bytes_seen -= facts->surplus_bytes;
                return RESPONSE_COMPLETE;
            }
            if (!end_interim(response))
                return RESPONSE_MALFORMED;
        }
    }
}

enum response_verdict response_end(struct response *response)
{
    if (!response->facts.begun || !response->head_done)
        return RESPONSE_INCOMPLETE;
    response->pause = PAUSE_NONE; /* a head was read: by llhttp, since what is read at once is complete */
    llhttp_finish(&response->parser);
    if (response->pause != PAUSE_MESSAGE)
        return RESPONSE_INCOMPLETE;
    response->facts.keep_alive = false;
    return RESPONSE_COMPLETE;
}

const struct response_facts *response_facts(const struct response *response)
{
    return &response->facts;
}
