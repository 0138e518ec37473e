#include "replay/sender/curl_lane.h"

#include "common/clock.h"
#include "common/mem.h"
#include "replay/sender/http2_remark.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOREVER_S    1000000000L
#define CONTINUE_MS  1000L
#define BUFFER_BYTES 65536L
#define UPLOAD_BYTES 65536L

/* The connection is there, the request goes out next: at the first call. A second one means that libcurl wants to send it
 * again, which is not libcurl's to decide. */
static int on_established(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    struct curl_lane *lane = arg;
    struct curl_line *line = lane->line;
    if (lane->established) {
        lane->retried = true;
        return CURL_PREREQFUNC_ABORT;
    }
    uint64_t now = clock_mono_ns();
    lane->established = true;
    lane->outcome.connected = lane->made_connection && (lane->waited || !lane->handed_over);
    lane->outcome.reused = line->carried++ > 0;
    lane->base.carried++;
    bool was_there = !lane->outcome.connected && !lane->waited && line->free_mono_ns <= now;
    lane->outcome.slot_mono_ns = was_there ? line->free_mono_ns : now;
    lane->outcome.sent_first_mono_ns = now;
    deadline_stop(&lane->connect_deadline);
    deadline_start(&lane->sender->requests, &lane->request_deadline, now);
    return CURL_PREREQFUNC_OK;
}

/* Hands our connected socket over; where there is none libcurl gets one to connect: a connection that turned out dead, or
 * one more for HTTP/2. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct curl_lane *lane = arg;
    struct curl_line *line = lane->line;
    struct curl_sender *sender = lane->sender;
    int fd;
    if (lane->established) {
        lane->retried = true;
        return CURL_SOCKET_BAD;
    }
    if (lane->upgrades) { /* the connection has gone meanwhile */
        lane->begin_anew = true;
        return CURL_SOCKET_BAD;
    }
    lane->handed_over = line->stream.fd >= 0 && !line->connecting;
    lane->is_connected = lane->handed_over && line->address->sockaddr.ss_family != AF_UNIX;
    if (lane->handed_over) {
        fd = line->stream.fd;
        line->stream = STREAM_CLOSED;
    } else {
        fd = stream_open(line->address, target_source(sender->target, line->address, &sender->next_source));
        if (fd < 0)
            return CURL_SOCKET_BAD;
        lane->outcome.connect_start_mono_ns = clock_mono_ns();
    }
    address->family = line->address->sockaddr.ss_family;
    address->addrlen = line->address->size;
    memcpy(&address->addr, &line->address->sockaddr, line->address->size);
    lane->made_connection = true;
    line->carried = 0;
    line->fd = fd;
    line->sockets++;
    return fd;
}

static int on_socket_ready(void *arg, curl_socket_t fd, curlsocktype purpose)
{
    (void)fd, (void)purpose;
    const struct curl_lane *lane = arg;
    return lane->is_connected ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK;
}

static int on_close_socket(void *arg, curl_socket_t fd)
{
    struct curl_line *line = arg;
    line->sockets--;
    if (fd == line->fd) {
        if (line->watched)
            event_del(&line->closed);
        line->watched = false;
        line->fd = -1;
    }
    return close(fd);
}

/* HTTP/2: an answer that is complete before the request is ends it; the rest is wanted no more, and the target may never
 * take it. */
static void look_for_early_end(struct curl_lane *lane)
{
    if (lane->sender->http2 == SENDER_HTTP1 || !lane->request.has_body || lane->content_ended ||
        lane->answered_early || !curl_answer_is_complete(&lane->answer))
        return;
    lane->answered_early = true;
    curl_lane_defer(lane, TRANSPORT_NONE, NULL);
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct curl_lane *lane = arg;
    uint64_t now = lane->answer.head.size ? 0 : clock_mono_ns(); /* the first line alone has a time */
    if (!curl_answer_line(&lane->answer, bytes_make(data, size * count), now))
        return 0;
    look_for_early_end(lane);
    if (lane->answer.head_done && lane->end_after_ns) {
        lane->lasting_until_ns = clock_mono_ns() + lane->end_after_ns;
        curl_lane_let_last(lane, lane->end_after_ns);
        lane->end_after_ns = 0;
        deadline_stop(&lane->request_deadline);
    }
    return size * count;
}

void curl_lane_let_last(struct curl_lane *lane, uint64_t wait_ns)
{
    const struct timeval wait = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
                                 .tv_usec = (suseconds_t)(wait_ns % NS_PER_S / NS_PER_US)};
    event_add(&lane->lasting, &wait);
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct curl_lane *lane = arg;
    curl_answer_body(&lane->answer, bytes_make(data, size * count));
    look_for_early_end(lane);
    return size * count;
}

static size_t on_read(char *data, size_t size, size_t count, void *arg)
{
    struct curl_lane *lane = arg;
    struct bytes content = lane->request.content;
    size_t left = content.size - lane->content_given, room = size * count;
    size_t given = left < room ? left : room;
    if (given)
        memcpy(data, content.data + lane->content_given, given);
    lane->content_given += given;
    lane->content_ended = lane->content_given == content.size && (!lane->request.chunked || given == 0);
    return given;
}

/* Back to where it was begun: libcurl would send it again, which is decided elsewhere. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct curl_lane *lane = arg;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > lane->request.content.size)
        return CURL_SEEKFUNC_FAIL;
    lane->content_given = (size_t)offset;
    lane->content_ended = false;
    return CURL_SEEKFUNC_OK;
}

/* The target ends the connection that |told| is on, and looks at no stream above |last|. */
static void refuse_above(const struct curl_lane *told, uint64_t last)
{
    if (told->connection == CURL_NOWHERE)
        return;
    for (struct curl_lane *lane = told->line->first; lane; lane = lane->next)
        if (lane->step == CURL_STEP_RUNNING && lane->connection == told->connection &&
            lane->stream != CURL_NOWHERE && lane->stream > last)
            lane->stream_refused = true;
}

static int on_remark(CURL *transfer, curl_infotype type, char *data, size_t size, void *arg)
{
    (void)transfer;
    struct curl_lane *lane = arg;
    uint64_t number;
    if (type != CURLINFO_TEXT)
        return 0;
    switch (http2_remark_read(bytes_make(data, size), &number)) {
    case HTTP2_REMARK_CONNECTION:
        lane->connection = number;
        lane->stream = CURL_NOWHERE;
        break;
    case HTTP2_REMARK_STREAM:
        lane->stream = number;
        break;
    case HTTP2_REMARK_GOAWAY:
        refuse_above(lane, number);
        break;
    case HTTP2_REMARK_REFUSED:
        lane->stream_refused = true;
        break;
    case HTTP2_REMARK_NONE:
        break;
    }
    return 0;
}

/* How much was sent. Called at every turn. */
static int on_progress(void *arg, curl_off_t to_read, curl_off_t read, curl_off_t to_send, curl_off_t sent)
{
    (void)to_read, (void)read, (void)to_send;
    struct curl_lane *lane = arg;
    if (sent > lane->uploaded) {
        lane->uploaded = sent;
        lane->uploaded_mono_ns = clock_mono_ns();
    }
    return 0;
}

static int on_trailers(struct curl_slist **list, void *arg)
{
    struct curl_lane *lane = arg;
    *list = NULL;
    for (const struct curl_slist *one = lane->request.trailers; one; one = one->next)
        *list = curl_slist_append(*list, one->data); /* libcurl frees it */
    return CURL_TRAILERFUNC_OK;
}

static struct curl_slist *make_list(char *text)
{
    struct curl_slist *list = curl_slist_append(NULL, text);
    free(text);
    return list;
}

/* The proxy, by its name, which is resolved here: TLS to it wants to know it. Where it goes on to is a name where it
 * resolves names, else the line's address. */
static void set_proxy(struct curl_lane *lane)
{
    static const long types[] = {
        [PROXY_HTTP] = CURLPROXY_HTTP,     [PROXY_HTTPS] = CURLPROXY_HTTPS,
        [PROXY_SOCKS4] = CURLPROXY_SOCKS4, [PROXY_SOCKS4A] = CURLPROXY_SOCKS4A,
        [PROXY_SOCKS5] = CURLPROXY_SOCKS5, [PROXY_SOCKS5H] = CURLPROXY_SOCKS5_HOSTNAME,
    };
    const struct curl_sender *sender = lane->sender;
    const struct proxy *proxy = sender->proxy;
    const struct target *place = proxy->place, *target = sender->target;
    const struct sender_settings *settings = &sender->settings;
    CURL *transfer = lane->transfer;
    char text[TARGET_ADDRESS_TEXT_SIZE];
    bool tunnels = !sender->absolute;
    curl_easy_setopt(transfer, CURLOPT_PROXYTYPE, types[proxy->kind]);
    bool is_v6 = strchr(place->host, ':') != NULL;
    char *host = xasprintf(is_v6 ? "[%s]" : "%s", place->host);
    curl_easy_setopt(transfer, CURLOPT_PROXY, host);
    free(host);
    curl_easy_setopt(transfer, CURLOPT_PROXYPORT, (long)place->port);
    curl_easy_setopt(transfer, CURLOPT_NOPROXY, "");
    curl_easy_setopt(transfer, CURLOPT_HTTPPROXYTUNNEL, (long)tunnels);
    curl_easy_setopt(transfer, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(transfer, CURLOPT_PROXYUSERNAME, proxy->user);
    curl_easy_setopt(transfer, CURLOPT_PROXYPASSWORD, proxy->password);
    if (settings->tls_ca_file)
        curl_easy_setopt(transfer, CURLOPT_PROXY_CAINFO, settings->tls_ca_file);
    curl_easy_setopt(transfer, CURLOPT_PROXY_SSL_VERIFYPEER, (long)!settings->tls_insecure);
    curl_easy_setopt(transfer, CURLOPT_PROXY_SSL_VERIFYHOST, settings->tls_insecure ? 0L : 2L);
    target_address_text(lane->line->address, text);
    char *colon = strrchr(text, ':');
    if (colon) {
        *colon = '\0';
        lane->resolve = make_list(xasprintf("%s:%u:%s", place->host, place->port, text));
        curl_easy_setopt(transfer, CURLOPT_RESOLVE, lane->resolve);
    }
    if (proxy_resolves(proxy))
        lane->connect_to = make_list(
            xasprintf(strchr(target->host, ':') ? "::[%s]:%u" : "::%s:%u", target->host, target->port));
    else
        lane->connect_to =
            make_list(xasprintf("::%s", target_address_text(lane->line->target_address, text)));
    if (tunnels)
        curl_easy_setopt(transfer, CURLOPT_CONNECT_TO, lane->connect_to);
}

/* Where libcurl thinks it connects to: a number, so that nothing is resolved. The socket is ours in any case. */
static void set_direct(struct curl_lane *lane)
{
    char text[TARGET_ADDRESS_TEXT_SIZE];
    target_address_text(lane->line->address, text);
    bool plain = lane->line->address->sockaddr.ss_family != AF_UNIX && !strchr(text, '%');
    lane->connect_to = make_list(xasprintf("::%s", plain ? text : "127.0.0.1:1"));
    curl_easy_setopt(lane->transfer, CURLOPT_CONNECT_TO, lane->connect_to);
    curl_easy_setopt(lane->transfer, CURLOPT_PROXY, "");
}

static void set_tls(struct curl_lane *lane)
{
    const struct sender_settings *settings = &lane->sender->settings;
    CURL *transfer = lane->transfer;
    if (settings->tls_ca_file)
        curl_easy_setopt(transfer, CURLOPT_CAINFO, settings->tls_ca_file);
    curl_easy_setopt(transfer, CURLOPT_SSL_VERIFYPEER, (long)!settings->tls_insecure);
    curl_easy_setopt(transfer, CURLOPT_SSL_VERIFYHOST, settings->tls_insecure ? 0L : 2L);
    curl_easy_setopt(transfer, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* as the other sender: no resumption */
    if (!settings->tls_cert_file)
        return;
    curl_easy_setopt(transfer, CURLOPT_SSLCERT, settings->tls_cert_file);
    curl_easy_setopt(transfer, CURLOPT_SSLKEY,
                     settings->tls_key_file ? settings->tls_key_file : settings->tls_cert_file);
}

static void set_callbacks(struct curl_lane *lane)
{
    CURL *transfer = lane->transfer;
    curl_easy_setopt(transfer, CURLOPT_PRIVATE, lane);
    curl_easy_setopt(transfer, CURLOPT_ERRORBUFFER, lane->error_text);
    curl_easy_setopt(transfer, CURLOPT_PREREQFUNCTION, on_established);
    curl_easy_setopt(transfer, CURLOPT_PREREQDATA, lane);
    curl_easy_setopt(transfer, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(transfer, CURLOPT_OPENSOCKETDATA, lane);
    curl_easy_setopt(transfer, CURLOPT_SOCKOPTFUNCTION, on_socket_ready);
    curl_easy_setopt(transfer, CURLOPT_SOCKOPTDATA, lane);
    curl_easy_setopt(transfer, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(transfer, CURLOPT_CLOSESOCKETDATA, lane->line);
    curl_easy_setopt(transfer, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(transfer, CURLOPT_HEADERDATA, lane);
    curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(transfer, CURLOPT_WRITEDATA, lane);
    curl_easy_setopt(transfer, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(transfer, CURLOPT_READDATA, lane);
    curl_easy_setopt(transfer, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(transfer, CURLOPT_SEEKDATA, lane);
    curl_easy_setopt(transfer, CURLOPT_DEBUGFUNCTION, on_remark);
    curl_easy_setopt(transfer, CURLOPT_DEBUGDATA, lane);
    curl_easy_setopt(transfer, CURLOPT_VERBOSE, (long)(lane->sender->http2 != SENDER_HTTP1));
    curl_easy_setopt(transfer, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(transfer, CURLOPT_XFERINFODATA, lane);
    curl_easy_setopt(transfer, CURLOPT_TRAILERDATA, lane);
}

void curl_lane_set_up(struct curl_lane *lane)
{
    CURL *transfer = lane->transfer = curl_easy_init();
    assert(transfer);
    const struct curl_sender *sender = lane->sender;
    uint64_t wait_ns = sender->settings.continue_wait_ns;
    lane->answer.max_head_bytes = sender->settings.max_head_bytes;
    set_callbacks(lane);
    curl_easy_setopt(transfer, CURLOPT_URL, sender->url);
    curl_easy_setopt(transfer, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(transfer, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(transfer, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(transfer, CURLOPT_EXPECT_100_TIMEOUT_MS,
                     wait_ns ? (long)(wait_ns / NS_PER_MS) : CONTINUE_MS);
    curl_easy_setopt(transfer, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(transfer, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BYTES);
    curl_easy_setopt(transfer, CURLOPT_MAXAGE_CONN, FOREVER_S);
    curl_easy_setopt(transfer, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
    curl_easy_setopt(transfer, CURLOPT_CONNECTTIMEOUT, 1000000L); /* the deadlines are ours */
    set_tls(lane);
    if (sender->proxy)
        set_proxy(lane);
    else
        set_direct(lane);
}

static long version_of(const struct curl_lane *lane)
{
    switch (lane->sender->http2) {
    case SENDER_HTTP2_ALPN:
        return CURL_HTTP_VERSION_2TLS;
    case SENDER_HTTP2_PRIOR: /* which libcurl 7.88 fails at on a connection that has begun so already */
        return lane->line->sockets && !lane->is_anew ? CURL_HTTP_VERSION_2
                                                     : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    case SENDER_HTTP1:
        break;
    }
    return lane->request.http10 ? CURL_HTTP_VERSION_1_0 : CURL_HTTP_VERSION_1_1;
}

void curl_lane_tear_down(struct curl_lane *lane)
{
    curl_easy_cleanup(lane->transfer);
    curl_slist_free_all(lane->connect_to);
    curl_slist_free_all(lane->resolve);
    lane->transfer = NULL;
    lane->connect_to = lane->resolve = NULL;
}

void curl_lane_set_request(struct curl_lane *lane)
{
    if (lane->had_trailers) { /* libcurl 7.88 takes the next request for still being at them, and writes out of bounds */
        curl_lane_tear_down(lane);
        curl_lane_set_up(lane);
    }
    lane->had_trailers = lane->request.trailers != NULL;
    CURL *transfer = lane->transfer;
    const struct curl_request *request = &lane->request;
    lane->error_text[0] = '\0';
    curl_easy_setopt(transfer, CURLOPT_UPLOAD, (long)request->has_body);
    curl_easy_setopt(transfer, CURLOPT_NOBODY, (long)request->is_head);
    if (!request->has_body && !request->is_head)
        curl_easy_setopt(transfer, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(transfer, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(transfer, CURLOPT_REQUEST_TARGET, request->target);
    curl_easy_setopt(transfer, CURLOPT_HTTPHEADER, request->fields);
    lane->upgrades = version_of(lane) == CURL_HTTP_VERSION_2;
    curl_easy_setopt(transfer, CURLOPT_HTTP_VERSION, version_of(lane));
    curl_easy_setopt(transfer, CURLOPT_FRESH_CONNECT, (long)lane->is_anew);
    curl_easy_setopt(transfer, CURLOPT_NOPROGRESS, (long)!request->has_body);
    bool counted = !request->chunked || lane->sender->http2 == SENDER_HTTP2_PRIOR;
    curl_easy_setopt(transfer, CURLOPT_INFILESIZE_LARGE,
                     request->has_body && counted ? (curl_off_t)request->content.size : (curl_off_t)-1);
    curl_easy_setopt(transfer, CURLOPT_TRAILERFUNCTION, request->trailers ? on_trailers : NULL);
}
