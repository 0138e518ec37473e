/* The client's side of TLS for one target: what to verify and which name to ask for. Handshakes and records are
 * stream.c's. */
#ifndef REPLAY_SENDER_TLS_H
#define REPLAY_SENDER_TLS_H

#include "common/error.h"

#include <openssl/types.h>
#include <stdbool.h>

struct tls_context;

/* Loads what to trust: |ca_file| (PEM), or the system's where it is NULL; |insecure| verifies nothing. |server_name|
 * is what SNI says (not for an IP address) and what the certificate must be for. Returns 0 and an owned context,
 * tls_context_free, or -1 with |err|. For one thread. */
int tls_context_create(const char *server_name, const char *ca_file, bool insecure,
                       struct tls_context **ret_context, struct error *err);
/* Accepts NULL. */
void tls_context_free(struct tls_context *context);

/* Returns an owned session on the connected socket |fd| (borrowed), SSL_free, in client state; NULL where OpenSSL has
 * no memory or descriptor for it. */
SSL *tls_session_create(struct tls_context *context, int fd);
/* Returns static text that says why the last call on |session| failed. Clears OpenSSL's error queue. */
const char *tls_failure(SSL *session);

#endif
