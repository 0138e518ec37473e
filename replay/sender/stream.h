/* A client connection as a non-blocking stream of bytes, plain or TLS. It knows nothing of events: whoever owns it
 * watches |fd| and calls again. */
#ifndef REPLAY_SENDER_STREAM_H
#define REPLAY_SENDER_STREAM_H

#include "common/buffer.h"
#include "replay/target.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <sys/uio.h>

struct tls_context;

enum stream_result {
    STREAM_OK,
    STREAM_WANT_READ,  /* call again when |fd| is readable */
    STREAM_WANT_WRITE, /* call again when it is writable */
    STREAM_END,        /* reading only: the other side has closed */
    STREAM_FAILED,     /* |failure| is the errno (0 inside TLS), |detail| says more */
};

/* Closed where |fd| is -1: begin with STREAM_CLOSED. */
struct stream {
    int fd;
    SSL *session; /* NULL: plain, or before the handshake */
    int failure;
    const char *detail; /* static text */
};
#define STREAM_CLOSED ((struct stream){.fd = -1})

/* Returns a socket, owned, fit to be connected to |address| from |source| (NULL: from anywhere), or -1 with errno. */
int stream_open(const struct target_address *address, const struct target_address *source);
/* Begins to connect to |address|, from |source| where that is not NULL. STREAM_OK: connected; STREAM_WANT_WRITE: then ask stream_connected; STREAM_FAILED:
 * closed again. */
enum stream_result stream_connect(struct stream *stream, const struct target_address *address,
                                  const struct target_address *source);
/* How connecting went, once |fd| is writable. */
enum stream_result stream_connected(struct stream *stream);
/* Goes on with the TLS handshake, begun at the first call. */
enum stream_result stream_handshake(struct stream *stream, struct tls_context *context);

/* Writes what the socket takes of |parts|; |scratch| joins the parts into one TLS record, or small ones for one send. |ret_size| is set with
 * STREAM_OK, and is above 0. */
enum stream_result stream_write(struct stream *stream, const struct iovec *parts, int part_count,
                                struct bytes scratch, size_t *ret_size);
/* Reads at most |size| bytes; |ret_size| is set with STREAM_OK, and is above 0. */
enum stream_result stream_read(struct stream *stream, void *data, size_t size, size_t *ret_size);
/* Returns whether bytes lie in the TLS layer that no event will announce. */
bool stream_has_pending(const struct stream *stream);

/* Closes (with close_notify where TLS is up). Does nothing to a closed stream. */
void stream_close(struct stream *stream);

#endif
