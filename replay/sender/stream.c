#include "replay/sender/stream.h"

#include "replay/sender/tls.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Two parts as small as this are cheaper copied into one than sent as two. */
#define JOIN_MAX 4096

static enum stream_result failed(struct stream *stream, int errnum)
{
    stream->failure = errnum;
    stream->detail = strerrordesc_np(errnum);
    return STREAM_FAILED;
}

/* Binds to the address alone: the port is chosen when it is known where to, so that each target has all of them. */
static bool bind_source(int fd, const struct target_address *source)
{
    int on = 1;
    return setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
           bind(fd, (const struct sockaddr *)&source->sockaddr, source->size) == 0;
}

int stream_open(const struct target_address *address, const struct target_address *source)
{
    int family = address->sockaddr.ss_family, on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!source || bind_source(fd, source))
        return fd;
    int errnum = errno;
    close(fd);
    errno = errnum;
    return -1;
}

enum stream_result stream_connect(struct stream *stream, const struct target_address *address,
                                  const struct target_address *source)
{
    *stream = STREAM_CLOSED;
    stream->fd = stream_open(address, source);
    if (stream->fd < 0)
        return failed(stream, errno);
    if (connect(stream->fd, (const struct sockaddr *)&address->sockaddr, address->size) == 0)
        return STREAM_OK;
    if (errno == EINPROGRESS)
        return STREAM_WANT_WRITE;
    failed(stream, errno);
    close(stream->fd);
    stream->fd = -1;
    return STREAM_FAILED;
}

enum stream_result stream_connected(struct stream *stream)
{
    int errnum = 0;
    socklen_t size = sizeof errnum;
    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &errnum, &size) < 0)
        errnum = errno;
    return errnum == 0 ? STREAM_OK : failed(stream, errnum);
}

/* Turns what an SSL_ call returned (not above 0) into our words. */
static enum stream_result tls_result(struct stream *stream, int returned)
{
    int errnum = errno;
    switch (SSL_get_error(stream->session, returned)) {
    case SSL_ERROR_WANT_READ:
        return STREAM_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return STREAM_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return STREAM_END;
    case SSL_ERROR_SYSCALL:
        if (errnum != 0) {
            ERR_clear_error();
            return failed(stream, errnum);
        }
        return STREAM_END;
    default:
        stream->failure = 0;
        stream->detail = tls_failure(stream->session);
        return STREAM_FAILED;
    }
}

enum stream_result stream_handshake(struct stream *stream, struct tls_context *context)
{
    if (!stream->session)
        stream->session = tls_session_create(context, stream->fd);
    if (!stream->session)
        return failed(stream, ENOMEM);
    ERR_clear_error();
    errno = 0;
    int returned = SSL_do_handshake(stream->session);
    return returned == 1 ? STREAM_OK : tls_result(stream, returned);
}

/* Writes one record's worth: the parts joined, because each SSL_write makes a record and a packet. */
static enum stream_result tls_write(struct stream *stream, const struct iovec *parts, int part_count,
                                    struct bytes scratch, size_t *ret_size)
{
    const void *data = parts[0].iov_base;
    size_t size = parts[0].iov_len;
    if (part_count > 1 && size < scratch.size) {
        uint8_t *joined = (uint8_t *)scratch.data;
        memcpy(joined, data, size);
        size_t more = scratch.size - size < parts[1].iov_len ? scratch.size - size : parts[1].iov_len;
        memcpy(joined + size, parts[1].iov_base, more);
        data = joined;
        size += more;
    }
    ERR_clear_error();
    errno = 0;
    int returned = SSL_write(stream->session, data, size < INT_MAX ? (int)size : INT_MAX);
    if (returned <= 0)
        return tls_result(stream, returned);
    *ret_size = (size_t)returned;
    return STREAM_OK;
}

enum stream_result stream_write(struct stream *stream, const struct iovec *parts, int part_count,
                                struct bytes scratch, size_t *ret_size)
{
    if (stream->session)
        return tls_write(stream, parts, part_count, scratch, ret_size);
    ssize_t written;
    if (part_count == 2 && parts[0].iov_len + parts[1].iov_len <= JOIN_MAX &&
        parts[0].iov_len + parts[1].iov_len <= scratch.size) {
        uint8_t *joined = (uint8_t *)scratch.data;
        memcpy(joined, parts[0].iov_base, parts[0].iov_len);
        memcpy(joined + parts[0].iov_len, parts[1].iov_base, parts[1].iov_len);
        written = send(stream->fd, joined, parts[0].iov_len + parts[1].iov_len, MSG_NOSIGNAL);
    } else if (part_count == 1) {
        written = send(stream->fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL);
    } else {
        struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)part_count};
        written = sendmsg(stream->fd, &message, MSG_NOSIGNAL);
    }
    if (written >= 0) {
        *ret_size = (size_t)written;
        return STREAM_OK;
    }
    return errno == EAGAIN || errno == EINTR ? STREAM_WANT_WRITE : failed(stream, errno);
}

enum stream_result stream_read(struct stream *stream, void *data, size_t size, size_t *ret_size)
{
    if (stream->session) {
        ERR_clear_error();
        errno = 0;
        int returned = SSL_read(stream->session, data, size < INT_MAX ? (int)size : INT_MAX);
        if (returned <= 0)
            return tls_result(stream, returned);
        *ret_size = (size_t)returned;
        return STREAM_OK;
    }
    ssize_t got = recv(stream->fd, data, size, 0);
    if (got > 0) {
        *ret_size = (size_t)got;
        return STREAM_OK;
    }
    if (got == 0)
        return STREAM_END;
    return errno == EAGAIN || errno == EINTR ? STREAM_WANT_READ : failed(stream, errno);
}

bool stream_has_pending(const struct stream *stream)
{
    return stream->session && SSL_has_pending(stream->session);
}

void stream_close(struct stream *stream)
{
    if (stream->session) {
        if (SSL_is_init_finished(stream->session))
            SSL_shutdown(stream->session); /* sends close_notify; its answer is not waited for */
        ERR_clear_error();
        SSL_free(stream->session);
    }
    if (stream->fd >= 0)
        close(stream->fd);
    *stream = STREAM_CLOSED;
}
