/* A 32-bit fingerprint of bytes, to tell copies of a segment apart once the bytes are gone. Every segment goes through it, so it
 * is as fast as the machine allows. It need not resist an attacker, who could at most hide that copies differ; and it is of this
 * process alone: another machine may make another one of the same bytes. Pure. */
#ifndef CAPTURE_TCP_FINGERPRINT_H
#define CAPTURE_TCP_FINGERPRINT_H

#include "common/buffer.h"

#include <stdint.h>

/* Returns the fingerprint of |data|, which is the same for the same bytes. */
uint32_t fingerprint(struct bytes data);
/* As fingerprint, and another one, without instructions that some machines lack. For tests. */
uint32_t fingerprint_portable(struct bytes data);

#endif
